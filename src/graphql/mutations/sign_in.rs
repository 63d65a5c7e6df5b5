//! `signIn`, `confirmSignIn`, `reauthenticate`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::user_error::user_error;
use super::{Faults, MutationError, settle};
use crate::domain::code::CodeRefusal;
use crate::domain::login::LoginId;
use crate::domain::token::ChallengeToken;
use crate::domain::verify_code::VerifyCode;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::fault::{Fault, FaultCode, Told};
use crate::graphql::types::session::{MfaChallenge, SessionTokens};
use crate::graphql::types::user::User;
use crate::services::Error;
use crate::services::sign_in::{
    Challenge, ConfirmSignInRefusal, ReauthenticateRefusal, Reauthenticated, SignIn, SignInRefusal, SignedIn,
};

user_error!(
    "signIn",
    SignInError,
    SignInErrorCode {
        /// A required input is missing or empty.
        Required,
        /// The value is malformed.
        Invalid,
        /// The value is too long.
        TooLong,
        /// The sign-in failed. The reason is not revealed: the user is unknown, the password is wrong, or the user
        /// cannot sign in here.
        InvalidCredentials,
        /// Too many failed attempts, or the server is busy. With a challenge: the code was not sent, because of a rate
        /// limit on email. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "confirmSignIn",
    ConfirmSignInError,
    ConfirmSignInErrorCode {
        /// The token or the code is missing or empty.
        Required,
        /// The value is not a code. It is not counted as an attempt.
        Invalid,
        /// The challenge is unknown, used, or invalidated. Sign in again.
        InvalidToken,
        /// The code is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidCode,
        /// The challenge has expired. Sign in again.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, sign in again; otherwise wait for that many seconds.
        /// A recovery code may still be accepted.
        TooManyTries,
    }
);

user_error!(
    "reauthenticate",
    ReauthenticateError,
    ReauthenticateErrorCode {
        /// A required input is missing or empty.
        Required,
        /// The value is not a code. It is not counted as an attempt.
        Invalid,
        /// The password is not your current password.
        WrongPassword,
        /// The code is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidCode,
        /// The code has expired. Request a new one.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, request a new code; otherwise wait for that many
        /// seconds.
        TooManyTries,
        /// No code was sent for this session. Omit `verifyCode` to request one.
        NothingPending,
        /// You authenticate with an external identity provider, so there is no password to verify here.
        ExternalUser,
        /// Too many failed attempts, or the server is busy. With a challenge: the code was not sent, because of a rate
        /// limit on email. Try again after `retryAfter` seconds.
        RateLimited,
    }
);

/// The input of `signIn`.
#[derive(InputObject)]
pub struct SignInInput {
    /// The id of the domain to sign in to. May be omitted if the server has only one domain.
    domain_id: Option<String>,
    /// Your login name, usually your email address.
    user_id: String,
    /// Your password in this domain.
    password: String,
}

/// The result of `signIn`: a session, a challenge for the factor, or errors.
#[derive(SimpleObject, Default)]
pub struct SignInPayload {
    /// The tokens of the new session. Null if no session was created.
    session: Option<SessionTokens>,
    /// The challenge to complete with `confirmSignIn`. Null if MFA is disabled, or if the sign-in failed.
    mfa_challenge: Option<MfaChallenge>,
    /// The reasons why the sign-in failed, or, with a challenge, why no code was sent. Empty if there are none.
    errors: Vec<SignInError>,
}

/// The input of `confirmSignIn`.
#[derive(InputObject)]
pub struct ConfirmSignInInput {
    /// The `token` of the challenge that `signIn` returned.
    challenge_token: String,
    /// The code sent by email, the one-time password of your authenticator app, or a recovery code.
    verify_code: String,
}

/// The result of `confirmSignIn`.
#[derive(SimpleObject, Default)]
pub struct ConfirmSignInPayload {
    /// The tokens of the new session. Null if no session was created.
    session: Option<SessionTokens>,
    /// The reasons why no session was created. Empty if there is one.
    errors: Vec<ConfirmSignInError>,
}

/// The input of `reauthenticate`.
#[derive(InputObject)]
pub struct ReauthenticateInput {
    /// Your current password, which is verified again.
    password: String,
    /// With MFA enabled: the code sent by email, the one-time password of your authenticator app, or a recovery code.
    /// If it is omitted, a correct password returns a challenge, and the code is sent if the factor is EMAIL. Then
    /// repeat the call with password and code.
    verify_code: Option<String>,
}

/// The result of `reauthenticate`.
#[derive(SimpleObject, Default)]
pub struct ReauthenticatePayload {
    /// The user, once the session is authenticated again. Null with a challenge or if there are errors.
    user: Option<User>,
    /// The challenge for the factor; repeat the call with `verifyCode` to complete it. Null if none is required, or if
    /// there is no correct password.
    mfa_challenge: Option<MfaChallenge>,
    /// The reasons why the session was not authenticated again, or, with a challenge, why no code was sent. Empty if
    /// there are none.
    errors: Vec<ReauthenticateError>,
}

/// The mutations that sign a user in.
#[derive(Default)]
pub struct SignInMutations;

#[Object]
impl SignInMutations {
    /// Signs you in with a password. Returns the tokens of a new session, or, with MFA enabled, a challenge to complete
    /// with `confirmSignIn`. Requires no authentication. Wrong credentials return `INVALID_CREDENTIALS`, too many of
    /// them `RATE_LIMITED`.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The credentials to sign in with.")] input: SignInInput,
    ) -> Option<Result<SignInPayload, ApiError>> {
        Some(sign_in(ctx, input).await)
    }

    /// Completes the challenge of `signIn` and returns the tokens of a new session. Requires no authentication. A wrong
    /// code returns `INVALID_CODE`; after too many, `TOO_MANY_TRIES`. `EXPIRED_CODE` and `INVALID_TOKEN` mean that you
    /// must sign in again.
    async fn confirm_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge and the code.")] input: ConfirmSignInInput,
    ) -> Option<Result<ConfirmSignInPayload, ApiError>> {
        Some(confirm_sign_in(ctx, &input).await)
    }

    /// Authenticates you again in the current session (step-up authentication), so that for 10 minutes by default it
    /// may use the mutations that otherwise return `REAUTHENTICATION_REQUIRED`. With MFA enabled, it takes the password
    /// and a code.
    async fn reauthenticate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password, and the code if MFA is enabled.")] input: ReauthenticateInput,
    ) -> Option<Result<ReauthenticatePayload, ApiError>> {
        Some(reauthenticate(ctx, &input).await)
    }
}

