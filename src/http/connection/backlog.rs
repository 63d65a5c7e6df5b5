//! Limits the memory of one connection's responses while the client does not read them.
//!
//! Over HTTP/2, a client can send a hundred requests and read no response. The size of a response is known only when it
//! is built, so each request first reserves about as much memory as the previous responses of this connection needed.
//! As long as responses are small, all requests of a connection run at once; if they are large, the next requests wait
//! until the client has read. See `docs/decisions/0025-responses-that-nobody-reads.md`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::unread::UnreadBytes;

/// Requests are admitted up to this total, in bytes.
const FULL: usize = 8 << 20;
/// The maximum size of all responses of a connection, in bytes: 16 MiB, less what the protocol keeps for headers and
/// frames.
const MOST: usize = 15 << 20;
/// The reservation of the first request, in bytes: the schema, the largest response to an unauthenticated request, fits
/// in.
const FIRST_SHARE: usize = 2 << 20;
/// The smallest reservation, in bytes: a hundred of them, the maximum number of requests of a connection, are less than
/// [`FULL`].
const LEAST_SHARE: usize = 64 << 10;

/// The maximum size, in KiB, of all request bodies of a connection that are larger than [`SMALL_UPLOAD`]; further ones
/// wait.
const UPLOADS_KIB: u32 = 8 << 10;
/// The size of a body that need not wait, in bytes: requests with ordinary documents do not wait for slow large ones.
const SMALL_UPLOAD: usize = 16 << 10;

/// The memory of one connection's requests and responses.
#[derive(Debug)]
pub(in crate::http) struct Backlog {
    state: Mutex<State>,
    freed: Notify,
    /// Requests are served in the order of arrival.
    turn: tokio::sync::Mutex<()>,
    uploads: Arc<Semaphore>,
    unread: Arc<UnreadBytes>,
}

#[derive(Debug)]
struct State {
    taken: usize,
    share: usize,
}

/// Why a response cannot be kept until it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Unreadable {
    /// It alone is larger than all responses may be.
    TooLarge {
        /// The maximum size in bytes.
        allowed: usize,
        /// Its size in bytes.
        asked: usize,
    },
    /// Too many other responses are unread.
    NoRoom,
}

impl Backlog {
    pub(super) fn new(unread: Arc<UnreadBytes>) -> Self {
        Self {
            state: Mutex::new(State { taken: 0, share: FIRST_SHARE }),
            freed: Notify::new(),
            turn: tokio::sync::Mutex::default(),
            uploads: Arc::new(Semaphore::new(UPLOADS_KIB as usize)),
            unread,
        }
    }

    /// Waits until there is room for a body that takes up to `bytes`.
    pub(in crate::http) async fn admit_upload(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        if bytes <= SMALL_UPLOAD {
            return None;
        }
        let kib = u32::try_from(bytes.div_ceil(1024)).map_or(UPLOADS_KIB, |kib| kib.min(UPLOADS_KIB));
        // The semaphore is never closed.
        Arc::clone(&self.uploads).acquire_many_owned(kib).await.ok()
    }

    /// Waits until there is room for one more response.
    pub(in crate::http) async fn admit(self: &Arc<Self>) -> Held {
        let _turn = self.turn.lock().await;
        loop {
            let freed = self.freed.notified();
            if let Some(held) = self.try_admit() {
                return held;
            }
            freed.await;
        }
    }

    fn try_admit(self: &Arc<Self>) -> Option<Held> {
        let mut state = self.lock();
        let bytes = state.share;
        (state.taken + bytes <= FULL).then(|| {
            state.taken += bytes;
            Held { bytes, is_settled: false, of: Arc::clone(self) }
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reserved memory, released when this is dropped.
#[derive(Debug)]
pub(in crate::http) struct Held {
    bytes: usize,
    is_settled: bool,
    of: Arc<Backlog>,
}

impl Held {
    /// Changes the reservation to the actual size of the response.
    ///
    /// # Errors
    /// If it exceeds the available memory of the connection.
    pub(in crate::http) fn settle(mut self, size: usize) -> Result<Self, Unreadable> {
        if size > MOST {
            return Err(Unreadable::TooLarge { allowed: MOST, asked: size });
        }
        let mut state = self.of.lock();
        state.share = size.max(state.share / 2).clamp(LEAST_SHARE, FULL);
        let taken = state.taken - self.bytes + size;
        if taken > MOST {
            return Err(Unreadable::NoRoom);
        }
        state.taken = taken;
        drop(state);
        self.bytes = size;
        self.is_settled = true;
        self.of.freed.notify_waiters();
        self.of.unread.add(size);
        Ok(self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.lock().taken -= self.bytes;
        if self.is_settled {
            self.of.unread.subtract(self.bytes);
        }
        self.of.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const MIB: usize = 1 << 20;

    /// Admits as many requests as there is room for.
    fn admit_all(backlog: &Arc<Backlog>) -> Vec<Held> {
        std::iter::from_fn(|| backlog.admit().now_or_never()).take(100).collect()
    }

    #[tokio::test]
    async fn small_responses_let_all_requests_in() {
        let backlog = Arc::new(Backlog::new(Arc::default()));
        assert_eq!(admit_all(&backlog).len(), 4);
        for _ in 0..5 {
            drop(backlog.admit().await.settle(100).unwrap());
        }
        assert_eq!(admit_all(&backlog).len(), 100);
        assert_eq!(backlog.lock().taken, 0);
    }

    #[tokio::test]
    async fn large_responses_wait_until_others_are_read() {
        let backlog = Arc::new(Backlog::new(Arc::default()));
        let unread: Vec<_> = admit_all(&backlog).into_iter().map(|held| held.settle(2 * MIB).unwrap()).collect();
        let mut waiting = Box::pin(backlog.admit());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(unread);
        waiting.await;
    }

    #[tokio::test]
    async fn they_never_take_more_than_they_may() {
        let backlog = Arc::new(Backlog::new(Arc::default()));
        let settled = admit_all(&backlog).into_iter().map(|held| held.settle(5 * MIB));
        let kept: Vec<_> = settled.filter_map(Result::ok).collect();
        assert!(kept.len() < 4 && backlog.lock().taken <= MOST);
        drop(kept);
        assert_eq!(backlog.lock().taken, 0);
        let refused = backlog.admit().await.settle(MOST + 1).unwrap_err();
        assert_eq!(refused, Unreadable::TooLarge { allowed: MOST, asked: MOST + 1 });
        assert!(backlog.admit().await.settle(MOST).is_ok());
    }

    #[tokio::test]
    async fn large_bodies_wait_for_each_other_and_small_ones_do_not() {
        let backlog = Backlog::new(Arc::default());
        let large = backlog.admit_upload(64 * MIB).await;
        assert!(backlog.admit_upload(MIB).now_or_never().is_none());
        assert!(backlog.admit_upload(4096).now_or_never().is_some());
        drop(large);
        let several: Vec<_> = std::iter::from_fn(|| backlog.admit_upload(MIB).now_or_never()).take(100).collect();
        assert_eq!(several.len(), 8);
    }
}
