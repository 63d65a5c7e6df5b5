//! `refreshSession`, `signOut`, `revokeSession`, `revokeOtherSessions`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::user_error::{UserError, error_codes};
use super::{MutationFailure, run};
use crate::domain::InvalidKind;
use crate::domain::ids::SessionId;
use crate::domain::token::RefreshToken;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::types::session::SessionTokens;
use crate::services::Error;
use crate::services::sessions::{RefreshRefusal, RevokeOthersRefusal, RevokeSessionRefusal, SignOutRefusal};

error_codes!(
    "refreshSession",
    RefreshSessionPayload,
    RefreshSessionErrorCode {
        /// There is no refresh token in the input, and none in a cookie.
        Required,
        /// The token is unknown, expired, revoked, or was used before. Sign in again.
        InvalidToken,
    }
);

error_codes!(
    "signOut",
    SignOutPayload,
    SignOutErrorCode {
        /// The session of the refresh cookie has already ended, and the request has no valid access token.
        InvalidToken,
    }
);

error_codes!(
    "revokeSession",
    RevokeSessionPayload,
    RevokeSessionErrorCode {
        /// The id is missing or empty.
        Required,
        /// You have no session with this id.
        NotFound,
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

error_codes!(
    "revokeOtherSessions",
    RevokeOtherSessionsPayload,
    RevokeOtherSessionsErrorCode {
        /// The session was authenticated too long ago. Call `reauthenticate`, then repeat the mutation.
        ReauthenticationRequired,
    }
);

/// The input of `refreshSession`.
#[derive(InputObject)]
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
    errors: Vec<UserError<RefreshSessionErrorCode>>,
}

/// The result of `signOut`.
#[derive(SimpleObject, Default)]
pub struct SignOutPayload {
    /// True if this call ended the session.
    ok: bool,
    /// The reasons why no session was ended. Empty if one was.
    errors: Vec<UserError<SignOutErrorCode>>,
}

/// The input of `revokeSession`.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// The id of the session to revoke, from `me { sessions { id } }`.
    id: ID,
}

/// The result of `revokeSession`.
#[derive(SimpleObject, Default)]
pub struct RevokeSessionPayload {
    /// The number of sessions that were ended.
    revoked: usize,
    /// The reasons why no session was ended. Empty if there are none.
    errors: Vec<UserError<RevokeSessionErrorCode>>,
}

