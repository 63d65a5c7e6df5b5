//! The data of one request: its caller, its client, and its loaders.

use std::sync::{Arc, OnceLock};

use async_graphql::Context;

use super::delivery::{Ignored, Shown, TokenDelivery};
use super::error::ApiError;
use super::fault::Told;
use super::limits::ExecutionBudget;
use super::loaders::Loaders;
use crate::domain::access::Caller;
use crate::domain::event::Client;
use crate::domain::token::RefreshToken;
use crate::domain::user::RequiredAction;
use crate::services::Services;

/// The data of one request.
pub struct RequestContext {
    services: Arc<Services>,
    caller: Option<Signed>,
    client: Client,
    shown: Shown,
    delivery: TokenDelivery,
}

/// The caller and the loaders, which are created when something is read.
struct Signed {
    caller: Arc<Caller>,
    loaders: OnceLock<Loaders>,
}

impl RequestContext {
    /// The data of a request that `caller` makes from `client`, with the credentials in `shown`.
    #[must_use]
    pub fn new(services: Arc<Services>, caller: Option<Caller>, client: Client, shown: Shown) -> Self {
        let caller = caller.map(|caller| Signed { caller: Arc::new(caller), loaders: OnceLock::new() });
        Self { services, caller, client, delivery: TokenDelivery::new(shown.delivery), shown }
    }

    pub(super) fn delivery(&self) -> &TokenDelivery {
        &self.delivery
    }
}

fn own<'a>(ctx: &Context<'a>) -> Result<&'a RequestContext, ApiError> {
    ctx.data().map_err(|_| ApiError::internal("a request without its context"))
}

fn signed<'a>(ctx: &Context<'a>) -> Result<&'a Signed, ApiError> {
    let own = own(ctx)?;
    own.caller.as_ref().ok_or_else(|| match own.shown.ignored {
        Some(Ignored::Cookies) => ApiError::cookies_ignored(),
        Some(Ignored::Authorization) => ApiError::authorization_ignored(),
        None => ApiError::unauthenticated(),
    })
}

/// The caller.
///
/// # Errors
/// `UNAUTHENTICATED`, if there is no valid access token.
pub fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Caller>, ApiError> {
    Ok(&signed(ctx)?.caller)
}

/// The caller of a mutation that is allowed only if no action is required of the caller, or if `fulfils` is among the
/// required ones. Every mutation that requires authentication gets its caller first, and so reports this before any
/// error of its input. The service checks it again, against the state that it locks.
///
/// # Errors
/// `UNAUTHENTICATED` without a valid access token; `FORBIDDEN` when another action is required first.
pub fn acting_caller<'a>(ctx: &Context<'a>, fulfils: Option<RequiredAction>) -> Result<&'a Arc<Caller>, ApiError> {
    let caller = caller(ctx)?;
    let verdict = fulfils.map_or_else(|| caller.may_act(), |action| caller.may_fulfil(action));
    match verdict.map_err(Told::from) {
        Err(Told::Error(error)) => Err(error),
        Ok(()) | Err(Told::Faults(_)) => Ok(caller),
    }
}

/// The caller's loaders.
///
/// # Errors
/// `UNAUTHENTICATED`, if there is no valid access token.
pub fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, ApiError> {
    let (own, signed) = (own(ctx)?, signed(ctx)?);
    let work = ctx.data::<ExecutionBudget>().map_err(|_| ApiError::internal("a request without its limits"))?;
    Ok(signed.loaders.get_or_init(|| Loaders::new(&own.services, &signed.caller, work)))
}

/// The services, for a mutation that is about to begin. The loaders forget everything that they have read, because the
/// mutation may change it. Resolvers that only read use [`loaders`].
///
/// # Errors
/// `LIMIT_EXCEEDED`, when the request has too few database statements left for a mutation.
pub fn services<'a>(ctx: &Context<'a>) -> Result<&'a Services, ApiError> {
    let own = own(ctx)?;
    own.services.check_statements()?;
    if let Some(loaders) = own.caller.as_ref().and_then(|signed| signed.loaders.get()) {
        loaders.forget();
    }
    Ok(&own.services)
}

/// The client that sent the request.
pub fn client<'a>(ctx: &Context<'a>) -> Result<&'a Client, ApiError> {
    Ok(&own(ctx)?.client)
}

/// The refresh token from the cookie, whatever other credentials the request has.
pub fn refresh_cookie<'a>(ctx: &Context<'a>) -> Result<Option<&'a RefreshToken>, ApiError> {
    Ok(own(ctx)?.shown.refresh.as_ref())
}

/// The refresh token of the request's session, if that is a cookie session.
pub fn own_refresh_cookie<'a>(ctx: &Context<'a>) -> Result<Option<&'a RefreshToken>, ApiError> {
    let shown = &own(ctx)?.shown;
    Ok(shown.refresh.as_ref().filter(|_| !shown.is_by_header))
}

/// Deletes the cookies if they hold the request's session, which has ended.
pub fn forget_session(ctx: &Context<'_>) -> Result<(), ApiError> {
    let own = own(ctx)?;
    if !own.shown.is_by_header {
        own.delivery.clear();
    }
    Ok(())
}

/// The delivery of new tokens.
pub(super) fn delivery<'a>(ctx: &Context<'a>) -> Result<&'a TokenDelivery, ApiError> {
    Ok(&own(ctx)?.delivery)
}
