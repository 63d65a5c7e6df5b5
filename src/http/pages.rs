//! Pages for browsers, and their security headers.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
};

use super::{
    assets,
    negotiation::{self, Media},
};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// For the editor and its files: no external resources, no scripts except our files, no embedding in frames. It inserts
/// its styles into the page, hence 'unsafe-inline' for styles only.
pub(super) const OF_EDITOR: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// For the pages behind the links in messages, which need less.
const OF_PLAIN_PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>UserProfile</title>
<h1>This build has no GraphiQL</h1>
<p>The API answers at this address all the same. To get the editor, build with Node installed:
<pre>scripts/build</pre>
<p>The schema is at <a href=\"schema.graphql\">schema.graphql</a>.
";

/// The page at `/graphql`.
pub(super) async fn graphiql(request: &HeaderMap) -> Response {
    page("/graphiql.html", OF_EDITOR, request).await
}

/// The page of the password reset link.
pub(super) async fn reset_password(request: HeaderMap) -> Response {
    page("/reset-password.html", OF_PLAIN_PAGES, &request).await
}

/// The page of the undo link for an email change.
pub(super) async fn undo_email_change(request: HeaderMap) -> Response {
    page("/undo-email-change.html", OF_PLAIN_PAGES, &request).await
}

/// Whether the client is a browser that requests a page.
pub(super) fn is_wanted(request: &Parts) -> bool {
    matches!(request.method, Method::GET | Method::HEAD)
        && matches!(negotiation::negotiate(&request.headers, negotiation::OF_GET), Ok(Media::Html))
}

/// The page for an unknown path.
pub(super) async fn not_found(path: &str) -> Response {
    // The page's own files are beside the API, wherever a proxy has mounted that; relative to this path, that is some
    // levels up.
    let root = "../".repeat(path.matches('/').count().saturating_sub(1));
    let page = match assets::find("/not-found.html") {
        Some(asset) => asset.content().await.map(|page| String::from_utf8_lossy(&page).replace("{root}", &root)),
        None => Ok(String::new()),
    };
    let mut response = match page {
        Ok(page) => (StatusCode::NOT_FOUND, Html(page)).into_response(),
        Err(error) => {
            tracing::error!(%error, "an embedded page could not be unpacked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    keep_to_itself(&mut response, OF_PLAIN_PAGES);
    response
}

/// The icon for browsers that request it at this path, whatever page they show.
pub(super) async fn favicon(request: HeaderMap) -> Response {
    match assets::find("/plain/favicon.ico") {
        Some(icon) => icon.answer(&request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page of `web/dist`; if it did not exist at build time, a page that says how to build it.
async fn page(path: &str, policy: &'static str, request: &HeaderMap) -> Response {
    let mut response = match assets::find(path) {
        Some(asset) => asset.answer(request).await,
        None => ([(header::CACHE_CONTROL, "no-cache")], Html(NOT_BUILT)).into_response(),
    };
    keep_to_itself(&mut response, policy);
    response
}

/// Sets a page's content security policy, and isolates its window.
pub(super) fn keep_to_itself(response: &mut Response, policy: &'static str) {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response.headers_mut().insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
}
