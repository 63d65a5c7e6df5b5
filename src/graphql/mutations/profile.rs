//! `updateProfile`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use super::user_error::user_error;
use super::{Faults, settle, submitted};
use crate::domain::email::Email;
use crate::domain::profile_text::{Language, Name, Timezone};
use crate::domain::tags::Tags;
use crate::domain::user::ProfileChanges;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::fault::{Fault, Told};
use crate::graphql::types::scalars::{JsonObject, Time};
use crate::graphql::types::user::User;
use crate::services::password::PasswordChange;
use crate::services::profile::{ProfileUpdate, UpdateProfileRefusal};

user_error!(
    "updateProfile",
    UpdateProfileError,
    UpdateProfileErrorCode {
        /// A required input is missing, null, or empty.
        Required,
        /// The value is malformed.
        Invalid,
        /// The value is too long.
        TooLong,
        /// The new password is shorter than the server's minimum, 8 characters by default.
        PasswordTooShort,
        /// The new password has more than 128 characters.
        PasswordTooLong,
        /// The new password is among the 10,000 most common passwords.
        PasswordTooCommon,
        /// The new password contains your name, your user id or email address, or the part of either before the `@`.
        PasswordPersonal,
        /// The new password is the same as the current one.
        PasswordUnchanged,
        /// The value of `currentPassword` is not your current password.
        WrongPassword,
        /// You authenticate with an external identity provider, so there is no password to change here.
        ExternalUser,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
        /// Too many wrong passwords or too many emails, or the server is busy. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

/// The input of `updateProfile`. An omitted field leaves its value unchanged.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// Your display name, at most 128 characters. Null removes it.
    name: MaybeUndefined<String>,
    /// Your new email address. It becomes `pendingEmail`, and a verification code is sent to it; `email` stays
    /// unchanged until `confirmEmail`. Your current address cancels a pending change. Null returns `REQUIRED`. Requires
    /// step-up authentication.
    email: MaybeUndefined<String>,
    /// Your language, a BCP 47 tag whose subtags are registered, such as `ko` or `pt-BR`. Null resets it to `en`.
    language: MaybeUndefined<String>,
    /// Your time zone, a name of the IANA database such as `Asia/Seoul`. Null resets it to `UTC`.
    timezone: MaybeUndefined<String>,
    /// Your tags, which replace all previous ones: a JSON object of at most 16 KiB and 8 levels. Null resets them to
    /// `{}`.
    tags: MaybeUndefined<JsonObject>,
    /// Your new password. Requires `currentPassword` and step-up authentication. All other sessions end. Null returns
    /// `REQUIRED`.
    password: MaybeUndefined<String>,
    /// Your current password; required with `password`.
    current_password: Option<String>,
}

/// The result of `updateProfile`.
#[derive(SimpleObject, Default)]
pub struct UpdateProfilePayload {
    /// The user after the change. Null if there are errors.
    user: Option<User>,
    /// The address that a verification code was sent to. Null if no code was sent.
    sent_to: Option<String>,
    /// The time when that code expires. Null if no code was sent.
    expires_at: Option<Time>,
    /// The reasons why nothing was changed. Empty on success.
    errors: Vec<UpdateProfileError>,
}

/// The mutation of the profile.
#[derive(Default)]
pub struct ProfileMutations;

#[Object]
impl ProfileMutations {
    /// Changes your profile: applies all changes, or none if an input is invalid. All invalid inputs are reported at
    /// once. A change of email address or password requires step-up authentication (`REAUTHENTICATION_REQUIRED`).
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The values to change.")] input: UpdateProfileInput,
    ) -> Option<Result<UpdateProfilePayload, ApiError>> {
        Some(update_profile(ctx, input).await)
    }
}

async fn update_profile(ctx: &Context<'_>, input: UpdateProfileInput) -> Result<UpdateProfilePayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let mut faults = Faults::default();
    let update = input.parse(&mut faults);
    let (services, client) = (context::services(ctx)?, context::client(ctx)?);
    if !faults.is_empty() {
        faults.add(services.check_profile_update(caller, &update, client).await)?;
    }
    if let Some(errors) = faults.told()? {
        return Ok(UpdateProfilePayload { errors, ..UpdateProfilePayload::default() });
    }
    let answer = services.update_profile(caller, update, client).await;
    Ok(match settle(answer)? {
        Ok((caller, sent)) => UpdateProfilePayload {
            user: Some(User(Arc::new(caller))),
            sent_to: sent.as_ref().map(|sent| sent.to.as_str().to_owned()),
            expires_at: sent.map(|sent| Time(sent.expires_at)),
            errors: Vec::new(),
        },
        Err(errors) => UpdateProfilePayload { errors, ..UpdateProfilePayload::default() },
    })
}

impl UpdateProfileInput {
    fn parse(self, faults: &mut Faults) -> ProfileUpdate {
        let changes = ProfileChanges {
            name: match self.name {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(name) => faults.parse("name", Name::parse(&name)).map(Some),
            },
            language: or_default(self.language, |text| faults.parse("language", Language::parse(&text))),
            timezone: or_default(self.timezone, |text| faults.parse("timezone", Timezone::parse(&text))),
            tags: or_default(self.tags, |JsonObject(tags)| faults.parse("tags", Tags::parse(&tags))),
        };
        let email = match self.email {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => faults.parse("email", Email::parse("")),
            MaybeUndefined::Value(email) => faults.parse("email", Email::parse(&email)),
        };
        let password = match self.password {
            MaybeUndefined::Undefined => None,
            given => Some(PasswordChange {
                current: submitted(self.current_password.as_deref()),
                new: submitted(given.value().map(String::as_str)),
            }),
        };
        ProfileUpdate { changes, email, password }
    }
}

fn or_default<T, V: Default>(given: MaybeUndefined<T>, parse: impl FnOnce(T) -> Option<V>) -> Option<V> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(V::default()),
        MaybeUndefined::Value(value) => parse(value),
    }
}

impl From<UpdateProfileRefusal> for Told {
    fn from(refusal: UpdateProfileRefusal) -> Self {
        match refusal {
            UpdateProfileRefusal::Denied(denial) => denial.into(),
            UpdateProfileRefusal::Inputs { passwords, email } => {
                let mut faults = Fault::of_passwords("password", passwords);
                faults.extend(email.map(|reason| Fault::of_not_sent("email", reason)));
                Self::Faults(faults)
            }
            UpdateProfileRefusal::NotSent(reason) => Fault::of_not_sent("email", reason).at("email").into(),
        }
    }
}
