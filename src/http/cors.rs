//! Cross-origin requests: pages of allowed origins may use the API, with or without cookies; pages of other origins may
//! not (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use url::Url;

use super::body;
use super::error::RequestError;
use super::request_id::REQUEST_ID;
use super::settings::HttpSettings;

/// How long a browser may cache a preflight response.
const MAX_AGE: Duration = Duration::from_hours(1);

/// The header in which a browser states the relation of the page's origin to ours (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The CORS layer that allows these `origins`.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        // Any header that an allowed origin sends: clients have headers of their own, for names or traces.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([REQUEST_ID])
        .max_age(MAX_AGE)
}

/// Refuses requests of origins that are not allowed. Browsers would withhold the response from such a page anyway; but
/// the operation would run, and the developer would not learn why there is no response.
pub(super) async fn check_origin(settings: &HttpSettings, request: Request) -> Result<Request, RequestError> {
    if !request.headers().contains_key(header::ORIGIN) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let is_refused = |origin: &&HeaderValue| {
        let is_listed = settings.cors_origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes());
        !is_listed && !is_own(origin, &parts, settings.public_url.as_deref())
    };
    if let Some(origin) = parts.headers.get_all(header::ORIGIN).iter().find(is_refused) {
        body::discard(body, &parts.headers).await;
        let origin = String::from_utf8_lossy(origin.as_bytes()).into_owned();
        return Err(RequestError::OriginNotAllowed(origin));
    }
    Ok(Request::from_parts(parts, body))
}

/// Whether the origin is our own: according to the browser, or because it equals the requested host or our public
/// address.
fn is_own(origin: &HeaderValue, parts: &Parts, public_url: Option<&str>) -> bool {
    if parts.headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin") {
        return true;
    }
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else { return false };
    let is_public = public_url.and_then(|url| Url::parse(url).ok()).is_some_and(|url| url.origin() == origin.origin());
    is_public || host(parts).is_some_and(|host| is_at(&origin, host))
}

/// The requested host: HTTP/2 has it in the URI.
fn host(parts: &Parts) -> Option<&str> {
    let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| parts.uri.authority().map(Authority::as_str))
}

fn is_at(origin: &Url, host: &str) -> bool {
    let asked = Url::parse(&format!("{}://{host}", origin.scheme()));
    asked.is_ok_and(|asked| asked.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(origin: &'static str, headers: &[(&'static str, &'static str)], public_url: Option<&str>) -> bool {
        let mut request = Request::new(());
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        super::is_own(&HeaderValue::from_static(origin), &request.into_parts().0, public_url)
    }

    #[test]
    fn the_own_origin_is_recognised() {
        let host = ("host", "id.example.com");
        assert!(is_own("https://id.example.com", &[host], None));
        assert!(is_own("http://127.0.0.1:8080", &[("host", "127.0.0.1:8080")], None));
        assert!(is_own("https://id.example.com", &[("host", "10.0.0.7:8080")], Some("https://id.example.com/profile")));
        assert!(is_own("https://id.example.com", &[("host", "10.0.0.7"), ("sec-fetch-site", "same-origin")], None));
    }

    #[test]
    fn other_origins_are_not_our_own() {
        let host = ("host", "id.example.com");
        for origin in [
            "https://example.com",
            "https://id.example.com.evil.example",
            "https://id.example.com:8443",
            "null",
            "",
            "file://",
            "id.example.com",
            "https://evil.example/id.example.com",
        ] {
            assert!(
                !is_own(origin, &[host, ("sec-fetch-site", "same-site")], Some("https://id.example.com")),
                "{origin}"
            );
        }
        assert!(!is_own("null", &[("host", "null")], None));
    }
}
