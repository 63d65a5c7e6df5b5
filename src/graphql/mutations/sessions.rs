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
        /// No token was given, and none came in a cookie.
        Required,
        /// The token is unknown, out of time, revoked, or was exchanged before. Sign in again.
        InvalidToken,
    }
);

user_error!(
    "signOut",
    SignOutError,
    SignOutErrorCode {
        /// The refresh cookie, which came without a valid access token, belongs to no session: the session has ended.
        InvalidToken,
    }
);

user_error!(
    "revokeSession",
    RevokeSessionError,
    RevokeSessionErrorCode {
        /// The id is needed.
        Required,
        /// You have no session with this id.
        NotFound,
        /// You signed in too long ago for this. Prove again who you are.
        ReauthenticationRequired,
    }
);

user_error!(
    "revokeOtherSessions",
    RevokeOtherSessionsError,
    RevokeOtherSessionsErrorCode {
        /// You signed in too long ago for this. Prove again who you are.
        ReauthenticationRequired,
    }
);

/// What `refreshSession` takes.
#[derive(InputObject, Default)]
pub struct RefreshSessionInput {
    /// The refresh token of your session. May be left out where the session is kept in cookies.
    refresh_token: Option<String>,
}

/// What came of refreshing a session.
#[derive(SimpleObject, Default)]
pub struct RefreshSessionPayload {
    /// The next pair of tokens.
    session: Option<SessionTokens>,
    /// Why there is none.
    errors: Vec<RefreshSessionError>,
}

/// What came of signing out.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// Whether the session was ended by this.
    ok: bool,
    /// Why no session was ended.
    errors: Vec<SignOutError>,
}

/// What `revokeSession` takes.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// The session's id, from `me { sessions { id } }`.
    id: ID,
}

/// What came of ending a session.
#[derive(SimpleObject)]
pub struct RevokeSessionPayload {
    /// How many sessions have ended.
    revoked: usize,
    /// Why none has.
    errors: Vec<RevokeSessionError>,
}

/// What came of ending your other sessions.
#[derive(SimpleObject)]
pub struct RevokeOtherSessionsPayload {
    /// How many sessions have ended.
    revoked: usize,
    /// Why none has.
    errors: Vec<RevokeOtherSessionsError>,
}

/// What is done with sessions.
#[derive(Default)]
pub struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Exchanges a refresh token for the next pair of tokens. Each is good once; shown again within a few seconds (two
    /// tabs at once, an answer that was lost) it still gets a pair, later it ends the session.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token. May be left out where the session is kept in cookies.")] input: Option<
            RefreshSessionInput,
        >,
    ) -> Option<Result<RefreshSessionPayload, ApiError>> {
        Some(refresh_session(ctx, input.unwrap_or_default()).await)
    }

    /// Ends your session, and revokes its tokens. In a cookie session, the refresh cookie is enough, and the cookies are
    /// deleted in any case.
    async fn sign_out(&self, ctx: &Context<'_>) -> Option<Result<SignOutPayload, ApiError>> {
        Some(sign_out(ctx).await)
    }

    /// Ends one of your sessions, this one or another. Asks for a fresh sign-in.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RevokeSessionInput,
    ) -> Option<Result<RevokeSessionPayload, ApiError>> {
        Some(revoke_session(ctx, &input).await)
    }

    /// Ends all of your sessions but this one. Asks for a fresh sign-in.
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

/// Where the access cookie has run out, the refresh cookie says which session it is: no script could take that away.
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
        // What is no session's id is no session of the caller; that they may ask at all is checked all the same.
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
