//! Lines about users.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::fields::{Field, Fields, FromJson, LineErrors, Object, object};
use super::values::parse_text;
use super::{EntityLine, EntityRef, Record, Rules};
use crate::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::entity::EntityKind;
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

object! {
    /// A user.
    #[serde(tag = "kind", rename = "user")]
    UserLine {
        domain_id: DomainId,
        user_id: LoginId,
        id: UserId,
        #[serde(skip_serializing)]
        password: Password,
        password_hash: HashText,
        name: Name,
        state: UserState,
        email: Email,
        email_verified: bool,
        auth_type: AuthType,
        role_id: RoleId,
        role_type: UserRoleType,
        mfa: MfaObject,
        language: Language,
        timezone: Timezone,
        required_actions: Vec<Field<RequiredAction>>,
        refresh_timeout: RefreshTimeout,
        tags: Tags,
        created_at: Timestamp,
        last_accessed_at: Timestamp,
    }
}

object! {
    /// A user's MFA.
    MfaObject {
        state: MfaState,
        mfa_type: MfaType,
        options: MfaOptions,
        #[serde(serialize_with = "reveal")]
        otp_secret: OtpSecret,
    }
}

object! {
    /// The options of a user's MFA.
    MfaOptions {
        email: Email,
        enforce: bool,
    }
}

/// A password hash as written: a [`PasswordHash`] whose text is kept unchanged.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HashText(pub String);

/// The idle timeout of a user's sessions, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RefreshTimeout(u32);

/// A user as a valid line describes them. What it omits is kept of the user that it replaces, or generated.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRecord {
    /// The domain that the user belongs to.
    pub domain_id: DomainId,
    /// The user id that the user signs in with.
    pub login: LoginId,
    /// The user's MFA.
    pub mfa: Mfa,
    /// The secret of the user's authenticator app.
    pub otp_secret: Option<OtpSecret>,
    /// The other fields of the line.
    line: UserLine,
}

impl UserRecord {
    /// The user's own id.
    pub fn id(&self) -> Option<&UserId> {
        self.line.id.as_ref()
    }

    /// The password; it satisfies the password rules.
    pub fn password(&self) -> Option<&Password> {
        self.line.password.as_ref()
    }

    /// The hash of the password, if the line has it instead of the password.
    pub fn password_hash(&self) -> Option<&str> {
        self.line.password_hash.as_ref().map(|hash| hash.0.as_str())
    }

    /// The verified address; no other user of the domain may have it verified.
    pub fn verified_email(&self) -> Option<&Email> {
        self.line.verified_email()
    }

    /// Whether an OTP secret is required, in the line or already stored.
    pub fn needs_otp_secret(&self) -> bool {
        self.mfa.is_enabled() && self.mfa.mfa_type == Some(MfaType::Otp)
    }

    /// The resulting user. `id` and the times are the stored ones, or those of a new user; times in the line take
    /// precedence.
    pub fn into_user(self, id: UserId, created_at: Timestamp, last_accessed_at: Option<Timestamp>) -> User {
        let Self { domain_id, login, mfa, line, .. } = self;
        let mut required_actions: Vec<_> =
            line.required_actions.or_default().into_iter().filter_map(Field::ok).collect();
        required_actions.sort_by_key(|action| action.as_str());
        required_actions.dedup();
        User {
            id,
            domain_id,
            login,
            name: line.name.ok(),
            state: line.state.or(UserState::Enabled),
            email: line.email.ok(),
            email_verified: line.email_verified.or_default(),
            pending_email: None,
            auth_type: line.auth_type.or(AuthType::Local),
            role_id: line.role_id.ok(),
            role_type: line.role_type.or(UserRoleType::User),
            mfa,
            language: line.language.or_default(),
            timezone: line.timezone.or_default(),
            required_actions,
            refresh_timeout: line.refresh_timeout.ok().map(|timeout| timeout.0),
            tags: line.tags.or_default(),
            created_at: line.created_at.or(created_at),
            last_accessed_at: line.last_accessed_at.ok().or(last_accessed_at),
        }
    }
}

impl UserLine {
    /// The line of a user, with those secrets that are given.
    pub fn new(user: User, password_hash: Option<String>, otp_secret: Option<OtpSecret>) -> Self {
        let has_mfa = user.mfa != Mfa::default() || otp_secret.is_some();
        Self {
            domain_id: Field::Given(user.domain_id),
            user_id: Field::Given(user.login),
            id: Field::Given(user.id),
            password: Field::Absent,
            password_hash: password_hash.map(HashText).into(),
            name: user.name.into(),
            state: Field::Given(user.state),
            email: user.email.into(),
            email_verified: Field::unless_default(user.email_verified),
            auth_type: Field::Given(user.auth_type),
            role_id: user.role_id.into(),
            role_type: Field::Given(user.role_type),
            mfa: has_mfa.then(|| MfaObject::new(user.mfa, otp_secret)).into(),
            language: Field::Given(user.language),
            timezone: Field::Given(user.timezone),
            required_actions: Field::unless_default(user.required_actions.into_iter().map(Field::Given).collect()),
            refresh_timeout: user.refresh_timeout.map(RefreshTimeout).into(),
            tags: Field::unless_default(user.tags),
            created_at: Field::Given(user.created_at),
            last_accessed_at: user.last_accessed_at.into(),
        }
    }

    fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.email_verified == Field::Given(true))
    }

    fn check_password(&self, rules: &Rules, errors: &mut LineErrors) {
        let Some(plain) = self.password.as_ref() else { return };
        if !self.password_hash.is_absent() {
            errors.add_to("password", "this and `password_hash` must not both be given; omit one of them");
        }
        if let Some(login) = self.user_id.as_ref() {
            let (email, name) = (self.email.as_ref().map(Email::key), self.name.as_ref().map(Name::as_str));
            if let Err(weakness) = password::check(plain, rules.password_min_length, Personal { login, email, name }) {
                errors.add_to("password", weakness);
            }
        }
    }
}

impl EntityLine for UserLine {
    const ID: &'static str = "user_id";

    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
        let domain_id = errors.require("domain_id", &self.domain_id);
        let login = errors.require(Self::ID, &self.user_id);
        Some(EntityRef::new(EntityKind::User, Some(domain_id?), login?.key()))
    }

    fn into_record(mut self, rules: &Rules, errors: &mut LineErrors) -> Option<Record> {
        if self.email_verified == Field::Given(true) && self.email.is_absent() {
            errors.add_to("email_verified", "this must not be true without an `email`");
        }
        self.check_password(rules, errors);
        let mfa = std::mem::take(&mut self.mfa).or_default();
        let (mfa, otp_secret) = errors.in_field("mfa", |errors| mfa.into_mfa(self.verified_email(), errors));
        let domain_id = std::mem::take(&mut self.domain_id).ok()?;
        let login = std::mem::take(&mut self.user_id).ok()?;
        Some(Record::User(Box::new(UserRecord { domain_id, login, mfa, otp_secret, line: self })))
    }
}

impl MfaObject {
    fn new(mfa: Mfa, otp_secret: Option<OtpSecret>) -> Self {
        let options = MfaOptions { email: mfa.email.into(), enforce: Field::unless_default(mfa.enforce) };
        Self {
            state: Field::Given(mfa.state),
            mfa_type: mfa.mfa_type.into(),
            options: Field::unless_default(options),
            otp_secret: otp_secret.into(),
        }
    }

    fn into_mfa(self, verified_email: Option<&Email>, errors: &mut LineErrors) -> (Mfa, Option<OtpSecret>) {
        let state = self.state.or(MfaState::Disabled);
        let options = self.options.or_default();
        let mut email = options.email.ok();
        if state == MfaState::Enabled && self.mfa_type.is_absent() {
            errors.add_to("mfa_type", "this field is missing: MFA that is ENABLED has a type, EMAIL or OTP");
        }
        if state == MfaState::Enabled && self.mfa_type == Field::Given(MfaType::Email) && email.is_none() {
            email = verified_email.cloned();
            if email.is_none() {
                let message =
                    "this field is missing: without it, codes are sent to the verified `email`, and there is none";
                errors.add_to("options.email", message);
            }
        }
        (
            Mfa { state, mfa_type: self.mfa_type.ok(), email, enforce: options.enforce.or_default() },
            self.otp_secret.ok(),
        )
    }
}

impl FromJson for HashText {
    fn from_json(json: &RawValue, _: &mut LineErrors) -> Result<Self, String> {
        parse_text(json, |text| PasswordHash::parse(text).map(|_| Self(text.to_owned())))
    }
}

impl fmt::Debug for HashText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashText(***)")
    }
}

impl FromJson for RefreshTimeout {
    fn from_json(json: &RawValue, _: &mut LineErrors) -> Result<Self, String> {
        let seconds = json.get().parse().ok().filter(|n| (MIN_REFRESH_TIMEOUT..=MAX_REFRESH_TIMEOUT).contains(n));
        seconds.map(Self).ok_or_else(|| {
            format!("this must be a whole number from {MIN_REFRESH_TIMEOUT} to {MAX_REFRESH_TIMEOUT}, in seconds")
        })
    }
}

/// Writes a secret, whose type is not serialized otherwise.
fn reveal<S: Serializer>(secret: &Field<OtpSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(OtpSecret::reveal).serialize(serializer)
}
