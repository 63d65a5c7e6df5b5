//! `enableMfa`, `disableMfa`, `confirmMfa`, `regenerateRecoveryCodes`.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::{UserError, error_codes};
use super::{InputErrors, MutationFailure, run};
use crate::domain::email::Email;
use crate::domain::mfa::MfaRefusal;
use crate::domain::user::RequiredAction;
use crate::domain::verify_code::{RecoveryCode, VerifyCode};
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::enums::MfaType;
use crate::graphql::types::scalars::Time;
use crate::graphql::types::user::User;
use crate::services::Failure;
use crate::services::mfa::{
    ConfirmMfaRefusal, DisableMfaRefusal, EnableMfaRefusal, OtpEnrolment, RegenerateCodesRefusal,
};

/// The message of `MFA_NOT_ENABLED`.
const MFA_NOT_ENABLED: &str = "MFA is not enabled for your account.";

error_codes!(
    "enableMfa",
    EnableMfaPayload,
    EnableMfaErrorCode {
        /// You have no verified email address, so `options.email` is required; or the given address is empty.
        Required,
        /// The value is not an email address, or the mail server cannot deliver to it.
        Invalid,
        /// The email address is too long.
        TooLong,
        /// An operator enforces a factor of the other type.
        MfaEnforced,
        /// You authenticate with an external identity provider, so there is no MFA here.
        ExternalUser,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
        /// Too many emails were requested. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "disableMfa",
    DisableMfaPayload,
    DisableMfaErrorCode {
        /// MFA is not enabled for your account.
        MfaNotEnabled,
        /// An operator enforces MFA, so you cannot disable it.
        MfaEnforced,
        /// You authenticate with an external identity provider, so there is no MFA here.
        ExternalUser,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
        /// Too many emails were requested. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

error_codes!(
    "confirmMfa",
    ConfirmMfaPayload,
    ConfirmMfaErrorCode {
        /// The code is missing or empty.
        Required,
        /// The value is not a code for the pending change. It is not counted as an attempt.
        Invalid,
        /// The code is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidCode,
        /// The pending change has expired. Start it again.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, start the change again; otherwise wait for that many
        /// seconds.
        TooManyTries,
        /// There is no change to confirm, or it was not started in this session.
        NothingPending,
        /// An operator has meanwhile enforced MFA, which excludes this change.
        MfaEnforced,
        /// You authenticate with an external identity provider, so there is no MFA here.
        ExternalUser,
    }
);

error_codes!(
    "regenerateRecoveryCodes",
    RegenerateRecoveryCodesPayload,
    RegenerateRecoveryCodesErrorCode {
        /// MFA is not enabled for your account.
        MfaNotEnabled,
        /// You authenticate with an external identity provider, so there is no MFA here.
        ExternalUser,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

/// The input of `enableMfa`.
#[derive(InputObject)]
pub struct EnableMfaInput {
    /// The type of the factor to enable.
    mfa_type: MfaType,
    /// The options of the factor, depending on its type. May be omitted.
    options: Option<EnableMfaOptions>,
}

/// The options of the factor to enable.
#[derive(InputObject)]
pub struct EnableMfaOptions {
    /// For EMAIL, the address that codes are sent to. If it is omitted, your verified email address. Ignored for OTP.
    email: Option<String>,
}

/// The result of `enableMfa`. The change takes effect when `confirmMfa` confirms it.
#[derive(SimpleObject, Default)]
pub struct EnableMfaPayload {
    /// The address that a code was sent to, for EMAIL. Null for OTP, and if there are errors.
    sent_to: Option<String>,
    /// The time when the pending change expires. Null if there are errors.
    expires_at: Option<Time>,
    /// The secret for your authenticator app, for OTP. Null for EMAIL, and if there are errors.
    otp: Option<Otp>,
    /// The reasons why no change was started. Empty on success.
    errors: Vec<UserError<EnableMfaErrorCode>>,
}

/// The secret of an authenticator app (TOTP), in three forms. It is returned only once.
#[derive(SimpleObject)]
pub struct Otp {
    /// The secret in base32 without padding, to type in if no QR code can be scanned.
    secret: String,
    /// The secret with issuer and account, as an `otpauth://` URI.
    uri: String,
    /// The URI as a QR code: a `data:` URI of an SVG image, for the `src` of an `img` element.
    qr_code: String,
}

/// The result of `disableMfa`. The change takes effect when `confirmMfa` confirms it.
#[derive(SimpleObject, Default)]
pub struct DisableMfaPayload {
    /// The address that a code was sent to. Null if an authenticator app generates the code, and if there are errors.
    sent_to: Option<String>,
    /// The time when the pending change expires. Null if there are errors.
    expires_at: Option<Time>,
    /// The reasons why no change was started. Empty on success.
    errors: Vec<UserError<DisableMfaErrorCode>>,
}

/// The input of `confirmMfa`.
#[derive(InputObject)]
pub struct ConfirmMfaInput {
    /// The code sent by email, or the one-time password of your authenticator app. To disable MFA, a recovery code is
    /// also accepted.
    verify_code: String,
}

/// The result of `confirmMfa`.
#[derive(SimpleObject, Default)]
pub struct ConfirmMfaPayload {
    /// The user after the change. Null if there are errors.
    user: Option<User>,
    /// Your new recovery codes if MFA was enabled. They are returned only once, and each is valid once. Null if MFA was
    /// disabled, and if there are errors.
    recovery_codes: Option<Vec<String>>,
    /// The reasons why nothing was changed. Empty on success.
    errors: Vec<UserError<ConfirmMfaErrorCode>>,
}

/// The result of `regenerateRecoveryCodes`.
#[derive(SimpleObject, Default)]
pub struct RegenerateRecoveryCodesPayload {
    /// The user after the change. Null if there are errors.
    user: Option<User>,
    /// Your new recovery codes. They are returned only once, and each is valid once. The previous ones are invalidated.
    /// Null if there are errors.
    recovery_codes: Option<Vec<String>>,
    /// The reasons why no codes were generated. Empty on success.
    errors: Vec<UserError<RegenerateRecoveryCodesErrorCode>>,
}

/// The mutations of multi-factor authentication.
#[derive(Default)]
pub struct MfaMutations;

#[Object]
impl MfaMutations {
    /// Starts to enable MFA, or to replace the factor, which stays active until `confirmMfa`. One change can be pending
    /// at a time, and only the session that started it can confirm it. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`).
    async fn enable_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The factor to enable.")] input: EnableMfaInput,
    ) -> Option<Result<EnableMfaPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, Some(RequiredAction::EnforceMfa))?;
            let mut errors = InputErrors::default();
            let email = input.options.and_then(|options| options.email);
            let email = email.and_then(|email| errors.parse("options.email", Email::parse(&email)));
            errors.check()?;
            let client = context::client(ctx)?;
            let started = context::services(ctx)?.enable_mfa(caller, input.mfa_type.into(), email, client).await?;
            Ok(EnableMfaPayload {
                sent_to: started.sent_to.map(|address| address.as_str().to_owned()),
                expires_at: Some(Time(started.expires_at)),
                otp: started.otp.as_ref().map(Otp::try_from).transpose()?,
                errors: Vec::new(),
            })
        })
        .await
    }

    /// Starts to disable MFA: sends a code by email, or expects a one-time password of your authenticator app. Complete
    /// it with `confirmMfa`. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`).
    async fn disable_mfa(&self, ctx: &Context<'_>) -> Option<Result<DisableMfaPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let started = context::services(ctx)?.disable_mfa(caller, context::client(ctx)?).await?;
            Ok(DisableMfaPayload {
                sent_to: started.sent_to.map(|address| address.as_str().to_owned()),
                expires_at: Some(Time(started.expires_at)),
                errors: Vec::new(),
            })
        })
        .await
    }

    /// Confirms the pending change of `enableMfa` or `disableMfa`. A wrong code returns `INVALID_CODE`; without a
    /// pending change of this session, it returns `NOTHING_PENDING`.
    async fn confirm_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code that confirms the change.")] input: ConfirmMfaInput,
    ) -> Option<Result<ConfirmMfaPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, Some(RequiredAction::EnforceMfa))?;
            let mut errors = InputErrors::default();
            let code = errors.verify_code(VerifyCode::parse(&input.verify_code));
            let code = errors.settle(code)?;
            let confirmed = context::services(ctx)?.confirm_mfa(caller, &code, context::client(ctx)?).await;
            let (caller, recovery_codes) = confirmed?;
            Ok(ConfirmMfaPayload {
                user: Some(caller.into()),
                recovery_codes: recovery_codes.map(|codes| reveal(&codes)),
                errors: Vec::new(),
            })
        })
        .await
    }

    /// Generates ten new recovery codes, which replace the previous ones. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). Returns `MFA_NOT_ENABLED` while MFA is disabled.
    async fn regenerate_recovery_codes(
        &self,
        ctx: &Context<'_>,
    ) -> Option<Result<RegenerateRecoveryCodesPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let generated = context::services(ctx)?.regenerate_recovery_codes(caller, context::client(ctx)?).await;
            let (caller, codes) = generated?;
            Ok(RegenerateRecoveryCodesPayload {
                user: Some(caller.into()),
                recovery_codes: Some(reveal(&codes)),
                errors: Vec::new(),
            })
        })
        .await
    }
}

