//! The API behind the endpoint, and the context of a request besides its parameters.

use std::net::IpAddr;

use async_graphql::{Request, ServerError};
use axum::http::{HeaderMap, header};

use super::RequestId;
#[cfg(test)]
use super::tests::toy::ToyApi;
use crate::domain::event::Client;
use crate::graphql::credentials::RequestCredentials;
use crate::graphql::{Api, Executed, Prepared};
use crate::metrics::Format;

/// The longest user agent that is passed on, in characters. Browsers send about 120.
const USER_AGENT_LENGTH: usize = 256;

/// The API that executes the requests. The unit tests of the endpoint have a small one of their own, whose operations
/// wait, panic, and fail on demand.
pub enum GraphqlApi {
    /// The API of the product.
    Product(Box<Api>),
    #[cfg(test)]
    /// The API of the unit tests.
    Toy(ToyApi),
}

impl From<Api> for GraphqlApi {
    fn from(api: Api) -> Self {
        Self::Product(Box::new(api))
    }
}

impl GraphqlApi {
    /// Executes one request, if it has a document. The future must be run to its end, even if the client disconnects.
    pub(super) async fn execute(&self, request: Prepared, client: ClientInfo) -> Executed {
        match self {
            Self::Product(api) => {
                let ClientInfo { credentials, client_address, user_agent, .. } = client;
                api.execute(request, credentials, Client { address: client_address, user_agent }).await
            }
            #[cfg(test)]
            Self::Toy(toy) => toy.execute(request, client).await,
        }
    }

    /// Checks the limits that apply to a body before it is read as JSON.
    pub(super) fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        match self {
            Self::Product(api) => api.check_body(body),
            #[cfg(test)]
            Self::Toy(_) => Ok(()),
        }
    }

    /// Prepares the requests of a call. An error is about all of them; one that cannot be executed contains its own.
    pub(super) fn prepare(&self, requests: Vec<Request>) -> Result<Vec<Prepared>, ServerError> {
        match self {
            Self::Product(api) => api.prepare(requests),
            #[cfg(test)]
            Self::Toy(_) => Ok(requests.into_iter().map(Ok).collect()),
        }
    }

    /// What the server measures, as text for a scrape.
    pub(super) async fn encode_metrics(&self, format: Format) -> String {
        match self {
            Self::Product(api) => api.encode_metrics(format).await,
            #[cfg(test)]
            Self::Toy(_) => String::new(),
        }
    }

    /// Whether the API can respond now, including its database.
    pub(super) async fn is_ready(&self) -> bool {
        match self {
            Self::Product(api) => api.is_ready().await,
            #[cfg(test)]
            Self::Toy(toy) => toy.is_ready,
        }
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
