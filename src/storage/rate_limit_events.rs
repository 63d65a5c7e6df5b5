//! Counts of events within a time window, for rate limits: one row for each event. Counters are keyed digests, so that
//! a reader of the table learns no user id.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::db::{Conn, Db, Fetch, Run, Tx, Unlimited};
use super::error::Error;
use super::schema::tallies;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::ids::RateLimitEventId;
use crate::domain::secret::Digest;

/// Locks `counter` until the transaction ends. On SQLite, the transaction already holds the only write lock.
pub async fn lock(tx: &mut Tx, counter: &Digest) -> Result<(), Error> {
    if let Conn::Pg(c) = tx.conn() {
        let (first, _) = counter.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(i64::from_be_bytes(*first))
            .execute(c)
            .await?;
    }
    Ok(())
}

/// The time of the `n`-th newest event counted under `counter` after `since`; 1 is the newest.
pub async fn find_nth_newest(
    tx: &mut Tx,
    counter: &Digest,
    n: u32,
    since: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    tallies::table
        .filter(tallies::counter.eq(counter))
        .filter(tallies::counted_at.gt(At(since)))
        .order(tallies::counted_at.desc())
        .select(tallies::counted_at)
        .rows(i64::from(n.saturating_sub(1)), 1)
        .fetch_optional(tx.conn())
        .await
}

/// The times of the `n` newest events counted under `counter` after `since`, newest first.
pub async fn list_newest(db: &Db, counter: &Digest, n: u32, since: Timestamp) -> Result<Vec<Timestamp>, Error> {
    newest_on(&mut db.conn().await?, counter, n, since).await
}

/// The same, as seen by the transaction.
pub async fn list_newest_within(
    tx: &mut Tx,
    counter: &Digest,
    n: u32,
    since: Timestamp,
) -> Result<Vec<Timestamp>, Error> {
    newest_on(tx.conn(), counter, n, since).await
}

async fn newest_on(conn: &mut Conn, counter: &Digest, n: u32, since: Timestamp) -> Result<Vec<Timestamp>, Error> {
    tallies::table
        .filter(tallies::counter.eq(counter))
        .filter(tallies::counted_at.gt(At(since)))
        .order(tallies::counted_at.desc())
        .select(tallies::counted_at)
        .rows(0, i64::from(n))
        .fetch_all(conn)
        .await
}

/// How many events were counted under `counter` after `since`.
pub async fn count(tx: &mut Tx, counter: &Digest, since: Timestamp) -> Result<u32, Error> {
    let count: i64 = tallies::table
        .filter(tallies::counter.eq(counter))
        .filter(tallies::counted_at.gt(At(since)))
        .count()
        .fetch_one(tx.conn())
        .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Counts one event.
pub async fn insert(tx: &mut Tx, id: &RateLimitEventId, counter: &Digest, now: Timestamp) -> Result<(), Error> {
    diesel::insert_into(tallies::table)
        .values((tallies::tally_id.eq(id), tallies::counter.eq(counter), tallies::counted_at.eq(At(now))))
        .run(tx.conn())
        .await
}

/// Removes one event from its count.
pub async fn delete(tx: &mut Tx, id: &RateLimitEventId) -> Result<(), Error> {
    diesel::delete(tallies::table.find(id)).run(tx.conn()).await
}

/// Deletes the events counted under `counter` after `since`. [`delete_old`] deletes the older ones, so that the two
/// never lock the same rows in different orders.
pub async fn clear(tx: &mut Tx, counter: &Digest, since: Timestamp) -> Result<(), Error> {
    diesel::delete(tallies::table)
        .filter(tallies::counter.eq(counter))
        .filter(tallies::counted_at.gt(At(since)))
        .run(tx.conn())
        .await
}

/// The same, for several counters.
pub async fn clear_all(tx: &mut Tx, counters: &[Digest], since: Timestamp) -> Result<(), Error> {
    diesel::delete(tallies::table)
        .filter(tallies::counter.eq_any(counters.iter().map(Digest::as_slice)))
        .filter(tallies::counted_at.gt(At(since)))
        .run(tx.conn())
        .await
}

/// Prunes events that were counted before `before`.
pub async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<usize, Error> {
    diesel::delete(tallies::table.filter(tallies::counted_at.lt(At(before)))).run_counted(tx.conn()).await
}
