//! `/graphql` and what surrounds it: CORS, the check of the origin, and the limit for unread responses.
//!
//! These are function calls and not a route with layers, see [`app`](super::app).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;

use super::error::RequestError;
use super::request_info::RequestInfo;
use super::state::AppState;
use super::{backpressure, cors, graphql};

/// The path of the endpoint.
pub(super) const PATH: &str = "/graphql";
/// The methods that it accepts.
const METHODS: &str = "GET,HEAD,POST";

#[derive(Clone)]
pub(super) struct Endpoint {
    state: Arc<AppState>,
    cors: CorsLayer,
}

impl Endpoint {
    pub(super) fn new(state: Arc<AppState>) -> Self {
        Self { cors: cors::layer(&state.settings.cors_origins), state }
    }

    pub(super) async fn respond(&self, info: &RequestInfo, request: Request) -> Response {
        // On the heap, because it is large and moved several times.
        let respond = |request| self.respond_if_allowed(info, request).boxed();
        backpressure::limit_unread_responses(&self.state, info, request, respond).await
    }

    async fn respond_if_allowed(&self, info: &RequestInfo, request: Request) -> Response {
        if *request.method() == Method::OPTIONS && !request.headers().contains_key(header::ORIGIN) {
            // This is not a preflight request, although CORS would treat it as one.
            return method_not_allowed();
        }
        let request = match cors::check_origin(&self.state.settings, request).await {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        };
        let execute = service_fn(|request| self.execute(info, request).map(Ok::<_, Infallible>));
        let Ok(response) = self.cors.layer(execute).oneshot(request).await;
        response
    }

    async fn execute(&self, info: &RequestInfo, request: Request) -> Response {
        match *request.method() {
            Method::GET | Method::HEAD => graphql::get(&self.state, info, request).await,
            Method::POST => graphql::post(&self.state, info, request).await,
            _ => method_not_allowed(),
        }
    }
}

fn method_not_allowed() -> Response {
    ([(header::ALLOW, METHODS)], RequestError::MethodNotAllowed).into_response()
}
