//! `updateProfile`.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};

use super::user_error::{UserError, error_codes};
use super::{InputErrors, MutationFailure, run, submitted};
use crate::domain::email::Email;
use crate::domain::profile_text::{Language, Name, Timezone};
use crate::domain::tags::Tags;
use crate::domain::user::ProfileChanges;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::{JsonObject, Time};
use crate::graphql::types::user::User;
use crate::services::password::PasswordChange;
use crate::services::profile::{ProfileUpdate, UpdateProfileRefusal};

error_codes!(
    "updateProfile",
    UpdateProfilePayload,
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
    errors: Vec<UserError<UpdateProfileErrorCode>>,
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
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let mut errors = InputErrors::default();
            let update = input.parse(&mut errors);
            let (services, client) = (context::services(ctx)?, context::client(ctx)?);
            if !errors.is_empty() {
                errors.add(services.check_profile_update(caller, &update, client).await)?;
            }
            errors.check()?;
            let (caller, sent) = services.update_profile(caller, update, client).await?;
            Ok(UpdateProfilePayload {
                user: Some(caller.into()),
                sent_to: sent.as_ref().map(|sent| sent.to.as_str().to_owned()),
                expires_at: sent.map(|sent| Time(sent.expires_at)),
                errors: Vec::new(),
            })
        })
        .await
    }
}

impl UpdateProfileInput {
    fn parse(self, errors: &mut InputErrors<UpdateProfileErrorCode>) -> ProfileUpdate {
        let changes = ProfileChanges {
            name: match self.name {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(name) => errors.parse("name", Name::parse(&name)).map(Some),
            },
            language: or_default(self.language, |text| errors.parse("language", Language::parse(&text))),
            timezone: or_default(self.timezone, |text| errors.parse("timezone", Timezone::parse(&text))),
            tags: or_default(self.tags, |JsonObject(tags)| errors.parse("tags", Tags::parse(&tags))),
        };
        let email = match self.email {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => errors.parse("email", Email::parse("")),
            MaybeUndefined::Value(email) => errors.parse("email", Email::parse(&email)),
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

impl From<UpdateProfileRefusal> for MutationFailure<UpdateProfileErrorCode> {
    fn from(refusal: UpdateProfileRefusal) -> Self {
        match refusal {
            UpdateProfileRefusal::Denied(denial) => denial.into(),
            UpdateProfileRefusal::External(external) => external.into(),
            UpdateProfileRefusal::StepUp(required) => required.into(),
            UpdateProfileRefusal::Inputs { passwords, email } => {
                let mut errors = UserError::passwords("password", passwords);
                errors.extend(email.map(|reason| UserError::not_sent("email", reason)));
                Self::Errors(errors)
            }
            UpdateProfileRefusal::NotSent(reason) => UserError::not_sent("email", reason).at("email").into(),
        }
    }
}
