//! Passkeys: adding, renaming, and removing them, and what they authenticate.
//!
//! The challenge of a ceremony is a code, see [`codes`](super::codes): an attempt is counted before the response is
//! verified, and the challenge is consumed by one statement.

use chrono::TimeDelta;
use derive_more::From;
use serde_json::Value;

use super::codes::{AttemptKind, CodeAttempt, Submitted};
use super::failed_attempts::FailedAttempt;
use super::mail_quota::address_of;
use super::sessions::IssuedTokens;
use super::sign_in::{PasskeySignInRefusal, may_sign_in};
use super::{Error, Failure, Services, retry};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, ExternalUser, StepUpRequired};
use crate::domain::attempts::RetryAfter;
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::device;
use crate::domain::event::{Client, SecurityEventType, UNKNOWN_OWNER};
use crate::domain::ids::{DomainId, PasskeyId, SessionId, UserId};
use crate::domain::login::LoginId;
use crate::domain::passkey::{AuthenticatorResponse, LastSignInMethod, MAX_PASSKEYS, Passkey, may_remove_passkey};
use crate::domain::profile_text::Name;
use crate::domain::rate_limit::Window;
use crate::domain::token::ChallengeToken;
use crate::domain::user::User;
use crate::entropy;
use crate::mail::Notification;
use crate::storage::users::Credentials;
use crate::storage::{self, Conflict, Tx, codes, passkeys, rate_limit_events, users};
use crate::webauthn::{Account, ResponseError, USER_HANDLE_BYTES};

/// How many challenges a client address may request in an hour. A sign-in page requests one each time it is shown.
const CHALLENGES_PER_HOUR: u32 = 1000;
/// The name of a passkey that the user gave none, on a device that has none.
const DEFAULT_NAME: &str = "Passkey";

/// Why no passkey is added.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum AddPasskeyRefusal {
    /// The caller may not add one.
    Denied(Denial),
    /// The user does not sign in here.
    External(ExternalUser),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// The user has the maximum number of passkeys.
    TooMany,
}

/// Why a new passkey is not stored.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum ConfirmPasskeyRefusal {
    /// The caller may not add one.
    Denied(Denial),
    /// The user does not sign in here.
    External(ExternalUser),
    /// The response is not accepted.
    Response(CodeRefusal),
    /// The passkey is stored already.
    Duplicate,
    /// The user has the maximum number of passkeys.
    TooMany,
}

/// Why a passkey is not renamed.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum RenamePasskeyRefusal {
    /// The caller may not rename it.
    Denied(Denial),
    /// The caller has no such passkey.
    NotFound,
}

/// Why a passkey is not removed.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum RemovePasskeyRefusal {
    /// The caller may not remove it.
    Denied(Denial),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// The caller has no such passkey.
    NotFound,
    /// The user could not sign in any more.
    LastSignInMethod(LastSignInMethod),
}

/// Why no challenge is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartPasskeySignInRefusal {
    /// The client requested too many challenges.
    RateLimited(RetryAfter),
}

/// Why a user is not reauthenticated with a passkey.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum PasskeyReauthenticateRefusal {
    /// The caller may not reauthenticate.
    Denied(Denial),
    /// The user does not sign in here.
    External(ExternalUser),
    /// The challenge is unknown, completed, or of another session.
    InvalidToken,
    /// The response is not accepted.
    Response(CodeRefusal),
}

/// What a client passes to an authenticator.
#[derive(Debug, Clone)]
pub struct PasskeyOptions {
    /// The options, in the JSON form of the standard.
    pub options: Value,
    /// When the challenge expires.
    pub expires_at: Timestamp,
}

/// A challenge to authenticate with a passkey.
#[derive(Debug, Clone)]
pub struct PasskeyChallenge {
    /// Identifies the challenge.
    pub token: ChallengeToken,
    /// What the client passes to the authenticator.
    pub options: PasskeyOptions,
}

