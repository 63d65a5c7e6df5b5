//! Passwords: proving the present one, changing it, and getting a new one by mail when it is forgotten.

use super::codes::{CodeRequest, whole_minutes};
use super::failed_attempts::Failed;
use super::hasher::Slot;
use super::outbox::Payload;
use super::sign_in::may_sign_in;
use super::{Error, Failure, Services, retry};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial};
use crate::domain::attempts::Wait;
use crate::domain::code::{Code, CodePurpose};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::network::Network;
use crate::domain::outbox::Job;
use crate::domain::password::{self, Password, Weakness};
use crate::domain::password_hash::PasswordHash;
use crate::domain::token::ResetToken;
use crate::domain::user::{RequiredAction, User, UserState};
use crate::entropy;
use crate::mail::{MailedSecret, Message, Notice};
use crate::storage::sessions::Which;
use crate::storage::users::Credentials;
use crate::storage::{Tx, codes, outbox, sessions, users};

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordRefusal {
    /// None was submitted.
    #[error("a password is needed")]
    Missing,
    /// It is too weak.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// It is the present one.
    #[error("this is the present password; choose another")]
    Unchanged,
    /// There are too many hashes to compute: later.
    #[error("too many passwords are being hashed; try again in a moment")]
    RateLimited(Wait),
}

/// Why it is not believed that somebody knows the present password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// None was submitted.
    Missing,
    /// It is another.
    Wrong,
    /// Too many wrong ones came before, or there are too many hashes to compute: later.
    RateLimited(Wait),
}

/// The passwords of a change, as submitted. One that is missing or empty is `None`.
#[derive(Debug, Clone, Default)]
pub struct PasswordChange {
    /// The current password.
    pub current: Option<Password>,
    /// The new one.
    pub new: Option<Password>,
}

/// What is wrong with the passwords of a change. Both are checked before either is refused, so that all errors are
/// reported at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrongPasswords {
    /// Why the current password does not count.
    pub current: Option<PasswordRefusal>,
    /// Why the new one is refused.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdatePasswordRefusal {
    /// The caller may not.
    Denied(Denial),
    /// The passwords are wrong.
    Passwords(WrongPasswords),
}

impl From<PasswordRefusal> for UpdatePasswordRefusal {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Passwords(refusal.into())
    }
}

/// Why a change of the password does not begin to be written.
pub(super) enum ChangeDenial {
    /// The caller may not.
    Denied(Denial),
    /// Another change has replaced the current password that was verified.
    Outrun,
}

impl From<ChangeDenial> for UpdatePasswordRefusal {
    fn from(denial: ChangeDenial) -> Self {
        match denial {
            ChangeDenial::Denied(denial) => Self::Denied(denial),
            ChangeDenial::Outrun => PasswordRefusal::Wrong.into(),
        }
    }
}

/// Why no link for a new password is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetPasswordRefusal {
    /// Too many mails were asked for from the client's address.
    RateLimited(Wait),
}

/// Why no new password is set by a link: everything that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConfirmResetRefusal {
    /// The link's token is unknown, used, expired, or invalidated.
    pub has_invalid_token: bool,
    /// Why the new password is refused. A valid link stays valid.
    pub new: Option<NewPasswordRefusal>,
}

impl ConfirmResetRefusal {
    const INVALID_TOKEN: Self = Self { has_invalid_token: true, new: None };
}

/// A current password that was verified.
pub(super) struct Verified {
    /// The turn at hashing, for the new password.
    slot: Slot,
    /// The hash that it matched. What is done on the strength of it must be bound to this hash: another request may
    /// change the password at the same moment.
    hash: String,
}

impl Verified {
    /// The hash that it matched. The turn at hashing ends.
    pub(super) fn into_hash(self) -> String {
        self.hash
    }
}

/// A new password that may be set.
pub(super) struct NewHash {
    hash: String,
    /// The hash that it replaces: that of the verified current password, where there is one.
    pub(super) before: Option<String>,
    /// Whether the current password was verified.
    is_verified: bool,
}

