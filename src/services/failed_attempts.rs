//! The records of failed attempts: security events for the user, and a line in the log for operators.
//!
//! The backoff and the attempt limits of codes bound the records of wrong passwords and wrong codes: an attempt that is
//! refused before it is compared leaves no record. Attempts that neither bounds, such as made-up links, are recorded
//! once a minute for each network and reason. An unknown user id is recorded like any other, in the same statements, so
//! that neither the response nor its time tells whether the user exists.

use std::sync::Arc;

use chrono::TimeDelta;
use quick_cache::sync::Cache;

use super::backoff::Counters;
use super::{Failure, Services, separate};
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::event::{Client, SecurityEventType, UNKNOWN_OWNER};
use crate::domain::ids::UserId;
use crate::domain::network::Network;
use crate::domain::user::{AuthType, User};
use crate::mail::Notification;
use crate::storage::Tx;
use crate::storage::users::Credentials;

/// How often a refusal that nothing else bounds is recorded, for each network and reason.
const REFUSAL_EVERY: TimeDelta = TimeDelta::minutes(1);
/// For how many networks and reasons the time of the last record is remembered.
const REMEMBERED_REFUSALS: usize = 10_000;
const LINK_UNKNOWN: &str = "the link is unknown, used, or invalidated";

/// What failed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum FailedAttempt {
    UnknownUser,
    NotServed,
    ExternalUser,
    NoPassword,
    WrongPassword,
    WrongSignInCode,
    UnknownPasskey,
    WrongPasskey,
    CopiedPasskey,
    LockedByPasswords,
    LockedByCodes,
    LockedByPasskeys,
    WrongCurrentPassword,
    WrongCode,
    RefreshTokenReused,
    ResetOverClientLimit,
    ResetOverUserLimit,
    ResetOfUnknownUser,
    ResetNotAllowed,
    ResetLinkUnknown,
    ResetLinkInvalid,
    UndoLinkRefused,
    CancelLinkRefused,
}

impl FailedAttempt {
    /// Why a sign-in as `found` with a wrong password fails.
    fn sign_in(found: Option<&Credentials>) -> Self {
        match found {
            None => Self::UnknownUser,
            Some(found) if !Caller::may_sign_in(&found.user, &found.domain) => Self::not_allowed(found),
            Some(found) if found.password_hash.is_none() => Self::NoPassword,
            Some(_) => Self::WrongPassword,
        }
    }

    /// Why a user who may not sign in may not.
    pub(super) fn not_allowed(found: &Credentials) -> Self {
        if found.user.auth_type == AuthType::External { Self::ExternalUser } else { Self::NotServed }
    }

    /// What happened, and the reason.
    fn describe(self) -> (&'static str, &'static str) {
        let (sign_in, reset) = ("sign-in failed", "password reset refused");
        let (locked, reauthentication) = ("sign-in locked", "reauthentication failed");
        match self {
            Self::UnknownUser => (sign_in, "unknown user"),
            Self::NotServed => (sign_in, "the user or their domain is disabled"),
            Self::ExternalUser => (sign_in, "the user authenticates with an external identity provider"),
            Self::NoPassword => (sign_in, "the user has no password"),
            Self::WrongPassword => (sign_in, "wrong password"),
            Self::WrongSignInCode => (sign_in, "wrong code or invalid response of a passkey after a correct password"),
            Self::UnknownPasskey => (sign_in, "unknown passkey, or one of another user"),
            Self::WrongPasskey => (sign_in, "the response of the passkey is not valid"),
            Self::CopiedPasskey => ("passkey refused", "its signature counter did not grow: there may be a copy of it"),
            Self::LockedByPasswords => (locked, "too many wrong passwords"),
            Self::LockedByCodes => (locked, "too many wrong codes after a correct password"),
            Self::LockedByPasskeys => (locked, "too many invalid responses of passkeys"),
            Self::WrongCurrentPassword => (reauthentication, "wrong current password in a session"),
            Self::WrongCode => (reauthentication, "wrong code or invalid response of a passkey in a session"),
            Self::RefreshTokenReused => ("session ended", "a rotated refresh token was used again"),
            Self::ResetOverClientLimit => (reset, "too many emails requested by this client"),
            Self::ResetOverUserLimit => (reset, "too many emails requested for this user id"),
            Self::ResetOfUnknownUser => (reset, "unknown user"),
            Self::ResetNotAllowed => (reset, "the user is not ENABLED and LOCAL with a verified email address"),
            Self::ResetLinkUnknown => (reset, LINK_UNKNOWN),
            Self::ResetLinkInvalid => (reset, "the link is expired, or its email address or user changed"),
            Self::UndoLinkRefused => ("undoing an email change refused", LINK_UNKNOWN),
            Self::CancelLinkRefused => ("cancelling a deletion refused", LINK_UNKNOWN),
        }
    }

