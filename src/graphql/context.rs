//! What belongs to one request: who asks, from where, and the loaders that gather what it needs.

use std::sync::Arc;

use async_graphql::Context;

use super::delivery::{Ignored, Shown, TokenDelivery};
use super::error::ApiError;
use super::fault::Told;
use super::loaders::Loaders;
use crate::domain::access::Caller;
use crate::domain::event::Client;
use crate::domain::token::RefreshToken;
use crate::domain::user::RequiredAction;
use crate::services::Services;

/// One request's own data.
pub struct RequestContext {
    services: Arc<Services>,
    caller: Option<Signed>,
    client: Client,
    shown: Shown,
    delivery: TokenDelivery,
}

/// A caller and his loaders, which know through whose eyes they read.
struct Signed {
    caller: Arc<Caller>,
    loaders: Loaders,
}

impl RequestContext {
    /// The data of a request that `caller` makes from `client`, having `shown` what makes him that.
    #[must_use]
    pub fn new(services: Arc<Services>, caller: Option<Caller>, client: Client, shown: Shown) -> Self {
        let caller = caller.map(|caller| Signed {
            loaders: Loaders::new(&services, Arc::new(caller.viewer())),
            caller: Arc::new(caller),
        });
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

/// Who asks.
///
/// # Errors
/// UNAUTHENTICATED, when nobody is signed in.
pub fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Caller>, ApiError> {
    Ok(&signed(ctx)?.caller)
}

/// The caller of a mutation that is allowed only when no action is required of them, or `fulfils` is. Every mutation that
/// requires authentication asks for its caller first, and so reports this before any error of its input; the service
/// checks it again, against the state that it locks.
///
/// # Errors
/// UNAUTHENTICATED without a valid access token; FORBIDDEN when another action is required first.
pub fn acting_caller<'a>(ctx: &Context<'a>, fulfils: Option<RequiredAction>) -> Result<&'a Arc<Caller>, ApiError> {
    let caller = caller(ctx)?;
    let verdict = fulfils.map_or_else(|| caller.may_act(), |action| caller.may_fulfil(action));
    match verdict.map_err(Told::from) {
        Err(Told::Error(error)) => Err(error),
        Ok(()) | Err(Told::Fault(_)) => Ok(caller),
    }
}

/// The loaders of whoever asks.
///
/// # Errors
/// UNAUTHENTICATED, when nobody is signed in.
pub fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, ApiError> {
    Ok(&signed(ctx)?.loaders)
}

/// The services.
///
/// # Errors
/// Never, within a request.
pub fn services<'a>(ctx: &Context<'a>) -> Result<&'a Services, ApiError> {
    Ok(&own(ctx)?.services)
}

/// From where it is asked.
///
/// # Errors
/// Never, within a request.
pub fn client<'a>(ctx: &Context<'a>) -> Result<&'a Client, ApiError> {
    Ok(&own(ctx)?.client)
}

/// The refresh token that came in a cookie, whatever else was shown.
///
/// # Errors
/// Never, within a request.
pub fn refresh_cookie<'a>(ctx: &Context<'a>) -> Result<Option<&'a RefreshToken>, ApiError> {
    Ok(own(ctx)?.shown.refresh.as_ref())
}

/// The refresh token of the session that the request is made in, where that is kept in cookies.
///
/// # Errors
/// Never, within a request.
pub fn own_refresh_cookie<'a>(ctx: &Context<'a>) -> Result<Option<&'a RefreshToken>, ApiError> {
    let shown = &own(ctx)?.shown;
    Ok(shown.refresh.as_ref().filter(|_| !shown.is_by_header))
}

/// Takes the cookies away where they hold the session that the request is made in, which is over.
///
/// # Errors
/// Never, within a request.
pub fn forget_session(ctx: &Context<'_>) -> Result<(), ApiError> {
    let own = own(ctx)?;
    if !own.shown.is_by_header {
        own.delivery.clear();
    }
    Ok(())
}

/// Where tokens are handed over.
///
/// # Errors
/// Never, within a request.
pub(super) fn delivery<'a>(ctx: &Context<'a>) -> Result<&'a TokenDelivery, ApiError> {
    Ok(&own(ctx)?.delivery)
}
