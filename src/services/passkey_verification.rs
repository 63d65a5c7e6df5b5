//! What a passkey proves: the verification of responses to challenges.

use serde_json::Value;

use super::failed_attempts::FailedAttempt;
use super::{Failure, Services};
use crate::clock::Timestamp;
use crate::domain::code::{Code, CodePurpose};
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::mfa::Proof;
use crate::domain::passkey::AuthenticatorResponse;
use crate::domain::profile_text::Name;
use crate::domain::secret::Digest;
use crate::domain::token::ChallengeToken;
use crate::domain::user::User;
use crate::mail::Notification;
use crate::storage::{Tx, codes, passkeys};
use crate::webauthn::{RelyingParty, ResponseError};

/// Why the response of a passkey is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WrongResponse {
    /// There may be a copy of the passkey with this name.
    PossibleClone(Name),
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

    /// Verifies the response of a passkey. The user must be locked. `is_in_session` says that the session identifies the
    /// user, whose authentication is renewed.
    pub(super) async fn prove_by_passkey(
        &self,
        tx: &mut Tx,
        user: &User,
        (code, is_in_session): (Option<&Code>, bool),
        response: &AuthenticatorResponse,
        now: Timestamp,
    ) -> Result<Result<Proof, WrongResponse>, Failure> {
        let passkey = passkeys::find_by_credential_within(tx, response.credential_id()).await?;
        let passkey = passkey.filter(|passkey| passkey.owner_id == user.id);
        let challenge = code.and_then(|code| Some((code, code.passkey_state.as_deref()?)));
        let (Some(passkey), Some((code, state))) = (passkey, challenge) else { return Ok(Err(WrongResponse::Invalid)) };
        // WebAuthn, section 7.2, step 6: authenticators must name the user, unless the user was known before.
        let is_known = is_in_session || code.purpose == CodePurpose::SignIn || self.names_user(code, user);
        let is_handle_right = response.user_handle().map_or(is_known, |handle| handle == passkey.user_handle);
        if !self.is_for(code, user) || !is_handle_right {
            return Ok(Err(WrongResponse::Invalid));
        }
        let verified = match self.relying_party()?.finish_authentication(state, response, &passkey.credential) {
            Ok(verified) => verified,
            Err(ResponseError::PossibleClone) => return Ok(Err(WrongResponse::PossibleClone(passkey.name))),
            Err(ResponseError::Invalid(reason)) => {
                tracing::debug!(reason, "the response of a passkey was refused");
                return Ok(Err(WrongResponse::Invalid));
            }
            Err(ResponseError::Ceremony(error)) => return Err(error.into()),
        };
        let Some(proof) = Proof::by_passkey(verified.user_verified) else { return Ok(Err(WrongResponse::Invalid)) };
        let stored = (verified.credential.as_str(), verified.is_backed_up);
        let is_stored = passkeys::update_used(tx, &passkey.id, stored, now).await?;
        Ok(if is_stored { Ok(proof) } else { Err(WrongResponse::Invalid) })
    }

    /// Records that a passkey was refused because there may be a copy of it, and notifies the user.
    pub(super) async fn record_refused_passkey(
        &self,
        user: &User,
        name: &Name,
        client: &Client,
    ) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        self.record(&mut tx, &user.id, SecurityEventType::PasskeyRefused, Some(client), now).await?;
        let notice = Notification::PasskeyRefused { name: name.as_str().to_owned() };
        self.enqueue_notification(&mut tx, user, notice, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        FailedAttempt::CopiedPasskey.log(Some(&user.id), client);
        Ok(())
    }

    /// Whether a challenge is for this user: for any user, for one of their domain, or for them.
    pub(super) fn is_for(&self, code: &Code, user: &User) -> bool {
        let of_domain = || self.account_digest(&user.domain_id, None);
        code.account.is_none_or(|account| account == of_domain()) || self.names_user(code, user)
    }

    fn names_user(&self, code: &Code, user: &User) -> bool {
        code.account == Some(self.account_digest(&user.domain_id, Some(&user.login)))
    }

    /// The digest of a domain, or of a user of it, under which a challenge is for them.
    pub(super) fn account_digest(&self, domain: &DomainId, login: Option<&LoginId>) -> Digest {
        let login = login.map_or("", LoginId::key);
        self.keyring.digest("account of a passkey", &[domain.as_str().as_bytes(), login.as_bytes()])
    }
}
