//! Sessions and their tokens.

use async_graphql::{ID, SimpleObject};

use super::enums::MfaType;
use super::plain::object;
use super::scalars::{JsonObject, Time};
use crate::domain::device;
use crate::domain::email::Email;
use crate::domain::ids::SessionId;
use crate::domain::session as domain;
use crate::graphql::credentials::TokenDelivery;
use crate::services::sessions::IssuedTokens;
use crate::services::sign_in::Challenge;

/// A session of the caller.
pub struct Session {
    session: domain::Session,
    is_current: bool,
}

object! {
    /// A session of your account, from a completed sign-in until it expires or is ended.
    Session, self {
        /// The id of the session, with the prefix `session-`, for `revokeSession`. It is not a secret and grants no access.
        id: ID = self.session.id.as_str().into();

        /// The time when you signed in.
        created_at: Time = Time(self.session.created_at);

        /// The time when you signed in or last refreshed the session.
        last_used_at: Time = Time(self.session.last_used_at);

        /// The time when the session expires, unless it is refreshed before.
        expires_at: Time = Time(self.session.expires_at);

        /// True for the session of this request.
        is_current: bool = self.is_current;

        /// The IP address that you signed in from.
        client_address: &str = &self.session.client_address;

        /// The `User-Agent` header of the sign-in. Null if there was none.
        user_agent: Option<&str> = self.session.user_agent.as_deref();

        /// The name of the device that you signed in with, such as `Chrome on Windows`. Null if the user agent does not
        /// identify it.
        device: Option<String> = self.session.user_agent.as_deref().and_then(device::name);
    }
}

impl Session {
    pub(super) fn new(session: &domain::Session, current: &SessionId) -> Self {
        Self { is_current: session.id == *current, session: session.clone() }
    }
}

/// The tokens of a session. Keep them secret. The server stores only their digests.
#[derive(SimpleObject)]
pub struct SessionTokens {
    /// The access token, which authenticates requests: `Authorization: Bearer …`. Null in a cookie session.
    access_token: Option<String>,
    /// The refresh token, which obtains the next pair of tokens from `refreshSession`, once. Null in a cookie session.
    refresh_token: Option<String>,
    /// The time when the access token expires.
    expires_at: Time,
}

impl SessionTokens {
    /// New tokens, whose values are here unless they are delivered in cookies.
    pub(in crate::graphql) fn new(tokens: IssuedTokens, delivery: &TokenDelivery) -> Self {
        let expires_at = Time(tokens.expires_at);
        let (access, refresh) = delivery.deliver(tokens).unzip();
        let [access_token, refresh_token] =
            [access.map(|token| token.reveal().to_owned()), refresh.map(|token| token.reveal().to_owned())];
        Self { access_token, refresh_token, expires_at }
    }
}

/// A request for the factor after a correct password. Complete a challenge of `signIn` with `confirmSignIn`, and one of
/// `reauthenticate` by repeating the call with `verifyCode`.
#[derive(SimpleObject)]
pub struct MfaChallenge {
    /// The token of the challenge, for `confirmSignIn`. A challenge of `reauthenticate` does not need it.
    token: String,
    /// The type of the factor that is required.
    mfa_type: MfaType,
    /// The masked address that the code was sent to, such as `w…@example.com`. Null if no code was sent.
    sent_to: Option<String>,
    /// The options for `navigator.credentials.get`, to complete a challenge of `signIn` with one of your passkeys instead of
    /// a code: pass them to `PublicKeyCredential.parseRequestOptionsFromJSON`. Null if you have no passkeys, and in a challenge
    /// of `reauthenticate`.
    passkey_options: Option<JsonObject>,
    /// The time when the challenge expires.
    expires_at: Time,
}

impl From<Challenge> for MfaChallenge {
    fn from(challenge: Challenge) -> Self {
        Self {
            token: challenge.token.reveal().to_owned(),
            mfa_type: challenge.mfa_type.into(),
            sent_to: challenge.sent_to.as_ref().map(Email::masked),
            passkey_options: challenge.passkey_options.map(JsonObject),
            expires_at: Time(challenge.expires_at),
        }
    }
}
