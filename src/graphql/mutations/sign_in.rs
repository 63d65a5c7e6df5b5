//! `signIn`.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::parse;
use super::user_error::user_error;
use crate::domain::InvalidKind;
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::password::Password;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::session::{MfaChallenge, SessionTokens};
use crate::services::Error;
use crate::services::sessions::{SignIn, SignInRefusal};

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
        /// Too many tries. Wait for `retryAfter` seconds.
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
    /// Why you are not signed in; empty if you are, or may answer the challenge.
    errors: Vec<SignInError>,
}

#[derive(Default)]
/// Signing in.
pub struct SignInMutation;

#[Object]
impl SignInMutation {
    /// Signs you in with a password.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who you are.")] input: SignInInput,
    ) -> Option<Result<SignInPayload, ApiError>> {
        Some(sign_in(ctx, input).await)
    }
}

async fn sign_in(ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload, ApiError> {
    let who = match input.parse() {
        Ok(who) => who,
        Err(errors) => return Ok(SignInPayload { errors, ..SignInPayload::default() }),
    };
    match context::services(ctx)?.sign_in(who, context::client(ctx)?).await {
        Ok(tokens) => Ok(SignInPayload { session: Some(tokens.into()), ..SignInPayload::default() }),
        Err(Error::Refused(refusal)) => {
            Ok(SignInPayload { errors: vec![SignInError::try_from(refusal)?], ..SignInPayload::default() })
        }
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

impl SignInInput {
    fn parse(self) -> Result<SignIn, Vec<SignInError>> {
        let mut faults = Vec::new();
        let domain_id = self.domain_id.map(|id| parse(&mut faults, DomainId::parse(&id), error_of("domainId")));
        let login = parse(&mut faults, LoginId::parse(&self.user_id), error_of("userId"));
        if self.password.is_empty() {
            faults.push(SignInError::of_field(SignInErrorCode::Required, "password", "a password is needed"));
        }
        match login {
            Some(login) if faults.is_empty() => {
                Ok(SignIn { domain_id: domain_id.flatten(), login, password: Password::typed(&self.password) })
            }
            _ => Err(faults),
        }
    }
}

fn error_of(field: &str) -> impl FnOnce(InvalidKind, String) -> SignInError {
    let code = |kind| match kind {
        InvalidKind::Required => SignInErrorCode::Required,
        InvalidKind::TooLong => SignInErrorCode::TooLong,
        InvalidKind::Malformed => SignInErrorCode::Invalid,
    };
    move |kind, message| SignInError::of_field(code(kind), field, message)
}

impl TryFrom<SignInRefusal> for SignInError {
    type Error = ApiError;

    fn try_from(refusal: SignInRefusal) -> Result<Self, ApiError> {
        Ok(match refusal {
            SignInRefusal::DomainRequired => Self::of_field(
                SignInErrorCode::Required,
                "domainId",
                "this server has several domains; say which is yours",
            ),
            SignInRefusal::InvalidCredentials => {
                Self::new(SignInErrorCode::InvalidCredentials, "The user id or the password is wrong.")
            }
            SignInRefusal::RateLimited(wait) => Self {
                retry_after: Some(wait.retry_after),
                ..Self::new(
                    SignInErrorCode::RateLimited,
                    format!("Too many tries. Try again in {} seconds.", wait.retry_after),
                )
            },
            SignInRefusal::SecondFactorRequired => {
                return Err(ApiError::forbidden("Signing in with a second factor is not possible here yet."));
            }
            SignInRefusal::ActionRequired(actions) => return Err(ApiError::action_required(&actions)),
        })
    }
}
