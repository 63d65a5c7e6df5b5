//! Determines the client's address behind proxies.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the peer's address; or, if the peer is one of the `trusted` proxies, the right-most address in
/// `X-Forwarded-For` that is not one of them.
///
/// Each proxy appends the address of its peer, so the list is reliable from its right end to the first hop that is not
/// ours; a client can forge everything left of that. An entry that is not an address ends the search for the same
/// reason: the hop that it hides is not known to be ours.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut nearest = peer.to_canonical();
    let hops = headers.get_all(FORWARDED_FOR).iter().rev().flat_map(|value| value.as_bytes().rsplit(|b| *b == b','));
    for hop in hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()) {
        if !is_trusted(nearest) {
            break;
        }
        let Some(address) = parse(hop) else { break };
        nearest = address;
    }
    nearest
}

/// Parses an address, with or without a port, IPv6 with or without brackets; an IPv6 address that wraps IPv4 is
/// unwrapped.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let headers: HeaderMap =
            forwarded.iter().map(|value| (FORWARDED_FOR, HeaderValue::from_str(value).unwrap())).collect();
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client_address([10, 0, 0, 1].into(), &HeaderMap::new(), &[]).to_string(), "10.0.0.1");
    }

    #[test]
    fn the_rightmost_address_that_is_not_a_proxy_counts() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1 ,10.9.9.9", "10.8.8.8"]), "198.51.100.1");
        assert_eq!(client("2001:db8::1", &["198.51.100.1, 2001:db8::2"]), "198.51.100.1");
    }

    #[test]
    fn if_all_are_proxies_the_farthest_counts() {
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn addresses_may_have_ports_and_brackets() {
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["[2001:db9::7]:4711"]), "2001:db9::7");
        assert_eq!(client("10.0.0.1", &["[2001:db9::7]"]), "2001:db9::7");
    }

    #[test]
    fn an_invalid_entry_ends_the_search() {
        for garbage in ["unknown", "", ",,", "1.2.3", "999.1.1.1", "<script>", "1.1.1.1, _hidden"] {
            assert_eq!(client("10.0.0.1", &[garbage]), "10.0.0.1", "{garbage}");
        }
        assert_eq!(client("10.0.0.1", &["garbage, 198.51.100.1,"]), "198.51.100.1");
    }
}
