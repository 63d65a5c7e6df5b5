//! The security headers of every response, so that a browser interprets it only as what it is (OWASP REST Security
//! Cheat Sheet, "Security Headers"), and those of pages.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For responses without a policy of their own: nothing may be loaded or run.
const DEFAULT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For GraphiQL and its files: no external resources, no scripts except our files, no embedding in frames. It inserts
/// its styles into the page, hence 'unsafe-inline' for styles only.
pub(super) const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// For the pages behind the links in messages, which need less.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For the account console, which may be at any depth below its files, and so has a base address.
pub(super) const ACCOUNT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// A year. Subdomains are not included, as others may own them.
const TRANSPORT_SECURITY: &str = "max-age=31536000";

/// Adds the headers of every response of a server with this `public_url`.
pub(super) fn add_headers(headers: &mut HeaderMap, public_url: Option<&str>) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if public_url.is_some_and(|url| url.starts_with("https:")) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT_SECURITY));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DEFAULT_POLICY));
    }
}

/// Sets the content security policy of a page, and isolates its window from the pages that open it.
pub(super) fn protect_page(response: &mut Response, policy: &'static str) {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
}
