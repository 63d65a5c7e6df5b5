//! Pages for browsers.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};

use super::media::Media;
use super::security::{ACCOUNT_POLICY, GRAPHIQL_POLICY, PAGE_POLICY, protect_page};
use super::{assets, negotiation};

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>UserProfile</title>
<h1>This build does not include GraphiQL and the account console</h1>
<p>The API is available at /graphql. To include these pages, install Node and build with:
<pre>scripts/build</pre>
<p>The schema is at /schema.graphql.
";

/// What the account console has as its base address, which depends on where it is opened.
const BASE: &str = "<base href=\"./\" />";

/// The page at `/graphql`.
pub(super) async fn graphiql(request: &HeaderMap) -> Response {
    page("/graphiql.html", GRAPHIQL_POLICY, request).await
}

/// The page of the password reset link.
pub(super) async fn reset_password(request: HeaderMap) -> Response {
    page("/reset-password.html", PAGE_POLICY, &request).await
}

/// The page of the undo link for an email change.
pub(super) async fn undo_email_change(request: HeaderMap) -> Response {
    page("/undo-email-change.html", PAGE_POLICY, &request).await
}

/// The page of the link that cancels the deletion of an account.
pub(super) async fn cancel_deletion(request: HeaderMap) -> Response {
    page("/cancel-deletion.html", PAGE_POLICY, &request).await
}

/// A page of the account console: the same file at every address, which shows the page of that address.
pub(super) async fn account(uri: Uri) -> Response {
    let content = assets::find("/account.html").map_or(NOT_BUILT.as_bytes(), |asset| &asset.content);
    let base = format!("<base href=\"./{}\" />", root_of(uri.path()));
    let page = String::from_utf8_lossy(content).replace(BASE, &base);
    let mut response = ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response();
    protect_page(&mut response, ACCOUNT_POLICY);
    response
}

/// The root of the server relative to a path, because a proxy may have mounted it anywhere.
fn root_of(path: &str) -> String {
    "../".repeat(path.matches('/').count().saturating_sub(1))
}

/// Whether the client is a browser that requests a page.
pub(super) fn is_wanted(request: &Parts) -> bool {
    matches!(request.method, Method::GET | Method::HEAD)
        && matches!(negotiation::negotiate(&request.headers, negotiation::OF_GET), Ok(Media::Html))
}

/// The page for an unknown path.
pub(super) fn not_found(path: &str) -> Response {
    let root = root_of(path);
    let content = assets::find("/not-found.html").map(|page| page.content.clone()).unwrap_or_default();
    let page = String::from_utf8_lossy(&content).replace("{root}", &root);
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::VARY, "accept")];
    let mut response = (StatusCode::NOT_FOUND, headers, Html(page)).into_response();
    protect_page(&mut response, PAGE_POLICY);
    response
}

/// The icon for browsers that request it at this path, whatever page they show.
pub(super) async fn favicon(request: HeaderMap) -> Response {
    match assets::find("/plain/favicon.ico") {
        Some(icon) => icon.respond(&request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page; if it was not built, a page that says how to build it.
async fn page(path: &str, policy: &'static str, request: &HeaderMap) -> Response {
    let mut response = match assets::find(path) {
        Some(asset) => asset.respond(request).await,
        None => ([(header::CACHE_CONTROL, "no-cache")], Html(NOT_BUILT)).into_response(),
    };
    protect_page(&mut response, policy);
    response
}
