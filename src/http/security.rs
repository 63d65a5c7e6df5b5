//! The headers that every answer has, so that a browser makes nothing of it but what it is
//! (OWASP REST Security Cheat Sheet, "Security Headers").

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// For whatever is no page: nothing may be loaded or run.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// A year. Not for subdomains, which may be somebody else's.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000";

/// Adds the headers to an answer of a server that is known under `public_url`.
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
