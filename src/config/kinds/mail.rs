//! The mail server, and the sender of messages.

use email_address::{EmailAddress, Options};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, Url};

use super::Kind;
use crate::{
    config::mask::mask_url,
    mail::{SmtpSecurity, SmtpSettings},
};

/// An email address, with or without a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Mailbox {
    /// The name that mail programs show.
    pub(in super::super) name: Option<String>,
    /// The address itself.
    pub(in super::super) address: String,
}

/// Mailboxes (RFC 5322, section 3.4): `noreply@example.com` or `Acme <noreply@example.com>`.
pub(in super::super) fn mailbox() -> Kind<Mailbox> {
    let accepts = "an email address, such as `noreply@example.com` or `Acme <noreply@example.com>`";
    Kind::new("MAILBOX", accepts, |text| {
        if text.chars().any(char::is_control) {
            return Err(format!("{text:?} contains a control character"));
        }
        let options = Options::default().with_display_text().without_domain_literal();
        let parsed = EmailAddress::parse_with_options(text, options)
            .map_err(|error| format!("{text:?} is not an email address ({error})"))?;
        let name = parsed.display_part().trim().trim_matches('"').to_owned();
        Ok(Mailbox { name: Some(name).filter(|name| !name.is_empty()), address: parsed.email() })
    })
}

/// The URL of a mail server: `smtp://…`, `smtp+starttls://…`, `smtps://…`. The settings that are not in it are empty.
pub(in super::super) fn smtp_url() -> Kind<SmtpSettings> {
    let accepts = "`smtp://`, `smtp+starttls://` or `smtps://`, then `USER:PASSWORD@HOST:PORT` \
                   (`USER:PASSWORD@` and `:PORT` are optional; write / ? # @ of the password as %2F %3F %23 %40)";
    Kind::new("URL", accepts, parse_smtp_url).secret(mask_url)
}

fn parse_smtp_url(text: &str) -> Result<SmtpSettings, String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
    let (security, port) = match url.scheme() {
        "smtp" => (SmtpSecurity::Plain, 25),
        "smtp+starttls" => (SmtpSecurity::StartTls, 587),
        "smtps" => (SmtpSecurity::Tls, 465),
        _ if text.contains("://") => return Err(format!("its scheme {:?} is not one for mail servers", url.scheme())),
        _ => return Err("it does not begin with a scheme".to_owned()),
    };
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("something follows its host and port".to_owned());
    }
    let host = match url.host() {
        None => return Err("it names no server".to_owned()),
        Some(Host::Ipv6(ip)) => ip.to_string(),
        Some(host) => host.to_string(),
    };
    let port = url.port().unwrap_or(port);
    Ok(SmtpSettings {
        security,
        host,
        port,
        credentials: credentials(&url)?,
        helo_name: String::new(),
        from_address: String::new(),
        from_name: None,
    })
}

fn credentials(url: &Url) -> Result<Option<(String, SecretString)>, String> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("it has a password but no user".to_owned()),
        (_, None) => Err("it has a user but no password".to_owned()),
        (user, Some(password)) => Ok(Some((decode(user)?, SecretString::from(decode(password)?)))),
    }
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| "its user or password is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn mailboxes_are_addresses_with_or_without_a_name() {
        for (text, name, address) in [
            ("noreply@example.com", None, "noreply@example.com"),
            ("root@localhost", None, "root@localhost"),
            ("Acme <noreply@example.com>", Some("Acme"), "noreply@example.com"),
            (r#""Acme, Inc." <noreply@example.com>"#, Some("Acme, Inc."), "noreply@example.com"),
            ("계정 <no-reply@example.kr>", Some("계정"), "no-reply@example.kr"),
        ] {
            let expected = Mailbox { name: name.map(str::to_owned), address: address.to_owned() };
            assert_eq!(mailbox().parse(text), Ok(expected));
        }
        for text in ["", "acme", "@example.com", "a@", "Acme <a@b", "Acme a@b.org", "a@b, c@d", "<a@b>"] {
            assert!(wrong(&mailbox(), text).starts_with(&format!("{text:?} is not an email address")), "{text}");
        }
        assert!(wrong(&mailbox(), "Acme\r\nBcc: x <a@b>").ends_with("contains a control character"));
    }

    #[test]
    fn urls_name_security_host_and_port() {
        for (text, security, host, port) in [
            ("smtp://mail", SmtpSecurity::Plain, "mail", 25),
            ("smtp+starttls://mail.example.com", SmtpSecurity::StartTls, "mail.example.com", 587),
            ("smtps://mail.example.com/", SmtpSecurity::Tls, "mail.example.com", 465),
            ("smtp://127.0.0.1:2525", SmtpSecurity::Plain, "127.0.0.1", 2525),
            ("smtp://[::1]:2525", SmtpSecurity::Plain, "::1", 2525),
        ] {
            let server = parse_smtp_url(text).unwrap();
            assert_eq!((server.security, server.host.as_str(), server.port), (security, host, port));
            assert!(server.credentials.is_none());
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let server = parse_smtp_url("smtps://ann%40example.com:p%40ss%2Fword+1@mail").unwrap();
        assert!(!format!("{server:?}").contains("p@ss"));
        let (user, password) = server.credentials.unwrap();
        assert!(user == "ann@example.com" && secrecy::ExposeSecret::expose_secret(&password) == "p@ss/word+1");
        let server = parse_smtp_url("smtps://ann@example.com:hunter2@mail").unwrap();
        assert_eq!(server.credentials.unwrap().0, "ann@example.com");
    }

    #[test]
    fn malformed_urls_are_refused_and_no_password_is_quoted() {
        for (text, expected) in [
            ("mail.example.com", "not a URL"),
            ("mail.example.com:25", "does not begin with a scheme"),
            ("https://ann:hunter2@mail", r#"scheme "https" is not one"#),
            ("smtp://", "names no server"),
            ("smtp://ann:hunter2@mail:many", "not a URL"),
            ("smtp://ann@mail", "a user but no password"),
            ("smtp://:hunter2@mail", "a password but no user"),
            ("smtp://mail?tls=required", "something follows"),
            ("smtp://ann:12/hunter2@mail", "something follows"),
            ("smtp://ann:12#hunter2@mail", "something follows"),
        ] {
            let wrong = wrong(&smtp_url(), text);
            assert!(wrong.contains(expected), "{text}: {wrong}");
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