impl Services {
    /// The caller's passkeys, the oldest first.
    pub async fn list_passkeys(&self, caller: &Caller) -> Result<Vec<Passkey>, Failure> {
        Ok(passkeys::list(&self.db, &caller.user.id).await?)
    }

    /// Begins to add a passkey.
    pub async fn add_passkey(&self, caller: &Caller) -> Result<PasskeyOptions, Error<AddPasskeyRefusal>> {
        let (relying_party, now) = (self.relying_party()?, self.now());
        let may = |caller: &Caller| {
            may_have_passkeys::<AddPasskeyRefusal>(caller)?;
            Ok(caller.is_recently_authenticated(&self.policy.lifetimes, now)?)
        };
        let (mut tx, caller) = self.begin_as(caller, may, now).await?;
        let user = &caller.user;
        let existing = passkeys::list_within(&mut tx, &user.id).await?;
        if existing.len() >= MAX_PASSKEYS {
            tx.roll_back().await?;
            return Err(Error::Refused(AddPasskeyRefusal::TooMany));
        }
        let name = user.login.as_str();
        let display_name = user.name.as_ref().map_or(name, Name::as_str);
        let handle = self.user_handle(user, &existing);
        let account = Account { handle: &handle, name, display_name };
        let ceremony = relying_party.start_registration(&account, &existing).map_err(Failure::from)?;
        codes::delete(&mut tx, &user.id, &[CodePurpose::AddPasskey]).await?;
        let place = (&user.id, CodePurpose::AddPasskey, Some(&caller.session.id));
        let expires_at = Self::await_passkey(&mut tx, place, (ceremony.state, None), None, now).await?;
        tx.commit().await?;
        Ok(PasskeyOptions { options: ceremony.options, expires_at })
    }

