//! `enableMfa`, `disableMfa`, `confirmMfa`, `regenerateRecoveryCodes`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::user_error;
use super::{Faults, settle};
use crate::domain::email::Email;
use crate::domain::user::RequiredAction;
use crate::domain::verify_code::{RecoveryCode, VerifyCode};
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::fault::{Fault, FaultCode, Told};
use crate::graphql::types::enums::MfaType;
use crate::graphql::types::scalars::Time;
use crate::graphql::types::user::User;
use crate::services::Failure;
use crate::services::mfa::{ChangeMfaRefusal, ConfirmMfaRefusal, OtpEnrolment};

user_error!(
    "enableMfa",
    EnableMfaError,
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

user_error!(
    "disableMfa",
    DisableMfaError,
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

user_error!(
    "confirmMfa",
    ConfirmMfaError,
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

user_error!(
    "regenerateRecoveryCodes",
    RegenerateRecoveryCodesError,
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
    errors: Vec<EnableMfaError>,
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
    errors: Vec<DisableMfaError>,
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
    errors: Vec<ConfirmMfaError>,
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
    errors: Vec<RegenerateRecoveryCodesError>,
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
        Some(enable_mfa(ctx, input).await)
    }

    /// Starts to disable MFA: sends a code by email, or expects a one-time password of your authenticator app. Complete
    /// it with `confirmMfa`. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`).
    async fn disable_mfa(&self, ctx: &Context<'_>) -> Option<Result<DisableMfaPayload, ApiError>> {
        Some(disable_mfa(ctx).await)
    }

    /// Confirms the pending change of `enableMfa` or `disableMfa`. A wrong code returns `INVALID_CODE`; without a
    /// pending change of this session, it returns `NOTHING_PENDING`.
    async fn confirm_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code that confirms the change.")] input: ConfirmMfaInput,
    ) -> Option<Result<ConfirmMfaPayload, ApiError>> {
        Some(confirm_mfa(ctx, &input).await)
    }

    /// Generates ten new recovery codes, which replace the previous ones. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). Returns `MFA_NOT_ENABLED` while MFA is disabled.
    async fn regenerate_recovery_codes(
        &self,
        ctx: &Context<'_>,
    ) -> Option<Result<RegenerateRecoveryCodesPayload, ApiError>> {
        Some(regenerate_recovery_codes(ctx).await)
    }
}

async fn enable_mfa(ctx: &Context<'_>, input: EnableMfaInput) -> Result<EnableMfaPayload, ApiError> {
    let caller = context::acting_caller(ctx, Some(RequiredAction::EnforceMfa))?;
    let mut faults = Faults::default();
    let email = input.options.and_then(|options| options.email);
    let email = email.and_then(|email| faults.parse("options.email", Email::parse(&email)));
    if let Some(errors) = faults.told()? {
        return Ok(EnableMfaPayload { errors, ..EnableMfaPayload::default() });
    }
    let client = context::client(ctx)?;
    let answer = context::services(ctx)?.enable_mfa(caller, input.mfa_type.into(), email, client).await;
    Ok(match settle(answer)? {
        Ok(started) => EnableMfaPayload {
            sent_to: started.sent_to.map(|address| address.as_str().to_owned()),
            expires_at: Some(Time(started.expires_at)),
            otp: started.otp.as_ref().map(Otp::try_from).transpose()?,
            errors: Vec::new(),
        },
        Err(errors) => EnableMfaPayload { errors, ..EnableMfaPayload::default() },
    })
}

impl TryFrom<&OtpEnrolment> for Otp {
    type Error = Failure;

    fn try_from(enrolment: &OtpEnrolment) -> Result<Self, Failure> {
        Ok(Self { secret: enrolment.secret.reveal(), uri: enrolment.uri(), qr_code: enrolment.qr_code()? })
    }
}

async fn disable_mfa(ctx: &Context<'_>) -> Result<DisableMfaPayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let answer = context::services(ctx)?.disable_mfa(caller, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(started) => DisableMfaPayload {
            sent_to: started.sent_to.map(|address| address.as_str().to_owned()),
            expires_at: Some(Time(started.expires_at)),
            errors: Vec::new(),
        },
        Err(errors) => DisableMfaPayload { errors, ..DisableMfaPayload::default() },
    })
}

async fn confirm_mfa(ctx: &Context<'_>, input: &ConfirmMfaInput) -> Result<ConfirmMfaPayload, ApiError> {
    let caller = context::acting_caller(ctx, Some(RequiredAction::EnforceMfa))?;
    let mut faults = Faults::default();
    let code = faults.parse("verifyCode", VerifyCode::parse(&input.verify_code));
    let code = match faults.settle(code)? {
        Ok(code) => code,
        Err(errors) => return Ok(ConfirmMfaPayload { errors, ..ConfirmMfaPayload::default() }),
    };
    let answer = context::services(ctx)?.confirm_mfa(caller, &code, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok((caller, recovery_codes)) => ConfirmMfaPayload {
            user: Some(User(Arc::new(caller))),
            recovery_codes: recovery_codes.map(|codes| reveal(&codes)),
            errors: Vec::new(),
        },
        Err(errors) => ConfirmMfaPayload { errors, ..ConfirmMfaPayload::default() },
    })
}

async fn regenerate_recovery_codes(ctx: &Context<'_>) -> Result<RegenerateRecoveryCodesPayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let answer = context::services(ctx)?.regenerate_recovery_codes(caller, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok((caller, recovery_codes)) => RegenerateRecoveryCodesPayload {
            user: Some(User(Arc::new(caller))),
            recovery_codes: Some(reveal(&recovery_codes)),
            errors: Vec::new(),
        },
        Err(errors) => RegenerateRecoveryCodesPayload { errors, ..RegenerateRecoveryCodesPayload::default() },
    })
}

fn reveal(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(RecoveryCode::reveal).collect()
}

impl From<ChangeMfaRefusal> for Told {
    fn from(refusal: ChangeMfaRefusal) -> Self {
        match refusal {
            ChangeMfaRefusal::Denied(denial) => denial.into(),
            ChangeMfaRefusal::Mfa(refusal) => Fault::of_mfa(refusal).into(),
            ChangeMfaRefusal::AddressRequired => {
                let message = "You have no verified e-mail address; give the one that codes are to go to.";
                Fault::new(FaultCode::Required, message).at("options.email").into()
            }
            ChangeMfaRefusal::NotSent(reason) => Fault::of_not_sent("options.email", reason).into(),
        }
    }
}

impl From<ConfirmMfaRefusal> for Told {
    fn from(refusal: ConfirmMfaRefusal) -> Self {
        match refusal {
            ConfirmMfaRefusal::Denied(denial) => denial.into(),
            ConfirmMfaRefusal::Code(refusal) => Fault::of_code(refusal).into(),
            ConfirmMfaRefusal::NotARecoveryCode => {
                let message = "A recovery code proves no new factor; give the six digits.";
                Fault::new(FaultCode::Invalid, message).at("verifyCode").into()
            }
            ConfirmMfaRefusal::Enforced => {
                let message = "An administrator decided on your second factor meanwhile.";
                Fault::new(FaultCode::MfaEnforced, message).into()
            }
        }
    }
}