/// The result of `revokeOtherSessions`.
#[derive(SimpleObject, Default)]
pub struct RevokeOtherSessionsPayload {
    /// The number of sessions that were ended.
    revoked: usize,
    /// The reasons why no session was ended. Empty if there are none.
    errors: Vec<UserError<RevokeOtherSessionsErrorCode>>,
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
        run(ctx, async {
            let given = input.and_then(|input| input.refresh_token).filter(|text| !text.is_empty());
            let token = match &given {
                Some(text) => RefreshToken::parse(text),
                None => Some(context::refresh_cookie(ctx)?.ok_or_else(no_refresh_token)?.clone()),
            };
            let refreshed = match token {
                Some(token) => context::services(ctx)?.refresh_session(&token, context::client(ctx)?).await,
                None => Err(Error::Refused(RefreshRefusal::InvalidToken)),
            };
            let delivery = context::token_delivery(ctx)?;
            if let (None, Err(Error::Refused(_))) = (&given, &refreshed) {
                delivery.clear();
            }
            Ok(RefreshSessionPayload { session: Some(SessionTokens::new(refreshed?, delivery)), errors: Vec::new() })
        })
        .await
    }

    /// Ends the current session and revokes its tokens. In a cookie session, the refresh cookie is sufficient, and the
    /// cookies are deleted in any case.
    async fn sign_out(&self, ctx: &Context<'_>) -> Option<Result<SignOutPayload, ApiError>> {
        run(ctx, async {
            let (services, client) = (context::services(ctx)?, context::client(ctx)?);
            // If the access cookie has expired, the refresh cookie identifies the session, because no script can delete
            // that cookie.
            let signed_out = match (context::caller(ctx), context::own_refresh_cookie(ctx)?) {
                (Ok(caller), _) => services.sign_out(caller, client).await.map_err(Error::Failed),
                (Err(_), Some(token)) => services.sign_out_by_refresh(token, client).await,
                (Err(unauthenticated), None) => return Err(unauthenticated.into()),
            };
            if !matches!(signed_out, Err(Error::Failed(_))) {
                context::delete_session_cookies(ctx)?;
            }
            signed_out?;
            Ok(SignOutPayload { ok: true, errors: Vec::new() })
        })
        .await
    }

    /// Ends one of your sessions, the current one or another. Requires step-up authentication
    /// (`REAUTHENTICATION_REQUIRED`). An unknown id returns `NOT_FOUND`.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to revoke.")] input: RevokeSessionInput,
    ) -> Option<Result<RevokeSessionPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let id = match SessionId::parse(&input.id) {
                Err(invalid) if invalid.kind == InvalidKind::Required => {
                    return Err(UserError::new(RevokeSessionErrorCode::Required, invalid.message).at("id").into());
                }
                // A malformed id is an unknown session. The service still checks whether the caller may revoke sessions.
                parsed => parsed.unwrap_or_else(|_| SessionId::from_stored(String::new())),
            };
            let revoked = context::services(ctx)?.revoke_session(caller, &id, context::client(ctx)?).await?;
            if id == caller.session.id {
                context::delete_session_cookies(ctx)?;
            }
            Ok(RevokeSessionPayload { revoked, errors: Vec::new() })
        })
        .await
    }

    /// Ends all of your sessions except the current one. Requires step-up authentication (`REAUTHENTICATION_REQUIRED`).
    async fn revoke_other_sessions(&self, ctx: &Context<'_>) -> Option<Result<RevokeOtherSessionsPayload, ApiError>> {
        run(ctx, async {
            let caller = context::acting_caller(ctx, None)?;
            let revoked = context::services(ctx)?.revoke_other_sessions(caller, context::client(ctx)?).await?;
            Ok(RevokeOtherSessionsPayload { revoked, errors: Vec::new() })
        })
        .await
    }
}

fn no_refresh_token() -> UserError<RefreshSessionErrorCode> {
    let message = "The refresh token is missing. Give it in the input, or send the cookie with the header \
                   X-UserProfile-Session: cookie.";
    UserError::new(RefreshSessionErrorCode::Required, message).at("refreshToken")
}

impl From<RefreshRefusal> for MutationFailure<RefreshSessionErrorCode> {
    fn from(refusal: RefreshRefusal) -> Self {
        match refusal {
            RefreshRefusal::InvalidToken => {
                let message = "This refresh token is unknown, expired, revoked, or was used before. Sign in again.";
                UserError::new(RefreshSessionErrorCode::InvalidToken, message).at("refreshToken").into()
            }
        }
    }
}

impl From<SignOutRefusal> for MutationFailure<SignOutErrorCode> {
    fn from(refusal: SignOutRefusal) -> Self {
        match refusal {
            SignOutRefusal::InvalidToken => {
                let message = "The session of this refresh cookie has already ended.";
                UserError::new(SignOutErrorCode::InvalidToken, message).into()
            }
        }
    }
}

impl From<RevokeSessionRefusal> for MutationFailure<RevokeSessionErrorCode> {
    fn from(refusal: RevokeSessionRefusal) -> Self {
        match refusal {
            RevokeSessionRefusal::Denied(denial) => denial.into(),
            RevokeSessionRefusal::StepUp(required) => required.into(),
            RevokeSessionRefusal::NotFound => {
                UserError::new(RevokeSessionErrorCode::NotFound, "You have no session with this id.").at("id").into()
            }
        }
    }
}

impl From<RevokeOthersRefusal> for MutationFailure<RevokeOtherSessionsErrorCode> {
    fn from(refusal: RevokeOthersRefusal) -> Self {
        match refusal {
            RevokeOthersRefusal::Denied(denial) => denial.into(),
            RevokeOthersRefusal::StepUp(required) => required.into(),
        }
    }
}
