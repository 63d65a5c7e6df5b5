//! The deletion of accounts: users request it, confirm it with an emailed code, and can cancel it during a grace period.
//!
//! A scheduled deletion is the token that cancels it ([`CodePurpose::CancelDeletion`]): while there is one, the account is
//! going to be deleted when it expires. To cancel the deletion is to delete the token.

use derive_more::From;

use super::codes::{AttemptKind, CodeAttempt, CodeRequest, Sent, Submitted};
use super::email::NotSent;
use super::failed_attempts::FailedAttempt;
use super::installation::RATE_LIMIT_EVENTS_KEPT_FOR;
use super::{Error, Failure, Services, retry};
use crate::clock::{CLOCK_SKEW, Timestamp};
use crate::domain::access::{Caller, Denial, StepUpRequired};
use crate::domain::code::{Code, CodePurpose, CodeRefusal};
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::UserId;
use crate::domain::token::CancelToken;
use crate::domain::user::User;
use crate::domain::verify_code::{Digits, VerifyCode};
use crate::entropy;
use crate::mail::{CodeReason, MailedSecret, Notification};
use crate::storage::sessions::SessionSelection;
use crate::storage::users::Credentials;
use crate::storage::{Tx, codes, events, personal_data, rate_limit_events, sessions, users};

/// How many accounts are looked up at once whose grace period is over.
const DUE_AT_ONCE: i64 = 100;

/// Why no account may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDeletable {
    /// The operator does not allow it.
    Disabled,
    /// The domain would have no ENABLED admin any more.
    LastAdmin,
}

/// Why no code is sent that confirms the deletion.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum RequestDeletionRefusal {
    /// The caller may not request it.
    Denied(Denial),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// The account may not be deleted.
    NotDeletable(NotDeletable),
    /// The caller has no verified address.
    NoVerifiedAddress,
    /// The code cannot be sent.
    NotSent(NotSent),
}

/// Why the deletion is not scheduled.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum ConfirmDeletionRefusal {
    /// The caller may not confirm it.
    Denied(Denial),
    /// The account may not be deleted.
    NotDeletable(NotDeletable),
    /// The code is not accepted.
    Code(CodeRefusal),
}

/// Why the deletion is not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelDeletionRefusal {
    /// The token of the link is unknown, used, or expired.
    InvalidToken,
}

impl Services {
    /// Sends a code to the caller's verified address, which confirms that the account is to be deleted.
    pub async fn request_account_deletion(
        &self,
        caller: &Caller,
        client: &Client,
    ) -> Result<Sent, Error<RequestDeletionRefusal>> {
        retry(|| self.request_deletion(caller, client)).await
    }

    async fn request_deletion(&self, caller: &Caller, client: &Client) -> Result<Sent, Error<RequestDeletionRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as_recent(caller, now).await?;
        let user = &caller.user;
        self.check_deletable(&mut tx, user).await?.map_err(|reason| Error::Refused(reason.into()))?;
        let no_address = Error::Refused(RequestDeletionRefusal::NoVerifiedAddress);
        let address = user.verified_email().ok_or(no_address)?;
        self.require_mail()?;
        if self.is_unreachable(address) {
            return Err(Error::Refused(NotSent::OutOfReach.into()));
        }
        let purpose = CodePurpose::DeleteAccount;
        let sends = self.quota_of_code(&user.id, purpose, address, true, Some(client));
        Self::charge_quota(&mut tx, &sends, now).await.map_err(|error| error.map(|wait| NotSent::from(wait).into()))?;
        codes::delete(&mut tx, &user.id, &[purpose]).await?;
        let session = Some(&caller.session.id);
        let request = CodeRequest { owner: user, purpose, session, ttl: self.policy.codes.email_ttl };
        let sent = self.mail_code(&mut tx, &request, (CodeReason::DeleteAccount, address), None, now).await?;
        self.record(&mut tx, &user.id, SecurityEventType::AccountDeletionRequested, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        Ok(sent)
    }

    /// Schedules the deletion of the caller's account, given the emailed code, and ends all sessions. Returns when the
    /// account is going to be deleted.
    pub async fn confirm_account_deletion(
        &self,
        caller: &Caller,
        digits: Digits,
        client: &Client,
    ) -> Result<Timestamp, Error<ConfirmDeletionRefusal>> {
        let caller = &self.recheck_caller(caller, may_confirm).await?;
        let code = codes::find(&self.db, &caller.user.id, &[CodePurpose::DeleteAccount]).await?;
        let code = code.filter(|code| is_wanted(code, caller)).ok_or_else(nothing_pending)?;
        let submitted = VerifyCode::Digits(digits);
        let submitted = Submitted::Code(&submitted);
        let attempt = self.charge_code(Some(&caller.user.id), Some(&code), submitted, AttemptKind::Session).await?;
        let outcome = retry(|| self.schedule_deletion(caller, &code, &attempt, client)).await;
        self.settle_attempt(&attempt, outcome).await
    }

