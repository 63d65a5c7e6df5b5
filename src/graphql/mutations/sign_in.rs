//! `signIn`, `confirmSignIn`, `reauthenticate`.

use async_graphql::{Context, InputObject, Object, OutputType, SimpleObject};

use super::user_error::{UserError, code, error_codes};
use super::{InputErrors, MutationFailure, run};
use crate::domain::login::LoginId;
use crate::domain::token::ChallengeToken;
use crate::domain::verify_code::VerifyCode;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::scalars::JsonObject;
use crate::graphql::types::session::{MfaChallenge, SessionTokens};
use crate::graphql::types::user::User;
use crate::services::passkeys::PasskeyReauthenticateRefusal;
use crate::services::sign_in::{
    Challenge, ConfirmSignInRefusal, PasskeySignInRefusal, ReauthenticateRefusal, Reauthenticated, SignIn,
    SignInRefusal, SignedIn,
};

error_codes!(
    "signIn",
    SignInPayload,
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

error_codes!(
    "confirmSignIn",
    ConfirmSignInPayload,
    ConfirmSignInErrorCode {
        /// The token is missing or empty, or there is neither a code nor a passkey.
        Required,
        /// The value is not a code, or not a response of an authenticator. It is not counted as an attempt.
        Invalid,
        /// The challenge is unknown, used, or invalidated. Sign in again.
        InvalidToken,
        /// The code is wrong. `attemptsLeft` is the number of attempts that remain.
        InvalidCode,
        /// The passkey was not accepted. `attemptsLeft` is the number of attempts that remain.
        InvalidPasskey,
        /// The challenge has expired. Sign in again.
        ExpiredCode,
        /// The attempt limit is reached. If `retryAfter` is null, sign in again; otherwise wait for that many seconds.
        /// A recovery code may still be accepted.
        TooManyTries,
    }
);

error_codes!(
    "reauthenticate",
    ReauthenticatePayload,
    ReauthenticateErrorCode {
        /// A required input is missing or empty.
        Required,
        /// The value is not a code, or not a response of an authenticator. It is not counted as an attempt.
        Invalid,
        /// The challenge is unknown or used, or belongs to another session. Call `startPasskeySignIn` again.
        InvalidToken,
        /// The passkey was not accepted: it is not one of yours, or was refused. `attemptsLeft` is the number of attempts
        /// that remain.
        InvalidPasskey,
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
    errors: Vec<UserError<SignInErrorCode>>,
}

/// The input of `confirmSignIn`.
#[derive(InputObject)]
pub struct ConfirmSignInInput {
    /// The `token` of the challenge that `signIn` returned.
    challenge_token: String,
    /// The code sent by email, the one-time password of your authenticator app, or a recovery code.
    verify_code: Option<String>,
    /// Instead of a code: the response of the authenticator to the `passkeyOptions` of the challenge,
    /// `credential.toJSON()`, unchanged.
    credential: Option<JsonObject>,
}

/// The result of `confirmSignIn`.
#[derive(SimpleObject, Default)]
pub struct ConfirmSignInPayload {
    /// The tokens of the new session. Null if no session was created.
    session: Option<SessionTokens>,
    /// The reasons why no session was created. Empty if there is one.
    errors: Vec<UserError<ConfirmSignInErrorCode>>,
}

/// The input of `reauthenticate`.
#[derive(InputObject)]
pub struct ReauthenticateInput {
    /// Your current password, which is verified again.
    password: Option<String>,
    /// With MFA enabled: the code sent by email, the one-time password of your authenticator app, or a recovery code.
    /// If it is omitted, a correct password returns a challenge, and the code is sent if the factor is EMAIL. Then
    /// repeat the call with password and code.
    verify_code: Option<String>,
    /// Instead of a password: the `token` of a challenge that `startPasskeySignIn` returned in this session.
    challenge_token: Option<String>,
    /// With `challengeToken`: the response of the authenticator, `credential.toJSON()`, unchanged. With a passkey, no code
    /// is needed.
    credential: Option<JsonObject>,
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
    errors: Vec<UserError<ReauthenticateErrorCode>>,
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
        run(ctx, async {
            let (services, mut errors) = (context::services(ctx)?, InputErrors::default());
            let domain_id = errors.domain(services, input.domain_id.as_deref()).await?;
            let login = errors.parse("userId", LoginId::parse(&input.user_id));
            let password = errors.password("password", &input.password);
            let ((domain_id, login), password) = errors.settle(domain_id.zip(login).zip(password))?;
            let credentials = SignIn { domain_id, login, password };
            Ok(match services.sign_in(credentials, context::client(ctx)?).await? {
                SignedIn::Session(tokens) => {
                    let session = Some(SessionTokens::new(tokens, context::token_delivery(ctx)?));
                    SignInPayload { session, ..SignInPayload::default() }
                }
                SignedIn::Challenge(challenge) => {
                    let errors = not_sent(&challenge);
                    SignInPayload { mfa_challenge: Some(challenge.into()), session: None, errors }
                }
            })
        })
        .await
    }

    /// Completes the challenge of `signIn` and returns the tokens of a new session. Requires no authentication. A wrong
    /// code returns `INVALID_CODE`; after too many, `TOO_MANY_TRIES`. `EXPIRED_CODE` and `INVALID_TOKEN` mean that you
    /// must sign in again.
    async fn confirm_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge, and the code or a passkey.")] input: ConfirmSignInInput,
    ) -> Option<Result<ConfirmSignInPayload, ApiError>> {
        run(ctx, async {
            let (services, mut errors) = (context::services(ctx)?, InputErrors::default());
            let token = ChallengeToken::parse(&input.challenge_token);
            let token = errors.token("challengeToken", &input.challenge_token, token, invalid_challenge());
            if let Some(credential) = input.credential {
                if input.verify_code.is_some() {
                    errors.push(either("a code"));
                    return Err(MutationFailure::from(errors));
                }
                let response = errors.passkey(Some(credential));
                let (token, response) = errors.settle(token.zip(response))?;
                let client = context::client(ctx)?;
                let tokens = services.confirm_sign_in_with_passkey(&token, &response, client).await?;
                let session = Some(SessionTokens::new(tokens, context::token_delivery(ctx)?));
                return Ok(ConfirmSignInPayload { session, errors: Vec::new() });
            }
            let Some(verify_code) = input.verify_code else {
                errors.push(neither("verifyCode", "Enter the code, or use a passkey."));
                return Err(MutationFailure::from(errors));
            };
            let code = VerifyCode::parse(&verify_code);
            if let (Some(token), Err(_)) = (&token, &code)
                && !services.is_challenge(token).await?
            {
                errors.push(invalid_challenge());
            }
            let code = errors.verify_code(code);
            let (token, code) = errors.settle(token.zip(code))?;
            let tokens = services.confirm_sign_in(&token, &code, context::client(ctx)?).await?;
            let session = Some(SessionTokens::new(tokens, context::token_delivery(ctx)?));
            Ok(ConfirmSignInPayload { session, errors: Vec::new() })
        })
        .await
    }

    /// Authenticates you again in the current session (step-up authentication), so that for 10 minutes by default it
    /// may use the mutations that otherwise return `REAUTHENTICATION_REQUIRED`. It takes the password, with MFA enabled
    /// also a code; or, without either, a passkey (see `startPasskeySignIn`).
    async fn reauthenticate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password, and the code if MFA is enabled; or a passkey.")] input: ReauthenticateInput,
    ) -> Option<Result<ReauthenticatePayload, ApiError>> {
        run(ctx, async {
            let caller = context::caller(ctx)?;
            let mut errors = InputErrors::default();
            if input.challenge_token.is_some() || input.credential.is_some() {
                if input.password.is_some() || input.verify_code.is_some() {
                    errors.push(either("a password"));
                    return Err(MutationFailure::from(errors));
                }
                let text = input.challenge_token.unwrap_or_default();
                let token = ChallengeToken::parse(&text);
                let token = errors.token("challengeToken", &text, token, UserError::invalid_passkey_challenge());
                let response = errors.passkey(input.credential);
                let (token, response) = errors.settle(token.zip(response))?;
                let (services, client) = (context::services(ctx)?, context::client(ctx)?);
                let caller = services.reauthenticate_with_passkey(caller, &token, &response, client).await?;
                return Ok(ReauthenticatePayload { user: Some(caller.into()), ..ReauthenticatePayload::default() });
            }
            let Some(password) = input.password else {
                errors.push(neither("password", "Enter the password, or use a passkey."));
                return Err(MutationFailure::from(errors));
            };
            let password = errors.password("password", &password);
            let code = input.verify_code.and_then(|code| errors.verify_code(VerifyCode::parse(&code)));
            let (services, client) = (context::services(ctx)?, context::client(ctx)?);
            if let Some(password) = password.clone().filter(|_| !errors.is_empty()) {
                errors.add(services.check_own_password(caller, password, client).await)?;
            }
            let password = errors.settle(password)?;
            Ok(match services.reauthenticate(caller, password, code.as_ref(), client).await? {
                Reauthenticated::Fresh(caller) => {
                    ReauthenticatePayload { user: Some((*caller).into()), ..ReauthenticatePayload::default() }
                }
                Reauthenticated::Challenge(challenge) => {
                    let errors = not_sent(&challenge);
                    ReauthenticatePayload { mfa_challenge: Some(challenge.into()), user: None, errors }
                }
            })
        })
        .await
    }
}

