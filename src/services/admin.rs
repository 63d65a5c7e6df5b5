//! The operations of an operator on a user, from the command line.

use super::outbox::NotNotified;
use super::{Error, Failure, Services};
use crate::clock::Timestamp;
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::SecurityEventType;
use crate::domain::ids::{DomainId, PasskeyId, UserId};
use crate::domain::login::LoginId;
use crate::domain::mfa::MfaType;
use crate::domain::password::{self, Password, Weakness};
use crate::domain::password_hash::PasswordHash;
use crate::domain::profile_text::Name;
use crate::domain::session::Session;
use crate::domain::user::{AuthType, RequiredAction, User, UserRoleType, UserState};
use crate::entropy;
use crate::mail::Notification;
use crate::storage::sessions::SessionSelection;
use crate::storage::users::{AuthenticatorApp, Credentials};
use crate::storage::{self, Conflict, Tx, codes, domains, recovery_codes, sessions, users};

/// A user to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The domain.
    pub domain_id: DomainId,
    /// The user id.
    pub login: LoginId,
    /// The display name.
    pub name: Option<Name>,
    /// The email address, and whether it counts as verified.
    pub email: Option<(Email, bool)>,
    /// The user's own role type.
    pub role_type: UserRoleType,
    /// The password. Without one, the user cannot sign in yet.
    pub password: Option<Password>,
}

/// Why an operation on a user is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefusal {
    /// The domain is unknown.
    #[error("unknown domain {0}; `userprofile import` creates domains")]
    NoDomain(DomainId),
    /// The user is unknown.
    #[error("unknown user {login} in {0}", login = .1.as_str())]
    NoUser(DomainId, LoginId),
    /// The user already exists.
    #[error("a user with this user id already exists")]
    Exists,
    /// Another user has verified the address.
    #[error("another user of the domain has verified this email address")]
    EmailTaken,
    /// The password is too weak.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// The new password is the current one.
    #[error("this is the user's current password; choose another")]
    Unchanged,
    /// The user's password and MFA are managed elsewhere.
    #[error(
        "this user authenticates with an external identity provider (EXTERNAL); their password and MFA are managed there"
    )]
    External,
    /// The user is DISABLED.
    #[error("this user is DISABLED and could not use the link; enable them first, with `userprofile user enable`")]
    Disabled,
    /// The user's MFA has another factor.
    #[error("this user's MFA has another factor; disable it first, with `userprofile user reset-mfa`")]
    OtherFactor,
    /// The account is not going to be deleted.
    #[error("no deletion of this account is scheduled")]
    NoDeletion,
    /// The user has no such passkey.
    #[error("this user has no passkey {0}; `userprofile user passkeys` lists them")]
    NoPasskey(PasskeyId),
}

impl From<Weakness> for Error<AdminRefusal> {
    fn from(weakness: Weakness) -> Self {
        Self::Refused(weakness.into())
    }
}

impl Services {
    /// Checks that a domain exists.
    pub async fn check_domain(&self, domain: &DomainId) -> Result<(), Error<AdminRefusal>> {
        let found = domains::find(&self.db, domain).await?;
        found.map(drop).ok_or_else(|| Error::Refused(AdminRefusal::NoDomain(domain.clone())))
    }

    /// Creates a user, who is PENDING until their first sign-in.
    pub async fn create_user(&self, new: NewUser) -> Result<User, Error<AdminRefusal>> {
        self.check_domain(&new.domain_id).await?;
        let (email, email_verified) = new.email.map_or((None, false), |(email, verified)| (Some(email), verified));
        let id = UserId::from_random(entropy::bytes()?);
        let pending = User::pending(id, new.domain_id, new.login, new.role_type, self.now());
        let user = User { name: new.name, email, email_verified, ..pending };
        let hash = match new.password {
            Some(password) => Some(self.checked_hash(password, &user, None).await?),
            None => None,
        };
        let mut tx = self.db.begin().await?;
        users::insert(&mut tx, &user, hash.as_deref()).await.map_err(|error| match error {
            storage::Error::Conflict(Conflict::UsersLogin) => Error::Refused(AdminRefusal::Exists),
            storage::Error::Conflict(Conflict::UsersVerifiedEmail) => Error::Refused(AdminRefusal::EmailTaken),
            error => error.into(),
        })?;
        self.record(&mut tx, &user.id, SecurityEventType::UserCreated, None, user.created_at).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Sets a user's password, ends all their sessions, and notifies them. Returns the reason if it could not notify
    /// them.
    pub async fn set_password(
        &self,
        domain: &DomainId,
        login: &LoginId,
        password: Password,
    ) -> Result<Option<NotNotified>, Error<AdminRefusal>> {
        let Credentials { user, password_hash, .. } = self.find_credentials(domain, login).await?;
        if user.auth_type == AuthType::External {
            return Err(Error::Refused(AdminRefusal::External));
        }
        let hash = self.checked_hash(password, &user, password_hash.as_deref()).await?;
        let (mut tx, user, now) = self.begin_on_local(domain, login).await?;
        self.clear_backoff(&mut tx, domain, login).await?;
        self.put_password(&mut tx, &user, &hash, SessionSelection::All, now).await?;
        self.record(&mut tx, &user.id, SecurityEventType::PasswordSet, None, now).await?;
        self.enqueue_notification(&mut tx, &user, Notification::PasswordSet, None, now).await?;
        self.commit_and_wake(tx).await?;
        Ok(self.why_not_notified(&user))
    }

    /// Enables a user.
    pub async fn enable_user(&self, domain: &DomainId, login: &LoginId) -> Result<(), Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        users::update_state(&mut tx, &user.id, UserState::Enabled).await?;
        self.record_and_commit(tx, &user, SecurityEventType::UserEnabled, now).await
    }

