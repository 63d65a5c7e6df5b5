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
        /// The input is needed, and is missing or empty.
        Required,
        /// The input cannot be what it should be.
        Invalid,
        /// The input is too long.
        TooLong,
        /// There is no such user with this password who may sign in here. Which part is wrong is not told.
        InvalidCredentials,
        /// Too many tries, or, beside a challenge, too many mails. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

user_error!(
    "confirmSignIn",
    ConfirmSignInError,
    ConfirmSignInErrorCode {
        /// The token or the code is needed.
        Required,
        /// This cannot be a code. It counts as no try.
        Invalid,
        /// The challenge is unknown, answered, or void. Sign in again.
        InvalidToken,
        /// The code is wrong. `attemptsLeft` tells how many more are looked at.
        InvalidCode,
        /// The challenge is out of time. Sign in again.
        ExpiredCode,
        /// Too many wrong codes. Sign in again, or wait for `retryAfter` seconds where it is given; a recovery code may
        /// still work.
        TooManyTries,
    }
);

user_error!(
    "reauthenticate",
    ReauthenticateError,
    ReauthenticateErrorCode {
        /// The input is needed, and is missing or empty.
        Required,
        /// This cannot be a code. It counts as no try.
        Invalid,
        /// This is not your password.
        WrongPassword,
        /// The code is wrong. `attemptsLeft` tells how many more are looked at.
        InvalidCode,
        /// The code is out of time. Ask for a new one.
        ExpiredCode,
        /// Too many wrong codes. Ask for a new one, or wait for `retryAfter` seconds where it is given.
        TooManyTries,
        /// No code was sent for this session. Leave the code out to get one.
        NothingPending,
        /// You sign in elsewhere; there is no password to prove here.
        ExternalUser,
        /// Too many tries, or, beside a challenge, too many mails. Wait for `retryAfter` seconds.
        RateLimited,
    }
);

/// Who wants to sign in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The domain to sign in to. May be left out where the server has only one.
    domain_id: Option<String>,
    /// What you sign in with, usually your e-mail address.
    user_id: String,
    /// Your password.
    password: String,
}

/// What came of signing in: a session, or a challenge for the second factor, or errors.
#[derive(SimpleObject, Default)]
pub struct SignInPayload {
    /// The tokens of the new session.
    session: Option<SessionTokens>,
    /// The second factor that is asked for before there is a session.
    mfa_challenge: Option<MfaChallenge>,
    /// Why you are not signed in, or why no code was mailed for the challenge.
    errors: Vec<SignInError>,
}

/// The answer to a challenge.
#[derive(InputObject)]
pub struct ConfirmSignInInput {
    /// The challenge's `token`.
    challenge_token: String,
    /// The code that was mailed, or that your authenticator app shows, or a recovery code.
    verify_code: String,
}

/// What came of answering a challenge.
#[derive(SimpleObject, Default)]
pub struct ConfirmSignInPayload {
    /// The tokens of the new session.
    session: Option<SessionTokens>,
    /// Why there is none.
    errors: Vec<ConfirmSignInError>,
}

/// What proves again who you are.
#[derive(InputObject)]
pub struct ReauthenticateInput {
    /// Your password.
    password: String,
    /// Where you have a second factor: the code that was mailed, or that your authenticator app shows, or a recovery
    /// code. Left out, a right password has a code mailed and answers a challenge; then repeat the call with the code.
    verify_code: Option<String>,
}

/// What came of proving again who you are.
#[derive(SimpleObject, Default)]
pub struct ReauthenticatePayload {
    /// You, once your session is fresh.
    user: Option<User>,
    /// The second factor that is asked for as well.
    mfa_challenge: Option<MfaChallenge>,
    /// Why your session is not fresh, or why no code was mailed for the challenge.
    errors: Vec<ReauthenticateError>,
}

/// Signing in.
#[derive(Default)]
pub struct SignInMutations;

#[Object]
impl SignInMutations {
    /// Signs you in with a password. Where you have a second factor it answers a challenge.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who you are.")] input: SignInInput,
    ) -> Option<Result<SignInPayload, ApiError>> {
        Some(sign_in(ctx, input).await)
    }

    /// Answers the challenge of `signIn`.
    async fn confirm_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: ConfirmSignInInput,
    ) -> Option<Result<ConfirmSignInPayload, ApiError>> {
        Some(confirm_sign_in(ctx, &input).await)
    }

    /// Proves again who you are, so that for some minutes your session may do what is sensitive.
    async fn reauthenticate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What proves it.")] input: ReauthenticateInput,
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

/// A challenge for which no mail may go out is given all the same, and says why beside it.
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
            // The second is a challenge that another request answered at the same moment.
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
