//! The security headers of every response, so that a browser interprets it only as what it is (OWASP REST Security
//! Cheat Sheet, "Security Headers"), and those of pages.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use tower_http::set_header::response::SetMultipleResponseHeadersLayer;

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

/// A year. Subdomains are not included, as others may own them.
const TRANSPORT_SECURITY: &str = "max-age=31536000";

/// The headers of every response of a server with this `public_url`, and those of responses without one of their own.
pub(super) fn headers(
    public_url: Option<&str>,
) -> (SetMultipleResponseHeadersLayer<Response>, SetMultipleResponseHeadersLayer<Response>) {
    let mut always = vec![
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (RESOURCE_POLICY, "same-origin"),
    ];
    if public_url.is_some_and(|url| url.starts_with("https:")) {
        always.push((header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY));
    }
    let header = |(name, value)| (name, HeaderValue::from_static(value)).into();
    (
        SetMultipleResponseHeadersLayer::overriding(always.into_iter().map(header).collect()),
        SetMultipleResponseHeadersLayer::if_not_present(vec![header((
            header::CONTENT_SECURITY_POLICY,
            DEFAULT_POLICY,
        ))]),
    )
}

/// Sets the content security policy of a page, and isolates its window from the pages that open it.
pub(super) fn protect_page(response: &mut Response, policy: &'static str) {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
}
