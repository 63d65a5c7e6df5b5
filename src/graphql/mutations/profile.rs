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
        /// The input is needed, and is missing, null, or empty.
        Required,
        /// The input cannot be what it should be.
        Invalid,
        /// The input is too long.
        TooLong,
        /// The new password is too short.
        PasswordTooShort,
        /// The new password is too long.
        PasswordTooLong,
        /// The new password is among the most common.
        PasswordTooCommon,
        /// The new password contains your name, user id or e-mail address.
        PasswordPersonal,
        /// The new password is the present one.
        PasswordUnchanged,
        /// `currentPassword` is not your password.
        WrongPassword,
        /// You sign in elsewhere; there is no password to change here.
        ExternalUser,
        /// You signed in too long ago for this. Prove again who you are with `reauthenticate`.
        ReauthenticationRequired,
        /// Too many tries, or too many mails. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

/// What is to be changed of your profile. What is left out stays as it is. All of it is done, or nothing.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// What you are called, at most 128 characters; null for nothing.
    name: MaybeUndefined<String>,
    /// Your new e-mail address: it becomes `pendingEmail`, and a code goes to it; `email` stays until `confirmEmail` proves
    /// it. The present address cancels a pending one. Asks for a fresh sign-in.
    email: MaybeUndefined<String>,
    /// The language you read, a BCP 47 tag whose subtags are registered, such as `ko` or `pt-BR`; null for `en`.
    language: MaybeUndefined<String>,
    /// The timezone you live in, by its name in the IANA database; null for `UTC`.
    timezone: MaybeUndefined<String>,
    /// What you note about yourself, in place of all that was noted; at most 16 KiB and 8 levels; null for `{}`.
    tags: MaybeUndefined<JsonObject>,
    /// Your new password. Asks for `currentPassword` and a fresh sign-in. Your other sessions end.
    password: MaybeUndefined<String>,
    /// Your present password; needed with `password`.
    current_password: Option<String>,
}

/// What came of changing your profile.
#[derive(SimpleObject, Default)]
pub struct UpdateProfilePayload {
    /// You, as you are now.
    user: Option<User>,
    /// The address that a code was sent to, where you gave a new one.
    sent_to: Option<String>,
    /// Until when that code is good.
    expires_at: Option<Time>,
    /// Why nothing was changed.
    errors: Vec<UpdateProfileError>,
}

/// The profile.
#[derive(Default)]
pub struct ProfileMutations;

#[Object]
impl ProfileMutations {
    /// Changes your profile: all that is given, or, if any of it is wrong, nothing.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be changed.")] input: UpdateProfileInput,
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
