//! The transport of a session's tokens to the client and back: in payloads and a header, or in cookies.

use std::sync::{Arc, Mutex, PoisonError};

use super::types::session::SessionTokens;
use crate::domain::token::{AccessToken, RefreshToken};
use crate::services::sessions::IssuedTokens;

/// The credentials of a request, and the delivery that it requests for new tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The access token. `None` if there is none, or if it is malformed.
    pub access: Option<AccessToken>,
    /// The refresh token, if it comes in a cookie.
    pub refresh: Option<RefreshToken>,
    /// The delivery of new tokens.
    pub delivery: Delivery,
    /// The credentials that were ignored, if the error should say so.
    pub ignored: Option<Ignored>,
    /// Whether the access token comes, or should come, from a header. Cookies in the same request then belong to
    /// another session.
    pub is_by_header: bool,
}

/// Credentials that were ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// Cookies without the header that requests a cookie session.
    Cookies,
    /// An `Authorization` header that is not `Bearer` and an access token.
    Authorization,
}

/// The delivery of new tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
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

/// Delivers new tokens in the way that the request asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenDelivery {
    delivery: Delivery,
    change: Arc<Mutex<Option<SessionChange>>>,
}

impl TokenDelivery {
    pub(super) fn new(delivery: Delivery) -> Self {
        Self { delivery, change: Arc::default() }
    }

    /// The tokens as they appear in the payload.
    pub(super) fn deliver(&self, tokens: IssuedTokens) -> SessionTokens {
        match self.delivery {
            Delivery::Payload => SessionTokens::in_payload(&tokens),
            Delivery::Cookies => {
                let told = SessionTokens::in_cookies(&tokens);
                self.note(SessionChange::Begun(tokens));
                told
            }
        }
    }

    /// Deletes the cookies.
    pub(super) fn clear(&self) {
        if self.delivery == Delivery::Cookies {
            self.note(SessionChange::Ended);
        }
    }

    /// The last change of the session.
    pub(super) fn outcome(&self) -> Option<SessionChange> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, change: SessionChange) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }
}
