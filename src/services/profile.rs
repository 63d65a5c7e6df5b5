//! A user's profile: changing it, and reading what the access token does not already provide.

use derive_more::From;

use super::email::{NotSent, Sent};
use super::password::{NewHash, PasswordChange, PasswordRefusal, WrongPasswords};
use super::{Error, Failure, Services, separate};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, ExternalUser, StepUpRequired};
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::{Client, SecurityEvent};
use crate::domain::page::{Page, Paged};
use crate::domain::session::Lifetimes;
use crate::domain::user::ProfileChanges;
use crate::storage::{codes, events, recovery_codes, users};

pub use events::After as EventsAfter;

/// A change of a profile. All of it takes effect, or nothing.
#[derive(Debug, Default)]
pub struct ProfileUpdate {
    /// The changes that take effect at once.
    pub changes: ProfileChanges,
    /// The new address, which takes effect once it is verified.
    pub email: Option<Email>,
    /// The new password and the current one, if the password is to be changed.
    pub password: Option<PasswordChange>,
}

impl ProfileUpdate {
    /// Checks that `caller` may make the change.
    fn check_caller(&self, caller: &Caller, lifetimes: &Lifetimes, now: Timestamp) -> Result<(), UpdateProfileRefusal> {
        caller.may_act()?;
        if self.password.is_some() {
            caller.is_local()?;
        }
        if self.password.is_some() || self.email.is_some() {
            caller.is_recently_authenticated(lifetimes, now)?;
        }
        Ok(())
    }
}

/// Why a profile is not changed.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum UpdateProfileRefusal {
    /// The caller may not change it.
    Denied(Denial),
    /// The password cannot be changed here.
    External(ExternalUser),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// All invalid inputs together.
    #[from(skip)]
    Inputs {
        /// What is wrong with the passwords.
        passwords: WrongPasswords,
        /// Why no code can be sent to the new address.
        email: Option<NotSent>,
    },
    /// No code can be sent to the new address.
    NotSent(NotSent),
}

impl From<PasswordRefusal> for UpdateProfileRefusal {
    fn from(refusal: PasswordRefusal) -> Self {
        Self::Inputs { passwords: refusal.into(), email: None }
    }
}

impl Services {
    /// Changes the caller's profile. Sends a code to a new address.
    pub async fn update_profile(
        &self,
        caller: &Caller,
        update: ProfileUpdate,
        client: &Client,
    ) -> Result<(Caller, Option<Sent>), Error<UpdateProfileRefusal>> {
        let new = self.check_inputs(caller, &update, client).await?;
        let now = self.now();
        let may = |caller: &Caller| update.check_caller(caller, &self.policy.lifetimes, now);
        let (mut tx, mut caller) = match &new {
            Some(new) => self.begin_change(caller, new, may, now).await?,
            None => self.begin_as(caller, may, now).await?,
        };
        caller.user.apply(update.changes.clone());
        if let Some(new) = new {
            if !Self::has_hash(&mut tx, &caller.user, new.before.as_deref()).await? {
                return Err(Error::Refused(PasswordRefusal::Wrong.into()));
            }
            self.put_own_password(&mut tx, &mut caller, &new, client, now).await?;
        }
        let mut sent = None;
        if let Some(email) = &update.email {
            let cancels = caller.user.pending_email.is_some();
            if caller.user.request_email_change(email) {
                sent = Some(self.mail_email_code(&mut tx, &caller.user, email, client, now).await?);
            } else if cancels {
                codes::delete(&mut tx, &caller.user.id, &[CodePurpose::VerifyEmail]).await?;
            }
        }
        users::update(&mut tx, &caller.user).await?;
        self.commit_and_wake(tx).await?;
        Ok((caller, sent))
    }

    /// Checks an update without applying it: for an update of which another input is malformed, so that all errors are
    /// reported at once.
    pub async fn check_profile_update(
        &self,
        caller: &Caller,
        update: &ProfileUpdate,
        client: &Client,
    ) -> Result<(), Error<UpdateProfileRefusal>> {
        self.check_inputs(caller, update, client).await.map(drop)
    }

    /// Checks the passwords and the new address, and hashes the new password.
    async fn check_inputs(
        &self,
        caller: &Caller,
        update: &ProfileUpdate,
        client: &Client,
    ) -> Result<Option<NewHash>, Error<UpdateProfileRefusal>> {
        let is_new = |email: &&Email| caller.user.clone().request_email_change(email);
        let unreachable = update.email.as_ref().filter(is_new).filter(|email| self.is_unreachable(email));
        let email = unreachable.map(|_| NotSent::OutOfReach);
        let checked = match &update.password {
            Some(change) => self.check_passwords(caller, update, change.clone(), client).await?.map(Some),
            None => Ok(None),
        };
        match (checked, email) {
            (Ok(new), None) => Ok(new),
            (checked, email) => {
                let passwords = checked.err().unwrap_or_default();
                Err(Error::Refused(UpdateProfileRefusal::Inputs { passwords, email }))
            }
        }
    }

    async fn check_passwords(
        &self,
        caller: &Caller,
        update: &ProfileUpdate,
        change: PasswordChange,
        client: &Client,
    ) -> Result<Result<NewHash, WrongPasswords>, Error<UpdateProfileRefusal>> {
        let now = self.now();
        let may = |caller: &Caller| update.check_caller(caller, &self.policy.lifetimes, now);
        let mut user = self.recheck_caller(caller, may).await?.user;
        // The new password must not contain the new name.
        user.apply(update.changes.clone());
        Ok(separate(self.check_change(&user, change, true, client).await)?)
    }

    /// How many recovery codes the caller has left.
    pub async fn count_recovery_codes(&self, caller: &Caller) -> Result<u32, Failure> {
        Ok(recovery_codes::count(&self.db, &caller.user.id).await?)
    }

    /// A page of the recent events of the caller's account, newest first.
    pub async fn list_events(
        &self,
        caller: &Caller,
        after: Option<&EventsAfter>,
        page: &Page,
    ) -> Result<Paged<SecurityEvent>, Failure> {
        let since = self.now() - self.policy.event_retention;
        self.read_list(|db| events::list_by_owner(db, &caller.user.id, since, after, page)).await
    }

    /// How many recent events there are.
    pub async fn count_events(&self, caller: &Caller) -> Result<i64, Failure> {
        let since = self.now() - self.policy.event_retention;
        self.read_list(|db| events::count_by_owner(db, &caller.user.id, since)).await
    }
}
