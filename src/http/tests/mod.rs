//! Tests of the endpoint from the client's side: through the whole HTTP layer, and over real connections if these matter.

mod connections;
mod documents;
mod errors;
mod log;
mod pages;
pub(super) mod toy;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;

use super::App;
use toy::{Toy, options};

/// A response, read completely.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that the request was not executed, and the form of the error.
    #[track_caller]
    fn assert_error(&self, status: u16, code: &str) {
        let json = self.json();
        assert_eq!(self.status, status, "{json}");
        assert_eq!(json["errors"][0]["extensions"]["code"], code, "{json}");
        assert_eq!(json["errors"][0]["extensions"]["requestId"], self.header("x-request-id"), "{json}");
        assert!(json["errors"][0]["message"].as_str().unwrap().len() > 10, "{json}");
        assert!(json.get("data").is_none(), "{json}");
        assert!(self.header("content-type").contains("json"));
    }
}

async fn send(app: App, request: Request<Body>) -> Reply {
    let (parts, body) = app.respond(request).await.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Reply { status: parts.status, headers: parts.headers, body }
}

async fn call(request: Request<Body>) -> Reply {
    send(App::new(options(&Toy::default())), request).await
}

async fn get(address: &str, headers: &[(&str, &str)]) -> Reply {
    call(build("GET", address, headers, Body::empty())).await
}

async fn post(headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    call(build("POST", "/graphql", headers, body.into())).await
}

/// Sends a document by `POST`, as an up-to-date client does.
async fn ask(query: &str) -> Reply {
    post(&[JSON, ("accept", "application/graphql-response+json")], serde_json::json!({ "query": query }).to_string())
        .await
}

fn build(method: &str, address: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(address), |request, (name, value)| request.header(*name, *value));
    request.body(body).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");
