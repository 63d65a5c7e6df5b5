//! A user, and the values that only users have.

use super::email::Email;
use super::ids::{DomainId, RoleId, UserId};
use super::login::LoginId;
use super::mfa::Mfa;
use super::password::Personal;
use super::profile_text::{Label, Language, Name, Timezone};
use super::tags::Tags;
use super::{Timestamp, capital_enum};

capital_enum! {
    /// Whether a domain's users are served at all.
    DomainState {
        /// They are.
        Enabled = "ENABLED",
        /// Nobody of the domain sees anything.
        Disabled = "DISABLED",
    }
}

capital_enum! {
    /// Where a user stands.
    UserState {
        /// May sign in.
        Enabled = "ENABLED",
        /// May not sign in, and sees nothing with a session he still has.
        Disabled = "DISABLED",
        /// Was invited and has not signed in yet; his first sign-in makes him ENABLED.
        Pending = "PENDING",
    }
}

capital_enum! {
    /// Where a user proves who he is.
    AuthType {
        /// Here, with a password.
        Local = "LOCAL",
        /// At an identity provider elsewhere; password and second factor are not kept here.
        External = "EXTERNAL",
    }
}

capital_enum! {
    /// What a user is within the domain.
    UserRoleType {
        /// Sees every workspace and group of the domain.
        DomainAdmin = "DOMAIN_ADMIN",
        /// Sees what role bindings tie him to.
        User = "USER",
    }
}

capital_enum! {
    /// What a user must do before anything else.
    RequiredAction {
        /// Choose a new password.
        UpdatePassword = "UPDATE_PASSWORD",
        /// Switch a second factor on.
        EnforceMfa = "ENFORCE_MFA",
    }
}

/// A domain: a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its key.
    pub id: DomainId,
    /// What it is called.
    pub name: Label,
    /// Whether its users are served.
    pub state: DomainState,
    /// What its owner noted about it.
    pub tags: Tags,
}

/// A user as everyone who may know him knows him; password hash and OTP secret are not among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// His own key.
    pub id: UserId,
    /// The domain he belongs to.
    pub domain_id: DomainId,
    /// What he signs in with.
    pub login: LoginId,
    /// What he is called.
    pub name: Option<Name>,
    /// Where he stands.
    pub state: UserState,
    /// His e-mail address.
    pub email: Option<Email>,
    /// Whether he has proven that he reads [`email`](Self::email).
    pub email_verified: bool,
    /// The address he wants instead and has not proven yet.
    pub pending_email: Option<Email>,
    /// Where he proves who he is.
    pub auth_type: AuthType,
    /// His role in the domain.
    pub role_id: Option<RoleId>,
    /// What he is within the domain.
    pub role_type: UserRoleType,
    /// His second factor.
    pub mfa: Mfa,
    /// The language he reads.
    pub language: Language,
    /// The timezone he lives in.
    pub timezone: Timezone,
    /// What he must do before anything else, without repetition.
    pub required_actions: Vec<RequiredAction>,
    /// How many seconds a session of his may lie idle; counts for admins only.
    pub refresh_timeout: Option<u32>,
    /// What he, or others, noted about him.
    pub tags: Tags,
    /// When he came to be.
    pub created_at: Timestamp,
    /// When he last signed in or refreshed a session.
    pub last_accessed_at: Option<Timestamp>,
}

impl User {
    /// Whether he sees all of his domain.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.role_type == UserRoleType::DomainAdmin
    }

    /// What a new password of his must not contain.
    #[must_use]
    pub fn personal(&self) -> Personal<'_> {
        Personal {
            login: &self.login,
            email: self.email.as_ref().map(Email::key),
            name: self.name.as_ref().map(Name::as_str),
        }
    }

    /// The address that he has proven to read.
    #[must_use]
    pub fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// Where he is told what happened to his account: an address that he has proven to read, or nowhere.
    #[must_use]
    pub fn notice_address(&self) -> Option<&Email> {
        self.verified_email().or_else(|| self.mfa.email.as_ref().filter(|_| self.mfa.is_enabled()))
    }

    /// The address that is to be verified: the one he wants, else the one he has and has not proven.
    #[must_use]
    pub fn unverified_email(&self) -> Option<&Email> {
        self.pending_email.as_ref().or_else(|| self.email.as_ref().filter(|_| !self.email_verified))
    }

    /// Takes over what he changes of his profile.
    pub fn apply(&mut self, changes: ProfileChanges) {
        let ProfileChanges { name, language, timezone, tags } = changes;
        self.name = name.unwrap_or_else(|| self.name.take());
        self.language = language.unwrap_or_else(|| self.language.clone());
        self.timezone = timezone.unwrap_or_else(|| self.timezone.clone());
        self.tags = tags.unwrap_or_else(|| self.tags.clone());
    }

    /// Wishes for an address. Whether it is another than the present one, and so has to be proven; the present one only
    /// cancels an earlier wish.
    pub fn wish_email(&mut self, email: &Email) -> bool {
        let is_another = self.email.as_ref().is_none_or(|present| present.key() != email.key());
        self.pending_email = Some(email.clone()).filter(|_| is_another);
        is_another
    }

    /// Makes the address that he has proven to read his own, and gives the one that it takes the place of.
    pub fn prove_email(&mut self, email: Email) -> Option<Email> {
        let before = self.email.take().filter(|before| before.key() != email.key());
        self.email = Some(email);
        self.email_verified = true;
        self.pending_email = None;
        before
    }

    /// What was required of him is done.
    pub fn fulfil(&mut self, action: RequiredAction) {
        self.required_actions.retain(|required| *required != action);
    }

    /// Requires something of him.
    pub fn require(&mut self, action: RequiredAction) {
        if !self.required_actions.contains(&action) {
            self.required_actions.push(action);
            self.required_actions.sort_by_key(|action| action.as_str());
        }
    }
}

/// What a user changes of his profile by himself; `None` leaves a value as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChanges {
    /// What he is called; `Some(None)` for nothing.
    pub name: Option<Option<Name>>,
    /// The language he reads.
    pub language: Option<Language>,
    /// The timezone he lives in.
    pub timezone: Option<Timezone>,
    /// What he notes about himself, in place of all that was noted.
    pub tags: Option<Tags>,
}
