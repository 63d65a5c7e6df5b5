//! The interface to the API behind the endpoint, and the context of a request besides its parameters.

use std::{future::Future, net::IpAddr};

use async_graphql::{Request, ServerError};
use axum::http::{HeaderMap, header};

use super::RequestId;
use crate::{
    domain::event::Client,
    graphql::{Api, Executed, Prepared, credentials::RequestCredentials},
};

/// The longest user agent that is passed on, in characters. Browsers send about 120.
const USER_AGENT_LENGTH: usize = 256;

/// Executes GraphQL requests.
pub trait Execute: Send + Sync + 'static {
    /// Executes one request, if it has a document, to its end. The future is not dropped half-way, even if the client
    /// disconnects, unless the server was told to stop more than 30 seconds ago.
    fn execute(&self, request: Prepared, client: ClientInfo) -> impl Future<Output = Executed> + Send;

    /// Checks a body before it is read as JSON.
    ///
    /// # Errors
    /// If it exceeds a request limit.
    fn check_body(&self, body: &[u8]) -> Result<(), ServerError>;

    /// Prepares the requests of a call. An item that cannot be executed contains its errors.
    ///
    /// # Errors
    /// If they may not be executed together.
    fn prepare(&self, requests: Vec<Request>) -> Result<Vec<Prepared>, ServerError>;

    /// Whether the API can respond now, including its database.
    fn is_ready(&self) -> impl Future<Output = bool> + Send;
}

impl Execute for Api {
    async fn execute(&self, request: Prepared, client: ClientInfo) -> Executed {
        let ClientInfo { credentials, client_address, user_agent, .. } = client;
        Self::execute(self, request, credentials, Client { address: client_address, user_agent }).await
    }

    fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        Self::check_body(self, body)
    }

    fn prepare(&self, requests: Vec<Request>) -> Result<Vec<Prepared>, ServerError> {
        Self::prepare(self, requests)
    }

    async fn is_ready(&self) -> bool {
        Self::is_ready(self).await
    }
}

/// The context of a request.
#[derive(Debug, Clone)]
pub struct ClientInfo {
    /// The credentials of the request, not yet verified.
    pub credentials: RequestCredentials,
    /// The client's address, behind trusted proxies.
    pub client_address: IpAddr,
    /// The client's `User-Agent`, at most 256 characters of it.
    pub user_agent: Option<String>,
    /// The id of the request in logs and responses.
    pub request_id: RequestId,
}

impl ClientInfo {
    pub(super) fn new(
        headers: &HeaderMap,
        credentials: RequestCredentials,
        client_address: IpAddr,
        request_id: RequestId,
    ) -> Self {
        Self { credentials, client_address, user_agent: user_agent(headers), request_id }
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(header::USER_AGENT)?.as_bytes());
    let text: String = text.trim().chars().take(USER_AGENT_LENGTH).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_user_agent_is_cut_by_characters() {
        let agent = |bytes: &[u8]| {
            user_agent(&HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_bytes(bytes).unwrap())]))
        };
        assert_eq!(agent("é".repeat(300).as_bytes()), Some("é".repeat(256)));
        assert_eq!(agent(b"curl/8\xff"), Some("curl/8\u{fffd}".to_owned()));
        assert_eq!(agent(b" "), None);
    }
}
