//! Passwords: verifying the current one, changing it, and resetting a forgotten one by email.

use derive_more::From;

use super::backoff::BUSY;
use super::codes::{CodeRequest, whole_minutes};
use super::failed_attempts::FailedAttempt;
use super::hasher::Slot;
use super::outbox::Payload;
use super::{Error, Failure, Services, retry, separate};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, ExternalUser, StepUpRequired};
use crate::domain::attempts::RetryAfter;
use crate::domain::code::{Code, CodePurpose};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::outbox::Job;
use crate::domain::password::{self, Password, Weakness};
use crate::domain::password_hash::PasswordHash;
use crate::domain::token::ResetToken;
use crate::domain::user::{RequiredAction, User, UserState};
use crate::entropy;
use crate::mail::{MailedSecret, Message, Notification};
use crate::storage::sessions::SessionSelection;
use crate::storage::users::Credentials;
use crate::storage::{Tx, codes, outbox, sessions, users};

/// Why a new password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordRefusal {
    /// The request has none.
    #[error("enter the password")]
    Missing,
    /// It is too weak.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// It is the current password.
    #[error("this is the current password; choose another")]
    Unchanged,
    /// Too many hashes are being computed. A later request may succeed.
    #[error("the server is busy; try again in a moment")]
    RateLimited(RetryAfter),
}

/// Why a current password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// The request has none.
    Missing,
    /// It is wrong.
    Wrong,
    /// Too many wrong passwords before, or too many hashes to compute. A later attempt may succeed.
    RateLimited(RetryAfter),
}

/// The passwords of a change, as submitted. A missing or empty one is `None`.
#[derive(Debug, Clone, Default)]
pub struct PasswordChange {
    /// The current password.
    pub current: Option<Password>,
    /// The new password.
    pub new: Option<Password>,
}

/// The errors of the passwords of a change. Both passwords are checked before the change is refused, so that all errors
/// are reported at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrongPasswords {
    /// Why the current password is not accepted.
    pub current: Option<PasswordRefusal>,
    /// Why the new password is not accepted.
    pub new: Option<NewPasswordRefusal>,
}

impl From<PasswordRefusal> for WrongPasswords {
    fn from(refusal: PasswordRefusal) -> Self {
        Self { current: Some(refusal), new: None }
    }
}

impl From<NewPasswordRefusal> for WrongPasswords {
    fn from(refusal: NewPasswordRefusal) -> Self {
        Self { current: None, new: Some(refusal) }
    }
}

/// Why a password is not changed.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum UpdatePasswordRefusal {
    /// The caller may not change it.
    Denied(Denial),
    /// The password cannot be changed here.
    External(ExternalUser),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// A password is not accepted.
    Passwords(WrongPasswords),
}

impl From<PasswordRefusal> for UpdatePasswordRefusal {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Passwords(refusal.into())
    }
}

/// Why a request for a reset link is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetPasswordRefusal {
    /// Too many messages were requested from the client's address.
    RateLimited(RetryAfter),
}

/// Why a reset is not confirmed: all errors together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConfirmResetRefusal {
    /// The token of the link is unknown, used, expired, or invalidated.
    pub has_invalid_token: bool,
    /// Why the new password is not accepted. A valid link stays valid.
    pub new: Option<NewPasswordRefusal>,
}

impl ConfirmResetRefusal {
    const INVALID_TOKEN: Self = Self { has_invalid_token: true, new: None };
}

/// A current password that was verified.
pub(super) struct Verified {
    /// The hashing slot, which the new password uses too.
    slot: Slot,
    /// The hash that the password matched. Everything that relies on the verification must check that this is still the
    /// current hash: another request may change the password at the same moment.
    hash: String,
}

impl Verified {
    /// The hash that the password matched. Releases the hashing slot.
    pub(super) fn into_hash(self) -> String {
        self.hash
    }
}

/// A new password that may be set.
pub(super) struct NewHash {
    hash: String,
    /// The hash that it replaces: that of the verified current password, if there is one.
    pub(super) before: Option<String>,
    /// Whether the current password was verified.
    is_verified: bool,
}

