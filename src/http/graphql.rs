//! `/graphql`: GraphQL over HTTP, as specified in <https://graphql.github.io/graphql-over-http/draft/>.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header, request::Parts},
    response::Response,
};
use tokio::time::timeout_at;
use tracing::Instrument;

use super::{
    ClientInfo, Execute, backpressure, body,
    exchange::Exchange,
    negotiation::{self, Media},
    pages,
    refusal::Refusal,
    request::Call,
    response::{Answer, Caching},
    router::Shared,
    session,
};
use crate::{graphql::only_queries::ReadOnly, low_priority::LongOperation};

/// The headers that a response to `GET` depends on.
const VARY: &str = "accept, authorization, cookie, x-userprofile-session";

/// `GET` and `HEAD`: a query, or the editor for a browser.
pub(super) async fn get<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    Extension(exchange): Extension<Exchange>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = match negotiation::negotiate(&parts.headers, negotiation::OF_GET) {
        Ok(Media::Html) => pages::graphiql(&parts.headers).await,
        Ok(media) => {
            let outcome = query(&shared, &parts, &exchange, media).await;
            answer(media, &exchange, outcome, Caching::ByTheAsker(&parts.headers))
        }
        Err(refusal) => answer(Media::Json, &exchange, Err(refusal), Caching::Never),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static(VARY));
    response
}

/// `POST`: any operation, or a batch of them.
pub(super) async fn post<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    Extension(exchange): Extension<Exchange>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (media, checked) = match negotiation::negotiate(&parts.headers, negotiation::OF_POST) {
        Ok(media) => (media, negotiation::check_content_type(&parts.headers)),
        Err(refusal) => (Media::Json, Err(refusal)),
    };
    let outcome = match checked {
        Ok(()) => operation(&shared, &parts, body, &exchange, media).await,
        Err(refusal) => {
            body::discard(body, &parts.headers).await;
            Err(refusal)
        }
    };
    answer(media, &exchange, outcome, Caching::Never)
}

async fn query<A: Execute>(
    shared: &Arc<Shared<A>>,
    parts: &Parts,
    exchange: &Exchange,
    media: Media,
) -> Result<Answer, Refusal> {
    let mut call = Call::from_query_string(parts.uri.query())?;
    if let Call::Single(request) = &mut call {
        request.data.insert(ReadOnly);
    }
    execute(shared, call, parts, exchange, media).await
}

async fn operation<A: Execute>(
    shared: &Arc<Shared<A>>,
    parts: &Parts,
    body: Body,
    exchange: &Exchange,
    media: Media,
) -> Result<Answer, Refusal> {
    let bytes = body::read(body, &parts.headers, shared.settings.body_limit, exchange.deadline).await?;
    shared.api.check_body(&bytes).map_err(Refusal::too_much)?;
    let call = Call::from_body(&bytes, shared.settings.batch_size)?;
    drop(bytes);
    backpressure::make_room(parts, exchange.deadline).await?;
    execute(shared, call, parts, exchange, media).await
}

/// Executes in a task of its own, which runs to its end even if the client disconnects or the request times out: an
/// operation that is dropped half-way would leave a transaction behind.
async fn execute<A: Execute>(
    shared: &Arc<Shared<A>>,
    call: Call,
    parts: &Parts,
    exchange: &Exchange,
    media: Media,
) -> Result<Answer, Refusal> {
    let is_batch = matches!(call, Call::Batch(_));
    let mut prepared = shared.api.prepare(call.into_requests()).map_err(Refusal::too_much_together)?;
    let long = LongOperation::default();
    for request in prepared.iter_mut().flatten() {
        request.data.insert(long.clone());
    }
    let shown = session::shown(&parts.headers, shared.settings.takes_cookies)?;
    let client = ClientInfo::new(&parts.headers, shown, exchange.client_address, exchange.request_id.clone());
    let request_id = exchange.request_id.clone();
    let site = Arc::clone(shared);
    let operation = async move {
        let mut executed = Vec::with_capacity(prepared.len());
        for request in prepared {
            executed.push(site.api.execute(request, client.clone()).await);
        }
        Answer::new(executed, is_batch, media, &request_id)
    };
    let low_priority = shared.low_priority.clone();
    let operation = operation.in_current_span();
    let task = shared.tasks.spawn(async move { low_priority.continue_if_long(&long, operation).await });
    match timeout_at(exchange.deadline, task).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            Err(Refusal::Failed)
        }
        // The panic hook has logged the cause; its text may contain anything and is not repeated.
        Ok(Err(_)) => {
            tracing::error!("an operation panicked");
            Err(Refusal::Failed)
        }
        Err(_) => {
            tracing::warn!("an operation outlasted the time that a request may take");
            Err(Refusal::TimedOut)
        }
    }
}

fn answer(media: Media, exchange: &Exchange, outcome: Result<Answer, Refusal>, caching: Caching<'_>) -> Response {
    match outcome {
        Ok(answer) => answer.into_response(media, caching),
        Err(refusal) => refusal.answer(media, &exchange.request_id),
    }
}
