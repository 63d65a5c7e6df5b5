//! Serves below a path: `https://example.com/identity/`, behind a proxy that either strips `/identity` or keeps it.

use axum::extract::Request;
use axum::http::Uri;
use url::Url;

/// The path of the server's public address, without a `/` at its end: `/identity`, or nothing.
pub(super) fn of(public_url: Option<&str>) -> String {
    let url = public_url.and_then(|url| Url::parse(url).ok());
    url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// Removes `path` from the address of a request, if it has that prefix.
pub(super) fn remove(path: &str, request: &mut Request) {
    if !path.is_empty()
        && let Some(uri) = without(path, request.uri())
    {
        *request.uri_mut() = uri;
    }
}

/// The URI without the prefix `path`, if it has that prefix.
fn without(path: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    let rest = match rest.chars().next() {
        Some('/') => rest.to_owned(),
        None | Some('?') => format!("/{rest}"),
        // `/identity` is not a prefix of `/identityx`.
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_path_is_that_of_the_public_address() {
        for (url, path) in [
            (None, ""),
            (Some("https://id.example.com"), ""),
            (Some("https://example.com/identity"), "/identity"),
            (Some("https://example.com/a/b"), "/a/b"),
        ] {
            assert_eq!(of(url), path, "{url:?}");
        }
    }

    #[test]
    fn the_public_path_is_removed_if_the_request_has_it() {
        let without = |uri: &str| super::without("/identity", &uri.parse().unwrap()).map(|uri| uri.to_string());
        for (uri, rest) in [
            ("/identity/graphql?query=%7Bme%7D", Some("/graphql?query=%7Bme%7D")),
            ("/identity", Some("/")),
            ("/identity?a", Some("/?a")),
            ("http://example.com/identity/", Some("http://example.com/")),
            ("/identityx", None),
            ("/graphql", None),
        ] {
            assert_eq!(without(uri).as_deref(), rest, "{uri}");
        }
    }
}
