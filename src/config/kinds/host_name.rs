//! Host names.

use std::net::IpAddr;

use url::Host;

use super::Kind;

/// A host name, as an A-label, or an IP address.
pub(in super::super) struct HostName;

impl Kind for HostName {
    type Value = String;

    fn value_name(&self) -> &'static str {
        "HOST"
    }

    fn accepts(&self) -> String {
        "a host name or an IP address, such as `id.example.com`".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, String> {
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(ip.to_string());
        }
        let wrong = || format!("{text:?} is not a host name");
        match Host::parse(text).map_err(|_| wrong())? {
            // RFC 5321, section 4.1.2: letters, digits, and hyphens between dots.
            Host::Domain(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) => {
                Ok(name)
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn names_and_addresses_are_taken() {
        for (text, name) in [
            ("id.example.com", "id.example.com"),
            ("ID.Example.com", "id.example.com"),
            ("exämple.com", "xn--exmple-cua.com"),
            ("localhost", "localhost"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(HostName.parse(text), Ok(name.to_owned()));
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["https://id.example.com", "id.example.com:25", "a b", "a_b.example.com", "a@b", "a\r\nb"] {
            assert!(wrong(&HostName, text).ends_with("is not a host name"), "{text}");
        }
    }
}
