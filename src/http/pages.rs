//! Pages for browsers, and the headers that keep them to themselves.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use super::assets;

/// Nothing from anywhere else, no scripts but our files, no frames around us. The editor puts its styles into the
/// page, hence 'unsafe-inline' for those alone.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>UserProfile</title>
<h1>This build has no GraphiQL</h1>
<p>The API answers at this address all the same. To get the editor, build with Node installed:
<pre>scripts/build</pre>
<p>The schema is at <a href=\"/schema.graphql\">/schema.graphql</a>.
";

/// The page at `/graphql`.
pub(super) async fn graphiql(request: &HeaderMap) -> Response {
    page("/graphiql.html", request).await
}

/// The page behind the link for a new password.
pub(super) async fn reset_password(request: HeaderMap) -> Response {
    page("/reset-password.html", &request).await
}

/// The page behind the link that puts an old e-mail address back.
pub(super) async fn undo_email_change(request: HeaderMap) -> Response {
    page("/undo-email-change.html", &request).await
}

/// A page of `web/dist`; where that was not there at build time, one that says how to get it.
async fn page(path: &str, request: &HeaderMap) -> Response {
    let mut response = match assets::find(path) {
        Some(asset) => asset.answer(request).await,
        None => ([(header::CACHE_CONTROL, "no-cache")], Html(NOT_BUILT)).into_response(),
    };
    guard(&mut response);
    response
}

/// Adds the headers that keep a page to itself.
pub(super) fn guard(response: &mut Response) {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}
