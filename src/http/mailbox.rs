//! `/dev/mailbox`: the messages of a demo, which are shown instead of being sent. It exists only in a demo.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, Router, routing};
use serde_json::json;

use super::etag;
use super::security::protect_page;
use crate::mail::{Kept, escape};

/// Messages have their own styles and are shown in frames without scripts. The page's own script polls for new ones.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Lists the messages, the newest first.
#[derive(Clone)]
pub struct MessageList(Arc<dyn Fn() -> Vec<Kept> + Send + Sync>);

impl MessageList {
    /// The messages that `list` returns.
    pub fn new(list: impl Fn() -> Vec<Kept> + Send + Sync + 'static) -> Self {
        Self(Arc::new(list))
    }
}

/// The route to the messages.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(list: MessageList) -> Router<S> {
    Router::new().route("/dev/mailbox", routing::get(show).with_state(list))
}

/// Responds with a page for browsers, or with a list for programs that request `application/json`.
async fn show(State(MessageList(list)): State<MessageList>, headers: HeaderMap) -> Response {
    let messages = list();
    let mut response = if wants_json(&headers) { json_list(&messages) } else { page(&messages, &headers) };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|media| media.split(';').next().is_some_and(|media| media.trim() == "application/json"))
}

fn json_list(messages: &[Kept]) -> Response {
    let messages: serde_json::Value = messages
        .iter()
        .map(|mail| {
            json!({
                "id": mail.id, "to": mail.to, "subject": mail.subject, "text": mail.text, "html": mail.html,
                "sentAt": mail.sent_at.to_rfc3339(),
            })
        })
        .collect();
    Json(messages).into_response()
}

/// The page requests itself repeatedly, and gets 304 as long as there are no new messages.
fn page(messages: &[Kept], request: &HeaderMap) -> Response {
    let list = match messages {
        [] => "<p class=\"none\">No messages yet. Ask for a code or for a new password; the message appears here.</p>"
            .to_owned(),
        messages => messages.iter().map(article).collect(),
    };
    let html = format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>Mailbox · UserProfile</title>
<link rel=\"icon\" href=\"../plain/favicon.svg\" type=\"image/svg+xml\">
<link rel=\"stylesheet\" href=\"../plain/mailbox.css\">
<script type=\"module\" src=\"../plain/mailbox.js\"></script>
</head>
<body>
<header><h1>Mailbox</h1><p>The messages of the last 24 hours, newest first. This demo shows them here instead of sending them;
new ones appear automatically.
<a href=\"../graphql\">GraphiQL</a></p></header>
<main>{list}</main>
</body>
</html>
"
    );
    let tag = etag::of(html.as_bytes());
    let mut response = if etag::is_cached(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Html(html).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    protect_page(&mut response, CONTENT_SECURITY_POLICY);
    response
}

/// A message as a mail program shows it, in a frame that runs no scripts and opens links in a new tab; the frame has
/// our origin so that the page can measure it. Its plain text follows, folded.
fn article(mail: &Kept) -> String {
    let document = mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1);
    let sent_at = mail.sent_at.format("%Y-%m-%d %H:%M:%S UTC");
    format!(
        "<article id=\"{id}\">
<h2>{subject}</h2>
<p class=\"about\">To <b>{to}</b> · <time datetime=\"{time}\">{sent_at}</time></p>
<iframe sandbox=\"allow-same-origin allow-popups allow-popups-to-escape-sandbox\" title=\"{subject}\" srcdoc=\"{html}\"></iframe>
<details><summary>As text</summary><pre>{text}</pre></details>
</article>
",
        id = escape(&mail.id),
        subject = escape(&mail.subject),
        to = escape(&mail.to),
        time = mail.sent_at.to_rfc3339(),
        html = escape(&document),
        text = escape(&mail.text),
    )
}
