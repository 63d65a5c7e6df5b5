//! Email addresses: requesting a new one, verifying it, and restoring the old one.

use derive_more::From;

use super::codes::{AttemptKind, CodeAttempt, CodeRequest, Submitted};
use super::failed_attempts::FailedAttempt;
use super::{Error, Failure, Services, UNDO_LINK_DAYS, retry};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, StepUpRequired};
use crate::domain::attempts::RetryAfter;
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::token::UndoToken;
use crate::domain::user::User;
use crate::domain::verify_code::{Digits, VerifyCode};
use crate::mail::{CodeReason, MailedSecret, Notification};
use crate::storage::sessions::SessionSelection;
use crate::storage::{self, Conflict, Tx, codes, sessions, users};

pub use super::codes::Sent;

/// Why no code is sent to an address.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum VerifyEmailRefusal {
    /// The caller may not verify an address.
    Denied(Denial),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// The caller has no address.
    NoAddress,
    /// The address is already verified.
    AlreadyVerified,
    /// The code cannot be sent.
    NotSent(NotSent),
}

/// Why no code is sent to an address that could be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, From)]
pub enum NotSent {
    /// The address needs SMTPUTF8, which the mail server does not offer.
    OutOfReach,
    /// Too many messages. A later request may succeed.
    RateLimited(RetryAfter),
}

/// Why an address is not verified.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum ConfirmEmailRefusal {
    /// The caller may not verify it.
    Denied(Denial),
    /// The code is not accepted.
    Code(CodeRefusal),
    /// Another user of the domain has already verified the address.
    Taken,
}

/// Why the old address is not restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoEmailRefusal {
    /// The token of the link is unknown, used, expired, or invalidated.
    InvalidToken,
    /// Another user of the domain has verified the address in the meantime.
    Taken,
}

impl Services {
    /// Sends a code to an address: the given one, which becomes the pending email; otherwise the pending email;
    /// otherwise the current address.
    pub async fn verify_email(
        &self,
        caller: &Caller,
        address: Option<&Email>,
        client: &Client,
    ) -> Result<Sent, Error<VerifyEmailRefusal>> {
        let now = self.now();
        let (mut tx, mut caller) = self.begin_as_recent(caller, now).await?;
        let user = &mut caller.user;
        let is_verified = user.email_verified;
        if let Some(address) = address {
            let is_another = user.email.as_ref().is_none_or(|present| present.key() != address.key());
            if !is_another && is_verified {
                return Err(Error::Refused(VerifyEmailRefusal::AlreadyVerified));
            }
            user.request_email_change(address);
        }
        let address = match (user.unverified_email(), &user.email) {
            (Some(address), _) => address.clone(),
            (None, Some(_)) => return Err(Error::Refused(VerifyEmailRefusal::AlreadyVerified)),
            (None, None) => return Err(Error::Refused(VerifyEmailRefusal::NoAddress)),
        };
        let sent = self.mail_email_code(&mut tx, user, &address, client, now).await?;
        users::update(&mut tx, user).await?;
        self.commit_and_wake(tx).await?;
        Ok(sent)
    }

    /// Sends a code that verifies an address. Invalidates an earlier code, whatever address it was sent to.
    pub(super) async fn mail_email_code<R: From<NotSent>>(
        &self,
        tx: &mut Tx,
        user: &User,
        address: &Email,
        client: &Client,
        now: Timestamp,
    ) -> Result<Sent, Error<R>> {
        self.require_mail()?;
        if self.is_unreachable(address) {
            return Err(Error::Refused(NotSent::OutOfReach.into()));
        }
        let purpose = CodePurpose::VerifyEmail;
        let sends = self.quota_of_code(&user.id, purpose, address, true, Some(client));
        Self::charge_quota(tx, &sends, now).await.map_err(|error| error.map(|wait| NotSent::from(wait).into()))?;
        codes::delete(tx, &user.id, &[purpose]).await?;
        let request = CodeRequest { owner: user, purpose, session: None, ttl: self.policy.codes.email_ttl };
        Ok(self.mail_code(tx, &request, (CodeReason::VerifyEmail, address), None, now).await?)
    }