impl Services {
    /// Changes the caller's password. Their other sessions end, and open codes are invalidated.
    pub async fn update_password(
        &self,
        caller: &Caller,
        change: PasswordChange,
        client: &Client,
    ) -> Result<Caller, Error<UpdatePasswordRefusal>> {
        let may = |caller: &Caller, now| {
            caller.may_fulfil(RequiredAction::UpdatePassword)?;
            caller.is_local()?;
            Ok(caller.is_recently_authenticated(&self.policy.lifetimes, now)?)
        };
        let now = self.now();
        let caller = &self.recheck_caller(caller, |caller| may(caller, now)).await?;
        // A user who must change their password may have got it from an operator, so the current one is not required.
        let needs_current = !caller.user.required_actions.contains(&RequiredAction::UpdatePassword);
        let new = self.check_change(&caller.user, change, needs_current, client).await;
        let new = new.map_err(|error| error.map(UpdatePasswordRefusal::Passwords))?;

        let now = self.now();
        let (mut tx, mut caller) = self.begin_change(caller, &new, |caller| may(caller, now), now).await?;
        let is_required = caller.user.required_actions.contains(&RequiredAction::UpdatePassword);
        if !new.is_verified && !is_required {
            // Another request has met the requirement in the meantime, so the current password is required now.
            return Err(Error::Refused(PasswordRefusal::Missing.into()));
        }
        if !Self::has_hash(&mut tx, &caller.user, new.before.as_deref()).await? {
            return Err(Error::Refused(PasswordRefusal::Wrong.into()));
        }
        self.put_own_password(&mut tx, &mut caller, &new, client, now).await?;
        users::update(&mut tx, &caller.user).await?;
        self.commit_and_wake(tx).await?;
        Ok(caller)
    }

