//! Addresses, networks, and host names.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::Host;

use super::{Kind, parse_list};

/// An IP address and a port.
pub(in super::super) fn socket_address() -> Kind<SocketAddr> {
    Kind::new("ADDRESS:PORT", "an IP address and a port", |text| {
        text.parse().map_err(|_| {
            if text.parse::<IpAddr>().is_ok() {
                format!("{text:?} has no port")
            } else if text.starts_with("localhost:") {
                format!("{text:?} has a host name instead of an IP address")
            } else {
                format!("{text:?} is not an IP address and a port (write IPv6 in brackets: [::1]:8080)")
            }
        })
    })
}

/// A list of networks in CIDR notation (RFC 4632). A plain address is a network of one.
pub(in super::super) fn networks() -> Kind<Vec<IpNet>> {
    let accepts = "a list of networks or addresses, separated by commas, such as `10.0.0.0/8, fd00::/8, 192.0.2.7`";
    Kind::new("NETWORKS", accepts, |text| parse_list(text, parse_network))
}

/// Bits after the prefix are dropped: `10.1.2.3/8` is `10.0.0.0/8`.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().map(|network| network.trunc());
    network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| format!("{text:?} is not a network"))
}

/// A host name, as an A-label, or an IP address.
pub(in super::super) fn host_name() -> Kind<String> {
    Kind::new("HOST", "a host name or an IP address, such as `id.example.com`", |text| {
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(ip.to_string());
        }
        match Host::parse(text) {
            // RFC 5321, section 4.1.2: letters, digits, and hyphens between dots.
            Ok(Host::Domain(name))
                if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) =>
            {
                Ok(name)
            }
            _ => Err(format!("{text:?} is not a host name")),
        }
    })
}

/// The name of a host, which passkeys belong to.
pub(in super::super) fn domain_name() -> Kind<String> {
    Kind::new("DOMAIN", "the name of a host, such as `id.example.com`", |text| match Host::parse(text) {
        Ok(Host::Domain(name)) => Ok(name),
        Ok(_) => Err(format!("{text:?} is an IP address")),
        Err(_) => Err(format!("{text:?} is not a host name")),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn socket_addresses_have_a_port() {
        let kind = socket_address();
        assert_eq!(kind.parse("127.0.0.1:8080"), Ok(SocketAddr::from(([127, 0, 0, 1], 8080))));
        assert!(kind.parse("[::]:0").is_ok());
        assert_eq!(wrong(&kind, "127.0.0.1"), r#""127.0.0.1" has no port"#);
        assert_eq!(wrong(&kind, "::1"), r#""::1" has no port"#);
        assert_eq!(wrong(&kind, "localhost:80"), r#""localhost:80" has a host name instead of an IP address"#);
        for text in ["", "8080", ":8080", "127.0.0.1:80800", "::1:8080x", "http://127.0.0.1:80"] {
            assert!(wrong(&kind, text).contains("is not an IP address and a port"), "{text}");
        }
    }

    #[test]
    fn networks_are_a_list_in_cidr_notation() {
        let parsed = networks().parse("10.1.2.3/8,fd00::/8, 192.0.2.7").unwrap();
        assert_eq!(parsed.iter().map(IpNet::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]);
        assert_eq!(networks().parse(""), Ok(vec![]));
    }

    #[test]
    fn an_error_names_the_invalid_network() {
        for (text, network) in
            [("10.0.0.0/33", "10.0.0.0/33"), ("::1, proxy", "proxy"), ("10.0.0.0-10.0.0.9", "10.0.0.0-10.0.0.9")]
        {
            assert_eq!(wrong(&networks(), text), format!("{network:?} is not a network"));
        }
    }

    #[test]
    fn host_names_are_domain_names_or_addresses() {
        for (text, name) in [
            ("id.example.com", "id.example.com"),
            ("ID.Example.com", "id.example.com"),
            ("exämple.com", "xn--exmple-cua.com"),
            ("localhost", "localhost"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(host_name().parse(text), Ok(name.to_owned()));
        }
        for text in ["https://id.example.com", "id.example.com:25", "a b", "a_b.example.com", "a@b", "a\r\nb"] {
            assert!(wrong(&host_name(), text).ends_with("is not a host name"), "{text}");
        }
    }
}
