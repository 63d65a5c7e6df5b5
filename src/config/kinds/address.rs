//! Network addresses: the listen address, and lists of networks.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::Kind;

/// An IP address and a port.
pub(in super::super) struct SocketAddress;

impl Kind for SocketAddress {
    type Value = SocketAddr;

    fn value_name(&self) -> &'static str {
        "ADDRESS:PORT"
    }

    fn accepts(&self) -> String {
        "an IP address and a port".to_owned()
    }

    fn parse(&self, text: &str) -> Result<SocketAddr, String> {
        text.parse().map_err(|_| {
            if text.parse::<IpAddr>().is_ok() {
                format!("{text:?} has no port")
            } else if text.strip_prefix("localhost:").is_some() {
                format!("{text:?} has a name where an IP address belongs")
            } else {
                format!("{text:?} is not an IP address and a port (IPv6 stands in brackets: [::1]:8080)")
            }
        })
    }
}

/// A list of networks in CIDR notation (RFC 4632), separated by commas or spaces. A plain address is a network of one.
pub(in super::super) struct Networks;

impl Kind for Networks {
    type Value = Vec<IpNet>;

    fn value_name(&self) -> &'static str {
        "NETWORKS"
    }

    fn accepts(&self) -> String {
        "a list of networks or addresses, parted by commas, such as `10.0.0.0/8, fd00::/8, 192.0.2.7`".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Vec<IpNet>, String> {
        text.split([',', ' ']).map(str::trim).filter(|network| !network.is_empty()).map(parse_network).collect()
    }
}

/// Bits after the prefix are dropped: `10.1.2.3/8` is `10.0.0.0/8`.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().map(|network| network.trunc());
    network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| format!("{text:?} is not a network"))
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn parses_addresses_with_a_port() {
        assert_eq!(SocketAddress.parse("127.0.0.1:8080"), Ok(SocketAddr::from(([127, 0, 0, 1], 8080))));
        assert!(SocketAddress.parse("[::]:0").is_ok());
    }

    #[test]
    fn refuses_addresses_that_cannot_be_listened_on() {
        assert_eq!(wrong(&SocketAddress, "127.0.0.1"), r#""127.0.0.1" has no port"#);
        assert_eq!(wrong(&SocketAddress, "::1"), r#""::1" has no port"#);
        assert_eq!(wrong(&SocketAddress, "localhost:80"), r#""localhost:80" has a name where an IP address belongs"#);
        for text in ["", "8080", ":8080", "127.0.0.1:80800", "::1:8080x", "http://127.0.0.1:80"] {
            assert!(wrong(&SocketAddress, text).contains("is not an IP address and a port"), "{text}");
        }
    }

    #[test]
    fn parses_lists_of_networks() {
        let parsed = Networks.parse("10.1.2.3/8,fd00::/8, 192.0.2.7").unwrap();
        assert_eq!(parsed.iter().map(IpNet::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]);
        assert_eq!(Networks.parse(""), Ok(vec![]));
    }

    #[test]
    fn names_the_network_that_is_wrong() {
        for (text, network) in
            [("10.0.0.0/33", "10.0.0.0/33"), ("::1, proxy", "proxy"), ("10.0.0.0-10.0.0.9", "10.0.0.0-10.0.0.9")]
        {
            assert_eq!(wrong(&Networks, text), format!("{network:?} is not a network"));
        }
    }
}
