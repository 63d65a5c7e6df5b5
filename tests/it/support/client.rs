//! A client of the API: sends requests into the router, as a browser would to the server.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::database::Database;
use super::log;

/// A client, with the tokens it was given.
#[derive(Clone)]
pub struct Client {
    router: Router,
    /// The address that it calls from, as a trusted proxy tells it.
    address: String,
    /// What it says it is.
    user_agent: Option<String>,
    /// Its tokens, once it is signed in.
    pub tokens: Option<Tokens>,
    /// Stays as long as anybody may ask for what is in it.
    _database: Option<Arc<Database>>,
}

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As it came, its keys in their order.
    pub text: String,
    pub body: Value,
}

impl Answer {
    /// The data; there must be no errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.body);
        &self.body["data"]
    }

    /// `extensions.code` of the only error.
    #[track_caller]
    pub fn error_code(&self) -> &str {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {}", self.body));
        assert_eq!(errors.len(), 1, "{}", self.body);
        errors[0]["extensions"]["code"].as_str().unwrap()
    }

    /// The codes of the errors that the only mutation, or the one under this alias, answered with.
    #[track_caller]
    pub fn user_errors(&self, mutation: &str) -> Vec<&str> {
        let errors = self.data()[mutation]["errors"].as_array().unwrap();
        errors.iter().map(|error| error["code"].as_str().unwrap()).collect()
    }
}

impl Client {
    pub(super) fn new(router: Router, database: Option<Arc<Database>>) -> Self {
        Self { router, address: "192.0.2.1".to_owned(), user_agent: None, tokens: None, _database: database }
    }

    /// The same client at another address.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// The same client with this `User-Agent`.
    pub fn with_user_agent(&self, user_agent: &str) -> Self {
        Self { user_agent: Some(user_agent.to_owned()), ..self.clone() }
    }

    /// The same client at another server.
    pub fn of(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    /// Asks a query without variables.
    pub async fn query(&self, query: &str) -> Answer {
        self.execute(query, json!({})).await
    }

    /// Asks anything.
    pub async fn execute(&self, query: &str, variables: Value) -> Answer {
        log::note_all(&variables);
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = self.request(Method::POST, "/graphql").header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request.body(Body::from(body)).unwrap()).await;
        log::note_all(&answer.body);
        answer
    }

    /// Begins a request with this client's headers.
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

    /// Sends a request as it is. An answer that is no JSON becomes a string.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        let peer: std::net::SocketAddr = "127.0.0.1:1".parse().unwrap();
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()));
        Answer { status, headers, text, body }
    }

    /// Tries to sign in.
    pub async fn try_sign_in(&self, domain: &str, user: &str, password: &str) -> Answer {
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

    /// Signs in, which must succeed, and keeps the tokens.
    #[track_caller]
    pub fn sign_in(&mut self, domain: &str, user: &str, password: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.try_sign_in(domain, user, password).await;
            let session = &answer.data()["signIn"]["session"];
            assert!(session.is_object(), "{caller}: {}", answer.body);
            self.tokens = Some(Tokens::from(session));
        }
    }

    /// Does one mutation that takes an `input`, and answers with its payload, of which all `fields` are asked for.
    #[track_caller]
    pub fn mutate(&self, name: &str, input: Value, fields: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.try_mutate(name, input, fields).await;
            assert!(answer.body.get("errors").is_none(), "{caller}: {}", answer.body);
            answer.body["data"][name].clone()
        }
    }

    /// The same, with whatever comes back.
    pub async fn try_mutate(&self, name: &str, input: Value, fields: &str) -> Answer {
        let input_type = format!("{}Input", name[..1].to_uppercase() + &name[1..]);
        let errors = "errors { message code field attemptsLeft retryAfter }";
        let query = if input.is_null() {
            format!("mutation {{ {name} {{ {fields} {errors} }} }}")
        } else {
            format!("mutation($input: {input_type}!) {{ {name}(input: $input) {{ {fields} {errors} }} }}")
        };
        self.execute(&query, json!({ "input": input })).await
    }

    /// Does one mutation, which must be refused, and tells the codes and fields of its errors.
    #[track_caller]
    pub fn refused(&self, name: &str, input: Value) -> impl Future<Output = Vec<(String, Option<String>)>> {
        let done = self.mutate(name, input, "__typename");
        async move {
            let done = done.await;
            let errors = done["errors"].as_array().unwrap();
            let text = |value: &Value| value.as_str().map(str::to_owned);
            errors.iter().map(|error| (text(&error["code"]).unwrap(), text(&error["field"]))).collect()
        }
    }

    /// Does one mutation, which must be refused for one reason, and tells its code.
    #[track_caller]
    pub fn refusal(&self, name: &str, input: Value) -> impl Future<Output = String> {
        let refused = self.refused(name, input);
        async move {
            let refused = refused.await;
            assert_eq!(refused.len(), 1, "{refused:?}");
            refused[0].0.clone()
        }
    }

    /// Does one mutation, which must succeed.
    #[track_caller]
    pub fn done(&self, name: &str, input: Value, fields: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let done = self.mutate(name, input, fields);
        async move {
            let done = done.await;
            assert_eq!(done["errors"], json!([]), "{caller}: {name}");
            done
        }
    }

    /// The answer to `me` with these fields.
    pub async fn me(&self, fields: &str) -> Value {
        self.query(&format!("{{ me {{ {fields} }} }}")).await.data()["me"].clone()
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
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

    /// Whether the tokens are good for anything.
    pub async fn is_somebody(&self) -> bool {
        let answer = self.query("{ me { id } }").await;
        assert_eq!(answer.status, StatusCode::OK);
        if answer.body["data"]["me"].is_null() {
            assert_eq!(answer.error_code(), "UNAUTHENTICATED");
        }
        answer.body["data"]["me"].is_object()
    }
}

impl From<&Value> for Tokens {
    fn from(session: &Value) -> Self {
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        Self { access: text("accessToken"), refresh: text("refreshToken") }
    }
}
