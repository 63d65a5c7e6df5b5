//! The data of one request: its caller, its client, its credentials, and its loaders.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ContextBase};

use super::credentials::{IgnoredCredentials, RequestCredentials, TokenDelivery};
use super::error::ApiError;
use super::limits::ExecutionBudget;
use super::loaders::Loaders;
use crate::domain::access::Caller;
use crate::domain::event::Client;
use crate::domain::first_screen::FirstScreen;
use crate::domain::token::RefreshToken;
use crate::domain::user::RequiredAction;
use crate::services::Services;

/// The data of one request.
pub struct RequestContext {
    services: Arc<Services>,
    caller: Option<Arc<Caller>>,
    client: Client,
    credentials: RequestCredentials,
    delivery: TokenDelivery,
    reads: Mutex<Reads>,
}

/// What the request has read.
#[derive(Default)]
struct Reads {
    /// What was read together with the caller. Nothing after a mutation, which may change it.
    first_screen: FirstScreen,
    /// Created for the first read, and for the first read after a mutation.
    loaders: Option<Arc<Loaders>>,
    /// Whether there was a mutation.
    has_written: bool,
}

impl RequestContext {
    /// The data of a request that `caller` makes from `client`.
    #[must_use]
    pub fn new(
        services: Arc<Services>,
        caller: Option<(Caller, FirstScreen)>,
        client: Client,
        credentials: RequestCredentials,
    ) -> Self {
        let delivery = TokenDelivery::new(credentials.transport);
        let (caller, first_screen) = caller.unzip();
        let reads = Mutex::new(Reads { first_screen: first_screen.unwrap_or_default(), ..Reads::default() });
        Self { services, caller: caller.map(Arc::new), client, credentials, delivery, reads }
    }

    fn loaders(&self, caller: &Arc<Caller>, work: &ExecutionBudget) -> Arc<Loaders> {
        let Reads { first_screen, loaders, has_written } =
            &mut *self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let create = || {
            let services = self.services.reading_for(caller, *has_written);
            Arc::new(Loaders::new(services, caller, std::mem::take(first_screen), work))
        };
        loaders.get_or_insert_with(create).clone()
    }

    pub(super) fn delivery(&self) -> &TokenDelivery {
        &self.delivery
    }
}

fn request<'a>(ctx: &Context<'a>) -> Result<&'a RequestContext, ApiError> {
    ctx.data().map_err(|_| ApiError::internal("a request has no RequestContext"))
}

/// Counts the outcome of the mutation that is executed.
pub fn count_mutation(ctx: &Context<'_>, code: &'static str) {
    if let Ok(request) = request(ctx) {
        // It is a field of the schema, because the document was validated.
        let name = ctx.item.node.name.node.as_str();
        request.services.metrics().graphql.count_mutation(name, code);
    }
}

/// The caller. Without a valid access token, an error `UNAUTHENTICATED`.
pub fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Caller>, ApiError> {
    let request = request(ctx)?;
    request.caller.as_ref().ok_or_else(|| match request.credentials.ignored {
        Some(IgnoredCredentials::Cookies) => ApiError::cookies_ignored(),
        Some(IgnoredCredentials::Authorization) => ApiError::authorization_ignored(),
        None => ApiError::unauthenticated(),
    })
}

/// The caller of a mutation that is allowed only if no action is required of the caller, or if `fulfils` is among the
/// required ones. Every mutation that requires authentication gets its caller first, and so reports this before any
/// error of its input. The service checks it again, against the state that it locks.
pub fn acting_caller<'a>(ctx: &Context<'a>, fulfils: Option<RequiredAction>) -> Result<&'a Arc<Caller>, ApiError> {
    let caller = caller(ctx)?;
    fulfils.map_or_else(|| caller.may_act(), |action| caller.may_fulfil(action))?;
    Ok(caller)
}

/// The caller's loaders.
pub fn loaders(ctx: &Context<'_>) -> Result<Arc<Loaders>, ApiError> {
    let (request, caller) = (request(ctx)?, caller(ctx)?);
    let work = ctx.data::<ExecutionBudget>().map_err(|_| ApiError::internal("a request has no ExecutionBudget"))?;
    Ok(request.loaders(caller, work))
}

/// The caller's loaders, for what is available; `None` without a caller.
pub fn written_loaders<T>(ctx: &ContextBase<'_, T>) -> Option<Arc<Loaders>> {
    let request = ctx.data_opt::<RequestContext>()?;
    Some(request.loaders(request.caller.as_ref()?, ctx.data_opt()?))
}

/// The services, for a mutation that is about to begin. The loaders are dropped, because the mutation may change what
/// they have read. Resolvers that only read use [`loaders`].
pub fn services<'a>(ctx: &Context<'a>) -> Result<&'a Services, ApiError> {
    let request = request(ctx)?;
    request.services.check_statements()?;
    *request.reads.lock().unwrap_or_else(PoisonError::into_inner) = Reads { has_written: true, ..Reads::default() };
    Ok(&request.services)
}

/// The client that sent the request.
pub fn client<'a>(ctx: &Context<'a>) -> Result<&'a Client, ApiError> {
    Ok(&request(ctx)?.client)
}

/// The refresh token from the cookie, whatever other credentials the request has.
pub fn refresh_cookie<'a>(ctx: &Context<'a>) -> Result<Option<&'a RefreshToken>, ApiError> {
    Ok(request(ctx)?.credentials.refresh.as_ref())
}

/// The refresh token of the request's session, if that is a cookie session.
pub fn own_refresh_cookie<'a>(ctx: &Context<'a>) -> Result<Option<&'a RefreshToken>, ApiError> {
    let credentials = &request(ctx)?.credentials;
    Ok(credentials.refresh.as_ref().filter(|_| !credentials.is_by_header))
}

/// Deletes the cookies if they hold the request's session, which has ended.
pub fn delete_session_cookies(ctx: &Context<'_>) -> Result<(), ApiError> {
    let request = request(ctx)?;
    if !request.credentials.is_by_header {
        request.delivery.clear();
    }
    Ok(())
}

/// The delivery of new tokens.
pub(super) fn token_delivery<'a>(ctx: &Context<'a>) -> Result<&'a TokenDelivery, ApiError> {
    Ok(&request(ctx)?.delivery)
}