    /// Writes the failure to the log: the address of the client, the user's own id, and the reason. The user id as
    /// entered is never written: it may be a password.
    pub(super) fn log(self, user: Option<&UserId>, client: &Client) {
        let user_id = user.map_or(UNKNOWN_OWNER, UserId::as_str);
        let (message, reason) = self.describe();
        tracing::warn!(client_address = %client.address, user_id, reason, "{message}");
    }
}

/// Bounds the refusals that are logged and recorded where nothing else does: one a minute for each network and reason,
/// on each server.
#[derive(Clone)]
pub struct RefusalLimit(Arc<Cache<(Network, FailedAttempt), Timestamp>>);

impl Default for RefusalLimit {
    fn default() -> Self {
        Self(Arc::new(Cache::new(REMEMBERED_REFUSALS)))
    }
}

impl RefusalLimit {
    fn admits(&self, failed: FailedAttempt, client: &Client, now: Timestamp) -> bool {
        let key = (Network::of(client.address), failed);
        let is_recent = self.0.get(&key).is_some_and(|at| (TimeDelta::zero()..REFUSAL_EVERY).contains(&(now - at)));
        if !is_recent {
            self.0.insert(key, now);
        }
        !is_recent
    }
}

impl Services {
    /// Records a sign-in that failed because the password is not that of `found`.
    pub(super) async fn record_failed_sign_in(
        &self,
        counters: &Counters,
        found: Option<&Credentials>,
        client: &Client,
    ) -> Result<(), Failure> {
        let (owner, failed) = (found.map(|found| &found.user.id), FailedAttempt::sign_in(found));
        self.record_wrong_password(counters, owner, (SecurityEventType::SignInFailed, failed), client).await
    }

    /// Records a wrong current password in a session of `user`.
    pub(super) async fn record_wrong_current_password(
        &self,
        counters: &Counters,
        user: &User,
        client: &Client,
    ) -> Result<(), Failure> {
        let what = (SecurityEventType::ReauthenticationFailed, FailedAttempt::WrongCurrentPassword);
        self.record_wrong_password(counters, Some(&user.id), what, client).await
    }

    /// Records a wrong password, and the lockout that it starts, if any.
    async fn record_wrong_password(
        &self,
        counters: &Counters,
        user: Option<&UserId>,
        (event_type, failed): (SecurityEventType, FailedAttempt),
        client: &Client,
    ) -> Result<(), Failure> {
        let now = self.now();
        let is_locked = separate(self.check_attempts(counters, now).await)?.is_err();
        let unknown = UserId::from_stored(UNKNOWN_OWNER.to_owned());
        let owner = user.unwrap_or(&unknown);
        let mut tx = self.db.begin().await?;
        self.record(&mut tx, owner, event_type, Some(client), now).await?;
        if is_locked {
            self.record(&mut tx, owner, SecurityEventType::SignInLocked, Some(client), now).await?;
        }
        tx.commit().await?;
        failed.log(user, client);
        if is_locked {
            FailedAttempt::LockedByPasswords.log(user, client);
        }
        Ok(())
    }

