//! The credentials of a request, and the transport of new tokens to the client: in payloads, or in cookies.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::token::{AccessToken, RefreshToken};
use crate::services::sessions::IssuedTokens;

/// The credentials of a request, and the transport that it requests for new tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCredentials {
    /// The access token. `None` if there is none, or if it is malformed.
    pub access: Option<AccessToken>,
    /// The refresh token, if it comes in a cookie.
    pub refresh: Option<RefreshToken>,
    /// The transport of new tokens.
    pub transport: TokenTransport,
    /// The credentials that were ignored, if the error should say so.
    pub ignored: Option<IgnoredCredentials>,
    /// Whether the access token comes, or should come, from a header. Cookies in the same request then belong to
    /// another session.
    pub is_by_header: bool,
}

/// Credentials that were ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoredCredentials {
    /// Cookies without the header that requests a cookie session.
    Cookies,
    /// An `Authorization` header that is not `Bearer` and an access token.
    Authorization,
}

/// The transport of new tokens to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenTransport {
    /// In the payload of the mutation.
    #[default]
    Payload,
    /// In cookies. The tokens in the payload are null.
    Cookies,
}

/// The change of a cookie session by a request.
#[derive(Debug, Clone)]
pub enum SessionChange {
    /// The session now has these tokens.
    Begun(IssuedTokens),
    /// The session has ended.
    Ended,
}

/// Delivers new tokens by the transport that the request asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenDelivery {
    transport: TokenTransport,
    change: Arc<Mutex<Option<SessionChange>>>,
}

impl TokenDelivery {
    pub(super) fn new(transport: TokenTransport) -> Self {
        Self { transport, change: Arc::default() }
    }

    /// Delivers tokens in cookies, if that was requested, and returns those for the payload otherwise.
    pub(super) fn deliver(&self, tokens: IssuedTokens) -> Option<(AccessToken, RefreshToken)> {
        match self.transport {
            TokenTransport::Payload => Some((tokens.access, tokens.refresh)),
            TokenTransport::Cookies => {
                self.set_change(SessionChange::Begun(tokens));
                None
            }
        }
    }

    /// Deletes the cookies.
    pub(super) fn clear(&self) {
        if self.transport == TokenTransport::Cookies {
            self.set_change(SessionChange::Ended);
        }
    }

    /// The last change of the session.
    pub(super) fn take_change(&self) -> Option<SessionChange> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set_change(&self, change: SessionChange) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }
}