    /// Disables a user at once, and ends all their sessions.
    pub async fn disable_user(&self, domain: &DomainId, login: &LoginId) -> Result<(), Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        users::update_state(&mut tx, &user.id, UserState::Disabled).await?;
        codes::delete(&mut tx, &user.id, &CodePurpose::INVALIDATED_BY_DISABLING).await?;
        sessions::delete(&mut tx, &user.id, SessionSelection::All, now).await?;
        self.record_and_commit(tx, &user, SecurityEventType::UserDisabled, now).await
    }

    /// Deletes a user. Their role bindings stay and grant nothing; their security events stay for their retention.
    pub async fn delete_user(&self, domain: &DomainId, login: &LoginId) -> Result<(), Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        self.delete_user_within(&mut tx, &user).await?;
        self.record_and_commit(tx, &user, SecurityEventType::UserDeleted, now).await
    }

    /// Cancels the deletion of a user's account. Notifies the user; returns the reason if it could not.
    pub async fn cancel_user_deletion(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<Option<NotNotified>, Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        if !self.cancel_deletion(&mut tx, &user, None, now).await? {
            tx.roll_back().await?;
            return Err(Error::Refused(AdminRefusal::NoDeletion));
        }
        self.commit_and_wake(tx).await?;
        Ok(self.why_not_notified(&user))
    }

    /// Invalidates all links that undo a change of a user's email address, and returns how many there were.
    pub async fn invalidate_undo_links(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<usize, Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        let invalidated = codes::delete(&mut tx, &user.id, &[CodePurpose::UndoEmailChange]).await?;
        self.record_and_commit(tx, &user, SecurityEventType::UndoLinksInvalidated, now).await?;
        Ok(invalidated)
    }

    /// A user's sessions, last used first.
    pub async fn list_user_sessions(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<Vec<Session>, Error<AdminRefusal>> {
        let user = self.find_credentials(domain, login).await?.user;
        Ok(sessions::list_by_owner(&self.db, &user.id, self.now()).await?)
    }

    /// Ends all sessions of a user, invalidates challenges of pending sign-ins, and returns how many sessions there were.
    pub async fn revoke_user_sessions(&self, domain: &DomainId, login: &LoginId) -> Result<usize, Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        let revoked = sessions::delete(&mut tx, &user.id, SessionSelection::All, now).await?;
        codes::delete(&mut tx, &user.id, &[CodePurpose::SignIn]).await?;
        // Also if there was none to end: every operation of an operator on an account is recorded.
        self.record_and_commit(tx, &user, SecurityEventType::SessionsRevoked, now).await?;
        Ok(revoked)
    }

    /// Requires an action of a user before they can do anything else, or no longer requires it.
    pub async fn require_action(
        &self,
        domain: &DomainId,
        login: &LoginId,
        action: RequiredAction,
        is_required: bool,
    ) -> Result<(), Error<AdminRefusal>> {
        let (mut tx, mut user, now) = self.begin_on_local(domain, login).await?;
        if is_required {
            user.require(action);
        } else {
            user.fulfil(action);
        }
        users::update(&mut tx, &user).await?;
        self.record_and_commit(tx, &user, SecurityEventType::ActionRequired, now).await
    }

    /// Enforces MFA for a user, with a given factor or any. A user without MFA must enable it before anything else.
    pub async fn enforce_mfa(
        &self,
        domain: &DomainId,
        login: &LoginId,
        kind: Option<MfaType>,
    ) -> Result<(), Error<AdminRefusal>> {
        let (mut tx, mut user, now) = self.begin_on_local(domain, login).await?;
        user.mfa = user.mfa.enforce(kind).map_err(|_| Error::Refused(AdminRefusal::OtherFactor))?;
        if !user.mfa.is_enabled() {
            user.require(RequiredAction::EnforceMfa);
        }
        users::update(&mut tx, &user).await?;
        codes::delete(&mut tx, &user.id, &CodePurpose::MFA_CHANGES).await?;
        self.record_and_commit(tx, &user, SecurityEventType::MfaEnforced, now).await
    }

    /// Stops enforcing MFA for a user, who then decides themselves.
    pub async fn stop_enforcing_mfa(&self, domain: &DomainId, login: &LoginId) -> Result<(), Error<AdminRefusal>> {
        let (mut tx, mut user, now) = self.begin_on(domain, login).await?;
        user.mfa = user.mfa.stop_enforcing();
        user.fulfil(RequiredAction::EnforceMfa);
        users::update(&mut tx, &user).await?;
        self.record_and_commit(tx, &user, SecurityEventType::MfaEnforced, now).await
    }

    /// Disables a user's MFA and deletes their recovery codes, for users who have lost their factor. If MFA is
    /// enforced, they must set it up again before anything else. Notifies the user; returns the reason if it could not.
    pub async fn reset_mfa(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<Option<NotNotified>, Error<AdminRefusal>> {
        let (mut tx, mut user, now) = self.begin_on(domain, login).await?;
        let not_notified = if user.mfa.is_enabled() {
            // Before the reset, because the factor's address may be the only one for notifications.
            self.enqueue_notification(&mut tx, &user, Notification::MfaDisabled, None, now).await?;
            self.why_not_notified(&user)
        } else {
            None
        };
        user.mfa = user.mfa.reset();
        if user.mfa.enforce {
            user.require(RequiredAction::EnforceMfa);
        }
        users::update(&mut tx, &user).await?;
        users::update_authenticator_app(&mut tx, &user.id, &AuthenticatorApp::default()).await?;
        recovery_codes::replace(&mut tx, &user.id, &[]).await?;
        codes::delete(&mut tx, &user.id, &CodePurpose::OF_MFA).await?;
        self.record(&mut tx, &user.id, SecurityEventType::MfaReset, None, now).await?;
        self.commit_and_wake(tx).await?;
        Ok(not_notified)
    }

    /// Removes a passkey of a user, even if it is their last way to sign in. Notifies the user; returns the reason if it
    /// could not.
    pub async fn remove_user_passkey(
        &self,
        domain: &DomainId,
        login: &LoginId,
        id: &PasskeyId,
    ) -> Result<Option<NotNotified>, Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on(domain, login).await?;
        if !self.delete_passkey(&mut tx, &user, id, None, now).await? {
            tx.roll_back().await?;
            return Err(Error::Refused(AdminRefusal::NoPasskey(id.clone())));
        }
        self.commit_and_wake(tx).await?;
        Ok(self.why_not_notified(&user))
    }

    /// Creates a link with which a user sets a password once, also if they have not signed in yet. Earlier links are
    /// invalidated.
    pub async fn issue_reset_link(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<(String, Timestamp), Error<AdminRefusal>> {
        let (mut tx, user, now) = self.begin_on_local(domain, login).await?;
        if user.state == UserState::Disabled {
            return Err(Error::Refused(AdminRefusal::Disabled));
        }
        let link = self.make_reset_link(&mut tx, &user, None, now).await?;
        self.record_and_commit(tx, &user, SecurityEventType::PasswordResetIssued, now).await?;
        Ok(link)
    }

    /// Begins a transaction on a user, who is locked until it ends.
    async fn begin_on(&self, domain: &DomainId, login: &LoginId) -> Result<(Tx, User, Timestamp), Error<AdminRefusal>> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let found = users::find_locked(&mut tx, domain, login).await?;
        let user = found.ok_or_else(|| Error::Refused(AdminRefusal::NoUser(domain.clone(), login.clone())))?;
        Ok((tx, user, now))
    }

    /// The same, for a user whose password and MFA are managed on this server.
    async fn begin_on_local(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<(Tx, User, Timestamp), Error<AdminRefusal>> {
        let begun = self.begin_on(domain, login).await?;
        if begun.1.auth_type == AuthType::Local { Ok(begun) } else { Err(Error::Refused(AdminRefusal::External)) }
    }

    async fn record_and_commit(
        &self,
        mut tx: Tx,
        user: &User,
        event_type: SecurityEventType,
        now: Timestamp,
    ) -> Result<(), Error<AdminRefusal>> {
        self.record(&mut tx, &user.id, event_type, None, now).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn find_credentials(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<Credentials, Error<AdminRefusal>> {
        let found = users::find_credentials(&self.db, domain, login).await?;
        found.ok_or_else(|| Error::Refused(AdminRefusal::NoUser(domain.clone(), login.clone())))
    }

    /// The hash of a new password, which must follow the rules and differ from the password with the hash `current`.
    async fn checked_hash(
        &self,
        password: Password,
        user: &User,
        current: Option<&str>,
    ) -> Result<String, Error<AdminRefusal>> {
        password::check(&password, self.policy.password_min_length, user.personal())?;
        let slot = self.hasher.slot().await.map_err(|_| Failure::Hashing("every hashing thread is busy".to_owned()))?;
        let current = current.and_then(|hash| PasswordHash::parse(hash).ok());
        if current.is_some() && self.hasher.verify(&slot, current, password.clone()).await? {
            return Err(Error::Refused(AdminRefusal::Unchanged));
        }
        Ok(self.hasher.hash(&slot, password).await?)
    }
}
