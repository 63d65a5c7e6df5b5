//! The webhook: its URL and its secret.

use url::Url;

use super::Kind;
use crate::config::mask::MASK;
use crate::domain::webhook_secret::WebhookSecret;

/// The URL of a receiver, with any user, password, or parameters that it needs.
pub(in super::super) fn webhook_url() -> Kind<Url> {
    Kind::new("URL", "an http or https URL, such as `https://siem.example.com/userprofile`", parse_url).secret(mask)
}

/// The secret that the receiver knows, too.
pub(in super::super) fn webhook_secret() -> Kind<WebhookSecret> {
    let accepts = "24 to 64 random bytes in base64, also with `whsec_` before them (generate them with \
                   `openssl rand -base64 32`)";
    let mask = |text: &str| if text.is_empty() { String::new() } else { MASK.to_owned() };
    Kind::new("SECRET", accepts, WebhookSecret::parse).secret(mask)
}

/// Receivers know their senders by any part of the URL but the host.
fn mask(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}/{MASK}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Err(_) if text.is_empty() => String::new(),
        Err(_) => MASK.to_owned(),
    }
}

/// The text is not quoted, because it may contain a password.
fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
    match url.scheme() {
        "http" | "https" if url.fragment().is_some() => Err("it has a fragment (`#…`)".to_owned()),
        "http" | "https" => Ok(url),
        _ => Err("its scheme is not http or https".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn of_the_url_only_the_host_is_shown() {
        assert_eq!(
            mask("https://ann:hunter2@siem.example.com:8443/in/hunter2?sig=hunter2"),
            "https://siem.example.com:8443/***"
        );
        assert_eq!((mask("hunter2"), mask("")), (MASK.to_owned(), String::new()));
    }

    #[test]
    fn what_is_no_web_address_is_refused_and_not_quoted() {
        assert!(webhook_url().parse("https://ann:hunter2@siem.example.com/in?token=x").is_ok());
        for (text, expected) in [
            ("siem.example.com/hunter2", "is not a URL"),
            ("ftp://ann:hunter2@siem.example.com", "its scheme is not"),
            ("https://siem.example.com/#hunter2", "has a fragment"),
        ] {
            let wrong = wrong(&webhook_url(), text);
            assert!(wrong.contains(expected) && !wrong.contains("hunter2"), "{wrong}");
        }
    }
}