    async fn schedule_deletion(
        &self,
        caller: &Caller,
        code: &Code,
        attempt: &CodeAttempt<'_>,
        client: &Client,
    ) -> Result<Timestamp, Error<ConfirmDeletionRefusal>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as(caller, may_confirm, now).await?;
        let user = &caller.user;
        let verdict = self.check_deletable(&mut tx, user).await?.map_err(ConfirmDeletionRefusal::from);
        let verdict = verdict
            .and_then(|()| if is_wanted(code, &caller) { Ok(()) } else { Err(CodeRefusal::NothingPending.into()) });
        if let Err(refusal) = verdict {
            tx.roll_back().await?;
            return Err(Error::Refused(refusal));
        }
        let (mut tx, _) = self.redeem(tx, user, attempt, client, now).await?;
        codes::delete(&mut tx, &user.id, &[CodePurpose::CancelDeletion]).await?;
        let token = CancelToken::from_random(entropy::bytes()?);
        let ttl = self.policy.deletion.grace;
        let request = CodeRequest { owner: user, purpose: CodePurpose::CancelDeletion, session: None, ttl };
        let scheduled_at = Self::keep_token(&mut tx, &request, None, &token.digest(), now).await?;
        sessions::delete(&mut tx, &user.id, SessionSelection::All, now).await?;
        codes::delete(&mut tx, &user.id, &CodePurpose::INVALIDATED_BY_PASSWORD_CHANGE).await?;
        self.record(&mut tx, &user.id, SecurityEventType::AccountDeletionScheduled, Some(client), now).await?;
        let cancel_link = format!("{}#token={}", self.links.cancel_deletion, token.reveal());
        let notice = Notification::DeletionScheduled { cancel_link: MailedSecret::new(cancel_link), at: scheduled_at };
        self.enqueue_notification(&mut tx, user, notice, Some(client), now).await?;
        self.commit_and_wake(tx).await?;
        Ok(scheduled_at)
    }

    /// When the caller's account is going to be deleted. Only a session that began on a server of the previous version is
    /// one of such an account.
    pub async fn find_scheduled_deletion(&self, caller: &Caller) -> Result<Option<Timestamp>, Failure> {
        self.find_deletion_of(&caller.user.id).await
    }

    pub(super) async fn find_deletion_of(&self, owner: &UserId) -> Result<Option<Timestamp>, Failure> {
        let found = codes::find(&self.db, owner, &[CodePurpose::CancelDeletion]).await?;
        Ok(found.map(|scheduled| scheduled.expires_at))
    }

    /// Cancels the deletion of the account that a link was sent to, whatever the state of the account is.
    pub async fn cancel_account_deletion(
        &self,
        token: &CancelToken,
        client: &Client,
    ) -> Result<(), Error<CancelDeletionRefusal>> {
        let invalid = || Error::Refused(CancelDeletionRefusal::InvalidToken);
        let scheduled = codes::find_by_token(&self.db, &token.digest(), CodePurpose::CancelDeletion).await?;
        let Some(scheduled) = scheduled else {
            self.log_refusal(FailedAttempt::CancelLinkRefused, client);
            return Err(invalid());
        };
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let found = users::find_credentials_locked(&mut tx, &scheduled.owner_id).await?;
        let user = found.ok_or_else(invalid)?.user;
        // The user is locked, and a cancellation deletes the token, so of several concurrent uses only one finds it.
        let scheduled = codes::find_within(&mut tx, &scheduled.id).await?;
        scheduled.filter(|scheduled| scheduled.expires_at > now).ok_or_else(invalid)?;
        self.cancel_deletion(&mut tx, &user, Some(client), now).await?;
        Ok(self.commit_and_wake(tx).await?)
    }

    /// Cancels the deletion of an account if one is scheduled, and notifies its user. Returns whether there was one. The
    /// user must be locked.
    pub(super) async fn cancel_deletion(
        &self,
        tx: &mut Tx,
        user: &User,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        if codes::delete(tx, &user.id, &[CodePurpose::CancelDeletion]).await? == 0 {
            return Ok(false);
        }
        self.record(tx, &user.id, SecurityEventType::AccountDeletionCancelled, client, now).await?;
        self.enqueue_notification(tx, user, Notification::DeletionCancelled, client, now).await?;
        Ok(true)
    }

    /// Deletes the accounts whose grace period is over, each in a transaction of its own: what an interruption leaves, the
    /// next call deletes. An account that cannot be deleted does not delay the others.
    pub async fn delete_due_accounts(&self) -> Result<(), Failure> {
        if !self.policy.deletion.is_allowed {
            return Ok(());
        }
        let mut kept = 0;
        loop {
            let (purpose, now) = (CodePurpose::CancelDeletion, self.now());
            let due = codes::list_owners_of_expired(&self.db, purpose, now, (kept, DUE_AT_ONCE)).await?;
            if due.is_empty() {
                return Ok(());
            }
            for owner in &due {
                match retry(|| self.delete_if_due(owner)).await {
                    Ok(true) => {}
                    Ok(false) => kept += 1,
                    Err(error) => {
                        kept += 1;
                        tracing::warn!(%error, user_id = owner.as_str(), "an account could not be deleted; the next attempt follows");
                    }
                }
            }
        }
    }

    /// Deletes an account unless its deletion is not due. Returns whether nothing is scheduled any more.
    async fn delete_if_due(&self, owner: &UserId) -> Result<bool, Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let found = users::find_credentials_locked(&mut tx, owner).await?;
        let scheduled = codes::find_of_owner_within(&mut tx, owner, CodePurpose::CancelDeletion).await?;
        let is_recoverable = !codes::list_undo_links(&mut tx, &[owner.as_str()], now).await?.is_empty();
        // While a changed address can be restored, an attacker who changed it may have requested the deletion, too.
        let Some(scheduled) = scheduled.filter(|scheduled| scheduled.expires_at <= now && !is_recoverable) else {
            tx.roll_back().await?;
            return Ok(false);
        };
        // A sign-in cancels the deletion, except on a server of the previous version.
        let has_returned = |user: &User| user.last_accessed_at > Some(scheduled.created_at + CLOCK_SKEW);
        match found {
            Some(Credentials { user, .. }) if !has_returned(&user) => self.delete_account(&mut tx, &user, now).await?,
            Some(_) => {
                let user_id = owner.as_str();
                tracing::warn!(
                    user_id,
                    "an account is not deleted, because it was used after its deletion was confirmed"
                );
                codes::delete(&mut tx, owner, &[CodePurpose::CancelDeletion]).await?;
            }
            None => {
                codes::delete(&mut tx, owner, &[CodePurpose::CancelDeletion]).await?;
            }
        }
        self.commit_and_wake(tx).await?;
        Ok(true)
    }

    /// Deletes a user with everything that is stored about them. The audit log and the webhook report it.
    async fn delete_account(&self, tx: &mut Tx, user: &User, now: Timestamp) -> Result<(), Failure> {
        self.delete_user_within(tx, user).await?;
        events::delete_of_owner(tx, &user.id).await?;
        self.record_unstored(tx, &user.id, SecurityEventType::AccountDeleted, now).await?;
        self.enqueue_deletion_notification(tx, user, now).await
    }

    /// Deletes a user, and everything that is stored about them except for their security events.
    pub(super) async fn delete_user_within(&self, tx: &mut Tx, user: &User) -> Result<(), Failure> {
        self.delete_counters(tx, user).await?;
        personal_data::delete_of_owners(tx, &[user.id.as_str()]).await?;
        Ok(users::delete(tx, &user.id).await?)
    }

    /// Deletes the counters of a user's attempts and messages. Those under digests that also contain a network, or an
    /// address that the user had before, stay until they are pruned.
    async fn delete_counters(&self, tx: &mut Tx, user: &User) -> Result<(), Failure> {
        self.clear_backoff(tx, &user.domain_id, &user.login).await?;
        let counters = [self.quota_counters(user), self.attempt_counters(&user.id)].concat();
        Ok(rate_limit_events::clear_all(tx, &counters, self.now() - RATE_LIMIT_EVENTS_KEPT_FOR).await?)
    }

    async fn check_deletable(&self, tx: &mut Tx, user: &User) -> Result<Result<(), NotDeletable>, Failure> {
        if !self.policy.deletion.is_allowed {
            return Ok(Err(NotDeletable::Disabled));
        }
        if !user.is_admin() {
            return Ok(Ok(()));
        }
        // Of two admins who delete their accounts at the same time, one stays.
        let admins = self.keyring.digest("admins of a domain", &[user.domain_id.as_str().as_bytes()]);
        rate_limit_events::lock(tx, &admins).await?;
        let has_another = users::has_another_admin(tx, user).await?;
        Ok(if has_another { Ok(()) } else { Err(NotDeletable::LastAdmin) })
    }
}

fn may_confirm(caller: &Caller) -> Result<(), ConfirmDeletionRefusal> {
    Ok(caller.may_act()?)
}

fn nothing_pending() -> Error<ConfirmDeletionRefusal> {
    Error::Refused(CodeRefusal::NothingPending.into())
}

/// Whether a code was sent to the address that the user still has, for the same session.
fn is_wanted(code: &Code, caller: &Caller) -> bool {
    code.address.as_ref() == caller.user.verified_email() && code.session_id.as_ref() == Some(&caller.session.id)
}