async fn sign_in(ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload, ApiError> {
    let (services, mut faults) = (context::services(ctx)?, Faults::default());
    let domain_id = faults.domain(services, input.domain_id.as_deref()).await?;
    let login = faults.parse("userId", LoginId::parse(&input.user_id));
    let password = faults.password("password", &input.password);
    let ((domain_id, login), password) = match faults.settle(domain_id.zip(login).zip(password))? {
        Ok(given) => given,
        Err(errors) => return Ok(SignInPayload { errors, ..SignInPayload::default() }),
    };
    let answer = services.sign_in(SignIn { domain_id, login, password }, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(SignedIn::Session(tokens)) => {
            let session = Some(context::delivery(ctx)?.deliver(tokens));
            SignInPayload { session, ..SignInPayload::default() }
        }
        Ok(SignedIn::Challenge(challenge)) => {
            let errors = not_sent(&challenge)?;
            SignInPayload { mfa_challenge: Some(challenge.into()), session: None, errors }
        }
        Err(errors) => SignInPayload { errors, ..SignInPayload::default() },
    })
}

/// A challenge is returned even if a rate limit prevents its email; the error then says why.
fn not_sent<E: MutationError>(challenge: &Challenge) -> Result<Vec<E>, ApiError> {
    challenge.not_sent.map(|wait| E::of(Fault::of_sends(wait))).into_iter().collect()
}

