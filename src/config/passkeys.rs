//! The relying party of passkeys, from the settings for addresses.

use url::{Host, Url};

use super::reader::Reader;
use crate::webauthn::WebauthnSettings;

const RP_NAME: &str = "UserProfile";

/// The addresses that decide where passkeys can be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses<'a> {
    /// `USERPROFILE_WEBAUTHN_RP_ID`.
    pub(super) rp_id: Option<&'a str>,
    /// `USERPROFILE_WEBAUTHN_ORIGINS`.
    pub(super) origins: &'a [String],
    /// Where users reach the server.
    pub(super) base: &'a str,
    /// `USERPROFILE_CORS_ORIGINS`.
    pub(super) cors_origins: &'a [String],
}

/// The relying party. `None` if users reach the server by an IP address: authenticators need the name of a host. On this
/// machine, that is `localhost`.
pub(super) fn relying_party(addresses: Addresses<'_>) -> Option<WebauthnSettings> {
    let mut base = Url::parse(addresses.base).ok()?;
    if is_loopback(&base) {
        base.set_host(Some("localhost")).ok()?;
    }
    let rp_id = addresses.rp_id.or_else(|| base.domain())?.to_owned();
    let is_ours = |origin: &Url| origin.domain().is_some_and(|host| is_within(host, &rp_id));
    let parse = |texts: &[String]| -> Vec<Url> { texts.iter().filter_map(|text| Url::parse(text).ok()).collect() };
    let mut origins = parse(addresses.origins);
    if origins.is_empty() {
        let own = Url::parse(&base.origin().ascii_serialization()).ok()?;
        origins = [own].into_iter().chain(parse(addresses.cors_origins)).filter(is_ours).collect();
    }
    // The library requires it of the first one; the others may be of related sites.
    origins.sort_by_key(|origin| !is_ours(origin));
    let is_usable = origins.first().is_some_and(is_ours);
    let any_port = base.port() == Some(0);
    is_usable.then(|| WebauthnSettings { rp_id, rp_name: RP_NAME.to_owned(), origins, any_port })
}

/// Passkeys belong to the name of a host, and pages of it must be able to use them.
pub(super) fn check(reader: &mut Reader, addresses: Addresses<'_>) {
    if relying_party(addresses).is_none() {
        let wrong = "no origin is on USERPROFILE_WEBAUTHN_RP_ID, or on a subdomain of it";
        let remedy = "set both for the pages that users sign in on";
        reader.refuse_if_given("webauthn_rp_id", wrong, remedy);
        reader.refuse_if_given("webauthn_origins", wrong, remedy);
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rp_id: Option<&str>, origins: &[&str], base: &str, cors: &[&str]) -> Option<(String, Vec<String>)> {
        let [origins, cors_origins] =
            [origins, cors].map(|list| list.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>());
        let found = relying_party(Addresses { rp_id, origins: &origins, base, cors_origins: &cors_origins })?;
        Some((found.rp_id, found.origins.iter().map(|origin| origin.origin().ascii_serialization()).collect()))
    }

    #[test]
    fn passkeys_belong_to_the_host_of_the_public_url() {
        let (rp_id, origins) = found(
            None,
            &[],
            "https://id.example.com/base",
            &["https://app.example.com", "https://a.id.example.com", "https://other.org"],
        )
        .unwrap();
        assert_eq!(rp_id, "id.example.com");
        assert_eq!(origins, ["https://id.example.com", "https://a.id.example.com"]);
    }

    #[test]
    fn a_wider_domain_admits_other_pages_of_the_site() {
        let (_, origins) =
            found(Some("example.com"), &[], "https://id.example.com", &["https://app.example.com"]).unwrap();
        assert_eq!(origins, ["https://id.example.com", "https://app.example.com"]);
        // Related origins need not be on it, but one must.
        let related = ["https://example.org", "https://www.example.com"];
        let (_, origins) = found(Some("example.com"), &related, "https://id.example.com", &[]).unwrap();
        assert_eq!(origins, ["https://www.example.com", "https://example.org"]);
        assert_eq!(found(Some("example.com"), &["https://example.org"], "https://id.example.com", &[]), None);
        assert_eq!(found(Some("ample.com"), &[], "https://id.example.com", &[]), None);
    }

    #[test]
    fn an_ip_address_is_no_name_but_this_machine_has_one() {
        let (rp_id, origins) = found(None, &[], "http://127.0.0.1:8080", &[]).unwrap();
        assert_eq!((rp_id.as_str(), origins[0].as_str()), ("localhost", "http://localhost:8080"));
        assert_eq!(found(None, &[], "http://192.0.2.1:8080", &[]), None);
    }
}