impl Services {
    /// Changes the caller's password. His other sessions end, and open codes are void.
    pub async fn update_password(
        &self,
        caller: &Caller,
        change: PasswordChange,
        client: &Client,
    ) -> Result<Caller, Error<UpdatePasswordRefusal>> {
        let may = |caller: &Caller, now| {
            caller.may_fulfil(RequiredAction::UpdatePassword)?;
            caller.is_local()?;
            caller.is_fresh(&self.policy.lifetimes, now)
        };
        let now = self.now();
        let caller = self.look_at(caller, |caller| may(caller, now)).await;
        let caller = &caller.map_err(|error| error.map(UpdatePasswordRefusal::Denied))?;
        // Users who must change their password may have got it from an operator; they are asked for no proof of it.
        let needs_current = !caller.user.required_actions.contains(&RequiredAction::UpdatePassword);
        let new = self.check_change(&caller.user, change, needs_current, client).await;
        let new = new.map_err(|error| error.map(UpdatePasswordRefusal::Passwords))?;

        let now = self.now();
        let begun = self.begin_change(caller, &new, |caller| may(caller, now), now).await;
        let (mut tx, mut caller) = begun.map_err(|error| error.map(UpdatePasswordRefusal::from))?;
        let is_required = caller.user.required_actions.contains(&RequiredAction::UpdatePassword);
        if !new.is_verified && !is_required {
            // Another request has met the requirement meanwhile.
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

    /// Begins the transaction of a change of the password. If another change ended the session because it was quicker, the
    /// reason is that the current password is no longer the one that was verified.
    pub(super) async fn begin_change(
        &self,
        caller: &Caller,
        new: &NewHash,
        may: impl Fn(&Caller) -> Result<(), Denial>,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<ChangeDenial>> {
        match self.begin_for(caller, may, now).await {
            Err(Error::Refused(Denial::SessionEnded)) if new.is_verified => {
                let found = users::find_credentials_by_id(&self.db, &caller.user.id).await?;
                let is_outrun = found.is_some_and(|found| found.password_hash != new.before);
                let denial = if is_outrun { ChangeDenial::Outrun } else { ChangeDenial::Denied(Denial::SessionEnded) };
                Err(Error::Refused(denial))
            }
            begun => begun.map_err(|error| error.map(ChangeDenial::Denied)),
        }
    }

    /// What a change of his password by the caller himself brings: this session stays, all others end. The user is still
    /// to be written.
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
        self.put_password(tx, user, &new.hash, Which::AllBut(&caller.session.id), now).await?;
        Self::record(tx, &user.id, SecurityEventType::PasswordChanged, Some(client), now).await?;
        self.put_notice(tx, user, Notice::PasswordChanged, Some(client), now).await
    }

    /// What every new password brings: sessions end and open codes are void. It clears no count of failed codes.
    pub(super) async fn put_password(
        &self,
        tx: &mut Tx,
        user: &User,
        hash: &str,
        ended: Which<'_>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        users::update_password_hash(tx, &user.id, hash).await?;
        sessions::delete(tx, &user.id, ended, now).await?;
        codes::delete(tx, &user.id, &CodePurpose::VOIDED_BY_PASSWORD).await?;
        Ok(())
    }

    /// Whether the password of a user, who must be locked, still has this hash.
    pub(super) async fn has_hash(tx: &mut Tx, user: &User, hash: Option<&str>) -> Result<bool, Failure> {
        let current = users::find_credentials_locked(tx, &user.id).await?;
        Ok(current.is_some_and(|current| current.password_hash.as_deref() == hash))
    }

    /// Verifies that `password` is the user's current one. A wrong one counts as it does at sign-in.
    pub(super) async fn prove_password(
        &self,
        user: &User,
        password: Password,
        client: &Client,
    ) -> Result<Verified, Error<PasswordRefusal>> {
        let limited = |error: Error<Wait>| error.map(PasswordRefusal::RateLimited);
        let counters = self.counters(&user.domain_id, &user.login, Network::of(client.address));
        self.check_attempts(&counters, self.now()).await.map_err(limited)?;
        let slot = self.hasher.slot_of(&user.domain_id, &user.login).await;
        let slot = slot.map_err(|_| Error::Refused(PasswordRefusal::RateLimited(BUSY)))?;
        let attempt = self.charge_attempt(&counters, self.now()).await.map_err(limited)?;
        let found = users::find_credentials_by_id(&self.db, &user.id).await?.and_then(|found| found.password_hash);
        let parsed = found.as_deref().and_then(|hash| PasswordHash::parse(hash).ok());
        let is_right = !password.is_too_long() && self.hasher.verify(&slot, parsed, password).await?;
        let Some(hash) = found.filter(|_| is_right) else {
            self.record_wrong_current_password(&counters, user, client).await?;
            return Err(Error::Refused(PasswordRefusal::Wrong));
        };
        self.give_back_attempt(&attempt).await?;
        Ok(Verified { slot, hash })
    }

    /// Verifies the current password of a change, if it is needed, checks the new one, and hashes it. Whether the new one
    /// is the current one is told only to clients that know the current one.
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
            Some(current) => match self.prove_password(user, current, client).await {
                Ok(verified) => Ok(Some(verified)),
                Err(Error::Refused(refusal)) => Err(refusal),
                Err(Error::Failed(failure)) => return Err(failure.into()),
            },
        };
        match (verified, new) {
            (Ok(verified), Ok(new)) => {
                self.new_hash(user, new, verified).await.map_err(|error| error.map(WrongPasswords::from))
            }
            (verified, new) => Err(Error::Refused(WrongPasswords { current: verified.err(), new: new.err() })),
        }
    }

