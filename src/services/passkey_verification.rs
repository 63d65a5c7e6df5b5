//! What a passkey proves: the verification of responses to challenges.

use serde_json::Value;

use super::failed_attempts::FailedAttempt;
use super::{Failure, Services};
use crate::clock::Timestamp;
use crate::domain::code::{Code, CodePurpose};
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::{DomainId, UserId};
use crate::domain::login::LoginId;
use crate::domain::mfa::Proof;
use crate::domain::passkey::AuthenticatorResponse;
use crate::domain::secret::Digest;
use crate::domain::token::ChallengeToken;
use crate::domain::user::User;
use crate::mail::Notification;
use crate::storage::{Tx, codes, passkeys};
use crate::webauthn::{RelyingParty, ResponseError, USER_HANDLE_BYTES};

/// Why the response of a passkey is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrongResponse {
    /// There may be a copy of the passkey.
    PossibleClone,
    /// Any other reason.
    Invalid,
}

impl Services {
    pub(super) fn relying_party(&self) -> Result<&RelyingParty, Failure> {
        self.relying_party.as_ref().ok_or(Failure::PasskeysNotConfigured)
    }

    /// The challenge of `signIn` as a ceremony with one of the user's passkeys, if they have any.
    pub(super) async fn offer_passkeys(
        &self,
        tx: &mut Tx,
        user: &User,
        token: &ChallengeToken,
    ) -> Result<Option<Value>, Failure> {
        let Some(relying_party) = &self.relying_party else { return Ok(None) };
        let existing = passkeys::list_within(tx, &user.id).await?;
        if existing.is_empty() {
            return Ok(None);
        }
        let ceremony = relying_party.start_authentication(&existing)?;
        codes::update_passkey_state(tx, &token.digest(), &ceremony.state).await?;
        Ok(Some(ceremony.options))
    }

    /// Verifies the response of a passkey. The user must be locked. If there may be a copy of the passkey, or if the
    /// response is not accepted for another reason, `Err` says which.
    pub(super) async fn prove_by_passkey(
        &self,
        tx: &mut Tx,
        user: &User,
        code: Option<&Code>,
        response: &AuthenticatorResponse,
        now: Timestamp,
    ) -> Result<Result<Proof, WrongResponse>, Failure> {
        let passkey = passkeys::find_by_credential_within(tx, response.credential_id()).await?;
        let passkey = passkey.filter(|passkey| passkey.owner_id == user.id);
        let challenge = code.and_then(|code| Some((code, code.passkey_state.as_deref()?)));
        let (Some(passkey), Some((code, state))) = (passkey, challenge) else { return Ok(Err(WrongResponse::Invalid)) };
        if !self.is_account_of(code, user) || !self.is_handle_of(user, code, response) {
            return Ok(Err(WrongResponse::Invalid));
        }
        match self.relying_party()?.finish_authentication(state, response, &passkey.credential) {
            Ok(verified) => {
                let stored = (verified.credential.as_str(), verified.is_backed_up);
                passkeys::update_used(tx, &passkey.id, stored, now).await?;
                Ok(Proof::by_passkey(verified.user_verified).ok_or(WrongResponse::Invalid))
            }
            Err(ResponseError::PossibleClone) => Ok(Err(WrongResponse::PossibleClone)),
            Err(ResponseError::Invalid(reason)) => {
                tracing::debug!(reason, "the response of a passkey was refused");
                Ok(Err(WrongResponse::Invalid))
            }
            Err(ResponseError::Ceremony(error)) => Err(error.into()),
        }
    }

    /// Records that a passkey was refused because there may be a copy of it, and notifies the user.
    pub(super) async fn record_refused_passkey(&self, user: &User, client: &Client) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        self.record(&mut tx, &user.id, SecurityEventType::PasskeyRefused, Some(client), now).await?;
        self.enqueue_notification(&mut tx, user, Notification::PasskeyRefused, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        FailedAttempt::CopiedPasskey.log(Some(&user.id), client);
        Ok(())
    }

    /// Whether a challenge is for this user.
    pub(super) fn is_account_of(&self, code: &Code, user: &User) -> bool {
        code.account.is_none_or(|account| account == self.account_digest(&user.domain_id, &user.login))
    }

    /// Whether the authenticator stored the passkey for this user (WebAuthn, section 7.2, step 6). It need not say so if
    /// the user was known before.
    fn is_handle_of(&self, user: &User, code: &Code, response: &AuthenticatorResponse) -> bool {
        match response.user_handle() {
            Some(handle) => handle == self.user_handle(&user.id),
            None => code.purpose == CodePurpose::SignIn || code.account.is_some() || code.session_id.is_some(),
        }
    }

    /// The digest of an account, under which a challenge is for it.
    pub(super) fn account_digest(&self, domain: &DomainId, login: &LoginId) -> Digest {
        self.keyring.digest("account of a passkey", &[domain.as_str().as_bytes(), login.key().as_bytes()])
    }

    /// What identifies a user to authenticators: random to everybody else.
    pub(super) fn user_handle(&self, user: &UserId) -> [u8; USER_HANDLE_BYTES] {
        let digest = self.keyring.digest("passkey user handle", &[user.as_str().as_bytes()]);
        let mut handle = [0; USER_HANDLE_BYTES];
        handle.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        handle
    }
}
