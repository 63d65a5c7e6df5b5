//! Bodies of responses and requests, passed on part by part to track what the client has read, and what it has sent
//! that was not read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};

use super::activity::{Activity, Waiting};
use super::backlog::Held;

/// The size of a part in bytes, and so the amount of a response that counts as progress.
const PART: usize = 16 * 1024;

/// A response's body. Its memory counts until the last part is written to the connection.
pub(super) struct Outgoing {
    inner: Body,
    /// Data from `inner` that was not passed on yet.
    rest: Bytes,
    hold: Arc<Hold>,
}

/// The reservation that a body keeps as long as any part of it is kept.
struct Hold {
    waiting: Waiting,
    _memory: Option<Held>,
}

impl Outgoing {
    pub(super) fn new(inner: Body, waiting: Waiting, memory: Option<Held>) -> Self {
        Self { inner, rest: Bytes::new(), hold: Arc::new(Hold { waiting, _memory: memory }) }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(PART);
        let part = Part { bytes: self.rest.split_to(length), hold: Arc::clone(&self.hold) };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut all = SizeHint::new();
        all.set_lower(inner.lower().saturating_add(rest));
        if let Some(upper) = inner.upper() {
            all.set_upper(upper.saturating_add(rest));
        }
        all
    }
}

/// A part of a body, dropped when it has been written to the connection.
struct Part {
    bytes: Bytes,
    hold: Arc<Hold>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.hold.waiting.read();
    }
}

/// A request's body, which records if it was not read completely.
pub(super) struct Upload {
    inner: Incoming,
    is_ended: bool,
    activity: Arc<Activity>,
}

impl Upload {
    pub(super) fn new(inner: Incoming, activity: Arc<Activity>) -> Self {
        Self { inner, is_ended: false, activity }
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        self.is_ended = frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_ended && !self.inner.is_end_stream() {
            self.activity.leave_input();
        }
    }
}
