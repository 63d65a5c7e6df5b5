//! Pages for browsers, and the headers that keep them to themselves.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use super::assets;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// For the editor and its files: nothing from anywhere else, no scripts but our files, no frames around us. It puts its
/// styles into the page, hence 'unsafe-inline' for those alone.
pub(super) const OF_EDITOR: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// For the pages behind the links in mails, which need less.
const OF_PLAIN_PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

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
    page("/graphiql.html", OF_EDITOR, request).await
}

/// The page behind the link for a new password.
pub(super) async fn reset_password(request: HeaderMap) -> Response {
    page("/reset-password.html", OF_PLAIN_PAGES, &request).await
}

/// The page behind the link that puts an old e-mail address back.
pub(super) async fn undo_email_change(request: HeaderMap) -> Response {
    page("/undo-email-change.html", OF_PLAIN_PAGES, &request).await
}

/// A page of `web/dist`; where that was not there at build time, one that says how to get it.
async fn page(path: &str, policy: &'static str, request: &HeaderMap) -> Response {
    let mut response = match assets::find(path) {
        Some(asset) => asset.answer(request).await,
        None => ([(header::CACHE_CONTROL, "no-cache")], Html(NOT_BUILT)).into_response(),
    };
    keep_to_itself(&mut response, policy);
    response
}

/// Gives a page its content security policy, and windows of its own.
pub(super) fn keep_to_itself(response: &mut Response, policy: &'static str) {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
}