    /// Checks a new password by the rules, by those about the user only if they are known.
    fn check_new(&self, user: Option<&User>, new: Option<Password>) -> Result<Password, NewPasswordRefusal> {
        let (new, min_length) = (new.ok_or(NewPasswordRefusal::Missing)?, self.policy.password_min_length);
        match user {
            Some(user) => password::check(&new, min_length, user.personal())?,
            None => password::check_for_anyone(&new, min_length)?,
        }
        Ok(new)
    }

    /// Hashes a new password that was checked, unless it is the current one.
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

    /// Asks for a link for a new password. The answer, and the time that it takes, tell nothing about whether there is
    /// such a user: a job is written, and a worker decides.
    pub async fn reset_password(
        &self,
        domain_id: &DomainId,
        login: &LoginId,
        client: &Client,
    ) -> Result<(), Error<ResetPasswordRefusal>> {
        self.needs_mail()?;
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
        let of_name = Self::charge_sends(&mut tx, &self.sends_of_reset(domain_id, login), now).await;
        let has_room = match of_name {
            Ok(()) => true,
            // The response does not tell that nothing is sent.
            Err(Error::Refused(_)) => {
                self.log_refusal(Failed::ResetOverUserLimit, client);
                false
            }
            Err(Error::Failed(failure)) => return Err(failure.into()),
        };
        let of_client = Self::charge_sends(&mut tx, &self.sends_of_client(client), now).await;
        if let Err(Error::Refused(_)) = &of_client {
            self.log_refusal(Failed::ResetOverClientLimit, client);
        }
        of_client.map_err(|error| error.map(ResetPasswordRefusal::RateLimited))?;
        if has_room {
            let payload = Payload::ResetRequest {
                domain_id: domain_id.to_string(),
                user_id: login.as_str().to_owned(),
                client_address: client.address,
                user_agent: client.user_agent.clone(),
            };
            self.put_job(&mut tx, &payload, now + self.policy.codes.reset_ttl, now).await?;
        }
        Ok(self.commit_and_wake(tx).await?)
    }

    /// Decides on a request for a link: who may have one gets it by mail.
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
                Self::record(&mut tx, &user.id, event_type, Some(client), now).await?;
            } else {
                let user = found.as_ref().map(|found| &found.user);
                Self::record_refused_reset(&mut tx, user, client, now).await?;
            }
        }
        outbox::delete(&mut tx, &job.id).await?;
        self.commit_and_wake(tx).await
    }

    async fn mail_reset_link(&self, tx: &mut Tx, user: &User, address: &Email, now: Timestamp) -> Result<(), Failure> {
        let (link, expires_at) = self.make_reset_link(tx, user, Some(address), now).await?;
        let minutes = whole_minutes(self.policy.codes.reset_ttl);
        let message = Message::ResetPassword { link: MailedSecret::new(link), minutes };
        self.put_letter(tx, (address.as_str(), user), message, expires_at, now).await
    }

    /// Makes a link for a new password; earlier ones are void. With an address it is good only as long as that is the
    /// user's verified one.
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

    /// Sets a new password by the token of a link. All sessions end, open codes are invalidated, backoff is cleared; MFA
    /// stays on. Without a token or a password, which the client did not submit or malformed, it checks the other one.
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

    /// Takes a link and writes the new password, if both the link and the password that is replaced are as they were.
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
        if !codes::take(&mut tx, &code.id, now).await? {
            return Err(invalid());
        }
        user.fulfil(RequiredAction::UpdatePassword);
        user.pending_email = None;
        users::update(&mut tx, &user).await?;
        self.clear_waits(&mut tx, &user.domain_id, &user.login).await?;
        self.clear_sign_in_tries(&mut tx, &user.id, now).await?;
        self.put_password(&mut tx, &user, &new.hash, Which::All, now).await?;
        Self::record(&mut tx, &user.id, SecurityEventType::PasswordReset, Some(client), now).await?;
        self.put_notice(&mut tx, &user, Notice::PasswordReset, Some(client), now).await?;
        Ok(self.commit_and_wake(tx).await?)
    }

    /// The link with this token and the user who may set a new password by it. That there is none is recorded.
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

/// What is told to who has to wait for a turn at hashing.
pub(super) const BUSY: Wait = Wait { retry_after: 1 };

/// Where a link goes that was asked for by anybody: to nobody but an ENABLED user with a password here, at an address
/// that he has proven.
fn reset_address(found: &Credentials) -> Option<&Email> {
    let may_ask = may_sign_in(found) && found.user.state == UserState::Enabled;
    found.user.verified_email().filter(|_| may_ask)
}

/// A link that was mailed is good for the address it was mailed to; one that an administrator made, for the user.
fn is_reset_good(code: &Code, found: &Credentials) -> bool {
    let is_bound = code
        .address
        .as_ref()
        .is_none_or(|address| found.user.verified_email().is_some_and(|verified| verified.key() == address.key()));
    may_sign_in(found) && is_bound
}