async fn confirm_sign_in(ctx: &Context<'_>, input: &ConfirmSignInInput) -> Result<ConfirmSignInPayload, ApiError> {
    let (services, mut faults) = (context::services(ctx)?, Faults::default());
    let token = &input.challenge_token;
    let token = faults.token("challengeToken", token, ChallengeToken::parse(token), invalid_challenge());
    let answer = VerifyCode::parse(&input.verify_code);
    if let (Some(token), Err(_)) = (&token, &answer)
        && !services.is_challenge(token).await?
    {
        faults.add(Err(Error::Refused(ConfirmSignInRefusal::InvalidToken)))?;
    }
    let answer = faults.parse("verifyCode", answer);
    let (token, answer) = match faults.settle(token.zip(answer))? {
        Ok(given) => given,
        Err(errors) => return Ok(ConfirmSignInPayload { session: None, errors }),
    };
    let answered = services.confirm_sign_in(&token, &answer, context::client(ctx)?).await;
    Ok(match settle(answered)? {
        Ok(tokens) => {
            ConfirmSignInPayload { session: Some(context::delivery(ctx)?.deliver(tokens)), errors: Vec::new() }
        }
        Err(errors) => ConfirmSignInPayload { session: None, errors },
    })
}

async fn reauthenticate(ctx: &Context<'_>, input: &ReauthenticateInput) -> Result<ReauthenticatePayload, ApiError> {
    let caller = context::caller(ctx)?;
    let mut faults = Faults::default();
    let password = faults.password("password", &input.password);
    let code = input.verify_code.as_ref().and_then(|code| faults.parse("verifyCode", VerifyCode::parse(code)));
    let (services, client) = (context::services(ctx)?, context::client(ctx)?);
    if let Some(password) = password.clone().filter(|_| !faults.is_empty()) {
        faults.add(services.check_own_password(caller, password, client).await)?;
    }
    let password = match faults.settle(password)? {
        Ok(password) => password,
        Err(errors) => return Ok(ReauthenticatePayload { errors, ..ReauthenticatePayload::default() }),
    };
    let answer = services.reauthenticate(caller, password, code.as_ref(), client).await;
    Ok(match settle(answer)? {
        Ok(Reauthenticated::Fresh(caller)) => {
            ReauthenticatePayload { user: Some(User(Arc::from(caller))), ..ReauthenticatePayload::default() }
        }
        Ok(Reauthenticated::Challenge(challenge)) => {
            let errors = not_sent(&challenge)?;
            ReauthenticatePayload { mfa_challenge: Some(challenge.into()), user: None, errors }
        }
        Err(errors) => ReauthenticatePayload { errors, ..ReauthenticatePayload::default() },
    })
}

impl From<SignInRefusal> for Told {
    fn from(refusal: SignInRefusal) -> Self {
        let fault = match refusal {
            SignInRefusal::InvalidCredentials => {
                Fault::new(FaultCode::InvalidCredentials, "The user id or the password is wrong.")
            }
            SignInRefusal::RateLimited(wait) => Fault::of_wait(wait, "Too many tries."),
        };
        fault.into()
    }
}

impl From<ConfirmSignInRefusal> for Told {
    fn from(refusal: ConfirmSignInRefusal) -> Self {
        let fault = match refusal {
            // The second is a challenge that a concurrent request completed.
            ConfirmSignInRefusal::InvalidToken | ConfirmSignInRefusal::Code(CodeRefusal::NothingPending) => {
                invalid_challenge().at("challengeToken")
            }
            ConfirmSignInRefusal::Code(refusal) => Fault::of_code(refusal),
        };
        fault.into()
    }
}

fn invalid_challenge() -> Fault {
    Fault::new(FaultCode::InvalidToken, "This challenge is unknown, answered, or invalidated. Sign in again.")
}

impl From<ReauthenticateRefusal> for Told {
    fn from(refusal: ReauthenticateRefusal) -> Self {
        match refusal {
            ReauthenticateRefusal::Denied(denial) => denial.into(),
            ReauthenticateRefusal::Password(refusal) => Fault::of_password("password", refusal).into(),
            ReauthenticateRefusal::Code(refusal) => Fault::of_code(refusal).into(),
        }
    }
}