impl TryFrom<&OtpEnrolment> for Otp {
    type Error = Failure;

    fn try_from(enrolment: &OtpEnrolment) -> Result<Self, Failure> {
        Ok(Self { secret: enrolment.secret.reveal(), uri: enrolment.uri(), qr_code: enrolment.qr_code()? })
    }
}

fn reveal(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(RecoveryCode::reveal).collect()
}

impl From<EnableMfaRefusal> for MutationFailure<EnableMfaErrorCode> {
    fn from(refusal: EnableMfaRefusal) -> Self {
        match refusal {
            EnableMfaRefusal::Denied(denial) => denial.into(),
            EnableMfaRefusal::External(external) => external.into(),
            EnableMfaRefusal::StepUp(required) => required.into(),
            EnableMfaRefusal::Enforced => {
                let message = "An operator enforces a factor of the other type. Enable that one.";
                UserError::new(EnableMfaErrorCode::MfaEnforced, message).into()
            }
            EnableMfaRefusal::AddressRequired => {
                let message = "You have no verified email address. Give the address to send codes to.";
                UserError::new(EnableMfaErrorCode::Required, message).at("options.email").into()
            }
            EnableMfaRefusal::NotSent(reason) => UserError::not_sent("options.email", reason).into(),
        }
    }
}

