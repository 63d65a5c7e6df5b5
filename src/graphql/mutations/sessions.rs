//! `refreshSession`, `signOut`, `revokeSession`, `revokeOtherSessions`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::user_error::user_error;
use super::{MutationError, settle};
use crate::domain::InvalidKind;
use crate::domain::ids::SessionId;
use crate::domain::token::RefreshToken;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::fault::{Fault, FaultCode, Told};
use crate::graphql::types::session::SessionTokens;
use crate::services::Error;
use crate::services::sessions::{RefreshRefusal, RevokeRefusal, SignOutRefusal};

user_error!(
    "refreshSession",
    RefreshSessionError,
    RefreshSessionErrorCode {
        /// There is no refresh token in the input, and none in a cookie.
        Required,
        /// The token is unknown, expired, revoked, or was used before. Sign in again.
        InvalidToken,
    }
);

user_error!(
    "signOut",
    SignOutError,
    SignOutErrorCode {
        /// The session of the refresh cookie has already ended, and the request has no valid access token.
        InvalidToken,
    }
);

user_error!(
    "revokeSession",
    RevokeSessionError,
    RevokeSessionErrorCode {
        /// The id is missing or empty.
        Required,
        /// You have no session with this id.
        NotFound,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

user_error!(
    "revokeOtherSessions",
    RevokeOtherSessionsError,
    RevokeOtherSessionsErrorCode {
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

/// The input of `refreshSession`.
#[derive(InputObject, Default)]
pub struct RefreshSessionInput {
    /// The refresh token of your session. May be omitted in a cookie session.
    refresh_token: Option<String>,
}

/// The result of `refreshSession`.
#[derive(SimpleObject, Default)]
pub struct RefreshSessionPayload {
    /// The next pair of tokens. Null if there are errors.
    session: Option<SessionTokens>,
    /// The reasons why the session was not refreshed. Empty if it was.
    errors: Vec<RefreshSessionError>,
}

/// The result of `signOut`.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// True if this call ended the session.
    ok: bool,
    /// The reasons why no session was ended. Empty if one was.
    errors: Vec<SignOutError>,
}

/// The input of `revokeSession`.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// The id of the session to revoke, from `me { sessions { id } }`.
    id: ID,
}

/// The result of `revokeSession`.
#[derive(SimpleObject)]
pub struct RevokeSessionPayload {
    /// The number of sessions that were ended.
    revoked: usize,
    /// The reasons why no session was ended. Empty if there are none.
    errors: Vec<RevokeSessionError>,
}

/// The result of `revokeOtherSessions`.
#[derive(SimpleObject)]
pub struct RevokeOtherSessionsPayload {
    /// The number of sessions that were ended.
    revoked: usize,
    /// The reasons why no session was ended. Empty if there are none.
    errors: Vec<RevokeOtherSessionsError>,
}

/// The mutations of sessions.
#[derive(Default)]
pub struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Rotates the refresh token and returns a new pair of tokens. Each refresh token is valid once. If it is used
    /// again within a grace period of 10 seconds by default (two tabs, a lost response), it still gets a new pair;
    /// later reuse ends the session. Requires no access token. An invalid token returns `INVALID_TOKEN`.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token. May be omitted in a cookie session.")] input: Option<RefreshSessionInput>,
    ) -> Option<Result<RefreshSessionPayload, ApiError>> {
        Some(refresh_session(ctx, input.unwrap_or_default()).await)
    }

    /// Ends the current session and revokes its tokens. In a cookie session, the refresh cookie is sufficient, and the
    /// cookies are deleted in any case.
    async fn sign_out(&self, ctx: &Context<'_>) -> Option<Result<SignOutPayload, ApiError>> {
        Some(sign_out(ctx).await)
    }

    /// Ends one of your sessions, the current one or another. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). An unknown id returns `NOT_FOUND`.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to revoke.")] input: RevokeSessionInput,
    ) -> Option<Result<RevokeSessionPayload, ApiError>> {
        Some(revoke_session(ctx, &input).await)
    }

    /// Ends all of your sessions except the current one. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`).
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Option<Result<RevokeOtherSessionsPayload, ApiError>> {
        Some(revoke_other_sessions(ctx).await)
    }
}

