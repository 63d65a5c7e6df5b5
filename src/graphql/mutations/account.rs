//! `exportData`, `requestAccountDeletion`, `confirmAccountDeletion`, `cancelAccountDeletion`.

use async_graphql::{Context, InputObject, Object, OutputType, SimpleObject};

use super::user_error::{UserError, code, error_codes};
use super::{InputErrors, MutationFailure, run};
use crate::domain::token::CancelToken;
use crate::domain::verify_code::Digits;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::{JsonObject, Time};
use crate::services::account_deletion::{
    CancelDeletionRefusal, ConfirmDeletionRefusal, NotDeletable, RequestDeletionRefusal,
};
use crate::services::data_export::ExportDataRefusal;
use crate::services::email::NotSent;

error_codes!(
    "exportData",
    ExportDataPayload,
    ExportDataErrorCode {
        /// You authenticated too long ago for this. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

error_codes!(
    "requestAccountDeletion",
    RequestAccountDeletionPayload,
    RequestAccountDeletionErrorCode {
        /// This server does not let users delete their accounts.
        DeletionDisabled,
        /// You are the last ENABLED admin of your domain. Another admin is required first.
        LastAdmin,
        /// You have no verified email address, to which a code could be sent. Verify one first.
        Required,
        /// The mail server cannot deliver to your email address.
        Invalid,
        /// You authenticated too long ago for this. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
        /// Too many emails were requested. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "confirmAccountDeletion",
    ConfirmAccountDeletionPayload,
    ConfirmAccountDeletionErrorCode {
        /// The code is missing or empty.
        Required,
        /// The value is not a code. It is not counted as an attempt.
        Invalid,
        /// The code is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidCode,
        /// The code has expired. Request a new one with `requestAccountDeletion`.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, request a new code with `requestAccountDeletion`;
        /// otherwise wait for that many seconds.
        TooManyTries,
        /// There is no code to confirm in this session. Request one with `requestAccountDeletion`.
        NothingPending,
        /// This server does not let users delete their accounts.
        DeletionDisabled,
        /// You are the last ENABLED admin of your domain. Another admin is required first.
        LastAdmin,
    }
);

error_codes!(
    "cancelAccountDeletion",
    CancelAccountDeletionPayload,
    CancelAccountDeletionErrorCode {
        /// The token is missing or empty.
        Required,
        /// The token is unknown, used, or expired.
        InvalidToken,
    }
);

/// The result of `exportData`.
#[derive(SimpleObject, Default)]
pub struct ExportDataPayload {
    /// Everything that the server stores about you, except for secrets such as passwords. The field `version` is 1; further
    /// fields may be added. Null if there are errors.
    data: Option<JsonObject>,
    /// The reasons why no data was exported. Empty if it was.
    errors: Vec<UserError<ExportDataErrorCode>>,
}

/// The result of `requestAccountDeletion`.
#[derive(SimpleObject, Default)]
pub struct RequestAccountDeletionPayload {
    /// Your verified address, which the code was sent to. Null if there are errors.
    sent_to: Option<String>,
    /// The time when the code expires. Null if there are errors.
    expires_at: Option<Time>,
    /// The reasons why no code was sent. Empty on success.
    errors: Vec<UserError<RequestAccountDeletionErrorCode>>,
}

/// The input of `confirmAccountDeletion`.
#[derive(InputObject)]
pub struct ConfirmAccountDeletionInput {
    /// The verification code from the email, six digits.
    verify_code: String,
}

/// The result of `confirmAccountDeletion`.
#[derive(SimpleObject, Default)]
pub struct ConfirmAccountDeletionPayload {
    /// The time when your account is going to be deleted. Null if there are errors.
    deletion_scheduled_at: Option<Time>,
    /// The reasons why no deletion was scheduled. Empty on success.
    errors: Vec<UserError<ConfirmAccountDeletionErrorCode>>,
}

/// The input of `cancelAccountDeletion`.
#[derive(InputObject)]
pub struct CancelAccountDeletionInput {
    /// The token from the cancellation link in the email.
    token: String,
}

/// The result of `cancelAccountDeletion`.
#[derive(SimpleObject, Default)]
pub struct CancelAccountDeletionPayload {
    /// True if the deletion was cancelled.
    ok: bool,
    /// The reasons why it was not cancelled. Empty on success.
    errors: Vec<UserError<CancelAccountDeletionErrorCode>>,
}

/// The mutations for the account as a whole.
#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Exports everything that the server stores about you, as one JSON document. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). You receive a notification.
    async fn export_data(&self, ctx: &Context<'_>) -> Option<Result<ExportDataPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let data = context::services(ctx)?.export_data(caller, context::client(ctx)?).await?;
            Ok(ExportDataPayload { data: Some(JsonObject(data)), errors: Vec::new() })
        })
        .await
    }

    /// Sends a code to your verified email address, with which `confirmAccountDeletion` schedules the deletion of your
    /// account. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`), and a server that lets users delete their
    /// accounts (`DELETION_DISABLED`).
    async fn request_account_deletion(
        &self,
        ctx: &Context<'_>,
    ) -> Option<Result<RequestAccountDeletionPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let sent = context::services(ctx)?.request_account_deletion(caller, context::client(ctx)?).await?;
            Ok(RequestAccountDeletionPayload {
                sent_to: Some(sent.to.as_str().to_owned()),
                expires_at: Some(Time(sent.expires_at)),
                errors: Vec::new(),
            })
        })
        .await
    }

    /// Schedules the deletion of your account, given the code that was sent to you, and ends all sessions, this one
    /// included. Until then, a sign-in or the link in the notification cancels the deletion.
    async fn confirm_account_deletion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code that was sent to you.")] input: ConfirmAccountDeletionInput,
    ) -> Option<Result<ConfirmAccountDeletionPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let mut errors = InputErrors::default();
            let digits = errors.verify_code(Digits::parse(&input.verify_code));
            let digits = errors.settle(digits)?;
            let scheduled = context::services(ctx)?.confirm_account_deletion(caller, digits, context::client(ctx)?);
            let scheduled_at = scheduled.await?;
            context::token_delivery(ctx)?.clear();
            Ok(ConfirmAccountDeletionPayload { deletion_scheduled_at: Some(Time(scheduled_at)), errors: Vec::new() })
        })
        .await
    }

    /// Cancels the deletion of an account with the link that was sent to its user. Requires no authentication. An invalid
    /// or expired link returns `INVALID_TOKEN`.
    async fn cancel_account_deletion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the cancellation link.")] input: CancelAccountDeletionInput,
    ) -> Option<Result<CancelAccountDeletionPayload, ApiError>> {
        run(ctx, async {
            let mut errors = InputErrors::default();
            let parsed = CancelToken::parse(&input.token);
            let token = errors.token("token", &input.token, parsed, UserError::invalid_link());
            let token = errors.settle(token)?;
            context::services(ctx)?.cancel_account_deletion(&token, context::client(ctx)?).await?;
            Ok(CancelAccountDeletionPayload { ok: true, errors: Vec::new() })
        })
        .await
    }
}

