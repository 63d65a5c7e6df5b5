//! The security headers of every response, so that a browser interprets it only as what it is (OWASP REST Security
//! Cheat Sheet, "Security Headers").

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// For every response that is not a page: nothing may be loaded or run.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// A year. Subdomains are not included, as others may own them.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

/// Adds the headers to a response of a server with this `public_url`.
pub(super) fn harden(headers: &mut HeaderMap, public_url: Option<&str>) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    if public_url.is_some_and(|url| url.starts_with("https:")) {
        let transport = HeaderValue::from_static(STRICT_TRANSPORT_SECURITY);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, transport);
    }
}
