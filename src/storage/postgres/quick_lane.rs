//! The quick lane: a few connections that all requests share, for statements that only read and whose work is bounded.
//!
//! A request does not wait until a connection is free, but sends its statement after those of others (pipelining). So a
//! few processes of PostgreSQL serve many requests, and remain in the caches of the processors. A slow statement would
//! hold up all that follow it: such statements belong on the pool.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{Query as TypedQuery, QueryFragment};
use futures_util::future::{BoxFuture, FutureExt, Shared};
use futures_util::{TryFutureExt, TryStreamExt};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::ServerState;
use super::row::PgRow;
use super::session::{Query, Session};
use super::url::PostgresUrl;
use crate::storage::counter::Counter;
use crate::storage::error::{Error, SQLSTATE_PREFIX};

/// How long a request waits for a connection to be opened.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for an answer: longer than a statement may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// The age at which a connection is replaced: its process never returns memory.
const MAX_AGE: Duration = Duration::from_mins(30);
/// The age at which a connection may be replaced after another one learned that its server accepts no writes.
const MIN_AGE: Duration = Duration::from_secs(3);

/// The shared connections.
pub(in crate::storage) struct QuickLane {
    lanes: Vec<Lane>,
    server: Server,
}

/// Where the connections lead.
struct Server {
    url: PostgresUrl,
    tls: MakeRustlsConnect,
    state: Arc<ServerState>,
    counter: Counter,
    /// A connection belongs to the runtime that opened it, and must not be driven with low priority.
    runtime: Handle,
}

/// A shared connection.
#[derive(Default)]
struct Lane {
    state: Mutex<LaneState>,
    /// How many statements were sent and not answered.
    unanswered: AtomicUsize,
}

#[derive(Default)]
struct LaneState {
    open: Option<Arc<Open>>,
    /// The connection that is to take its place.
    opening: Option<Opening>,
}

/// A connection that is being opened, or the reason why it could not be, for all requests that wait for it.
type Opening = Shared<BoxFuture<'static, Result<Arc<Open>, String>>>;

struct Open {
    session: Session,
    at: Instant,
    /// What was known about the server at that time.
    epoch: u64,
}

impl QuickLane {
    /// A lane of so many connections, which are opened when they are needed.
    pub(super) fn new(
        url: PostgresUrl,
        tls: MakeRustlsConnect,
        connections: usize,
        counter: Counter,
        state: Arc<ServerState>,
    ) -> Self {
        let lanes = std::iter::repeat_with(Lane::default).take(connections).collect();
        Self { lanes, server: Server { url, tls, state, counter, runtime: Handle::current() } }
    }

    /// The rows of `query`, which only reads, and reads little.
    pub(in crate::storage) async fn fetch_all<Q, U>(&self, query: &Q) -> Result<Vec<U>, Error>
    where
        Q: QueryFragment<Pg> + TypedQuery,
        U: FromSqlRow<Q::SqlType, Pg>,
    {
        let least_loaded = self.lanes.iter().min_by_key(|lane| lane.unanswered.load(Ordering::Relaxed));
        let lane = least_loaded.ok_or_else(|| Error::Unavailable("there are no connections".to_owned()))?;
        lane.unanswered.fetch_add(1, Ordering::Relaxed);
        let _answered = scopeguard::guard(lane, |lane| {
            lane.unanswered.fetch_sub(1, Ordering::Relaxed);
        });
        let rows = match self.rows(lane, query).await {
            // PostgreSQL was restarted, or it or a proxy closed an idle connection. Reading again does no harm.
            Err((error, true)) => {
                tracing::debug!(%error, "a shared connection has ended; another is opened");
                self.rows(lane, query).await
            }
            rows => rows,
        };
        let rows = rows.map_err(|(error, _)| error);
        let rows = rows?.into_iter().map(|row| U::build_from_row(&PgRow(row)));
        rows.collect::<Result<_, _>>().map_err(|error| diesel::result::Error::DeserializationError(error).into())
    }

    /// The rows, or the error and whether the connection has ended with it.
    async fn rows<Q: QueryFragment<Pg>>(
        &self,
        lane: &Lane,
        query: &Q,
    ) -> Result<Vec<tokio_postgres::Row>, (Error, bool)> {
        let query = Query::build(query).map_err(|error| (error.into(), false))?;
        let open = lane.open(&self.server).await.map_err(|error| (error, false))?;
        let Ok(rows) = timeout(ANSWER_TIMEOUT, self.server.rows(&open, query)).await else {
            lane.discard(&open);
            return Err((Error::Unavailable("a shared connection did not answer in time".to_owned()), false));
        };
        rows.map_err(|error| {
            let has_ended = open.has_ended(&error);
            if has_ended {
                lane.discard(&open);
            }
            (error, has_ended)
        })
    }
}

impl Open {
    /// Whether the connection has ended, or does with this error (class 57P).
    fn has_ended(&self, error: &Error) -> bool {
        let state = |reason: &str| reason.strip_prefix(SQLSTATE_PREFIX).is_some_and(|state| state.starts_with("57P"));
        self.session.is_closed() || matches!(error, Error::Unavailable(reason) if state(reason))
    }
}

impl Lane {
    /// Uses a connection no longer.
    fn discard(&self, ended: &Arc<Open>) {
        self.state().open.take_if(|open| Arc::ptr_eq(open, ended));
    }

    /// The connection. If there is none, or it has ended, it is opened. One that is to be replaced is used until another
    /// is open.
    async fn open(&self, server: &Server) -> Result<Arc<Open>, Error> {
        let opening = {
            let LaneState { open, opening } = &mut *self.state();
            if let Some(result) = opening.clone().and_then(FutureExt::now_or_never) {
                *opening = None;
                *open = result.ok().or_else(|| open.take());
            }
            match open.as_ref().filter(|open| !open.session.is_closed()) {
                Some(open) => {
                    if server.is_outdated(open) {
                        opening.get_or_insert_with(|| server.open());
                    }
                    return Ok(Arc::clone(open));
                }
                None => opening.get_or_insert_with(|| server.open()).clone(),
            }
        };
        let opened = timeout(OPEN_TIMEOUT, opening).await;
        opened.unwrap_or_else(|_| Err("no connection was opened in time".to_owned())).map_err(Error::Unavailable)
    }

    fn state(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    fn open(&self) -> Opening {
        let (url, tls, state, epoch) = (self.url.clone(), self.tls.clone(), self.state.clone(), self.state.epoch());
        let counter = self.counter.clone();
        let opened = self.runtime.spawn(async move {
            let session = Session::open(&url, tls, state, counter).await.map_err(|error| error.to_string())?;
            Ok(Arc::new(Open { session, at: Instant::now(), epoch }))
        });
        opened.unwrap_or_else(|error| Err(error.to_string())).boxed().shared()
    }

    fn is_outdated(&self, open: &Open) -> bool {
        let age = open.at.elapsed();
        age > MAX_AGE || (age > MIN_AGE && open.epoch != self.state.epoch())
    }

    async fn rows(&self, open: &Open, query: Query) -> Result<Vec<tokio_postgres::Row>, Error> {
        self.counter.add();
        self.counter.add_round_trip();
        let rows = open.session.query(query).await?;
        Ok(rows.try_collect().await.map_err(|error| open.session.errors.convert(&error))?)
    }
}