/// A challenge is returned even if a rate limit prevents its email; the error then says why.
fn not_sent<C: OutputType + From<code::RateLimited>>(challenge: &Challenge) -> Vec<UserError<C>> {
    challenge.not_sent.map(UserError::too_many_emails).into_iter().collect()
}

/// The error of an input that has neither a passkey nor what `message` names.
fn neither<C: OutputType + From<code::Required>>(field: &str, message: &str) -> UserError<C> {
    UserError::new(code::Required, message).at(field)
}

/// The error of an input that has a passkey and something else.
fn either<C: OutputType + From<code::Invalid>>(other: &str) -> UserError<C> {
    UserError::new(code::Invalid, format!("Submit either {other} or a passkey.")).at("credential")
}

fn invalid_challenge() -> UserError<ConfirmSignInErrorCode> {
    let message = "This challenge is unknown, used, or invalidated. Sign in again.";
    UserError::new(ConfirmSignInErrorCode::InvalidToken, message).at("challengeToken")
}

impl From<SignInRefusal> for MutationFailure<SignInErrorCode> {
    fn from(refusal: SignInRefusal) -> Self {
        match refusal {
            SignInRefusal::InvalidCredentials => {
                let message = "The user id or the password is wrong.";
                UserError::new(SignInErrorCode::InvalidCredentials, message).into()
            }
            SignInRefusal::RateLimited(wait) => UserError::rate_limited(wait, "Too many attempts.").into(),
        }
    }
}

