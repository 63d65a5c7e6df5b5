//! Passkeys, and challenges for them.

use async_graphql::{ID, SimpleObject};

use super::plain::object;
use super::scalars::{JsonObject, Time};
use crate::domain::passkey as domain;
use crate::services::passkeys as services;

/// A passkey of the caller.
pub struct Passkey(pub(in crate::graphql) domain::Passkey);

object! {
    /// A passkey of your account: it signs you in without a password and without a code.
    Passkey, self {
        /// The id of the passkey, with the prefix `passkey-`, for `renamePasskey` and `removePasskey`. It is not the id of
        /// the credential.
        id: ID = self.0.id.as_str().into();

        /// The name that you gave it, or that of the device that added it.
        name: &str = self.0.name.as_str();

        /// The time when you added it.
        created_at: Time = Time(self.0.created_at);

        /// The time when you last authenticated with it. Null if you never did.
        last_used_at: Option<Time> = self.0.last_used_at.map(Time);

        /// True if it is backed up, such as by a password manager that synchronises it between your devices.
        is_backed_up: bool = self.0.is_backed_up;

        /// The ways in which browsers reach the authenticator, such as `internal`, `hybrid`, or `usb`.
        transports: Vec<String> = self.0.transports.clone();
    }
}

/// A challenge to authenticate with a passkey. It is valid once.
#[derive(SimpleObject)]
pub struct PasskeyChallenge {
    /// The token of the challenge, for `confirmPasskeySignIn` or `reauthenticate`.
    token: String,
    /// The options for `navigator.credentials.get`: pass them to `PublicKeyCredential.parseRequestOptionsFromJSON`.
    options: JsonObject,
    /// The time when the challenge expires.
    expires_at: Time,
}

impl From<services::PasskeyChallenge> for PasskeyChallenge {
    fn from(challenge: services::PasskeyChallenge) -> Self {
        let services::PasskeyOptions { options, expires_at } = challenge.options;
        Self { token: challenge.token.reveal().to_owned(), options: JsonObject(options), expires_at: Time(expires_at) }
    }
}
