//! A client of the API, which sends its requests directly into its HTTP layer.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use userprofile::http;

use super::database::Database;
use super::log;

/// A client with its address, user agent, and tokens.
#[derive(Clone)]
pub struct Client {
    app: http::App,
    /// The client address that a trusted proxy would forward.
    address: String,
    user_agent: Option<String>,
    /// The tokens of its session, once it is signed in.
    pub tokens: Option<Tokens>,
    /// Keeps the database until the last client is dropped.
    _database: Option<Arc<Database>>,
}

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// A response of the server.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as received, with keys in their original order.
    pub text: String,
    pub body: Value,
}

impl Response {
    /// `data`. Panics if there are top-level errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.body);
        &self.body["data"]
    }

    /// `extensions.code` of the only top-level error.
    #[track_caller]
    pub fn error_code(&self) -> &str {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {}", self.body));
        assert_eq!(errors.len(), 1, "{}", self.body);
        errors[0]["extensions"]["code"].as_str().unwrap()
    }

    /// The codes of the user errors in the payload of the mutation with this name or alias.
    #[track_caller]
    pub fn user_errors(&self, mutation: &str) -> Vec<&str> {
        let errors = self.data()[mutation]["errors"].as_array().unwrap();
        errors.iter().map(|error| error["code"].as_str().unwrap()).collect()
    }
}

impl Client {
    pub(super) fn new(app: http::App, database: Option<Arc<Database>>) -> Self {
        Self { app, address: "192.0.2.1".to_owned(), user_agent: None, tokens: None, _database: database }
    }

    /// The same client at another address.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The same client with this `User-Agent`.
    pub fn with_user_agent(&self, user_agent: &str) -> Self {
        Self { user_agent: Some(user_agent.to_owned()), ..self.clone() }
    }

    /// The same client, of another server.
    pub fn with_http_app(&self, app: http::App) -> Self {
        Self { app, ..self.clone() }
    }

    /// Executes a document without variables.
    pub async fn query(&self, query: &str) -> Response {
        self.execute(query, json!({})).await
    }

    /// Executes a document.
    pub async fn execute(&self, query: &str, variables: Value) -> Response {
        log::record_secrets(&variables);
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = self.request(Method::POST, "/graphql").header(header::CONTENT_TYPE, "application/json");
        let response = self.send(request.body(Body::from(body)).unwrap()).await;
        log::record_secrets(&response.body);
        response
    }

    /// Starts to build a request with this client's headers.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header("x-forwarded-for", &self.address);
        if let Some(user_agent) = &self.user_agent {
            request = request.header(header::USER_AGENT, user_agent);
        }
        match &self.tokens {
            Some(tokens) => request.header(header::AUTHORIZATION, format!("Bearer {}", tokens.access)),
            None => request,
        }
    }

    /// Sends a request unchanged. A body that is not JSON becomes a string.
    pub async fn send(&self, mut request: Request<Body>) -> Response {
        let peer: std::net::SocketAddr = "127.0.0.1:1".parse().unwrap();
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        let response = self.app.respond(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()));
        Response { status, headers, text, body }
    }

    /// Executes `signIn`.
    pub async fn try_sign_in(&self, domain: &str, user: &str, password: &str) -> Response {
        self.execute(
            "mutation($input: SignInInput!) { signIn(input: $input) {
                session { accessToken refreshToken expiresAt }
                mfaChallenge { token mfaType sentTo expiresAt }
                errors { message code field retryAfter }
            } }",
            json!({ "input": { "domainId": domain, "userId": user, "password": password } }),
        )
        .await
    }

    /// Signs in and keeps the tokens. Panics if this fails.
    #[track_caller]
    pub fn sign_in(&mut self, domain: &str, user: &str, password: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let response = self.try_sign_in(domain, user, password).await;
            let session = &response.data()["signIn"]["session"];
            assert!(session.is_object(), "{caller}: {}", response.body);
            self.tokens = Some(Tokens::from(session));
        }
    }

    /// Executes one mutation, and returns `fields` and `errors` of its payload. Panics on top-level errors.
    #[track_caller]
    pub fn mutate(&self, name: &str, input: Value, fields: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let response = self.try_mutate(name, input, fields).await;
            assert!(response.body.get("errors").is_none(), "{caller}: {}", response.body);
            response.body["data"][name].clone()
        }
    }

    /// Executes one mutation, and returns the whole response.
    pub async fn try_mutate(&self, name: &str, input: Value, fields: &str) -> Response {
        let input_type = format!("{}Input", name[..1].to_uppercase() + &name[1..]);
        let errors = "errors { message code field attemptsLeft retryAfter }";
        let query = if input.is_null() {
            format!("mutation {{ {name} {{ {fields} {errors} }} }}")
        } else {
            format!("mutation($input: {input_type}!) {{ {name}(input: $input) {{ {fields} {errors} }} }}")
        };
        self.execute(&query, json!({ "input": input })).await
    }

    /// Executes one mutation, and returns the code and field of each user error.
    #[track_caller]
    pub fn errors(&self, name: &str, input: Value) -> impl Future<Output = Vec<(String, Option<String>)>> {
        let payload = self.mutate(name, input, "__typename");
        async move {
            let payload = payload.await;
            let errors = payload["errors"].as_array().unwrap();
            let text = |value: &Value| value.as_str().map(str::to_owned);
            errors.iter().map(|error| (text(&error["code"]).unwrap(), text(&error["field"]))).collect()
        }
    }

    /// Executes one mutation, and returns the code of its only user error. Panics if there is not exactly one.
    #[track_caller]
    pub fn error_code(&self, name: &str, input: Value) -> impl Future<Output = String> {
        let errors = self.errors(name, input);
        async move {
            let errors = errors.await;
            assert_eq!(errors.len(), 1, "{errors:?}");
            errors[0].0.clone()
        }
    }

    /// Executes one mutation, and returns its payload. Panics if it has user errors.
    #[track_caller]
    pub fn mutate_ok(&self, name: &str, input: Value, fields: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let payload = self.mutate(name, input, fields);
        async move {
            let payload = payload.await;
            assert_eq!(payload["errors"], json!([]), "{caller}: {name}");
            payload
        }
    }

    /// These fields of `me`.
    pub async fn me(&self, fields: &str) -> Value {
        self.query(&format!("{{ me {{ {fields} }} }}")).await.data()["me"].clone()
    }

    /// Executes `refreshSession` with a refresh token.
    pub async fn refresh(&self, token: &str) -> Response {
        self.execute(
            "mutation($token: String!) { refreshSession(input: { refreshToken: $token }) {
                session { accessToken refreshToken expiresAt } errors { code field }
            } }",
            json!({ "token": token }),
        )
        .await
    }

    /// The same client with other tokens.
    pub fn with_tokens(&self, tokens: Tokens) -> Self {
        Self { tokens: Some(tokens), ..self.clone() }
    }

    /// Whether the server accepts the access token.
    pub async fn is_authenticated(&self) -> bool {
        let response = self.query("{ me { id } }").await;
        assert_eq!(response.status, StatusCode::OK);
        if response.body["data"]["me"].is_null() {
            assert_eq!(response.error_code(), "UNAUTHENTICATED");
        }
        response.body["data"]["me"].is_object()
    }
}

impl From<&Value> for Tokens {
    fn from(session: &Value) -> Self {
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        Self { access: text("accessToken"), refresh: text("refreshToken") }
    }
}