async fn refresh_session(ctx: &Context<'_>, input: RefreshSessionInput) -> Result<RefreshSessionPayload, ApiError> {
    let given = input.refresh_token.filter(|text| !text.is_empty());
    let token = match &given {
        Some(text) => RefreshToken::parse(text),
        None => match context::refresh_cookie(ctx)? {
            Some(token) => Some(token.clone()),
            None => {
                return Ok(RefreshSessionPayload { session: None, errors: vec![RefreshSessionError::of(missing())?] });
            }
        },
    };
    let refreshed = match token {
        Some(token) => context::services(ctx)?.refresh_session(&token, context::client(ctx)?).await,
        None => Err(Error::Refused(RefreshRefusal::InvalidToken)),
    };
    let delivery = context::delivery(ctx)?;
    Ok(match settle(refreshed)? {
        Ok(tokens) => RefreshSessionPayload { session: Some(delivery.deliver(tokens)), errors: Vec::new() },
        Err(errors) => {
            if given.is_none() {
                delivery.clear();
            }
            RefreshSessionPayload { session: None, errors }
        }
    })
}

fn missing() -> Fault {
    let message = "a refresh token is needed: give it, or send the cookie beside `X-UserProfile-Session: cookie`";
    Fault::new(FaultCode::Required, message).at("refreshToken")
}

/// Ends the session of the caller. If the access cookie has expired, the refresh cookie identifies the session, because
/// no script can delete that cookie.
async fn sign_out(ctx: &Context<'_>) -> Result<SignOutPayload, ApiError> {
    let (services, client) = (context::services(ctx)?, context::client(ctx)?);
    let signed_out = match (context::caller(ctx), context::own_refresh_cookie(ctx)?) {
        (Ok(caller), _) => services.sign_out(caller, client).await.map_err(Error::Failed),
        (Err(_), Some(token)) => services.sign_out_by_refresh(token, client).await,
        (Err(unauthenticated), None) => return Err(unauthenticated),
    };
    let settled = settle(signed_out)?;
    context::forget_session(ctx)?;
    Ok(match settled {
        Ok(()) => SignOutPayload { ok: true, errors: Vec::new() },
        Err(errors) => SignOutPayload { ok: false, errors },
    })
}

async fn revoke_session(ctx: &Context<'_>, input: &RevokeSessionInput) -> Result<RevokeSessionPayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let id = match SessionId::parse(&input.id) {
        Err(invalid) if invalid.kind == InvalidKind::Required => {
            let errors = vec![RevokeSessionError::of(Fault::of_invalid("id", invalid))?];
            return Ok(RevokeSessionPayload { revoked: 0, errors });
        }
        // A malformed id is an unknown session. The service still checks whether the caller may revoke sessions.
        parsed => parsed.unwrap_or_else(|_| SessionId::from_stored(String::new())),
    };
    let answer = context::services(ctx)?.revoke_session(caller, &id, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(revoked) => {
            if id == caller.session.id {
                context::forget_session(ctx)?;
            }
            RevokeSessionPayload { revoked, errors: Vec::new() }
        }
        Err(errors) => RevokeSessionPayload { revoked: 0, errors },
    })
}

async fn revoke_other_sessions(ctx: &Context<'_>) -> Result<RevokeOtherSessionsPayload, ApiError> {
    let caller = context::acting_caller(ctx, None)?;
    let answer = context::services(ctx)?.revoke_other_sessions(caller, context::client(ctx)?).await;
    Ok(match settle(answer)? {
        Ok(revoked) => RevokeOtherSessionsPayload { revoked, errors: Vec::new() },
        Err(errors) => RevokeOtherSessionsPayload { revoked: 0, errors },
    })
}

impl From<RefreshRefusal> for Told {
    fn from(refusal: RefreshRefusal) -> Self {
        match refusal {
            RefreshRefusal::InvalidToken => {
                let message = "This refresh token is not valid, or not any more. Sign in again.";
                Fault::new(FaultCode::InvalidToken, message).at("refreshToken").into()
            }
        }
    }
}

impl From<SignOutRefusal> for Told {
    fn from(refusal: SignOutRefusal) -> Self {
        match refusal {
            SignOutRefusal::InvalidToken => {
                Fault::new(FaultCode::InvalidToken, "The session of this refresh cookie has already ended.").into()
            }
        }
    }
}

impl From<RevokeRefusal> for Told {
    fn from(refusal: RevokeRefusal) -> Self {
        match refusal {
            RevokeRefusal::Denied(denial) => denial.into(),
            RevokeRefusal::NotFound => {
                Fault::new(FaultCode::NotFound, "You have no session with this id.").at("id").into()
            }
        }
    }
}