    /// Begins the transaction of a password change. If a faster concurrent change ended the session, the refusal says
    /// that the verified current password is no longer the current one.
    pub(super) async fn begin_change<R: From<Denial> + From<PasswordRefusal> + PartialEq>(
        &self,
        caller: &Caller,
        new: &NewHash,
        may: impl Fn(&Caller) -> Result<(), R>,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<R>> {
        let begun = self.begin_as(caller, may, now).await;
        let ended: R = Denial::SessionEnded.into();
        if matches!(&begun, Err(Error::Refused(refusal)) if *refusal == ended) && new.is_verified {
            let found = users::find_credentials_by_id(&self.db, &caller.user.id).await?;
            if found.is_some_and(|found| found.password_hash != new.before) {
                return Err(Error::Refused(PasswordRefusal::Wrong.into()));
            }
        }
        begun
    }

    /// Writes the caller's change of their own password: this session stays, all others end. The user remains to be
    /// written.
    pub(super) async fn put_own_password(
        &self,
        tx: &mut Tx,
        caller: &mut Caller,
        new: &NewHash,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let user = &mut caller.user;
        user.fulfil(RequiredAction::UpdatePassword);
        self.put_password(tx, user, &new.hash, SessionSelection::AllBut(&caller.session.id), now).await?;
        self.record(tx, &user.id, SecurityEventType::PasswordChanged, Some(client), now).await?;
        self.enqueue_notification(tx, user, Notification::PasswordChanged, Some(client), now).await
    }

    /// Writes a new password: sessions end and open codes are invalidated. It clears no count of failed codes.
    pub(super) async fn put_password(
        &self,
        tx: &mut Tx,
        user: &User,
        hash: &str,
        ended: SessionSelection<'_>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        users::update_password_hash(tx, &user.id, hash).await?;
        sessions::delete(tx, &user.id, ended, now).await?;
        codes::delete(tx, &user.id, &CodePurpose::INVALIDATED_BY_PASSWORD_CHANGE).await?;
        Ok(())
    }

    /// Whether the current hash of a user's password is `hash`. The user must be locked.
    pub(super) async fn has_hash(tx: &mut Tx, user: &User, hash: Option<&str>) -> Result<bool, Failure> {
        let current = users::find_credentials_locked(tx, &user.id).await?;
        Ok(current.is_some_and(|current| current.password_hash.as_deref() == hash))
    }

    /// Verifies that `password` is the user's current one. A wrong password counts as at sign-in.
    pub(super) async fn prove_password(
        &self,
        user: &User,
        password: Password,
        client: &Client,
    ) -> Result<Verified, Error<PasswordRefusal>> {
        let begun = self.begin_attempt(&user.domain_id, &user.login, client).await;
        let (counters, slot, attempt) = begun.map_err(|error| error.map(PasswordRefusal::RateLimited))?;
        let found = users::find_credentials_by_id(&self.db, &user.id).await?.and_then(|found| found.password_hash);
        let parsed = found.as_deref().and_then(|hash| PasswordHash::parse(hash).ok());
        let is_right = !password.is_too_long() && self.hasher.verify(&slot, parsed, password).await?;
        let Some(hash) = found.filter(|_| is_right) else {
            self.record_wrong_current_password(&counters, user, client).await?;
            return Err(Error::Refused(PasswordRefusal::Wrong));
        };
        self.refund_attempt_now(&attempt).await?;
        Ok(Verified { slot, hash })
    }

    /// Verifies the current password of a change, if it is required, checks the new one, and hashes it. Only clients
    /// that know the current password learn whether the new one is equal to it.
    pub(super) async fn check_change(
        &self,
        user: &User,
        PasswordChange { current, new }: PasswordChange,
        needs_current: bool,
        client: &Client,
    ) -> Result<NewHash, Error<WrongPasswords>> {
        let new = self.check_new(Some(user), new);
        let verified = match current {
            _ if !needs_current => Ok(None),
            None => Err(PasswordRefusal::Missing),
            Some(current) => separate(self.prove_password(user, current, client).await)?.map(Some),
        };
        match (verified, new) {
            (Ok(verified), Ok(new)) => {
                self.new_hash(user, new, verified).await.map_err(|error| error.map(WrongPasswords::from))
            }
            (verified, new) => Err(Error::Refused(WrongPasswords { current: verified.err(), new: new.err() })),
        }
    }

    /// Checks a new password against the rules. The rules about the user apply only if the user is known.
    fn check_new(&self, user: Option<&User>, new: Option<Password>) -> Result<Password, NewPasswordRefusal> {
        let (new, min_length) = (new.ok_or(NewPasswordRefusal::Missing)?, self.policy.password_min_length);
        match user {
            Some(user) => password::check(&new, min_length, user.personal())?,
            None => password::check_for_anyone(&new, min_length)?,
        }
        Ok(new)
    }

    /// Hashes a checked new password, unless it is the current one.
    async fn new_hash(
        &self,
        user: &User,
        new: Password,
        verified: Option<Verified>,
    ) -> Result<NewHash, Error<NewPasswordRefusal>> {
        let is_verified = verified.is_some();
        let (slot, before) = if let Some(verified) = verified {
            (verified.slot, Some(verified.hash))
        } else {
            let busy = |_| Error::Refused(NewPasswordRefusal::RateLimited(BUSY));
            let slot = self.hasher.slot_of(&user.domain_id, &user.login).await.map_err(busy)?;
            (slot, users::find_credentials_by_id(&self.db, &user.id).await?.and_then(|found| found.password_hash))
        };
        let hash = before.as_deref().and_then(|hash| PasswordHash::parse(hash).ok());
        if hash.is_some() && self.hasher.verify(&slot, hash, new.clone()).await? {
            return Err(Error::Refused(NewPasswordRefusal::Unchanged));
        }
        Ok(NewHash { hash: self.hasher.hash(&slot, new).await?, before, is_verified })
    }

    /// Requests a reset link. Neither the response nor its time tells whether the user exists: a job is written, and a
    /// worker decides on it.
    pub async fn reset_password(
        &self,
        domain_id: &DomainId,
        login: &LoginId,
        client: &Client,
    ) -> Result<(), Error<ResetPasswordRefusal>> {
        self.require_mail()?;
        retry(|| self.request_reset(domain_id, login, client)).await
    }

    async fn request_reset(
        &self,
        domain_id: &DomainId,
        login: &LoginId,
        client: &Client,
    ) -> Result<(), Error<ResetPasswordRefusal>> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let of_name = Self::charge_quota(&mut tx, &self.quota_of_reset(domain_id, login), now).await;
        // The response does not reveal that nothing is sent.
        let has_room = separate(of_name)?.is_ok();
        if !has_room {
            self.log_refusal(FailedAttempt::ResetOverUserLimit, client);
        }
        let of_client = Self::charge_quota(&mut tx, &self.quota_of_client(client), now).await;
        if let Err(Error::Refused(_)) = &of_client {
            self.log_refusal(FailedAttempt::ResetOverClientLimit, client);
        }
        of_client.map_err(|error| error.map(ResetPasswordRefusal::RateLimited))?;
        if has_room {
            let payload = Payload::ResetRequest {
                domain_id: domain_id.to_string(),
                user_id: login.as_str().to_owned(),
                client_address: client.address,
                user_agent: client.user_agent.clone(),
            };
            self.enqueue(&mut tx, (None, &payload), now + self.policy.codes.reset_ttl, now).await?;
        }
        Ok(self.commit_and_wake(tx).await?)
    }

