//! Protects a demo, whose passwords are public: only requests that name this machine are accepted. Otherwise a website
//! could point its own host name to this machine and read the demo's data as same-origin (DNS rebinding).

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use url::Host;

use super::body;
use super::error::RequestError;

/// Whether a request names this machine as its host.
pub(super) fn is_named_by(request: &Request) -> bool {
    is_loopback(request.uri(), request.headers())
}

/// The response to a request that does not.
pub(super) async fn refuse(request: Request) -> Response {
    let (parts, unread) = request.into_parts();
    body::discard(unread, &parts.headers).await;
    RequestError::HostNotAllowed.into_response()
}

/// Whether a request names a host in `Host`, in the URI, or in both, and every named host is this machine.
fn is_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    let in_headers = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut hosts = in_headers.chain(uri.authority().map(Authority::as_str)).peekable();
    hosts.peek().is_some() && hosts.all(names_loopback)
}

/// `localhost`, `*.localhost`, 127.0.0.0/8 or `[::1]`, with any port or none.
fn names_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_this_machine_are_allowed() {
        for host in
            ["localhost", "LocalHost:8080", "demo.localhost:1", "127.0.0.1", "127.8.9.10:65535", "[::1]", "[::1]:8080"]
        {
            assert!(names_loopback(host), "{host}");
        }
    }

    #[test]
    fn other_hosts_are_refused() {
        for host in [
            "",
            ":8080",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evillocalhost",
            "localhost@evil.example",
            "evil.example@localhost",
            "127.0.0.1, evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[::2]:80",
            "::1",
        ] {
            assert!(!names_loopback(host), "{host}");
        }
    }

    #[test]
    fn every_host_that_a_request_names_must_be_allowed() {
        let is_loopback = |uri: &'static str, hosts: &[&'static str]| {
            let headers = hosts.iter().map(|host| (header::HOST, host.parse().unwrap())).collect();
            super::is_loopback(&Uri::from_static(uri), &headers)
        };
        assert!(is_loopback("/graphql", &["localhost"]));
        assert!(is_loopback("http://localhost/graphql", &[]));
        assert!(!is_loopback("/graphql", &[]));
        assert!(!is_loopback("http://evil.example/graphql", &["localhost"]));
        assert!(!is_loopback("/graphql", &["localhost", "evil.example"]));
    }
}