impl From<DisableMfaRefusal> for MutationFailure<DisableMfaErrorCode> {
    fn from(refusal: DisableMfaRefusal) -> Self {
        match refusal {
            DisableMfaRefusal::Denied(denial) => denial.into(),
            DisableMfaRefusal::External(external) => external.into(),
            DisableMfaRefusal::StepUp(required) => required.into(),
            DisableMfaRefusal::Mfa(MfaRefusal::NotEnabled) => {
                UserError::new(DisableMfaErrorCode::MfaNotEnabled, MFA_NOT_ENABLED).into()
            }
            DisableMfaRefusal::Mfa(MfaRefusal::Enforced) => {
                let message = "An operator enforces MFA, so you cannot disable it.";
                UserError::new(DisableMfaErrorCode::MfaEnforced, message).into()
            }
            DisableMfaRefusal::RateLimited(wait) => UserError::too_many_emails(wait).into(),
        }
    }
}

impl From<RegenerateCodesRefusal> for MutationFailure<RegenerateRecoveryCodesErrorCode> {
    fn from(refusal: RegenerateCodesRefusal) -> Self {
        match refusal {
            RegenerateCodesRefusal::Denied(denial) => denial.into(),
            RegenerateCodesRefusal::External(external) => external.into(),
            RegenerateCodesRefusal::StepUp(required) => required.into(),
            RegenerateCodesRefusal::MfaNotEnabled => {
                UserError::new(RegenerateRecoveryCodesErrorCode::MfaNotEnabled, MFA_NOT_ENABLED).into()
            }
        }
    }
}

impl From<ConfirmMfaRefusal> for MutationFailure<ConfirmMfaErrorCode> {
    fn from(refusal: ConfirmMfaRefusal) -> Self {
        match refusal {
            ConfirmMfaRefusal::Denied(denial) => denial.into(),
            ConfirmMfaRefusal::External(external) => external.into(),
            ConfirmMfaRefusal::Code(refusal) => UserError::rejected_code(refusal, UserError::nothing_pending()).into(),
            ConfirmMfaRefusal::NotARecoveryCode => {
                let message = "A recovery code cannot verify a new factor. Submit its six digits.";
                UserError::new(ConfirmMfaErrorCode::Invalid, message).at("verifyCode").into()
            }
            ConfirmMfaRefusal::Enforced => {
                let message = "An operator has enforced MFA in the meantime, which excludes this change.";
                UserError::new(ConfirmMfaErrorCode::MfaEnforced, message).into()
            }
        }
    }
}
