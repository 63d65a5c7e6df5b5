//! Delays requests, and as a last resort replaces their responses by an error, if a client does not read the responses
//! that its connection already holds.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension,
    body::HttpBody,
    extract::{Request, State},
    http::{header, request::Parts},
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout_at};

use super::{
    Execute,
    connection::{Backlog, Held, Unreadable},
    exchange::Exchange,
    negotiation::Media,
    refusal::Refusal,
    router::Shared,
};

/// The memory reserved for a request's response among those of its connection.
struct Room {
    backlog: Arc<Backlog>,
    held: Mutex<Option<Held>>,
}

/// The layer around all routes whose responses are built for one request, and so use memory of their own.
pub(super) async fn bounded<A: Execute>(
    State(shared): State<Arc<Shared<A>>>,
    Extension(exchange): Extension<Exchange>,
    mut request: Request,
    next: Next,
) -> Response {
    // Without a connection, in tests that call the router, no responses accumulate.
    let Some(backlog) = request.extensions_mut().remove::<Arc<Backlog>>() else {
        return next.run(request).await;
    };
    let refuse = |refusal: &Refusal| refusal.answer(Media::Json, &exchange.request_id);
    let upload = upload(&request, shared.settings.body_limit);
    let Ok(_uploading) = timeout_at(exchange.deadline, backlog.admit_upload(upload)).await else {
        return refuse(&Refusal::BodyTooSlow);
    };
    let room = Arc::new(Room { backlog, held: Mutex::default() });
    // With a body, the reservation can wait until the body has arrived.
    if upload == 0
        && let Err(refusal) = room.make(exchange.deadline).await
    {
        return refuse(&refusal);
    }
    request.extensions_mut().insert(Arc::clone(&room));
    let mut response = next.run(request).await;
    let Some(held) = room.take() else { return response };
    let size = usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX);
    let refusal = match held.settle(size) {
        Ok(held) => {
            response.extensions_mut().insert(Arc::new(held));
            return response;
        }
        Err(Unreadable::TooLarge { allowed, asked }) => Refusal::ResponseTooLarge { allowed, asked },
        Err(Unreadable::NoRoom) => Refusal::ResponseDropped,
    };
    replace(&mut response, refuse(&refusal));
    response
}

/// Waits until there is room for the response to a request whose body has arrived.
///
/// # Errors
/// [`Refusal::TooMuchUnread`] if the client does not read the other responses of the connection in time.
pub(super) async fn make_room(request: &Parts, deadline: Instant) -> Result<(), Refusal> {
    match request.extensions.get::<Arc<Room>>() {
        Some(room) => room.make(deadline).await,
        None => Ok(()),
    }
}

impl Room {
    async fn make(&self, deadline: Instant) -> Result<(), Refusal> {
        let held = timeout_at(deadline, self.backlog.admit()).await.map_err(|_| Refusal::TooMuchUnread)?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(())
    }

    fn take(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Replaces a response that cannot be sent. Cookies that were set are kept, and so are the headers that allow a page to
/// read it.
fn replace(response: &mut Response, other: Response) {
    let (parts, body) = other.into_parts();
    response.headers_mut().remove(header::ETAG);
    response.headers_mut().extend(parts.headers);
    *response.status_mut() = parts.status;
    *response.body_mut() = body;
}

/// The maximum number of bytes of a request's body that are kept.
fn upload(request: &Request, limit: usize) -> usize {
    let announced = request.body().size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
    announced.unwrap_or(limit).min(limit)
}
