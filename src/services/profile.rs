//! A user's profile: changing it, and what he may know of himself beyond what came with his token.

use chrono::TimeDelta;

use super::email::{NotSent, Sent};
use super::password::{NewPasswordRefusal, PasswordRefusal};
use super::{Error, Failure, Services};
use crate::domain::access::{Caller, Denial};
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::{Client, EVENT_RETENTION_DAYS, SecurityEvent};
use crate::domain::page::{Page, Paged};
use crate::domain::password::Password;
use crate::domain::user::ProfileChanges;
use crate::storage::{codes, events, recovery_codes, users};

pub use events::After as EventsAfter;

/// What somebody wants changed of his profile: all of it is done, or nothing.
#[derive(Debug, Default)]
pub struct ProfileUpdate {
    /// What takes effect at once.
    pub changes: ProfileChanges,
    /// The address he wants; it takes effect once it is proven.
    pub email: Option<Email>,
    /// The new password, and the present one.
    pub password: Option<(Password, Password)>,
}

/// Why a profile is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateProfileRefusal {
    /// The caller may not.
    Denied(Denial),
    /// What was given for the present password does not count.
    Current(PasswordRefusal),
    /// The new one is not taken.
    New(NewPasswordRefusal),
    /// No code is sent to the new address.
    NotSent(NotSent),
}

impl Services {
    /// Changes the caller's profile. A new address gets a code.
    ///
    /// # Errors
    /// An [`UpdateProfileRefusal`].
    pub async fn update_profile(
        &self,
        caller: &Caller,
        update: ProfileUpdate,
        client: &Client,
    ) -> Result<(Caller, Option<Sent>), Error<UpdateProfileRefusal>> {
        let (has_password, is_sensitive) =
            (update.password.is_some(), update.password.is_some() || update.email.is_some());
        let may = |caller: &Caller, now| {
            caller.may_act()?;
            if has_password {
                caller.is_local()?;
            }
            if is_sensitive { caller.is_fresh(&self.policy.lifetimes, now) } else { Ok(()) }
        };
        let new = match update.password {
            None => None,
            Some((new, current)) => {
                let now = self.now();
                let caller = self.look_at(caller, |caller| may(caller, now)).await;
                let caller = caller.map_err(|error| error.map(UpdateProfileRefusal::Denied))?;
                let verified = self.prove_password(&caller.user, current, client).await;
                let verified = verified.map_err(|error| error.map(UpdateProfileRefusal::Current))?;
                let mut user = caller.user.clone();
                user.apply(update.changes.clone());
                let new = self.new_hash(&user, new, Some(verified)).await;
                Some(new.map_err(|error| error.map(UpdateProfileRefusal::New))?)
            }
        };

        let now = self.now();
        let begun = self.begin_for(caller, |caller| may(caller, now), now).await;
        let (mut tx, mut caller) = begun.map_err(|error| error.map(UpdateProfileRefusal::Denied))?;
        caller.user.apply(update.changes);
        if let Some(new) = new {
            if !Self::has_hash(&mut tx, &caller.user, new.before.as_deref()).await? {
                return Err(Error::Refused(UpdateProfileRefusal::Current(PasswordRefusal::Wrong)));
            }
            self.put_own_password(&mut tx, &mut caller, &new, client, now).await?;
        }
        let mut sent = None;
        if let Some(email) = update.email {
            let cancels = caller.user.pending_email.is_some();
            if caller.user.wish_email(&email) {
                let mailed = self.mail_email_code(&mut tx, &caller.user, &email, client, now).await;
                sent = Some(mailed.map_err(|error| error.map(UpdateProfileRefusal::NotSent))?);
            } else if cancels {
                codes::delete(&mut tx, &caller.user.id, &[CodePurpose::VerifyEmail]).await?;
            }
        }
        users::update(&mut tx, &caller.user).await?;
        self.commit_and_wake(tx).await?;
        Ok((caller, sent))
    }

    /// How many recovery codes the caller has left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_recovery_codes(&self, caller: &Caller) -> Result<u32, Failure> {
        Ok(recovery_codes::count(&self.db, &caller.user.id).await?)
    }

    /// A page of what happened to the caller's account lately, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_events(
        &self,
        caller: &Caller,
        after: Option<&EventsAfter>,
        page: &Page,
    ) -> Result<Paged<SecurityEvent>, Failure> {
        let since = self.now() - TimeDelta::days(EVENT_RETENTION_DAYS);
        Ok(events::list_by_owner(&self.db, &caller.user.id, since, after, page).await?)
    }

    /// How many such events there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_events(&self, caller: &Caller) -> Result<i64, Failure> {
        let since = self.now() - TimeDelta::days(EVENT_RETENTION_DAYS);
        Ok(events::count_by_owner(&self.db, &caller.user.id, since).await?)
    }
}
