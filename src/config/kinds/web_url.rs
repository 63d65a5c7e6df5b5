//! URLs of web pages, as used in messages.

use url::{Host, Url};

use super::{Kind, parse_list};

/// The public address of a server: `https://id.example.com`, or with a path. The value does not end in `/`.
pub(in super::super) fn base_url() -> Kind<String> {
    Kind::new("URL", "an http or https URL without parameters, such as `https://id.example.com`", |text| {
        let url = parse_web_url(text)?;
        if url.query().is_some() {
            return Err(format!("{text:?} has parameters (`?…`)"));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    })
}

/// The URL of one page, to which a fragment is added.
pub(in super::super) fn page_url() -> Kind<String> {
    let accepts = "an http or https URL without a fragment, such as `https://example.com/new-password`";
    Kind::new("URL", accepts, |text| parse_web_url(text).map(String::from))
}

/// A list of the origins of web pages (RFC 6454).
pub(in super::super) fn origins() -> Kind<Vec<String>> {
    let accepts = "a list of origins, separated by commas, such as `https://app.example.com, http://localhost:5173, \
                   capacitor://localhost`";
    Kind::new("ORIGINS", accepts, |text| parse_list(text, parse_origin))
}

/// As browsers write it: in lower case, without a default port, and without a `/` at its end.
fn parse_origin(text: &str) -> Result<String, String> {
    if text.contains('*') || text == "null" {
        return Err(format!("{text:?} would allow any website; name each origin"));
    }
    if let Ok(url) = Url::parse(text)
        && !url.cannot_be_a_base()
        && !matches!(url.scheme(), "http" | "https")
    {
        return parse_app_origin(text, &url);
    }
    let url = parse_web_url(text)?;
    if url.path() != "/" || url.query().is_some() {
        return Err(is_more_than_an_origin(text));
    }
    Ok(url.origin().ascii_serialization())
}

/// The origin of an app's own pages, such as `capacitor://localhost`. The URL standard defines no origins for such
/// schemes; web views send scheme, host, and port unchanged.
fn parse_app_origin(text: &str, url: &Url) -> Result<String, String> {
    if NOT_FOR_APPS.contains(&url.scheme()) {
        return Err(format!("{text:?} has the scheme {:?}, which has no origins", url.scheme()));
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(format!("{text:?} has no host; write `{}://` and the host of the app's pages", url.scheme()));
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() || text.contains('@') {
        return Err(is_more_than_an_origin(text));
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{}{port}", url.scheme(), host.to_ascii_lowercase()))
}

/// Schemes whose pages have the origin `null`, or that no page is loaded from.
const NOT_FOR_APPS: [&str; 8] = ["about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"];

fn is_more_than_an_origin(text: &str) -> String {
    format!("{text:?} is more than an origin; an origin ends after the host or the port")
}

/// A URL with a password is refused without quoting it, because its value is not masked anywhere.
fn parse_web_url(text: &str) -> Result<Url, String> {
    if text.contains('@') {
        return Err("it contains a `@`; a user or a password is not allowed here".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text:?} has the scheme {:?}", url.scheme()));
    }
    let is_unspecified = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_unspecified(),
        _ => false,
    };
    if is_unspecified {
        return Err(format!("{text:?} cannot be opened: it has the unspecified address"));
    }
    if url.fragment().is_some() {
        return Err(format!("{text:?} has a fragment (`#…`)"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn base_urls_do_not_end_with_a_slash() {
        for (text, base) in [
            ("https://id.example.com", "https://id.example.com"),
            ("https://ID.example.com/", "https://id.example.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://example.com/id/", "https://example.com/id"),
        ] {
            assert_eq!(base_url().parse(text), Ok(base.to_owned()));
        }
    }

    #[test]
    fn page_urls_are_kept_unchanged() {
        for text in ["https://example.com/reset/", "https://example.com/reset?lang=ko"] {
            assert_eq!(page_url().parse(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn urls_that_browsers_cannot_open_are_refused() {
        for (text, expected) in [
            ("id.example.com", "is not a URL"),
            ("https://", "is not a URL"),
            ("ftp://example.com", r#"has the scheme "ftp""#),
            ("example.com:8080", r#"has the scheme "example.com""#),
            ("http://0.0.0.0:8080", "cannot be opened"),
            ("http://[::]:8080", "cannot be opened"),
            ("https://example.com/#x", "has a fragment"),
        ] {
            assert!(wrong(&base_url(), text).contains(expected), "{text}: {}", wrong(&base_url(), text));
            assert!(wrong(&page_url(), text).contains(expected), "{text}");
        }
        assert!(wrong(&base_url(), "https://example.com/?a=b").contains("has parameters"));
        assert!(!wrong(&base_url(), "https://ann:hunter2@example.com").contains("hunter2"));
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let parsed = origins().parse("https://App.example.com/, http://localhost:5173 https://b.example:443,");
        let expected = ["https://app.example.com", "http://localhost:5173", "https://b.example"];
        assert_eq!(parsed, Ok(expected.map(str::to_owned).to_vec()));
        assert_eq!(origins().parse(""), Ok(Vec::new()));
        for (text, expected) in [
            ("*", "would allow any website"),
            ("https://*.example.com", "would allow any website"),
            ("null", "would allow any website"),
            ("https://example.com/app", "is more than an origin"),
            ("https://example.com?a", "is more than an origin"),
            ("example.com", "is not a URL"),
        ] {
            assert!(wrong(&origins(), text).contains(expected), "{text}: {}", wrong(&origins(), text));
        }
    }

    #[test]
    fn origins_of_apps_have_their_own_schemes() {
        let parsed =
            origins().parse("capacitor://localhost, Ionic://LocalHost/ tauri://localhost:1420 app.web+x://a.b");
        let expected = ["capacitor://localhost", "ionic://localhost", "tauri://localhost:1420", "app.web+x://a.b"];
        assert_eq!(parsed, Ok(expected.map(str::to_owned).to_vec()));
        for (text, expected) in [
            ("capacitor://", "has no host"),
            ("capacitor:///index.html", "has no host"),
            ("capacitor://*", "would allow any website"),
            ("capacitor://localhost/index.html", "is more than an origin"),
            ("capacitor://localhost?a", "is more than an origin"),
            ("capacitor://localhost#a", "is more than an origin"),
            ("capacitor://me@localhost", "is more than an origin"),
            ("capacitor:localhost", "has the scheme"),
            ("file:///", "which has no origins"),
            ("ws://localhost", "which has no origins"),
            ("data:text/html,x", "has the scheme"),
        ] {
            assert!(wrong(&origins(), text).contains(expected), "{text}: {}", wrong(&origins(), text));
        }
    }
}
