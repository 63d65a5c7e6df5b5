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
        /// You have no verified e-mail address; give one in `options.email`.
        Required,
        /// This is not an email address, or one that the mail server cannot deliver to.
        Invalid,
        /// The address is too long.
        TooLong,
        /// An administrator decided on the other type.
        MfaEnforced,
        /// You sign in elsewhere; there is no second factor here.
        ExternalUser,
        /// You signed in too long ago for this. Prove again who you are with `reauthenticate`.
        ReauthenticationRequired,
        /// Too many mails. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "disableMfa",
    DisableMfaError,
    DisableMfaErrorCode {
        /// You have no second factor switched on.
        MfaNotEnabled,
        /// An administrator decided that you have one.
        MfaEnforced,
        /// You sign in elsewhere; there is no second factor here.
        ExternalUser,
        /// You signed in too long ago for this. Prove again who you are with `reauthenticate`.
        ReauthenticationRequired,
        /// Too many mails. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "confirmMfa",
    ConfirmMfaError,
    ConfirmMfaErrorCode {
        /// The code is needed.
        Required,
        /// This cannot be a code for what is pending. It counts as no try.
        Invalid,
        /// The code is wrong. `attemptsLeft` tells how many more are looked at.
        InvalidCode,
        /// It is too late. Begin anew.
        ExpiredCode,
        /// Too many wrong codes. Begin anew, or wait for `retryAfter` seconds where it is given.
        TooManyTries,
        /// Nothing was begun in this session, or something else was begun since.
        NothingPending,
        /// An administrator decided otherwise meanwhile.
        MfaEnforced,
        /// You sign in elsewhere; there is no second factor here.
        ExternalUser,
    }
);

user_error!(
    "regenerateRecoveryCodes",
    RegenerateRecoveryCodesError,
    RegenerateRecoveryCodesErrorCode {
        /// You have no second factor switched on.
        MfaNotEnabled,
        /// You sign in elsewhere; there is no second factor here.
        ExternalUser,
        /// You signed in too long ago for this. Prove again who you are with `reauthenticate`.
        ReauthenticationRequired,
    }
);

/// Which second factor is to be switched on.
#[derive(InputObject)]
pub struct EnableMfaInput {
    /// Its type.
    mfa_type: MfaType,
    /// What is particular to it.
    options: Option<EnableMfaOptions>,
}

/// What is particular to a second factor that is to be switched on.
#[derive(InputObject)]
pub struct EnableMfaOptions {
    /// For EMAIL, where codes are to go. Left out: your verified e-mail address.
    email: Option<String>,
}

/// What came of beginning to switch a second factor on. It takes effect when `confirmMfa` proves it.
#[derive(SimpleObject, Default)]
pub struct EnableMfaPayload {
    /// For EMAIL, the address that a code was sent to.
    sent_to: Option<String>,
    /// Until when it can be confirmed.
    expires_at: Option<Time>,
    /// For OTP, what your authenticator app needs.
    otp: Option<Otp>,
    /// Why nothing was begun.
    errors: Vec<EnableMfaError>,
}

/// What an authenticator app needs. It is shown once.
#[derive(SimpleObject)]
pub struct Otp {
    /// The secret, in base32, to be typed in where no QR code can be read.
    secret: String,
    /// All of it as an `otpauth://` URI.
    uri: String,
    /// The URI as a QR code: a `data:` URI of an SVG image, for the `src` of an `img`.
    qr_code: String,
}

/// What came of beginning to switch the second factor off. It takes effect when `confirmMfa` proves it.
#[derive(SimpleObject, Default)]
pub struct DisableMfaPayload {
    /// The address that a code was sent to. Null where an authenticator app makes the code.
    sent_to: Option<String>,
    /// Until when it can be confirmed.
    expires_at: Option<Time>,
    /// Why nothing was begun.
    errors: Vec<DisableMfaError>,
}

/// What proves a change of the second factor.
#[derive(InputObject)]
pub struct ConfirmMfaInput {
    /// The code that was mailed, or that your authenticator app shows; to switch off, a recovery code does as well.
    verify_code: String,
}

/// What came of confirming a change of the second factor.
#[derive(SimpleObject, Default)]
pub struct ConfirmMfaPayload {
    /// You, as you are now.
    user: Option<User>,
    /// Your recovery codes, where a factor was switched on. They are shown once; each is good once.
    recovery_codes: Option<Vec<String>>,
    /// Why nothing was changed.
    errors: Vec<ConfirmMfaError>,
}

/// What came of making new recovery codes.
#[derive(SimpleObject, Default)]
pub struct RegenerateRecoveryCodesPayload {
    /// You, as you are now.
    user: Option<User>,
    /// Your new recovery codes. They are shown once; each is good once. The old ones are void.
    recovery_codes: Option<Vec<String>>,
    /// Why none were made.
    errors: Vec<RegenerateRecoveryCodesError>,
}

/// The second factor.
#[derive(Default)]
pub struct MfaMutations;

#[Object]
impl MfaMutations {
    /// Begins to switch a second factor on, or to replace the one you have, which holds until then. One change is pending
    /// at a time; only this session may confirm it. Asks for a fresh sign-in.
    async fn enable_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: EnableMfaInput,
    ) -> Option<Result<EnableMfaPayload, ApiError>> {
        Some(enable_mfa(ctx, input).await)
    }

    /// Begins to switch the second factor off: mails a code, or waits for one of your authenticator app. Asks for a fresh
    /// sign-in.
    async fn disable_mfa(&self, ctx: &Context<'_>) -> Option<Result<DisableMfaPayload, ApiError>> {
        Some(disable_mfa(ctx).await)
    }

    /// Confirms the change of the second factor that is pending.
    async fn confirm_mfa(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code.")] input: ConfirmMfaInput,
    ) -> Option<Result<ConfirmMfaPayload, ApiError>> {
        Some(confirm_mfa(ctx, &input).await)
    }

    /// Makes ten new recovery codes in place of those you have. Asks for a fresh sign-in.
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