    /// Decides on a request for a link. Sends one to a user who may have it.
    pub(super) async fn decide_reset(
        &self,
        job: &Job,
        domain_id: &str,
        user_id: &str,
        client: &Client,
    ) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        if let (Ok(domain_id), Ok(login)) = (DomainId::parse(domain_id), LoginId::parse(user_id)) {
            let found = users::find_locked(&mut tx, &domain_id, &login).await?;
            let found = match found {
                Some(user) => users::find_credentials_locked(&mut tx, &user.id).await?,
                None => None,
            };
            if let Some((user, address)) = found.as_ref().and_then(|found| Some((&found.user, reset_address(found)?))) {
                self.mail_reset_link(&mut tx, user, address, now).await?;
                let event_type = SecurityEventType::PasswordResetRequested;
                self.record(&mut tx, &user.id, event_type, Some(client), now).await?;
            } else {
                let user = found.as_ref().map(|found| &found.user);
                self.record_refused_reset(&mut tx, user, client, now).await?;
            }
        }
        outbox::delete(&mut tx, &job.id).await?;
        self.commit_and_wake(tx).await
    }

    async fn mail_reset_link(&self, tx: &mut Tx, user: &User, address: &Email, now: Timestamp) -> Result<(), Failure> {
        let (link, expires_at) = self.make_reset_link(tx, user, Some(address), now).await?;
        let minutes = whole_minutes(self.policy.codes.reset_ttl);
        let message = Message::ResetPassword { link: MailedSecret::new(link), minutes };
        self.enqueue_mail(tx, (address.as_str(), user), message, expires_at, now).await
    }

    /// Creates a reset link and invalidates earlier ones. With an address, the link is valid only while that is the
    /// user's verified address.
    pub(super) async fn make_reset_link(
        &self,
        tx: &mut Tx,
        user: &User,
        address: Option<&Email>,
        now: Timestamp,
    ) -> Result<(String, Timestamp), Failure> {
        let token = ResetToken::from_random(entropy::bytes()?);
        let purpose = CodePurpose::ResetPassword;
        codes::delete(tx, &user.id, &[purpose]).await?;
        let request = CodeRequest { owner: user, purpose, session: None, ttl: self.policy.codes.reset_ttl };
        let expires_at = Self::keep_token(tx, &request, address, &token.digest(), now).await?;
        Ok((format!("{}#token={}", self.links.reset_password, token.reveal()), expires_at))
    }

    /// Sets a new password with the token of a link. All sessions end, open codes are invalidated, backoff is cleared;
    /// MFA stays enabled. If the token or the password is missing or malformed, only the other one is checked.
    pub async fn confirm_password_reset(
        &self,
        token: Option<&ResetToken>,
        new: Option<Password>,
        client: &Client,
    ) -> Result<(), Error<ConfirmResetRefusal>> {
        let found = match token {
            Some(token) => self.find_reset(token, client).await?,
            None => None,
        };
        let new = self.check_new(found.as_ref().map(|(_, found)| &found.user), new);
        let has_invalid_token = token.is_some() && found.is_none();
        let (Some((code, found)), Ok(new)) = (found, &new) else {
            return Err(Error::Refused(ConfirmResetRefusal { has_invalid_token, new: new.err() }));
        };
        let new = self.new_hash(&found.user, new.clone(), None).await;
        let refused = |refusal| ConfirmResetRefusal { has_invalid_token: false, new: Some(refusal) };
        let new = new.map_err(|error| error.map(refused))?;
        retry(|| self.complete_reset(&code, &new, client)).await
    }

    /// Consumes a link and writes the new password, if both the link and the replaced password are unchanged.
    async fn complete_reset(
        &self,
        code: &Code,
        new: &NewHash,
        client: &Client,
    ) -> Result<(), Error<ConfirmResetRefusal>> {
        let invalid = || Error::Refused(ConfirmResetRefusal::INVALID_TOKEN);
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let current = users::find_credentials_locked(&mut tx, &code.owner_id).await?;
        let current = current.filter(|current| is_reset_good(code, current) && current.password_hash == new.before);
        let mut user = current.ok_or_else(invalid)?.user;
        if !codes::consume(&mut tx, &code.id, now).await? {
            return Err(invalid());
        }
        user.fulfil(RequiredAction::UpdatePassword);
        user.pending_email = None;
        users::update(&mut tx, &user).await?;
        self.clear_backoff(&mut tx, &user.domain_id, &user.login).await?;
        self.clear_sign_in_attempts(&mut tx, &user.id, now).await?;
        self.put_password(&mut tx, &user, &new.hash, SessionSelection::All, now).await?;
        // The user recovers the account, whose deletion an attacker may have requested.
        self.cancel_deletion(&mut tx, &user, Some(client), now).await?;
        self.record(&mut tx, &user.id, SecurityEventType::PasswordReset, Some(client), now).await?;
        self.enqueue_notification(&mut tx, &user, Notification::PasswordReset, Some(client), now).await?;
        Ok(self.commit_and_wake(tx).await?)
    }

    /// The link with this token, and the user whose password it may set. Records the failure if there is none.
    async fn find_reset(&self, token: &ResetToken, client: &Client) -> Result<Option<(Code, Credentials)>, Failure> {
        let code = codes::find_by_token(&self.db, &token.digest(), CodePurpose::ResetPassword).await?;
        if let Some(code) = &code {
            let found = users::find_credentials_by_id(&self.db, &code.owner_id).await?;
            let found = found.filter(|found| code.expires_at > self.now() && is_reset_good(code, found));
            if let Some(found) = found {
                return Ok(Some((code.clone(), found)));
            }
        }
        self.record_refused_reset_link(code.as_ref().map(|code| &code.owner_id), client).await?;
        Ok(None)
    }
}

/// The address for a link that an unauthenticated client requested: the verified address of an ENABLED user with a
/// password on this server.
fn reset_address(found: &Credentials) -> Option<&Email> {
    let may_ask = Caller::may_sign_in(&found.user, &found.domain) && found.user.state == UserState::Enabled;
    found.user.verified_email().filter(|_| may_ask)
}

/// A mailed link is valid for the address that it was sent to; a link that an operator issued, for the user.
fn is_reset_good(code: &Code, found: &Credentials) -> bool {
    let is_bound = code
        .address
        .as_ref()
        .is_none_or(|address| found.user.verified_email().is_some_and(|verified| verified.key() == address.key()));
    Caller::may_sign_in(&found.user, &found.domain) && is_bound
}
