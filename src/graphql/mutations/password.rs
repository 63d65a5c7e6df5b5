//! `updatePassword`, `resetPassword`, `confirmPasswordReset`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::user_error;
use super::{Faults, settle, submitted};
use crate::domain::login::LoginId;
use crate::domain::token::ResetToken;
use crate::domain::user::RequiredAction;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::fault::{Fault, Told};
use crate::graphql::types::user::User;
use crate::services::password::{ConfirmResetRefusal, PasswordChange, ResetPasswordRefusal, UpdatePasswordRefusal};

user_error!(
    "updatePassword",
    UpdatePasswordError,
    UpdatePasswordErrorCode {
        /// The input is needed, and is missing or empty.
        Required,
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
        /// Too many tries. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "resetPassword",
    ResetPasswordError,
    ResetPasswordErrorCode {
        /// The input is needed, and is missing or empty.
        Required,
        /// The input cannot be what it should be.
        Invalid,
        /// The input is too long.
        TooLong,
        /// Too many mails were asked for from your address. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "confirmPasswordReset",
    ConfirmPasswordResetError,
    ConfirmPasswordResetErrorCode {
        /// The input is needed, and is missing or empty.
        Required,
        /// The link is unknown, used up, out of time, or void: a newer one was sent, or the password was changed.
        InvalidToken,
        /// The new password is too short. The link stays good.
        PasswordTooShort,
        /// The new password is too long. The link stays good.
        PasswordTooLong,
        /// The new password is among the most common. The link stays good.
        PasswordTooCommon,
        /// The new password contains your name, user id or e-mail address. The link stays good.
        PasswordPersonal,
        /// The new password is the present one. The link stays good.
        PasswordUnchanged,
        /// The server is busy. Wait for `retryAfter` seconds; the link stays good.
        RateLimited,
    }
);

/// The present and the new password.
#[derive(InputObject)]
pub struct UpdatePasswordInput {
    /// Your present password. May be left out while `UPDATE_PASSWORD` is required of you.
    current_password: Option<String>,
    /// The new one: 8 to 128 characters, none of the most common, without your name, user id or e-mail address.
    new_password: String,
}

/// What came of changing your password.
#[derive(SimpleObject, Default)]
pub struct UpdatePasswordPayload {
    /// You, as you are now.
    user: Option<User>,
    /// Why the password was not changed.
    errors: Vec<UpdatePasswordError>,
}

/// Whose password was forgotten.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// What you sign in with.
    user_id: String,
    /// The domain you belong to. May be left out where the server has only one.
    domain_id: Option<String>,
}

/// What came of asking for a link. It is the same whether or not there is such a user.
#[derive(SimpleObject)]
pub struct ResetPasswordPayload {
    /// That the request was taken. Whether a mail goes out is not told.
    ok: bool,
    /// Why it was not taken.
    errors: Vec<ResetPasswordError>,
}

/// The link's token, and the new password.
#[derive(InputObject)]
pub struct ConfirmPasswordResetInput {
    /// The token from the link.
    token: String,
    /// The new password: 8 to 128 characters, none of the most common, without your name, user id or e-mail address.
    new_password: String,
}

/// What came of setting a new password.
#[derive(SimpleObject)]
pub struct ConfirmPasswordResetPayload {
    /// Whether it is set.
    ok: bool,
    /// Why it is not.
    errors: Vec<ConfirmPasswordResetError>,
}

/// Passwords.
#[derive(Default)]
pub struct PasswordMutations;

#[Object]
impl PasswordMutations {
    /// Changes your password. This session keeps its tokens, all others end; codes that were sent are void. Asks for a
    /// fresh sign-in.
    async fn update_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passwords.")] input: UpdatePasswordInput,
    ) -> Option<Result<UpdatePasswordPayload, ApiError>> {
        Some(update_password(ctx, &input).await)
    }

    /// Asks for a link for a new password, which is mailed to the verified address of the user, if there is one. Answers
    /// the same, after the same time, whether or not there is such a user. Asks for no sign-in.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: ResetPasswordInput,
    ) -> Option<Result<ResetPasswordPayload, ApiError>> {
        Some(reset_password(ctx, &input).await)
    }

    /// Sets a new password by the link that was mailed. All sessions end. A second factor stays, and is asked for at the
    /// next sign-in. Asks for no sign-in.
    async fn confirm_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token and the password.")] input: ConfirmPasswordResetInput,
    ) -> Option<Result<ConfirmPasswordResetPayload, ApiError>> {
        Some(confirm_password_reset(ctx, &input).await)
    }
}

async fn update_password(ctx: &Context<'_>, input: &UpdatePasswordInput) -> Result<UpdatePasswordPayload, ApiError> {
    let caller = context::acting_caller(ctx, Some(RequiredAction::UpdatePassword))?;
    let change = PasswordChange {
        current: submitted(input.current_password.as_deref()),
        new: submitted(Some(&input.new_password)),
    };
    let answer = context::services(ctx)?.update_password(caller, change, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(caller) => UpdatePasswordPayload { user: Some(User(Arc::new(caller))), errors: Vec::new() },
        Err(errors) => UpdatePasswordPayload { user: None, errors },
    })
}

async fn reset_password(ctx: &Context<'_>, input: &ResetPasswordInput) -> Result<ResetPasswordPayload, ApiError> {
    let (services, mut faults) = (context::services(ctx)?, Faults::default());
    let login = faults.parse("userId", LoginId::parse(&input.user_id));
    let domain_id = faults.domain(services, input.domain_id.as_deref()).await?;
    let (login, domain_id) = match faults.settle(login.zip(domain_id))? {
        Ok(given) => given,
        Err(errors) => return Ok(ResetPasswordPayload { ok: false, errors }),
    };
    let answer = services.reset_password(&domain_id, &login, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(()) => ResetPasswordPayload { ok: true, errors: Vec::new() },
        Err(errors) => ResetPasswordPayload { ok: false, errors },
    })
}

async fn confirm_password_reset(
    ctx: &Context<'_>,
    input: &ConfirmPasswordResetInput,
) -> Result<ConfirmPasswordResetPayload, ApiError> {
    let mut faults = Faults::default();
    let token = faults.token("token", &input.token, ResetToken::parse(&input.token), Fault::invalid_link());
    let (services, new) = (context::services(ctx)?, submitted(Some(&input.new_password)));
    let confirmed = services.confirm_password_reset(token.as_ref(), new, context::client(ctx)?).await;
    faults.add(confirmed)?;
    let errors = faults.told()?.unwrap_or_default();
    Ok(ConfirmPasswordResetPayload { ok: errors.is_empty(), errors })
}

impl From<UpdatePasswordRefusal> for Told {
    fn from(refusal: UpdatePasswordRefusal) -> Self {
        match refusal {
            UpdatePasswordRefusal::Denied(denial) => denial.into(),
            UpdatePasswordRefusal::Passwords(wrong) => Self::Faults(Fault::of_passwords("newPassword", wrong)),
        }
    }
}

impl From<ResetPasswordRefusal> for Told {
    fn from(refusal: ResetPasswordRefusal) -> Self {
        match refusal {
            ResetPasswordRefusal::RateLimited(wait) => Fault::of_sends(wait).into(),
        }
    }
}

impl From<ConfirmResetRefusal> for Told {
    fn from(refusal: ConfirmResetRefusal) -> Self {
        let token = refusal.has_invalid_token.then(|| Fault::invalid_link().at("token"));
        let new = refusal.new.map(|refusal| Fault::of_new_password("newPassword", refusal));
        Self::Faults(token.into_iter().chain(new).collect())
    }
}