impl From<ConfirmSignInRefusal> for MutationFailure<ConfirmSignInErrorCode> {
    fn from(refusal: ConfirmSignInRefusal) -> Self {
        match refusal {
            ConfirmSignInRefusal::InvalidToken => invalid_challenge().into(),
            // Without a pending code, a concurrent request has completed the challenge.
            ConfirmSignInRefusal::Code(refusal) => UserError::rejected_code(refusal, invalid_challenge()).into(),
        }
    }
}

impl From<PasskeySignInRefusal> for MutationFailure<ConfirmSignInErrorCode> {
    fn from(refusal: PasskeySignInRefusal) -> Self {
        match refusal {
            PasskeySignInRefusal::InvalidToken => invalid_challenge().into(),
            PasskeySignInRefusal::Response(refusal) => UserError::rejected_passkey(refusal, invalid_challenge()).into(),
        }
    }
}

impl From<PasskeyReauthenticateRefusal> for MutationFailure<ReauthenticateErrorCode> {
    fn from(refusal: PasskeyReauthenticateRefusal) -> Self {
        match refusal {
            PasskeyReauthenticateRefusal::Denied(denial) => denial.into(),
            PasskeyReauthenticateRefusal::External(external) => external.into(),
            PasskeyReauthenticateRefusal::InvalidToken => UserError::invalid_passkey_challenge().into(),
            PasskeyReauthenticateRefusal::Response(refusal) => {
                UserError::rejected_passkey(refusal, UserError::invalid_passkey_challenge()).into()
            }
        }
    }
}

impl From<ReauthenticateRefusal> for MutationFailure<ReauthenticateErrorCode> {
    fn from(refusal: ReauthenticateRefusal) -> Self {
        match refusal {
            ReauthenticateRefusal::Denied(denial) => denial.into(),
            ReauthenticateRefusal::External(external) => external.into(),
            ReauthenticateRefusal::Password(refusal) => UserError::current_password("password", refusal).into(),
            ReauthenticateRefusal::Code(refusal) => {
                UserError::rejected_code(refusal, UserError::nothing_pending()).into()
            }
        }
    }
}
