//! The mail server: `smtp://…`, `smtp+starttls://…`, `smtps://…`.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::Kind;
use crate::config::secret::{Secret, mask_url};

/// A mail server.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Its name, or its IP address (IPv6 without brackets).
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, if it requires them.
    pub credentials: Option<(String, Secret)>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Unencrypted: `smtp://`, port 25 by default.
    Plain,
    /// With STARTTLS (RFC 3207), which is required: `smtp+starttls://`, port 587 by default.
    StartTls,
    /// With TLS from the start (RFC 8314): `smtps://`, port 465 by default.
    Tls,
}

/// URLs of mail servers.
pub(in super::super) struct SmtpUrls;

impl Kind for SmtpUrls {
    type Value = SmtpServer;

    fn value_name(&self) -> &'static str {
        "URL"
    }

    fn accepts(&self) -> String {
        "`smtp://`, `smtp+starttls://` or `smtps://`, then `USER:PASSWORD@HOST:PORT` \
         (user and password, and the port, may be left out; / ? # @ of the password are %2F %3F %23 %40)"
            .to_owned()
    }

    fn parse(&self, text: &str) -> Result<SmtpServer, String> {
        let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
        let (security, port) = match url.scheme() {
            "smtp" => (SmtpSecurity::Plain, 25),
            "smtp+starttls" => (SmtpSecurity::StartTls, 587),
            "smtps" => (SmtpSecurity::Tls, 465),
            _ if text.contains("://") => return Err(format!("{:?} is no way to send mail", url.scheme())),
            _ => return Err("it does not say how to send mail".to_owned()),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("something follows its host and port".to_owned());
        }
        let host = match url.host() {
            None => return Err("it names no server".to_owned()),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) => host.to_string(),
        };
        Ok(SmtpServer { security, host, port: url.port().unwrap_or(port), credentials: credentials(&url)? })
    }

    fn is_secret(&self) -> bool {
        true
    }

    fn mask(&self, text: &str) -> String {
        mask_url(text)
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Secret)>, String> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("it has a password but no user".to_owned()),
        (_, None) => Err("it has a user but no password".to_owned()),
        (user, Some(password)) => Ok(Some((decode(user)?, Secret::new(decode(password)?)))),
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
    fn parses_servers() {
        for (text, security, host, port) in [
            ("smtp://mail", SmtpSecurity::Plain, "mail", 25),
            ("smtp+starttls://mail.example.com", SmtpSecurity::StartTls, "mail.example.com", 587),
            ("smtps://mail.example.com/", SmtpSecurity::Tls, "mail.example.com", 465),
            ("smtp://127.0.0.1:2525", SmtpSecurity::Plain, "127.0.0.1", 2525),
            ("smtp://[::1]:2525", SmtpSecurity::Plain, "::1", 2525),
        ] {
            let server = SmtpUrls.parse(text).unwrap();
            assert_eq!((server.security, server.host.as_str(), server.port), (security, host, port));
            assert!(server.credentials.is_none());
        }
    }

    #[test]
    fn decodes_user_and_password() {
        let server = SmtpUrls.parse("smtps://ann%40example.com:p%40ss%2Fword+1@mail").unwrap();
        let (user, password) = server.credentials.clone().unwrap();
        assert_eq!((user.as_str(), password.expose()), ("ann@example.com", "p@ss/word+1"));
        assert!(!format!("{server:?}").contains("p@ss"));
        let server = SmtpUrls.parse("smtps://ann@example.com:hunter2@mail").unwrap();
        assert_eq!(server.credentials.unwrap().0, "ann@example.com");
    }

    #[test]
    fn refuses_all_else_and_shows_no_password() {
        for (text, expected) in [
            ("mail.example.com", "not a URL"),
            ("mail.example.com:25", "does not say how"),
            ("https://ann:hunter2@mail", r#""https" is no way"#),
            ("smtp://", "names no server"),
            ("smtp://ann:hunter2@mail:many", "not a URL"),
            ("smtp://ann@mail", "a user but no password"),
            ("smtp://:hunter2@mail", "a password but no user"),
            ("smtp://mail?tls=required", "something follows"),
            ("smtp://ann:12/hunter2@mail", "something follows"),
            ("smtp://ann:12#hunter2@mail", "something follows"),
        ] {
            let wrong = wrong(&SmtpUrls, text);
            assert!(wrong.contains(expected), "{text}: {wrong}");
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