impl From<ExportDataRefusal> for MutationFailure<ExportDataErrorCode> {
    fn from(refusal: ExportDataRefusal) -> Self {
        match refusal {
            ExportDataRefusal::Denied(denial) => denial.into(),
            ExportDataRefusal::StepUp(required) => required.into(),
        }
    }
}

impl From<RequestDeletionRefusal> for MutationFailure<RequestAccountDeletionErrorCode> {
    fn from(refusal: RequestDeletionRefusal) -> Self {
        match refusal {
            RequestDeletionRefusal::Denied(denial) => denial.into(),
            RequestDeletionRefusal::StepUp(required) => required.into(),
            RequestDeletionRefusal::NotDeletable(reason) => not_deletable(reason).into(),
            RequestDeletionRefusal::NoVerifiedAddress => {
                let message = "You have no verified email address, which the code could be sent to. Verify one first, with \
                               verifyEmail.";
                UserError::new(code::Required, message).into()
            }
            RequestDeletionRefusal::NotSent(NotSent::RateLimited(wait)) => UserError::too_many_emails(wait).into(),
            RequestDeletionRefusal::NotSent(NotSent::OutOfReach) => {
                let message = "The mail server cannot deliver to your email address, because it has letters beyond ASCII \
                               before the @. Change it first, with verifyEmail.";
                UserError::new(code::Invalid, message).into()
            }
        }
    }
}

impl From<ConfirmDeletionRefusal> for MutationFailure<ConfirmAccountDeletionErrorCode> {
    fn from(refusal: ConfirmDeletionRefusal) -> Self {
        match refusal {
            ConfirmDeletionRefusal::Denied(denial) => denial.into(),
            ConfirmDeletionRefusal::NotDeletable(reason) => not_deletable(reason).into(),
            ConfirmDeletionRefusal::Code(refusal) => {
                UserError::rejected_code(refusal, UserError::nothing_pending()).into()
            }
        }
    }
}

impl From<CancelDeletionRefusal> for MutationFailure<CancelAccountDeletionErrorCode> {
    fn from(CancelDeletionRefusal::InvalidToken: CancelDeletionRefusal) -> Self {
        UserError::invalid_link().into()
    }
}

/// The error of an account that may not be deleted.
fn not_deletable<C>(reason: NotDeletable) -> UserError<C>
where
    C: OutputType + From<code::DeletionDisabled> + From<code::LastAdmin>,
{
    match reason {
        NotDeletable::Disabled => UserError::new(
            code::DeletionDisabled,
            "This server does not let users delete their accounts. Ask your administrator.",
        ),
        NotDeletable::LastAdmin => UserError::new(
            code::LastAdmin,
            "You are the last admin of your domain. Ask an operator to make another user an admin first.",
        ),
    }
}