    /// Marks an address as verified, given the code that was sent to it.
    pub async fn confirm_email(
        &self,
        caller: &Caller,
        digits: Digits,
        client: &Client,
    ) -> Result<Caller, Error<ConfirmEmailRefusal>> {
        let caller = &self.recheck_caller(caller, may_confirm).await?;
        let owner = &caller.user.id;
        let code = codes::find(&self.db, owner, &[CodePurpose::VerifyEmail]).await?;
        let code = code.filter(|code| is_wanted(code, &caller.user));
        let code = code.ok_or_else(nothing_pending)?;
        let answer = VerifyCode::Digits(digits);
        let attempt =
            self.charge_code(Some(owner), Some(&code), Submitted::Code(&answer), AttemptKind::Session).await?;
        let outcome = retry(|| self.complete_email(caller, &code, &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    /// Compares a counted code and marks its address as verified. If another user verifies the address at the same
    /// moment, the transaction gives way; when it is run again, it finds the address taken.
    async fn complete_email(
        &self,
        caller: &Caller,
        code: &Code,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<Caller, Error<ConfirmEmailRefusal>> {
        let now = self.now();
        let (tx, mut caller) = self.begin_as(caller, may_confirm, now).await?;
        let (mut tx, _) = self.redeem(tx, &caller.user, attempt, client, now).await?;
        let Some(address) = code.address.clone().filter(|_| is_wanted(code, &caller.user)) else {
            tx.roll_back().await?;
            return Err(nothing_pending());
        };
        if users::is_verified_elsewhere(&mut tx, &caller.user, address.key()).await? {
            // The user has proven control of the mailbox, so we may reveal that another account owns the address.
            caller.user.pending_email = None;
            users::update(&mut tx, &caller.user).await?;
            tx.commit().await?;
            return Err(Error::Refused(ConfirmEmailRefusal::Taken));
        }
        self.put_proven_email(&mut tx, &mut caller.user, address, client, now).await.map_err(|failure| {
            if is_taken(&failure) { Failure::Aborted("another user verified the address".to_owned()) } else { failure }
        })?;
        self.commit_and_wake(tx).await?;
        Ok(caller)
    }

    async fn put_proven_email(
        &self,
        tx: &mut Tx,
        user: &mut User,
        address: Email,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let was_verified = user.email_verified;
        let before = user.confirm_email(address.clone());
        users::update(tx, user).await?;
        let has_returned = Self::invalidate_lineage(tx, &user.id, &address, now).await?;
        let Some(before) = before else {
            return self.record(tx, &user.id, SecurityEventType::EmailVerified, Some(client), now).await;
        };
        self.record(tx, &user.id, SecurityEventType::EmailChanged, Some(client), now).await?;
        self.enqueue_notification_to(tx, address.as_str(), user, Notification::EmailChangedTo, Some(client), now)
            .await?;
        // An address that was never verified may belong to a stranger, who must learn nothing and undo nothing.
        if was_verified && has_returned {
            self.enqueue_notification_to(tx, before.as_str(), user, Notification::EmailChangedBack, Some(client), now)
                .await?;
        } else if was_verified {
            let undo_link = MailedSecret::new(self.make_undo_link(tx, user, &before, now).await?);
            let notice = Notification::EmailChangedFrom { undo_link, days: UNDO_LINK_DAYS };
            self.enqueue_notification_to(tx, before.as_str(), user, notice, Some(client), now).await?;
        }
        Ok(())
    }

    /// Restores the old address as verified, and ends all sessions. Everything pending for the replaced address is
    /// invalidated.
    pub async fn undo_email_change(&self, token: &UndoToken, client: &Client) -> Result<(), Error<UndoEmailRefusal>> {
        let invalid = || Error::Refused(UndoEmailRefusal::InvalidToken);
        let code = codes::find_by_token(&self.db, &token.digest(), CodePurpose::UndoEmailChange).await?;
        let Some((code, address)) = code.and_then(|code| Some((code.clone(), code.address?))) else {
            self.log_refusal(FailedAttempt::UndoLinkRefused, client);
            return Err(invalid());
        };

        let now = self.now();
        let mut tx = self.db.begin().await?;
        let found = users::find_credentials_locked(&mut tx, &code.owner_id).await?;
        let found = found.filter(|found| Caller::may_be_served(&found.user, &found.domain));
        let mut user = found.ok_or_else(invalid)?.user;
        // The user is locked, and a use of the link invalidates it, so of several concurrent uses only one finds it.
        let link = codes::find_within(&mut tx, &code.id).await?;
        link.filter(|link| link.expires_at > now).ok_or_else(invalid)?;
        Self::invalidate_lineage(&mut tx, &user.id, &address, now).await?;
        if users::is_verified_elsewhere(&mut tx, &user, address.key()).await? {
            return Err(Error::Refused(UndoEmailRefusal::Taken));
        }
        user.confirm_email(address);
        users::update(&mut tx, &user).await.map_err(|error| match error {
            storage::Error::Conflict(Conflict::UsersVerifiedEmail) => Error::Refused(UndoEmailRefusal::Taken),
            error => error.into(),
        })?;
        sessions::delete(&mut tx, &user.id, SessionSelection::All, now).await?;
        codes::delete(&mut tx, &user.id, &CodePurpose::INVALIDATED_BY_PASSWORD_CHANGE).await?;
        // An attacker who changed the address may have requested the deletion, too.
        self.cancel_deletion(&mut tx, &user, Some(client), now).await?;
        self.record(&mut tx, &user.id, SecurityEventType::EmailChangeUndone, Some(client), now).await?;
        self.enqueue_notification(&mut tx, &user, Notification::EmailChangedTo, Some(client), now).await?;
        Ok(self.commit_and_wake(tx).await?)
    }
}

fn may_confirm(caller: &Caller) -> Result<(), ConfirmEmailRefusal> {
    Ok(caller.may_act()?)
}

fn nothing_pending() -> Error<ConfirmEmailRefusal> {
    Error::Refused(CodeRefusal::NothingPending.into())
}

/// Whether the address of a code is still the one that the user has to verify.
fn is_wanted(code: &Code, user: &User) -> bool {
    code.address.as_ref() == user.unverified_email()
}

fn is_taken(failure: &Failure) -> bool {
    matches!(failure, Failure::Storage(storage::Error::Conflict(Conflict::UsersVerifiedEmail)))
}
