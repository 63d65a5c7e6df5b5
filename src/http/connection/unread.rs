//! Limits the memory of the unread responses of all connections together, which the limit of each connection does not:
//! a client may open many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::activity::Activity;

/// The maximum size of all unread responses, in bytes.
const MOST: usize = 256 << 20;
/// The minimum time between two warnings.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);

/// The unread responses of all connections.
#[derive(Debug, Default)]
pub(super) struct UnreadResponses {
    bytes: AtomicUsize,
    registry: Mutex<Registry>,
}

#[derive(Debug, Default)]
struct Registry {
    connections: HashMap<u64, Member>,
    next_id: u64,
    warned_at: Option<Instant>,
}

#[derive(Debug)]
struct Member {
    activity: Arc<Activity>,
    unread: Arc<UnreadBytes>,
    evicted: CancellationToken,
}

impl UnreadResponses {
    /// Registers a connection until the result is dropped.
    pub(super) fn register(self: &Arc<Self>, activity: &Arc<Activity>) -> Registration {
        let unread = Arc::new(UnreadBytes { all: Arc::clone(self), ..UnreadBytes::default() });
        let evicted = CancellationToken::new();
        let member = Member { activity: Arc::clone(activity), unread: Arc::clone(&unread), evicted: evicted.clone() };
        let mut registry = self.lock();
        let id = registry.next_id;
        registry.next_id += 1;
        registry.connections.insert(id, member);
        Registration { id, all: Arc::clone(self), unread, evicted }
    }

    /// While all unread responses take too much memory, evicts the connection with the highest product of unread bytes
    /// and time without progress. A client that reads loses nothing, nor does one of small responses that is slow.
    fn make_room(&self) {
        if self.bytes.load(Ordering::Relaxed) <= MOST {
            return;
        }
        let mut registry = self.lock();
        let now = Instant::now();
        let mut evicted = 0;
        while self.bytes.load(Ordering::Relaxed) > MOST {
            let costs = registry.connections.iter().filter_map(|(id, member)| Some((member.cost(now)?, *id)));
            let Some(member) = costs.max().and_then(|(_, id)| registry.connections.remove(&id)) else { break };
            member.unread.stop_counting();
            member.evicted.cancel();
            evicted += 1;
        }
        let is_silent = registry.warned_at.is_some_and(|at| now.duration_since(at) < WARNING_INTERVAL);
        if evicted > 0 && !is_silent {
            registry.warned_at = Some(now);
            drop(registry);
            tracing::warn!(
                connections = evicted,
                "closed connections: the responses that clients do not read exceed {} MiB in total",
                MOST >> 20
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// `None` if no response waits for the client.
    fn cost(&self, now: Instant) -> Option<u128> {
        let stalled = now.duration_since(self.activity.waiting_since()?);
        Some(self.unread.lock().bytes as u128 * stalled.as_micros())
    }
}

/// The unread responses of one connection.
#[derive(Debug, Default)]
pub(super) struct UnreadBytes {
    count: Mutex<Count>,
    all: Arc<UnreadResponses>,
}

#[derive(Debug, Default)]
struct Count {
    bytes: usize,
    /// Whether the connection is being closed, and so no longer part of the sum of all connections.
    is_evicted: bool,
}

impl UnreadBytes {
    /// Counts a response. If all unread responses take too much memory, connections are evicted.
    pub(super) fn add(&self, bytes: usize) {
        let mut count = self.lock();
        count.bytes += bytes;
        if !count.is_evicted {
            self.all.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        drop(count);
        self.all.make_room();
    }

    /// Removes a response that was read or dropped.
    pub(super) fn subtract(&self, bytes: usize) {
        let mut count = self.lock();
        count.bytes -= bytes;
        if !count.is_evicted {
            self.all.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn stop_counting(&self) {
        let mut count = self.lock();
        if !std::mem::replace(&mut count.is_evicted, true) {
            self.all.bytes.fetch_sub(count.bytes, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A registered connection.
pub(super) struct Registration {
    id: u64,
    all: Arc<UnreadResponses>,
    /// Its unread responses.
    pub(super) unread: Arc<UnreadBytes>,
    /// Cancelled when the connection must be closed.
    pub(super) evicted: CancellationToken,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.all.lock().connections.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::activity::Waiting, *};

    const MIB: usize = 1 << 20;

    struct Connection {
        registration: Registration,
        activity: Arc<Activity>,
        responses: Vec<(usize, Waiting)>,
    }

    impl Connection {
        fn open(all: &Arc<UnreadResponses>) -> Self {
            let activity = Arc::new(Activity::new());
            Self { registration: all.register(&activity), activity, responses: Vec::new() }
        }

        fn respond(&mut self, bytes: usize) {
            self.registration.unread.add(bytes);
            self.responses.push((bytes, self.activity.begin(true).responded()));
        }

        fn is_evicted(&self) -> bool {
            self.registration.evicted.is_cancelled()
        }

        fn close(self) {
            for (bytes, _) in &self.responses {
                self.registration.unread.subtract(*bytes);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_connections_that_hold_most_for_longest_are_evicted() {
        let all = Arc::new(UnreadResponses::default());
        let mut reading = Connection::open(&all);
        let mut slow = Connection::open(&all);
        slow.respond(MIB / 64);
        tokio::time::advance(Duration::from_secs(20)).await;
        let mut hostile: Vec<_> = std::iter::repeat_with(|| Connection::open(&all)).take(64).collect();
        for connection in &mut hostile {
            connection.respond(4 * MIB);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        reading.respond(4 * MIB);
        reading.respond(MIB);
        let evicted: Vec<_> = hostile.iter().map(Connection::is_evicted).collect();
        let expected: Vec<_> = (0..64).map(|number| number < 2).collect();
        assert_eq!(evicted, expected, "the ones that made no progress for longest");
        assert!(!slow.is_evicted() && !reading.is_evicted());
        assert_eq!(all.bytes.load(Ordering::Relaxed), 253 * MIB + MIB / 64);
        hostile.into_iter().chain([reading, slow]).for_each(Connection::close);
        assert_eq!(all.bytes.load(Ordering::Relaxed), 0);
        assert!(all.lock().connections.is_empty());
    }

    #[test]
    fn a_connection_that_is_about_to_respond_is_not_evicted_for_its_past() {
        let all = Arc::new(UnreadResponses::default());
        all.bytes.fetch_add(MOST, Ordering::Relaxed);
        let connection = Connection::open(&all);
        connection.registration.unread.add(MIB);
        assert!(!connection.is_evicted());
        connection.registration.unread.subtract(MIB);
        assert_eq!(all.bytes.load(Ordering::Relaxed), MOST);
    }
}
