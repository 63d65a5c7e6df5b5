//! URLs of web pages, as used in messages.

use url::{Host, Url};

use super::Kind;

/// The public address of a server: `https://id.example.com`, or with a path. It does not end in `/`.
pub(in super::super) struct BaseUrl;

impl Kind for BaseUrl {
    type Value = String;

    fn value_name(&self) -> &'static str {
        "URL"
    }

    fn accepts(&self) -> String {
        "an http or https address without parameters, such as `https://id.example.com`".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, String> {
        let url = parse_web_url(text)?;
        if url.query().is_some() {
            return Err(format!("{text:?} has parameters (`?…`)"));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }
}

/// The URL of one page, to which a fragment is added.
pub(in super::super) struct PageUrl;

impl Kind for PageUrl {
    type Value = String;

    fn value_name(&self) -> &'static str {
        "URL"
    }

    fn accepts(&self) -> String {
        "an http or https address without a fragment, such as `https://example.com/new-password`".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, String> {
        parse_web_url(text).map(String::from)
    }
}

/// A list of the origins of web pages (RFC 6454), separated by commas or spaces.
pub(in super::super) struct Origins;

impl Kind for Origins {
    type Value = Vec<String>;

    fn value_name(&self) -> &'static str {
        "ORIGINS"
    }

    fn accepts(&self) -> String {
        "a list of origins, parted by commas, such as `https://app.example.com, http://localhost:5173, \
         capacitor://localhost`"
            .to_owned()
    }

    fn parse(&self, text: &str) -> Result<Vec<String>, String> {
        text.split([',', ' ']).map(str::trim).filter(|origin| !origin.is_empty()).map(parse_origin).collect()
    }
}

/// As browsers write it: in lower case, without a default port, and without a `/` at its end.
fn parse_origin(text: &str) -> Result<String, String> {
    if text.contains('*') || text == "null" {
        return Err(format!("{text:?} may be anybody; name each origin"));
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
    if NO_APPS.contains(&url.scheme()) {
        return Err(format!("{text:?} is of the scheme {:?}, which has no origins", url.scheme()));
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
const NO_APPS: [&str; 8] = ["about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"];

fn is_more_than_an_origin(text: &str) -> String {
    format!("{text:?} is more than an origin, which ends behind the host and the port")
}

/// A URL with a password is refused without quoting it, because its value is not masked anywhere.
fn parse_web_url(text: &str) -> Result<Url, String> {
    if text.contains('@') {
        return Err("it holds a `@`, as addresses with a user or a password do".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("{text:?} is not a web address ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text:?} is of the scheme {:?}", url.scheme()));
    }
    match url.host() {
        Some(Host::Ipv4(ip)) if ip.is_unspecified() => {
            return Err(format!("{text:?} is an address that nobody can open"));
        }
        Some(Host::Ipv6(ip)) if ip.is_unspecified() => {
            return Err(format!("{text:?} is an address that nobody can open"));
        }
        _ => {}
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
    fn bases_end_without_a_slash() {
        for (text, base) in [
            ("https://id.example.com", "https://id.example.com"),
            ("https://ID.example.com/", "https://id.example.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://example.com/id/", "https://example.com/id"),
        ] {
            assert_eq!(BaseUrl.parse(text), Ok(base.to_owned()));
        }
    }

    #[test]
    fn pages_keep_what_they_have() {
        for text in ["https://example.com/reset/", "https://example.com/reset?lang=ko"] {
            assert_eq!(PageUrl.parse(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn refuses_what_cannot_be_linked_to() {
        for (text, expected) in [
            ("id.example.com", "is not a web address"),
            ("https://", "is not a web address"),
            ("ftp://example.com", r#"is of the scheme "ftp""#),
            ("example.com:8080", r#"is of the scheme "example.com""#),
            ("http://0.0.0.0:8080", "that nobody can open"),
            ("http://[::]:8080", "that nobody can open"),
            ("https://example.com/#x", "has a fragment"),
        ] {
            assert!(wrong(&BaseUrl, text).contains(expected), "{text}: {}", wrong(&BaseUrl, text));
            assert!(wrong(&PageUrl, text).contains(expected), "{text}");
        }
        assert!(wrong(&BaseUrl, "https://example.com/?a=b").contains("has parameters"));
        assert!(!wrong(&BaseUrl, "https://ann:hunter2@example.com").contains("hunter2"));
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let parsed = Origins.parse("https://App.example.com/, http://localhost:5173 https://b.example:443,");
        let expected = ["https://app.example.com", "http://localhost:5173", "https://b.example"];
        assert_eq!(parsed, Ok(expected.map(str::to_owned).to_vec()));
        assert_eq!(Origins.parse(""), Ok(Vec::new()));
        for (text, expected) in [
            ("*", "may be anybody"),
            ("https://*.example.com", "may be anybody"),
            ("null", "may be anybody"),
            ("https://example.com/app", "is more than an origin"),
            ("https://example.com?a", "is more than an origin"),
            ("example.com", "is not a web address"),
        ] {
            assert!(wrong(&Origins, text).contains(expected), "{text}: {}", wrong(&Origins, text));
        }
    }

    #[test]
    fn apps_have_origins_of_their_own_schemes() {
        let parsed = Origins.parse("capacitor://localhost, Ionic://LocalHost/ tauri://localhost:1420 app.web+x://a.b");
        let expected = ["capacitor://localhost", "ionic://localhost", "tauri://localhost:1420", "app.web+x://a.b"];
        assert_eq!(parsed, Ok(expected.map(str::to_owned).to_vec()));
        for (text, expected) in [
            ("capacitor://", "has no host"),
            ("capacitor:///index.html", "has no host"),
            ("capacitor://*", "may be anybody"),
            ("capacitor://localhost/index.html", "is more than an origin"),
            ("capacitor://localhost?a", "is more than an origin"),
            ("capacitor://localhost#a", "is more than an origin"),
            ("capacitor://me@localhost", "is more than an origin"),
            ("capacitor:localhost", "is of the scheme"),
            ("file:///", "which has no origins"),
            ("ws://localhost", "which has no origins"),
            ("data:text/html,x", "is of the scheme"),
        ] {
            assert!(wrong(&Origins, text).contains(expected), "{text}: {}", wrong(&Origins, text));
        }
    }
}