    /// Verifies a new passkey, and stores it. Without a name, it has that of the device.
    pub async fn confirm_passkey(
        &self,
        caller: &Caller,
        response: &AuthenticatorResponse,
        name: Option<Name>,
        client: &Client,
    ) -> Result<(Caller, Passkey), Error<ConfirmPasskeyRefusal>> {
        self.relying_party()?;
        let refused = |refusal: CodeRefusal| Error::Refused(refusal.into());
        let caller = &self.recheck_caller(caller, may_have_passkeys).await?;
        let code = codes::find(&self.db, &caller.user.id, &[CodePurpose::AddPasskey]).await?;
        let code = code.filter(|code| code.session_id.as_ref() == Some(&caller.session.id));
        let code = code.ok_or_else(|| refused(CodeRefusal::NothingPending))?;
        if code.expires_at <= self.now() {
            return Err(refused(CodeRefusal::Expired));
        }
        let (owner, submitted) = (Some(&caller.user.id), Submitted::Passkey(response));
        let attempt = self.charge_code(owner, Some(&code), submitted, AttemptKind::Session).await?;
        let name = name.unwrap_or_else(|| default_name(client));
        let outcome = retry(|| self.store_passkey(caller, (&code, response), &name, &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    /// What identifies the user to authenticators (user handle). The first passkey has a keyed digest: without the
    /// key, it says nothing about the user, and it is the same when a ceremony is repeated, so that authenticators replace
    /// the passkey of the first attempt.
    fn user_handle(&self, user: &User, existing: &[Passkey]) -> Vec<u8> {
        let first = || {
            let digest = self.keyring.digest("passkey user handle", &[user.id.as_str().as_bytes()]);
            digest.into_iter().take(USER_HANDLE_BYTES).collect()
        };
        existing.first().map_or_else(first, |passkey| passkey.user_handle.clone())
    }

    async fn store_passkey(
        &self,
        caller: &Caller,
        (code, response): (&Code, &AuthenticatorResponse),
        name: &Name,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<(Caller, Passkey), Error<ConfirmPasskeyRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as(caller, may_have_passkeys, now).await?;
        let user = &caller.user;
        let existing = passkeys::list_within(&mut tx, &user.id).await?;
        if existing.len() >= MAX_PASSKEYS {
            tx.roll_back().await?;
            return Err(Error::Refused(ConfirmPasskeyRefusal::TooMany));
        }
        if existing.iter().any(|passkey| passkey.credential_id == response.credential_id()) {
            tx.roll_back().await?;
            return Err(Error::Refused(ConfirmPasskeyRefusal::Duplicate));
        }
        let state = code.passkey_state.as_deref().unwrap_or_default();
        let stored = match self.relying_party()?.finish_registration(state, response) {
            Ok(stored) => stored,
            Err(ResponseError::Ceremony(error)) => return Err(Failure::from(error).into()),
            Err(error) => {
                tracing::debug!(%error, "a new passkey was refused");
                tx.roll_back().await?;
                self.record_wrong_code(user, client).await?;
                return Err(Error::Refused(attempt.wrong().into()));
            }
        };
        let passkey = Passkey {
            id: PasskeyId::from_random(entropy::bytes()?),
            owner_id: user.id.clone(),
            user_handle: stored.user_handle,
            credential_id: response.credential_id().to_vec(),
            credential: stored.credential,
            name: name.clone(),
            is_backed_up: stored.is_backed_up,
            transports: response.transports(),
            created_at: now,
            last_used_at: None,
        };
        Self::discharge(&mut tx, attempt).await?;
        if !codes::consume(&mut tx, &code.id, now).await? {
            tx.roll_back().await?;
            return Err(Error::Refused(CodeRefusal::NothingPending.into()));
        }
        match passkeys::insert(&mut tx, &passkey).await {
            Err(storage::Error::Conflict(Conflict::PasskeysCredential)) => {
                tx.roll_back().await?;
                return Err(Error::Refused(ConfirmPasskeyRefusal::Duplicate));
            }
            inserted => inserted?,
        }
        self.record(&mut tx, &user.id, SecurityEventType::PasskeyAdded, Some(client), now).await?;
        let notice = Notification::PasskeyAdded { name: name.as_str().to_owned() };
        self.enqueue_notification(&mut tx, user, notice, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        Ok((caller, passkey))
    }

    /// Gives one of the caller's passkeys another name.
    pub async fn rename_passkey(
        &self,
        caller: &Caller,
        id: &PasskeyId,
        name: &Name,
    ) -> Result<Passkey, Error<RenamePasskeyRefusal>> {
        let may = |caller: &Caller| Ok(caller.may_act()?);
        let (mut tx, caller) = self.begin_as(caller, may, self.now()).await?;
        let renamed = passkeys::rename(&mut tx, &caller.user.id, id, name).await?;
        tx.commit().await?;
        renamed.ok_or(Error::Refused(RenamePasskeyRefusal::NotFound))
    }

    /// Removes one of the caller's passkeys, unless the user could not sign in any more.
    pub async fn remove_passkey(
        &self,
        caller: &Caller,
        id: &PasskeyId,
        client: &Client,
    ) -> Result<Caller, Error<RemovePasskeyRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as_recent(caller, now).await?;
        let user = &caller.user;
        let existing = passkeys::list_within(&mut tx, &user.id).await?;
        let verdict = if existing.iter().any(|passkey| passkey.id == *id) {
            let has_password = users::has_password(&mut tx, &user.id).await?;
            may_remove_passkey(has_password, existing.len()).map_err(RemovePasskeyRefusal::from)
        } else {
            Err(RemovePasskeyRefusal::NotFound)
        };
        if let Err(refusal) = verdict {
            tx.roll_back().await?;
            return Err(Error::Refused(refusal));
        }
        self.delete_passkey(&mut tx, user, id, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        Ok(caller)
    }

    /// Deletes a passkey, records that, and notifies the user. Returns whether there was one.
    pub(super) async fn delete_passkey(
        &self,
        tx: &mut Tx,
        user: &User,
        id: &PasskeyId,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let Some(name) = passkeys::delete(tx, &user.id, id).await? else { return Ok(false) };
        self.record(tx, &user.id, SecurityEventType::PasskeyRemoved, client, now).await?;
        let notice = Notification::PasskeyRemoved { name: name.as_str().to_owned() };
        self.enqueue_notification(tx, user, notice, client, now).await?;
        Ok(true)
    }

    /// Creates a challenge for a passkey: of a user, of any user of a domain, or of any user. Whether that user exists is
    /// decided when the challenge is completed, so that neither the response nor its time reveals it. In a session, only
    /// that session can complete it.
    pub async fn start_passkey_sign_in(
        &self,
        who: Option<(&DomainId, Option<&LoginId>)>,
        caller: Option<&Caller>,
        client: &Client,
    ) -> Result<PasskeyChallenge, Error<StartPasskeySignInRefusal>> {
        let (relying_party, now) = (self.relying_party()?, self.now());
        let is_caller = |caller: &&Caller| {
            who.is_some_and(|(domain, login)| {
                caller.user.domain_id == *domain && login.is_some_and(|login| login.key() == caller.user.login.key())
            })
        };
        let allowed = match caller.filter(is_caller) {
            Some(caller) => passkeys::list(&self.db, &caller.user.id).await?,
            None => Vec::new(),
        };
        let ceremony = relying_party.start_authentication(&allowed).map_err(Failure::from)?;
        let token = ChallengeToken::from_random(entropy::bytes()?);
        let account = who.map(|(domain, login)| self.account_digest(domain, login));
        let owner = UserId::from_stored(UNKNOWN_OWNER.to_owned());
        let mut tx = self.db.begin().await?;
        self.charge_challenge(&mut tx, client, now).await?;
        let place = (&owner, CodePurpose::UsePasskey, caller.map(|caller| &caller.session.id));
        let digest = token.digest();
        let expires_at = Self::await_passkey(&mut tx, place, (ceremony.state, account), Some(&digest), now).await?;
        tx.commit().await?;
        Ok(PasskeyChallenge { token, options: PasskeyOptions { options: ceremony.options, expires_at } })
    }

    async fn charge_challenge(
        &self,
        tx: &mut Tx,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Error<StartPasskeySignInRefusal>> {
        let window = Window { limit: CHALLENGES_PER_HOUR, span: TimeDelta::hours(1) };
        let counter = self.keyring.digest("passkey challenges of a client", &[address_of(client).as_bytes()]);
        rate_limit_events::lock(tx, &counter).await?;
        let oldest = rate_limit_events::find_nth_newest(tx, &counter, window.limit, now - window.span).await?;
        window.check(oldest, now).map_err(|wait| Error::Refused(StartPasskeySignInRefusal::RateLimited(wait)))?;
        Self::count(tx, &counter, now).await?;
        Ok(())
    }

    /// Completes a challenge, and issues a session: a passkey replaces password and factor.
    pub async fn confirm_passkey_sign_in(
        &self,
        token: &ChallengeToken,
        response: &AuthenticatorResponse,
        session: Option<&SessionId>,
        client: &Client,
    ) -> Result<IssuedTokens, Error<PasskeySignInRefusal>> {
        self.relying_party()?;
        let code = self.find_challenge(token, session).await?;
        let code = code.ok_or(Error::Refused(PasskeySignInRefusal::InvalidToken))?;
        if code.expires_at <= self.now() {
            return Err(Error::Refused(CodeRefusal::Expired.into()));
        }
        let owner = self.find_owner(&code, response).await?;
        let submitted = Submitted::Passkey(response);
        let attempt = self.charge_code(owner.as_ref(), Some(&code), submitted, AttemptKind::Passkey).await?;
        let Some(owner) = owner else {
            self.log_refusal(FailedAttempt::UnknownPasskey, client);
            return Err(Error::Refused(attempt.wrong().into()));
        };
        let outcome = retry(|| self.complete_passkey_sign_in(&owner, &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    async fn complete_passkey_sign_in(
        &self,
        owner: &UserId,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<IssuedTokens, Error<PasskeySignInRefusal>> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let found = users::find_credentials_locked(&mut tx, owner).await?;
        let Some(Credentials { user, .. }) = found.filter(may_sign_in) else {
            tx.roll_back().await?;
            let user = users::find_credentials_by_id(&self.db, owner).await?;
            if let Some(found) = user {
                self.record_wrong_passkey(&found.user, FailedAttempt::not_allowed(&found), false, client).await?;
            }
            return Err(Error::Refused(attempt.wrong().into()));
        };
        self.redeem_for_session(tx, &user, attempt, client, now).await
    }

    /// Completes a challenge that was created in the caller's session, and renews the authentication of that session.
    pub async fn reauthenticate_with_passkey(
        &self,
        caller: &Caller,
        token: &ChallengeToken,
        response: &AuthenticatorResponse,
        client: &Client,
    ) -> Result<Caller, Error<PasskeyReauthenticateRefusal>> {
        self.relying_party()?;
        let caller = &self.recheck_caller(caller, may_reauthenticate).await?;
        // One that was created without a session proves nothing about this one.
        let code = self.find_challenge(token, Some(&caller.session.id)).await?.filter(|code| code.session_id.is_some());
        let code = code.ok_or(Error::Refused(PasskeyReauthenticateRefusal::InvalidToken))?;
        if code.expires_at <= self.now() {
            return Err(Error::Refused(CodeRefusal::Expired.into()));
        }
        let (owner, submitted) = (Some(&caller.user.id), Submitted::Passkey(response));
        let attempt = self.charge_code(owner, Some(&code), submitted, AttemptKind::Session).await?;
        let outcome = retry(|| self.renew_with_passkey(caller, &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    async fn renew_with_passkey(
        &self,
        caller: &Caller,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<Caller, Error<PasskeyReauthenticateRefusal>> {
        let now = self.now();
        let (tx, caller) = self.begin_as(caller, may_reauthenticate, now).await?;
        let (tx, _) = self.redeem(tx, &caller.user, attempt, client, now).await?;
        Ok(self.renew_session(tx, caller, client, now).await?)
    }

    /// The challenge of a token. One that was created in a session exists only for that session.
    async fn find_challenge(
        &self,
        token: &ChallengeToken,
        session: Option<&SessionId>,
    ) -> Result<Option<Code>, Failure> {
        let code = codes::find_by_token(&self.db, &token.digest(), CodePurpose::UsePasskey).await?;
        Ok(code.filter(|code| code.session_id.is_none() || code.session_id.as_ref() == session))
    }

    /// The owner of the passkey that a response names, if the challenge is for them.
    async fn find_owner(&self, code: &Code, response: &AuthenticatorResponse) -> Result<Option<UserId>, Failure> {
        let passkey = passkeys::find_by_credential(&self.db, response.credential_id()).await?;
        let Some(passkey) = passkey else { return Ok(None) };
        let found = users::find_credentials_by_id(&self.db, &passkey.owner_id).await?;
        Ok(found.filter(|found| self.is_for(code, &found.user)).map(|found| found.user.id))
    }
}

fn may_have_passkeys<R: From<Denial> + From<ExternalUser>>(caller: &Caller) -> Result<(), R> {
    caller.may_act()?;
    Ok(caller.is_local()?)
}

fn may_reauthenticate(caller: &Caller) -> Result<(), PasskeyReauthenticateRefusal> {
    Ok(caller.is_local()?)
}

fn default_name(client: &Client) -> Name {
    let device = client.user_agent.as_deref().and_then(device::name);
    Name::from_stored(device.unwrap_or_else(|| DEFAULT_NAME.to_owned()))
}
