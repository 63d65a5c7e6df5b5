//! Pages of other origins: those that are listed may use the API, with cookies if they like, and no others
//! (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header, request::Parts, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use url::Url;

use super::{Execute, exchange::Exchange, negotiation::Media, refusal::Refusal, request_id, router::Shared};

/// How long a browser need not ask again whether it may.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Where a browser says how the page that asks stands to us (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Tells browsers that pages of these `origins` may ask.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        // Whatever a listed page likes: clients send headers of their own, to name themselves or to trace.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([request_id::REQUEST_ID])
        .max_age(MAX_AGE)
}

/// Refuses pages of other origins. Their browsers would keep the answer from them anyway; but what was asked would be
/// done, and nobody would hear why there is no answer.
pub(super) async fn refuse_foreign<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    Extension(exchange): Extension<Exchange>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS && !parts.headers.contains_key(header::ORIGIN) {
        // No browser's question, though the layer within would take it for one.
        let response = Refusal::MethodNotAllowed.answer(Media::Json, &exchange.request_id);
        return ([(header::ALLOW, "GET,HEAD,POST")], response).into_response();
    }
    let settings = &shared.settings;
    let is_foreign = |origin: &&HeaderValue| {
        let is_listed = settings.cors_origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes());
        !is_listed && !is_own(origin, &parts, settings.public_url.as_deref())
    };
    if let Some(origin) = parts.headers.get_all(header::ORIGIN).iter().find(is_foreign) {
        super::body::discard(body, &parts.headers).await;
        let origin = String::from_utf8_lossy(origin.as_bytes()).into_owned();
        return Refusal::ForeignOrigin(origin).answer(Media::Json, &exchange.request_id);
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Whether it is one of our own pages that asks: as the browser says, or by the host that it asked, or by the address
/// under which we are known.
fn is_own(origin: &HeaderValue, parts: &Parts, public_url: Option<&str>) -> bool {
    if parts.headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin") {
        return true;
    }
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else { return false };
    let is_public = public_url.and_then(|url| Url::parse(url).ok()).is_some_and(|url| url.origin() == origin.origin());
    is_public || host(parts).is_some_and(|host| is_at(&origin, host))
}

/// The host that was asked: of HTTP/2 it is in the address itself.
fn host(parts: &Parts) -> Option<&str> {
    let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| parts.uri.authority().map(Authority::as_str))
}

fn is_at(origin: &Url, host: &str) -> bool {
    let asked = Url::parse(&format!("{}://{host}", origin.scheme()));
    asked.is_ok_and(|asked| asked.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(origin: &'static str, headers: &[(&'static str, &'static str)], public_url: Option<&str>) -> bool {
        let mut request = Request::new(());
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        super::is_own(&HeaderValue::from_static(origin), &request.into_parts().0, public_url)
    }

    #[test]
    fn our_own_pages_are_known() {
        let host = ("host", "id.example.com");
        assert!(is_own("https://id.example.com", &[host], None));
        assert!(is_own("http://127.0.0.1:8080", &[("host", "127.0.0.1:8080")], None));
        assert!(is_own("https://id.example.com", &[("host", "10.0.0.7:8080")], Some("https://id.example.com/profile")));
        assert!(is_own("https://id.example.com", &[("host", "10.0.0.7"), ("sec-fetch-site", "same-origin")], None));
    }

    #[test]
    fn all_others_are_foreign() {
        let host = ("host", "id.example.com");
        for origin in [
            "https://example.com",
            "https://id.example.com.evil.example",
            "https://id.example.com:8443",
            "null",
            "",
            "file://",
            "id.example.com",
            "https://evil.example/id.example.com",
        ] {
            assert!(
                !is_own(origin, &[host, ("sec-fetch-site", "same-site")], Some("https://id.example.com")),
                "{origin}"
            );
        }
        assert!(!is_own("null", &[("host", "null")], None));
    }
}
