//! Delays requests, and as a last resort replaces their responses by an error, if a client does not read the responses
//! that its connection already holds.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout_at};

use super::connection::{Backlog, Held, Unreadable};
use super::error;
use super::error::RequestError;
use super::request_info::RequestInfo;
use super::state::AppState;

/// The memory reserved for a request's response among those of its connection.
struct Reservation {
    backlog: Arc<Backlog>,
    held: Mutex<Option<Held>>,
}

/// Surrounds all routes whose responses are built for one request, and so use memory of their own.
pub(super) async fn limit_unread_responses<F: Future<Output = Response>>(
    state: &AppState,
    info: &RequestInfo,
    mut request: Request,
    respond: impl FnOnce(Request) -> F,
) -> Response {
    // Without a connection, in tests that call the router, no responses accumulate.
    let Some(backlog) = request.extensions_mut().remove::<Arc<Backlog>>() else {
        return respond(request).await;
    };
    let upload = upload(&request, state.settings.body_limit);
    let Ok(_uploading) = timeout_at(info.deadline, backlog.admit_upload(upload)).await else {
        return RequestError::BodyTooSlow.into_response();
    };
    let reservation = Arc::new(Reservation { backlog, held: Mutex::default() });
    // With a body, the reservation can wait until the body has arrived.
    if upload == 0
        && let Err(error) = reservation.make(info.deadline).await
    {
        return error.into_response();
    }
    request.extensions_mut().insert(Arc::clone(&reservation));
    let mut response = respond(request).await;
    // An error repeats parts of the request, so its body counts, too.
    error::add_body(&mut response, &info.request_id);
    let Some(held) = reservation.take() else { return response };
    let size = usize::try_from(response.body().size_hint().lower()).unwrap_or(usize::MAX);
    let error = match held.settle(size) {
        Ok(held) => {
            response.extensions_mut().insert(Arc::new(held));
            return response;
        }
        Err(Unreadable::TooLarge { allowed, asked }) => RequestError::ResponseTooLarge { allowed, asked },
        Err(Unreadable::NoRoom) => RequestError::ResponseDropped,
    };
    replace(&mut response, error.into_response());
    response
}

/// Waits until there is room for the response to a request whose body has arrived.
pub(super) async fn reserve(request: &Parts, deadline: Instant) -> Result<(), RequestError> {
    match request.extensions.get::<Arc<Reservation>>() {
        Some(reservation) => reservation.make(deadline).await,
        None => Ok(()),
    }
}

impl Reservation {
    async fn make(&self, deadline: Instant) -> Result<(), RequestError> {
        let held = timeout_at(deadline, self.backlog.admit()).await.map_err(|_| RequestError::TooMuchUnread)?;
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
    response.extensions_mut().extend(parts.extensions);
    *response.status_mut() = parts.status;
    *response.body_mut() = body;
}

/// The maximum number of bytes of a request's body that are kept.
fn upload(request: &Request, limit: usize) -> usize {
    let announced = request.body().size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
    announced.unwrap_or(limit).min(limit)
}
