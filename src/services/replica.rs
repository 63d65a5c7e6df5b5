//! Reads from a replica of the database: lists, and the workspaces, groups, and events in them. Whatever decides something,
//! such as sessions, codes, and counters, is read from the primary.

use std::sync::Arc;

use futures_util::future::join;
use tokio::time::sleep;

use super::{Failure, Services};
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::first_screen::{FirstScreen, Selected};
use crate::domain::ids::SessionId;
use crate::domain::token::TokenDigest;
use crate::storage::replica::Replica;
use crate::storage::{self, Db, Tx, first_screen};

type Found = Option<(Caller, FirstScreen)>;

/// The caller, and the lists that are `selected`.
pub(super) async fn find_first_screen(
    db: &Db,
    digest: &TokenDigest,
    now: Timestamp,
    selected: Selected,
) -> Result<Found, storage::Error> {
    match first_screen::find(db, digest, now, selected).await {
        // Of a list that cannot be read, the client learns where it is resolved.
        Err(storage::Error::Corrupt(_) | storage::Error::Refused(_)) if selected != Selected::default() => {
            first_screen::find(db, digest, now, Selected::default()).await
        }
        found => found,
    }
}

impl Services {
    /// The services that read lists for `caller`. They read from the primary if the request has written something, or if
    /// the replica may not contain what the caller's session has written.
    #[must_use]
    pub fn reading_for(self: &Arc<Self>, caller: &Caller, has_written: bool) -> Arc<Self> {
        let Some(replica) = &self.replica else { return Arc::clone(self) };
        let has_writes = replica.last_seen().is_some_and(|seen| seen.contains_writes_of(&caller.session));
        if has_writes && !has_written {
            return Arc::clone(self);
        }
        Arc::new(Self { replica: None, ..(**self).clone() })
    }

    /// The result of a query for a list, from the replica if there is one that can be used.
    pub(super) async fn read_list<'a, T, F>(&'a self, query: impl Fn(&'a Db) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, storage::Error>>,
    {
        if let Some(replica) = &self.replica
            // Boxed, so that a request without a replica moves no larger future.
            && let Some(result) = Box::pin(replica.read(&query)).await
        {
            return Ok(result?);
        }
        Ok(query(&self.db).await?)
    }

    /// The caller, from the primary, and at the same time the lists, from the replica. Its lists are not used if it knows
    /// another state of the user, whose role decides what they see.
    pub(super) async fn find_with_replica(
        &self,
        replica: &Replica,
        digest: &TokenDigest,
        now: Timestamp,
        selected: Selected,
    ) -> Result<Found, storage::Error> {
        // Before the read: a later heartbeat says nothing about what was read.
        let seen = replica.last_seen();
        let caller = first_screen::find(&self.db, digest, now, Selected::default());
        let copy = replica.read(|db| find_first_screen(db, digest, now, selected));
        let (caller, copy) = join(caller, copy).await;
        Ok(caller?.map(|(caller, _)| {
            let has_writes = seen.is_some_and(|seen| seen.contains_writes_of(&caller.session));
            let copy = copy.and_then(Result::ok).flatten();
            let lists = copy.filter(|(copy, _)| has_writes && copy.user == caller.user).map(|(_, lists)| lists);
            (caller, lists.unwrap_or_default())
        }))
    }

    /// Has the time of a write stored with its session, if that decides where the session's lists are read.
    pub(super) fn note_writer(&self, tx: &mut Tx, session: &SessionId) {
        if self.replica.is_some() {
            tx.note_writer(session);
        }
    }

    /// Checks all the time whether the replica can be used.
    pub async fn watch_replica(self: Arc<Self>) {
        let Some(replica) = &self.replica else { return };
        // The first check stores the first heartbeat, which the replica has yet to receive.
        let mut is_first = true;
        let mut was_current = None;
        loop {
            let checked = replica.check(&self.db).await;
            let is_current = checked.is_ok() && replica.is_current();
            if is_current && was_current != Some(true) {
                tracing::info!("lists are read from the replica");
                was_current = Some(true);
            } else if !is_current && was_current != Some(false) && (checked.is_err() || !is_first) {
                let (error, lag) = (checked.err(), replica.lag().map(|lag| lag.as_secs_f64()));
                let error = error.map(|error| error.to_string());
                tracing::warn!(
                    error,
                    lag,
                    "the replica cannot be used, or lags behind; lists are read from the primary"
                );
                was_current = Some(false);
            }
            is_first = false;
            sleep(replica.check_every()).await;
        }
    }
}
