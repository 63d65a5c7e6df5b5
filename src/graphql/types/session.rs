//! Sessions and their tokens.

use async_graphql::{ComplexObject, ID, SimpleObject};

use super::enums::MfaType;
use super::scalars::Time;
use crate::domain::device;
use crate::domain::email::Email;
use crate::domain::ids::SessionId;
use crate::domain::session as domain;
use crate::services::sessions::IssuedTokens;
use crate::services::sign_in::Challenge;

/// A session: what lasts from one sign-in to its end.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Session {
    /// The session's id; it begins with `session-`. It is no secret and opens nothing.
    id: ID,
    /// When you signed in.
    created_at: Time,
    /// When you signed in or last refreshed the session.
    last_used_at: Time,
    /// When the session ends unless it is refreshed before.
    expires_at: Time,
    /// Whether it is the session that this request was made with.
    is_current: bool,
    /// The address you signed in from.
    client_address: String,
    /// What the client called itself.
    user_agent: Option<String>,
}

#[ComplexObject]
impl Session {
    /// The device you signed in with, such as `Chrome on Windows`. Null if the user agent does not tell.
    async fn device(&self) -> Option<String> {
        self.user_agent.as_deref().and_then(device::name)
    }
}

impl Session {
    pub(super) fn new(session: &domain::Session, current: &SessionId) -> Self {
        Self {
            is_current: session.id == *current,
            id: session.id.as_str().into(),
            created_at: Time(session.created_at),
            last_used_at: Time(session.last_used_at),
            expires_at: Time(session.expires_at),
            client_address: session.client_address.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

/// The tokens of a session. Keep them secret; the server keeps only their digests.
#[derive(SimpleObject)]
pub struct SessionTokens {
    /// Show it with every request: `Authorization: Bearer …`. Null where the session is kept in cookies.
    access_token: Option<String>,
    /// Exchange it for the next pair with `refreshSession`, once. Null where the session is kept in cookies.
    refresh_token: Option<String>,
    /// When the access token runs out.
    expires_at: Time,
}

impl SessionTokens {
    /// Tokens that the client is to keep.
    pub(in crate::graphql) fn in_payload(tokens: &IssuedTokens) -> Self {
        Self {
            access_token: Some(tokens.access.reveal().to_owned()),
            refresh_token: Some(tokens.refresh.reveal().to_owned()),
            ..Self::in_cookies(tokens)
        }
    }

    /// Tokens that are kept for the client.
    pub(in crate::graphql) fn in_cookies(tokens: &IssuedTokens) -> Self {
        Self { access_token: None, refresh_token: None, expires_at: Time(tokens.expires_at) }
    }
}

/// A second factor is asked for. A challenge of `signIn` is answered with `confirmSignIn`; one of `reauthenticate` by
/// the same call with the code.
#[derive(SimpleObject)]
pub struct MfaChallenge {
    /// Names the challenge: what `confirmSignIn` asks for. That of `reauthenticate` needs no naming.
    token: String,
    /// Which second factor is asked for.
    mfa_type: MfaType,
    /// The address that the code was sent to, partly hidden. Null if none was sent.
    sent_to: Option<String>,
    /// Until when it can be answered.
    expires_at: Time,
}

impl From<Challenge> for MfaChallenge {
    fn from(challenge: Challenge) -> Self {
        Self {
            token: challenge.token.reveal().to_owned(),
            mfa_type: challenge.mfa_type.into(),
            sent_to: challenge.sent_to.as_ref().map(Email::masked),
            expires_at: Time(challenge.expires_at),
        }
    }
}