    /// Records a wrong code at sign-in. If it was the last attempt, notifies the user: the client knows the password.
    pub(super) async fn record_wrong_sign_in_code(
        &self,
        user: &User,
        attempts_left: u32,
        client: &Client,
    ) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        self.record(&mut tx, &user.id, SecurityEventType::SignInCodeFailed, Some(client), now).await?;
        if attempts_left == 0 {
            self.record(&mut tx, &user.id, SecurityEventType::SignInCodesExhausted, Some(client), now).await?;
            self.enqueue_notification(&mut tx, user, Notification::SignInCodesExhausted, Some(client), now).await?;
        }
        self.commit_and_wake(tx).await?;
        FailedAttempt::WrongSignInCode.log(Some(&user.id), client);
        if attempts_left == 0 {
            FailedAttempt::LockedByCodes.log(Some(&user.id), client);
        }
        Ok(())
    }

    /// Records a sign-in of `user` that failed with a passkey, and that it was the last attempt of the day.
    pub(super) async fn record_wrong_passkey(
        &self,
        user: &User,
        failed: FailedAttempt,
        is_last_of_day: bool,
        client: &Client,
    ) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        self.record(&mut tx, &user.id, SecurityEventType::SignInFailed, Some(client), now).await?;
        if is_last_of_day {
            self.record(&mut tx, &user.id, SecurityEventType::SignInLocked, Some(client), now).await?;
        }
        tx.commit().await?;
        failed.log(Some(&user.id), client);
        if is_last_of_day {
            FailedAttempt::LockedByPasskeys.log(Some(&user.id), client);
        }
        Ok(())
    }

    /// Records a wrong code in a session of `user`.
    pub(super) async fn record_wrong_code(&self, user: &User, client: &Client) -> Result<(), Failure> {
        let mut tx = self.db.begin().await?;
        let event_type = SecurityEventType::ReauthenticationFailed;
        self.record(&mut tx, &user.id, event_type, Some(client), self.now()).await?;
        tx.commit().await?;
        FailedAttempt::WrongCode.log(Some(&user.id), client);
        Ok(())
    }

    /// Records a refused request for a reset link, on behalf of the worker that decides on it.
    pub(super) async fn record_refused_reset(
        &self,
        tx: &mut Tx,
        user: Option<&User>,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Some(user) = user else {
            FailedAttempt::ResetOfUnknownUser.log(None, client);
            return Ok(());
        };
        self.record(tx, &user.id, SecurityEventType::PasswordResetRefused, Some(client), now).await?;
        FailedAttempt::ResetNotAllowed.log(Some(&user.id), client);
        Ok(())
    }

    /// Records a refused reset link, issued to `owner` or to no known user.
    pub(super) async fn record_refused_reset_link(
        &self,
        owner: Option<&UserId>,
        client: &Client,
    ) -> Result<(), Failure> {
        let now = self.now();
        let Some(owner) = owner else {
            self.log_refusal(FailedAttempt::ResetLinkUnknown, client);
            return Ok(());
        };
        if self.refusals.admits(FailedAttempt::ResetLinkInvalid, client, now) {
            let mut tx = self.db.begin().await?;
            self.record(&mut tx, owner, SecurityEventType::PasswordResetRefused, Some(client), now).await?;
            tx.commit().await?;
            FailedAttempt::ResetLinkInvalid.log(Some(owner), client);
        }
        Ok(())
    }

    /// Logs a refusal that concerns no known user, unless a similar one was logged a moment ago.
    pub(super) fn log_refusal(&self, failed: FailedAttempt, client: &Client) {
        if self.refusals.admits(failed, client, self.now()) {
            failed.log(None, client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_admitted_once_a_minute_for_each_network_and_reason() {
        let limit = RefusalLimit::default();
        let at = |seconds: i64| Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let client = |address: &str| Client { address: address.parse().unwrap(), user_agent: None };
        let (one, neighbour, other) = (client("192.0.2.1"), client("192.0.2.9"), client("198.51.100.1"));
        assert!(limit.admits(FailedAttempt::ResetLinkUnknown, &one, at(0)));
        assert!(!limit.admits(FailedAttempt::ResetLinkUnknown, &neighbour, at(59)));
        assert!(limit.admits(FailedAttempt::UndoLinkRefused, &one, at(59)));
        assert!(limit.admits(FailedAttempt::ResetLinkUnknown, &other, at(59)));
        assert!(limit.admits(FailedAttempt::ResetLinkUnknown, &neighbour, at(60)));
        // Setting the clock back blocks nothing.
        assert!(limit.admits(FailedAttempt::ResetLinkUnknown, &one, at(30)));
    }
}
