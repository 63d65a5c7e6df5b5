//! The activity of a connection, and when it must be closed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time limits of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// To send the head of a request once it has begun, and to send the first request.
    pub(super) head: Duration,
    /// To read some of the responses that wait for it.
    pub(super) response: Duration,
    /// To begin the next request.
    pub(super) keep_alive: Duration,
}

impl Timeouts {
    /// The interval between checks: no timeout begins and ends between two of them.
    pub(super) fn shortest(&self) -> Duration {
        self.head.min(self.response).min(self.keep_alive)
    }
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The head of a request did not arrive in time.
    Head,
    /// The client read nothing of the responses that wait for it.
    Response,
    /// No request arrived.
    Idle,
}

/// The activity of a connection.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Requests that have no response yet.
    running: usize,
    /// Responses that the client has not read completely.
    waiting: usize,
    /// When the last request got its response or the last response was read completely.
    idle_since: Instant,
    /// When the client last read data, or when data to read became available after a time without any.
    read_at: Instant,
    /// When the incomplete head of an HTTP/1.1 request began.
    head_since: Option<Instant>,
    protocol: Protocol,
    has_unread_input: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// No request has arrived yet.
    Unknown,
    Http1,
    Http2,
}

impl Activity {
    /// The activity of a new connection.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self(Mutex::new(State {
            running: 0,
            waiting: 0,
            idle_since: now,
            read_at: now,
            head_since: None,
            protocol: Protocol::Unknown,
            has_unread_input: false,
        }))
    }

    /// Records that the head of a request is complete.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> Running {
        let mut state = self.lock();
        state.running += 1;
        state.head_since = None;
        state.protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
        drop(state);
        Running(Arc::clone(self))
    }

    /// Records that bytes arrived. Over HTTP/2 they may be anything; over HTTP/1.1, if no request is being processed,
    /// they begin a new one.
    pub(super) fn received(&self) {
        let mut state = self.lock();
        if state.protocol != Protocol::Http2 && state.is_idle() {
            state.head_since.get_or_insert_with(Instant::now);
        }
    }

    /// Records that the body of a request was not read completely.
    pub(super) fn leave_input(&self) {
        self.lock().has_unread_input = true;
    }

    /// Whether the client may still be sending data that is not read. HTTP/2 has frames to stop it.
    pub(super) fn has_unread_input(&self) -> bool {
        let state = self.lock();
        state.protocol != Protocol::Http2 && (state.has_unread_input || state.head_since.is_some())
    }

    /// Whether the connection uses HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        self.lock().protocol == Protocol::Http2
    }

    /// When the client last made progress with the responses that wait for it; `None` if none waits.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let state = self.lock();
        (state.waiting > 0).then_some(state.read_at)
    }

    /// The time until which the connection may stay as it is; `None` while the server has work to do.
    ///
    /// # Errors
    /// If that time has passed.
    pub(super) fn check(&self, timeouts: &Timeouts, now: Instant) -> Result<Option<Instant>, Overdue> {
        let state = self.lock();
        let (until, overdue) = if state.waiting > 0 {
            (state.read_at + timeouts.response, Overdue::Response)
        } else if state.running > 0 {
            return Ok(None);
        } else if let Some(since) = state.head_since {
            (since + timeouts.head, Overdue::Head)
        } else if state.protocol == Protocol::Unknown {
            (state.idle_since + timeouts.head, Overdue::Head)
        } else {
            (state.idle_since + timeouts.keep_alive, Overdue::Idle)
        };
        if until <= now { Err(overdue) } else { Ok(Some(until)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.running == 0 && self.waiting == 0
    }

    fn rest(&mut self) {
        if self.is_idle() {
            self.idle_since = Instant::now();
        }
    }
}

/// A request that has no response yet.
pub(super) struct Running(Arc<Activity>);

impl Running {
    /// Records that there is a response for the client to read.
    pub(super) fn responded(self) -> Waiting {
        let mut state = self.0.lock();
        if state.waiting == 0 {
            state.read_at = Instant::now();
        }
        state.waiting += 1;
        drop(state);
        Waiting(Arc::clone(&self.0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        state.rest();
    }
}

/// A response that the client has not read completely.
pub(super) struct Waiting(Arc<Activity>);

impl Waiting {
    /// Records that the client read some of it.
    pub(super) fn read(&self) {
        self.0.lock().read_at = Instant::now();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waiting -= 1;
        state.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        head: Duration::from_secs(10),
        response: Duration::from_secs(30),
        keep_alive: Duration::from_secs(75),
    };

    fn after(activity: &Activity, seconds: u64) -> Option<Overdue> {
        activity.check(&TIMEOUTS, Instant::now() + Duration::from_secs(seconds)).err()
    }

    #[test]
    fn a_connection_has_the_time_of_what_it_is_doing() {
        let activity = Arc::new(Activity::new());
        assert_eq!((after(&activity, 9), after(&activity, 11)), (None, Some(Overdue::Head)));
        let running = activity.begin(false);
        assert_eq!(after(&activity, 1000), None, "the server is working on it");
        let waiting = running.responded();
        assert_eq!((after(&activity, 29), after(&activity, 31)), (None, Some(Overdue::Response)));
        drop(waiting);
        assert_eq!((after(&activity, 74), after(&activity, 76)), (None, Some(Overdue::Idle)));
        activity.received();
        assert_eq!((after(&activity, 9), after(&activity, 11)), (None, Some(Overdue::Head)));
    }

    #[test]
    fn only_reading_counts_as_reading() {
        let activity = Arc::new(Activity::new());
        let until = |activity: &Activity| activity.check(&TIMEOUTS, Instant::now()).unwrap();
        let waiting = activity.begin(true).responded();
        let first = until(&activity);
        activity.received();
        drop(activity.begin(true));
        let another = activity.begin(true).responded();
        assert_eq!(until(&activity), first, "other requests are no progress");
        another.read();
        assert!(until(&activity) > first);
        drop((waiting, another));
        activity.received();
        assert_eq!((after(&activity, 74), after(&activity, 76)), (None, Some(Overdue::Idle)), "a frame is no head");
    }
}
