//! How the tokens of a session reach its client, and come back: in payloads and a header, or in cookies.

use std::sync::{Arc, Mutex, PoisonError};

use super::types::session::SessionTokens;
use crate::domain::token::{AccessToken, RefreshToken};
use crate::services::sessions::IssuedTokens;

/// What a request shows of its caller's session, and where it wants the tokens of a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The access token. `None` where there is none, or something that cannot be one.
    pub access: Option<AccessToken>,
    /// The refresh token, where it comes by itself, in a cookie.
    pub refresh: Option<RefreshToken>,
    /// Where new tokens go.
    pub delivery: Delivery,
    /// What came in place of an access token and was ignored, where that is to be told.
    pub ignored: Option<Ignored>,
    /// Whether the access token is that of a header, or ought to be: cookies beside it are of some other session.
    pub is_by_header: bool,
}

/// Credentials that were ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// Cookies without the header that asks for them.
    Cookies,
    /// An `Authorization` header that is not `Bearer` and an access token.
    Authorization,
}

/// Where new tokens go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Into the payload of the mutation.
    #[default]
    Payload,
    /// Into cookies; in the payload they are null.
    Cookies,
}

/// What a request did to the session that its client holds in cookies.
#[derive(Debug, Clone)]
pub enum SessionChange {
    /// It has these tokens now.
    Begun(IssuedTokens),
    /// It is over.
    Ended,
}

/// Hands tokens over, in the way that the request wants.
#[derive(Debug, Clone, Default)]
pub(super) struct TokenDelivery {
    delivery: Delivery,
    change: Arc<Mutex<Option<SessionChange>>>,
}

impl TokenDelivery {
    pub(super) fn new(delivery: Delivery) -> Self {
        Self { delivery, change: Arc::default() }
    }

    /// What the payload says of new tokens.
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

    /// Takes the cookies away.
    pub(super) fn clear(&self) {
        if self.delivery == Delivery::Cookies {
            self.note(SessionChange::Ended);
        }
    }

    /// What became of the session, at last.
    pub(super) fn outcome(&self) -> Option<SessionChange> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, change: SessionChange) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }
}
