//! A user as a line describes them, and the values that remain when the line replaces a user.

use super::Rules;
use super::fields::Fields;
use super::read::domain_id;
use crate::domain::email::Email;
use crate::domain::ids::{DomainId, RoleId, UserId};
use crate::domain::login::LoginId;
use crate::domain::mfa::{Mfa, MfaState, MfaType};
use crate::domain::otp_secret::OtpSecret;
use crate::domain::password::{self, Password, Personal};
use crate::domain::password_hash::PasswordHash;
use crate::domain::profile_text::{Language, Name, Timezone};
use crate::domain::session::{MAX_REFRESH_TIMEOUT, MIN_REFRESH_TIMEOUT};
use crate::domain::tags::Tags;
use crate::domain::user::{AuthType, RequiredAction, User, UserRoleType, UserState};
use crate::domain::{Invalid, Timestamp};

/// A user as a line describes them. A value that is `None` here but required in [`User`] is kept, or generated.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRecord {
    /// The user's own id.
    pub id: Option<UserId>,
    /// The domain that the user belongs to.
    pub domain_id: DomainId,
    /// The user id that the user signs in with.
    pub login: LoginId,
    /// The user's password.
    pub password: Option<NewPassword>,
    /// The user's name.
    pub name: Option<Name>,
    /// The account's state.
    pub state: UserState,
    /// The user's email address.
    pub email: Option<Email>,
    /// Whether the email address is verified.
    pub email_verified: bool,
    /// Where the user authenticates.
    pub auth_type: AuthType,
    /// The user's role in the domain.
    pub role_id: Option<RoleId>,
    /// The user's role type in the domain.
    pub role_type: UserRoleType,
    /// The user's MFA.
    pub mfa: Mfa,
    /// The secret of the user's authenticator app.
    pub otp_secret: Option<OtpSecret>,
    /// The user's language.
    pub language: Language,
    /// The user's timezone.
    pub timezone: Timezone,
    /// The actions that the user must complete first, in alphabetical order, without repetition.
    pub required_actions: Vec<RequiredAction>,
    /// The idle timeout of the user's sessions, in seconds.
    pub refresh_timeout: Option<u32>,
    /// The user's tags.
    pub tags: Tags,
    /// When the user was created.
    pub created_at: Option<Timestamp>,
    /// When the user last signed in or refreshed a session.
    pub last_accessed_at: Option<Timestamp>,
}

/// The password in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPassword {
    /// The password itself; it satisfies the password rules.
    Plain(Password),
    /// Its hash.
    Hash(HashText),
}

/// A password hash as written: a [`PasswordHash`] whose text is kept unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct HashText(String);

impl std::fmt::Debug for HashText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashText(***)")
    }
}

impl HashText {
    /// Parses a hash that another system created.
    ///
    /// # Errors
    /// See [`PasswordHash::parse`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        PasswordHash::parse(text).map(|_| Self(text.to_owned()))
    }

    /// The text that is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The user's secrets, which are not part of [`User`].
#[derive(Clone, Default)]
pub struct Secrets {
    /// The hash of the user's password.
    pub password_hash: Option<String>,
    /// The secret of the user's authenticator app.
    pub otp_secret: Option<OtpSecret>,
}

impl UserRecord {
    /// The resulting user. `id` and the times are the stored ones, or those of a new user; times in the line take
    /// precedence.
    #[must_use]
    pub fn into_user(self, id: UserId, created_at: Timestamp, last_accessed_at: Option<Timestamp>) -> User {
        User {
            id,
            domain_id: self.domain_id,
            login: self.login,
            name: self.name,
            state: self.state,
            email: self.email,
            email_verified: self.email_verified,
            pending_email: None,
            auth_type: self.auth_type,
            role_id: self.role_id,
            role_type: self.role_type,
            mfa: self.mfa,
            language: self.language,
            timezone: self.timezone,
            required_actions: self.required_actions,
            refresh_timeout: self.refresh_timeout,
            tags: self.tags,
            created_at: self.created_at.unwrap_or(created_at),
            last_accessed_at: self.last_accessed_at.or(last_accessed_at),
        }
    }

    /// The verified address; no other user of the domain may have it verified.
    #[must_use]
    pub fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// Whether an OTP secret is required, in the line or already stored.
    #[must_use]
    pub fn needs_otp_secret(&self) -> bool {
        self.mfa.is_enabled() && self.mfa.mfa_type == Some(MfaType::Otp)
    }
}

