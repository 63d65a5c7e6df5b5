//! A user, and the value types of a user.

use super::email::Email;
use super::ids::{DomainId, RoleId, UserId};
use super::login::LoginId;
use super::mfa::Mfa;
use super::password::Personal;
use super::profile_text::{Label, Language, Name, Timezone};
use super::tags::Tags;
use super::{Timestamp, string_enums};

string_enums! {
    /// Whether a domain is in use.
    DomainState {
        /// The domain is in use.
        Enabled = "ENABLED",
        /// Users of the domain cannot sign in or see anything.
        Disabled = "DISABLED",
    }

    /// The account's state.
    UserState {
        /// The user may sign in.
        Enabled = "ENABLED",
        /// The user may not sign in, and sees nothing in remaining sessions.
        Disabled = "DISABLED",
        /// The user was invited and has not signed in yet; the first sign-in makes the state ENABLED.
        Pending = "PENDING",
    }

    /// Where a user authenticates.
    AuthType {
        /// Here, with a password.
        Local = "LOCAL",
        /// With an external identity provider; password and MFA are not managed here.
        External = "EXTERNAL",
    }

    /// The role type of a user in the domain.
    UserRoleType {
        /// The user sees every workspace and group of the domain.
        DomainAdmin = "DOMAIN_ADMIN",
        /// The user sees the entities that role bindings grant access to.
        User = "USER",
    }

    /// An action that a user must complete first.
    RequiredAction {
        /// Set a new password.
        UpdatePassword = "UPDATE_PASSWORD",
        /// Enable MFA.
        EnforceMfa = "ENFORCE_MFA",
    }
}

/// A domain: a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Its name.
    pub name: Label,
    /// Whether it is in use.
    pub state: DomainState,
    /// Its tags.
    pub tags: Tags,
}

/// A user without secrets; the password hash and the OTP secret are stored separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's own id.
    pub id: UserId,
    /// The domain that the user belongs to.
    pub domain_id: DomainId,
    /// The user id that the user signs in with.
    pub login: LoginId,
    /// The user's name.
    pub name: Option<Name>,
    /// The account's state.
    pub state: UserState,
    /// The current email address.
    pub email: Option<Email>,
    /// Whether [`email`](Self::email) is verified.
    pub email_verified: bool,
    /// The pending email address, not yet verified.
    pub pending_email: Option<Email>,
    /// Where the user authenticates.
    pub auth_type: AuthType,
    /// The user's role in the domain.
    pub role_id: Option<RoleId>,
    /// The user's role type in the domain.
    pub role_type: UserRoleType,
    /// The user's MFA.
    pub mfa: Mfa,
    /// The user's language.
    pub language: Language,
    /// The user's timezone.
    pub timezone: Timezone,
    /// The actions that the user must complete first, without repetition.
    pub required_actions: Vec<RequiredAction>,
    /// The idle timeout of the user's sessions, in seconds; used for admins only.
    pub refresh_timeout: Option<u32>,
    /// The user's tags.
    pub tags: Tags,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last signed in or refreshed a session.
    pub last_accessed_at: Option<Timestamp>,
}

impl User {
    /// A user who has not signed in yet, with defaults for all that the user may set.
    #[must_use]
    pub fn pending(
        id: UserId,
        domain_id: DomainId,
        login: LoginId,
        role_type: UserRoleType,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            domain_id,
            login,
            name: None,
            state: UserState::Pending,
            email: None,
            email_verified: false,
            pending_email: None,
            auth_type: AuthType::Local,
            role_id: None,
            role_type,
            mfa: Mfa::default(),
            language: Language::default(),
            timezone: Timezone::default(),
            required_actions: Vec::new(),
            refresh_timeout: None,
            tags: Tags::default(),
            created_at,
            last_accessed_at: None,
        }
    }

    /// Whether the user is an admin, who sees all entities of the domain.
    pub fn is_admin(&self) -> bool {
        self.role_type == UserRoleType::DomainAdmin
    }

    /// The user's data that a new password must not contain.
    pub fn personal(&self) -> Personal<'_> {
        Personal {
            login: &self.login,
            email: self.email.as_ref().map(Email::key),
            name: self.name.as_ref().map(Name::as_str),
        }
    }

    /// The verified email address, if any.
    pub fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// The address for notifications: the verified one, if any.
    pub fn notification_address(&self) -> Option<&Email> {
        self.verified_email().or_else(|| self.mfa.email.as_ref().filter(|_| self.mfa.is_enabled()))
    }

    /// The address to verify: the pending one, otherwise the current one if it is not verified.
    pub fn unverified_email(&self) -> Option<&Email> {
        self.pending_email.as_ref().or_else(|| self.email.as_ref().filter(|_| !self.email_verified))
    }

    /// Applies changes of the profile.
    pub fn apply(&mut self, changes: ProfileChanges) {
        let ProfileChanges { name, language, timezone, tags } = changes;
        self.name = name.unwrap_or_else(|| self.name.take());
        self.language = language.unwrap_or_else(|| self.language.clone());
        self.timezone = timezone.unwrap_or_else(|| self.timezone.clone());
        self.tags = tags.unwrap_or_else(|| self.tags.clone());
    }

    /// Requests a change of the email address. Returns whether the address differs from the current one and so must be
    /// verified; the current address only cancels a pending change.
    pub fn request_email_change(&mut self, email: &Email) -> bool {
        let is_another = self.email.as_ref().is_none_or(|present| present.key() != email.key());
        self.pending_email = Some(email.clone()).filter(|_| is_another);
        is_another
    }

    /// Makes the verified address the current one, and returns the one that it replaces.
    pub fn confirm_email(&mut self, email: Email) -> Option<Email> {
        let before = self.email.take().filter(|before| before.key() != email.key());
        self.email = Some(email);
        self.email_verified = true;
        self.pending_email = None;
        before
    }

    /// Removes a completed required action.
    pub fn fulfil(&mut self, action: RequiredAction) {
        self.required_actions.retain(|required| *required != action);
    }

    /// Adds a required action.
    pub fn require(&mut self, action: RequiredAction) {
        if !self.required_actions.contains(&action) {
            self.required_actions.push(action);
            self.required_actions.sort_by_key(|action| action.as_str());
        }
    }
}

/// The changes of a profile; `None` leaves a value unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChanges {
    /// The user's name; `Some(None)` removes it.
    pub name: Option<Option<Name>>,
    /// The user's language.
    pub language: Option<Language>,
    /// The user's timezone.
    pub timezone: Option<Timezone>,
    /// The user's tags, which replace all previous ones.
    pub tags: Option<Tags>,
}
