//! What stands behind the endpoint, and what it is told of a request besides the request itself.

use std::{fmt, future::Future, net::IpAddr};

use async_graphql::ServerError;
use axum::http::{HeaderMap, header};

use super::RequestId;
use crate::{domain::event::Client, graphql::Api};

/// The longest user agent that is passed on, in characters. Browsers send some 120.
const USER_AGENT_LENGTH: usize = 256;

/// What answers GraphQL requests.
pub trait Execute: Send + Sync + 'static {
    /// Executes one request to its end. The future is not dropped half-way, not even when the client hangs up, unless
    /// the server was told to stop and 30 seconds have passed since.
    fn execute(
        &self,
        request: async_graphql::Request,
        origin: Origin,
    ) -> impl Future<Output = async_graphql::Response> + Send;

    /// Checks a body before it is read as JSON.
    ///
    /// # Errors
    /// When it holds more than any request may.
    fn check_body(&self, body: &[u8]) -> Result<(), ServerError>;

    /// Whether it could answer now, its database included.
    fn is_ready(&self) -> impl Future<Output = bool> + Send;
}

impl Execute for Api {
    async fn execute(&self, request: async_graphql::Request, origin: Origin) -> async_graphql::Response {
        let token = origin.bearer.as_ref().map(Bearer::as_str);
        let client = Client { address: origin.client_address, user_agent: origin.user_agent };
        Self::execute(self, request, token, client).await
    }

    fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        Self::check_body(self, body)
    }

    async fn is_ready(&self) -> bool {
        Self::is_ready(self).await
    }
}

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The token that was shown, whatever it is worth.
    pub bearer: Option<Bearer>,
    /// The client's address, behind the proxies that are trusted.
    pub client_address: IpAddr,
    /// What the client calls itself, at most 256 characters of it.
    pub user_agent: Option<String>,
    /// The name of the request in logs and answers.
    pub request_id: RequestId,
}

impl Origin {
    pub(super) fn new(headers: &HeaderMap, client_address: IpAddr, request_id: RequestId) -> Self {
        Self { bearer: Bearer::of(headers), client_address, user_agent: user_agent(headers), request_id }
    }
}

/// A token as a client showed it. Its `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

impl Bearer {
    /// The token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The token of `Authorization: Bearer …` (RFC 6750). Another scheme, or more than one such header, is nobody's
    /// token: which of two was meant is not for a server to guess.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (value, None) = (values.next()?.to_str().ok()?, values.next()) else {
            return None;
        };
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Self(token.to_owned()))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
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

    fn bearer(values: &[&'static str]) -> Option<Bearer> {
        let headers: HeaderMap =
            values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_static(value))).collect();
        Bearer::of(&headers)
    }

    #[test]
    fn the_scheme_ignores_case() {
        for value in ["Bearer upa_x", "bearer upa_x", "BEARER   upa_x "] {
            assert_eq!(bearer(&[value]).unwrap().as_str(), "upa_x", "{value}");
        }
    }

    #[test]
    fn anything_else_is_nobodys_token() {
        for values in [&[][..], &["Basic dTpw"], &["Bearer"], &["Bearer "], &["upa_x"], &["Bearer a", "Bearer a"]] {
            assert_eq!(bearer(values), None, "{values:?}");
        }
    }

    #[test]
    fn debug_does_not_tell_the_token() {
        assert_eq!(format!("{:?}", bearer(&["Bearer upa_x"])), "Some(***)");
    }

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
