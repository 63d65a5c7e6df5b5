//! `updatePassword`, `resetPassword`, `confirmPasswordReset`.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::{UserError, error_codes};
use super::{InputErrors, MutationFailure, run, submitted};
use crate::domain::login::LoginId;
use crate::domain::token::ResetToken;
use crate::domain::user::RequiredAction;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::user::User;
use crate::services::password::{ConfirmResetRefusal, PasswordChange, ResetPasswordRefusal, UpdatePasswordRefusal};

error_codes!(
    "updatePassword",
    UpdatePasswordPayload,
    UpdatePasswordErrorCode {
        /// A required input is missing or empty.
        Required,
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
        /// Too many wrong passwords, or the server is busy. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "resetPassword",
    ResetPasswordPayload,
    ResetPasswordErrorCode {
        /// A required input is missing or empty.
        Required,
        /// The value is malformed.
        Invalid,
        /// The value is too long.
        TooLong,
        /// Too many emails were requested from your IP address. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "confirmPasswordReset",
    ConfirmPasswordResetPayload,
    ConfirmPasswordResetErrorCode {
        /// A required input is missing or empty.
        Required,
        /// The token is unknown, used, expired, or invalidated: a newer link was sent, or the password was changed.
        InvalidToken,
        /// The new password is shorter than the server's minimum, 8 characters by default. The link stays valid.
        PasswordTooShort,
        /// The new password has more than 128 characters. The link stays valid.
        PasswordTooLong,
        /// The new password is among the 10,000 most common passwords. The link stays valid.
        PasswordTooCommon,
        /// The new password contains your name, your user id or email address, or the part of either before the `@`.
        /// The link stays valid.
        PasswordPersonal,
        /// The new password is the same as the current one. The link stays valid.
        PasswordUnchanged,
        /// The server is busy. Try again after `retryAfter` seconds; the link stays valid.
        RateLimited,
    }
);

/// The input of `updatePassword`.
#[derive(InputObject)]
pub struct UpdatePasswordInput {
    /// Your current password. May be omitted while the action `UPDATE_PASSWORD` is required of you.
    current_password: Option<String>,
    /// The new password: at least 8 characters by default, at most 128. It must not be a common password, or contain
    /// your name, user id, or email address.
    new_password: String,
}

/// The result of `updatePassword`.
#[derive(SimpleObject, Default)]
pub struct UpdatePasswordPayload {
    /// The user after the change. Null if there are errors.
    user: Option<User>,
    /// The reasons why the password was not changed. Empty on success.
    errors: Vec<UserError<UpdatePasswordErrorCode>>,
}

/// The input of `resetPassword`.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The login name of the user whose password to reset.
    user_id: String,
    /// The id of the user's domain. May be omitted if the server has only one domain.
    domain_id: Option<String>,
}

/// The result of `resetPassword`. It is the same whether or not the user exists.
#[derive(SimpleObject, Default)]
pub struct ResetPasswordPayload {
    /// True if the request was accepted. It does not reveal whether an email is sent.
    ok: bool,
    /// The reasons why the request was not accepted. Empty on success.
    errors: Vec<UserError<ResetPasswordErrorCode>>,
}

/// The input of `confirmPasswordReset`.
#[derive(InputObject)]
pub struct ConfirmPasswordResetInput {
    /// The token from the reset link in the email.
    token: String,
    /// The new password: at least 8 characters by default, at most 128. It must not be a common password, or contain
    /// your name, user id, or email address.
    new_password: String,
}

/// The result of `confirmPasswordReset`.
#[derive(SimpleObject, Default)]
pub struct ConfirmPasswordResetPayload {
    /// True if the new password was set.
    ok: bool,
    /// The reasons why the password was not set. Empty on success.
    errors: Vec<UserError<ConfirmPasswordResetErrorCode>>,
}

/// The mutations of passwords.
#[derive(Default)]
pub struct PasswordMutations;

#[Object]
impl PasswordMutations {
    /// Changes your password. The current session keeps its tokens, and all other sessions end. Open codes, challenges,
    /// and reset links are invalidated. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`). A wrong current
    /// password returns `WRONG_PASSWORD`.
    async fn update_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current and the new password.")] input: UpdatePasswordInput,
    ) -> Option<Result<UpdatePasswordPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, Some(RequiredAction::UpdatePassword))?;
            let change = PasswordChange {
                current: submitted(input.current_password.as_deref()),
                new: submitted(Some(&input.new_password)),
            };
            let caller = context::services(ctx)?.update_password(caller, change, context::client(ctx)?).await?;
            Ok(UpdatePasswordPayload { user: Some(caller.into()), errors: Vec::new() })
        })
        .await
    }

    /// Requests a link to reset a forgotten password. It is sent to the user's verified email address, if there is one.
    /// The response is the same, and takes the same time, whether or not the user exists. Requires no authentication.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user whose password to reset.")] input: ResetPasswordInput,
    ) -> Option<Result<ResetPasswordPayload, ApiError>> {
        run(ctx, async {
            let (services, mut errors) = (context::services(ctx)?, InputErrors::default());
            let login = errors.parse("userId", LoginId::parse(&input.user_id));
            let domain_id = errors.domain(services, input.domain_id.as_deref()).await?;
            let (login, domain_id) = errors.settle(login.zip(domain_id))?;
            services.reset_password(&domain_id, &login, context::client(ctx)?).await?;
            Ok(ResetPasswordPayload { ok: true, errors: Vec::new() })
        })
        .await
    }

    /// Sets a new password with the emailed reset link, and ends all sessions. MFA stays enabled and is required at the
    /// next sign-in. Requires no authentication. An invalid or expired link returns `INVALID_TOKEN`.
    async fn confirm_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the reset link and the new password.")] input: ConfirmPasswordResetInput,
    ) -> Option<Result<ConfirmPasswordResetPayload, ApiError>> {
        run(ctx, async {
            let mut errors = InputErrors::default();
            let token = errors.token("token", &input.token, ResetToken::parse(&input.token), UserError::invalid_link());
            let (services, new) = (context::services(ctx)?, submitted(Some(&input.new_password)));
            errors.add(services.confirm_password_reset(token.as_ref(), new, context::client(ctx)?).await)?;
            errors.check()?;
            Ok(ConfirmPasswordResetPayload { ok: true, errors: Vec::new() })
        })
        .await
    }
}

impl From<UpdatePasswordRefusal> for MutationFailure<UpdatePasswordErrorCode> {
    fn from(refusal: UpdatePasswordRefusal) -> Self {
        match refusal {
            UpdatePasswordRefusal::Denied(denial) => denial.into(),
            UpdatePasswordRefusal::External(external) => external.into(),
            UpdatePasswordRefusal::StepUp(required) => required.into(),
            UpdatePasswordRefusal::Passwords(wrong) => Self::Errors(UserError::passwords("newPassword", wrong)),
        }
    }
}

impl From<ResetPasswordRefusal> for MutationFailure<ResetPasswordErrorCode> {
    fn from(refusal: ResetPasswordRefusal) -> Self {
        match refusal {
            ResetPasswordRefusal::RateLimited(wait) => UserError::too_many_emails(wait).into(),
        }
    }
}

impl From<ConfirmResetRefusal> for MutationFailure<ConfirmPasswordResetErrorCode> {
    fn from(refusal: ConfirmResetRefusal) -> Self {
        let token = refusal.has_invalid_token.then(UserError::invalid_link);
        let new = refusal.new.map(|refusal| UserError::new_password("newPassword", refusal));
        Self::Errors(token.into_iter().chain(new).collect())
    }
}