pub(super) fn read(fields: &mut Fields<'_>, rules: &Rules) -> Option<UserRecord> {
    let domain_id = domain_id(fields);
    let login = fields.required("user_id", LoginId::parse);
    let id = fields.text("id", UserId::parse);
    let name = fields.text("name", Name::parse);
    let email = fields.text("email", Email::parse);
    let email_verified = fields.flag("email_verified");
    if email_verified && !fields.has("email") {
        fields.fault("email_verified", "this must not be true without an `email`");
    }
    let password = read_password(fields, rules, login.as_ref(), email.as_ref(), name.as_ref());
    let verified = email.as_ref().filter(|_| email_verified);
    let (mfa, otp_secret) = read_mfa(fields, verified);
    let state = fields.text("state", str::parse).unwrap_or(UserState::Enabled);
    let auth_type = fields.text("auth_type", str::parse).unwrap_or(AuthType::Local);
    let role_id = fields.text("role_id", RoleId::parse);
    let role_type = fields.text("role_type", str::parse).unwrap_or(UserRoleType::User);
    let language = fields.text("language", Language::parse).unwrap_or_default();
    let timezone = fields.text("timezone", Timezone::parse).unwrap_or_default();
    let required_actions = read_required_actions(fields);
    let refresh_timeout = fields.number("refresh_timeout", MIN_REFRESH_TIMEOUT, MAX_REFRESH_TIMEOUT);
    let tags = fields.tags();
    let created_at = fields.time("created_at");
    let last_accessed_at = fields.time("last_accessed_at");
    Some(UserRecord {
        id,
        domain_id: domain_id?,
        login: login?,
        password,
        name,
        state,
        email,
        email_verified,
        auth_type,
        role_id,
        role_type,
        mfa,
        otp_secret,
        language,
        timezone,
        required_actions,
        refresh_timeout,
        tags,
        created_at,
        last_accessed_at,
    })
}

fn read_password(
    fields: &mut Fields<'_>,
    rules: &Rules,
    login: Option<&LoginId>,
    email: Option<&Email>,
    name: Option<&Name>,
) -> Option<NewPassword> {
    let hash = fields.text("password_hash", HashText::parse).map(NewPassword::Hash);
    let Some(plain) = fields.text("password", |text| Ok(Password::typed(text))) else {
        return hash;
    };
    if fields.has("password_hash") {
        fields.fault("password", "this and `password_hash` must not both be there; leave one of them out");
    }
    if let Some(login) = login {
        let personal = Personal { login, email: email.map(Email::key), name: name.map(Name::as_str) };
        if let Err(weakness) = password::check(&plain, rules.password_min_length, personal) {
            fields.fault("password", &weakness.to_string());
        }
    }
    Some(NewPassword::Plain(plain))
}

fn read_required_actions(fields: &mut Fields<'_>) -> Vec<RequiredAction> {
    let name = "required_actions";
    let mut actions = Vec::new();
    for (index, item) in fields.list(name).iter().enumerate() {
        match item.as_str().map(str::parse) {
            Some(Ok(action)) => actions.push(action),
            Some(Err(Invalid { message, .. })) => fields.fault(&format!("{name}[{index}]"), &message),
            None => fields.fault(&format!("{name}[{index}]"), "this must be text, in double quotes"),
        }
    }
    actions.sort_by_key(|action: &RequiredAction| action.as_str());
    actions.dedup();
    actions
}

fn read_mfa(fields: &mut Fields<'_>, verified_email: Option<&Email>) -> (Mfa, Option<OtpSecret>) {
    let Some(mut of_mfa) = fields.object("mfa") else {
        return Default::default();
    };
    let state = of_mfa.text("state", str::parse).unwrap_or(MfaState::Disabled);
    let mfa_type = of_mfa.text("mfa_type", str::parse);
    let (mut email, mut enforce) = (None, false);
    if let Some(mut of_options) = of_mfa.object("options") {
        email = of_options.text("email", Email::parse);
        enforce = of_options.flag("enforce");
        of_options.finish();
    }
    let otp_secret = of_mfa.text("otp_secret", OtpSecret::parse);
    if state == MfaState::Enabled && !of_mfa.has("mfa_type") {
        of_mfa.fault("mfa_type", "this field is missing: a second factor that is ENABLED has a type, EMAIL or OTP");
    }
    if state == MfaState::Enabled && mfa_type == Some(MfaType::Email) && email.is_none() {
        email = verified_email.cloned();
        if email.is_none() {
            of_mfa.fault("options.email", "this field is missing: without a verified `email` codes have nowhere to go");
        }
    }
    of_mfa.finish();
    (Mfa { state, mfa_type, email, enforce }, otp_secret)
}
