//! Pending jobs: messages to send, and requests to decide on.
//!
//! A worker claims a job with a lease, a time until which no other worker takes it. One conditional statement, the same
//! on both databases, takes the lease, so only one of several workers gets it. If the worker dies, the lease expires.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::bulk::insert_rows;
use super::columns::columns_of;
use super::db::{Db, Fetch, Run, Tx, Unlimited, on};
use super::error::Error;
use super::pairs::one_of;
use super::rows::JobRow;
use super::schema::outbox;
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::ids::JobId;
use crate::domain::outbox::{Job, JobKind};

/// Stores a job, which is due at once.
pub async fn insert(tx: &mut Tx, job: &Job) -> Result<(), Error> {
    let is_due = outbox::due_at.eq(At(job.created_at));
    diesel::insert_into(outbox::table).values((job, is_due)).run(tx.conn()).await
}

/// Stores many jobs, which are due at once.
pub async fn insert_many(tx: &mut Tx, jobs: &[Job]) -> Result<(), Error> {
    let rows: Vec<_> = jobs.iter().map(|job| (JobRow::from(job), outbox::due_at.eq(At(job.created_at)))).collect();
    insert_rows!(tx, outbox::table, rows);
    Ok(())
}

/// Leases the job of this kind that has been due the longest and has no lease, until `leased_until`.
pub async fn lease(db: &Db, kind: JobKind, now: Timestamp, leased_until: Timestamp) -> Result<Option<Job>, Error> {
    let mut conn = db.conn().await?;
    loop {
        let due: Option<JobId> = outbox::table
            .filter(outbox::failed_at.is_null())
            .filter(outbox::kind.eq(kind))
            .filter(outbox::due_at.le(At(now)))
            .filter(outbox::leased_until.is_null().or(outbox::leased_until.le(Some(now))))
            .order((outbox::due_at, outbox::job_id))
            .select(outbox::job_id)
            .rows(0, 1)
            .fetch_optional(&mut conn)
            .await?;
        let Some(id) = due else { return Ok(None) };
        let job: Option<Job> = diesel::update(outbox::table.find(&id))
            .filter(outbox::failed_at.is_null())
            .filter(outbox::due_at.le(At(now)))
            .filter(outbox::leased_until.is_null().or(outbox::leased_until.le(Some(now))))
            .set((outbox::leased_until.eq(Some(leased_until)), outbox::tries.eq(outbox::tries + 1)))
            .returning(columns_of::<Job>())
            .fetch_optional(&mut conn)
            .await?;
        // Another worker may have been faster; then look for the next job.
        if job.is_some() {
            return Ok(job);
        }
    }
}

/// Deletes a finished job.
pub async fn delete(tx: &mut Tx, id: &JobId) -> Result<(), Error> {
    diesel::delete(outbox::table.find(id)).run(tx.conn()).await
}

/// Deletes the messages for all of `owners`, whether they wait or have failed.
pub async fn delete_of_owners(tx: &mut Tx, owners: &[&str]) -> Result<(), Error> {
    diesel::delete(outbox::table.filter(one_of(outbox::owner_id, owners))).run(tx.conn()).await
}

/// Ends the lease of a job, for the next attempt at `due_at`.
pub async fn postpone(tx: &mut Tx, id: &JobId, due_at: Timestamp, error: &str) -> Result<(), Error> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::leased_until.eq(None::<Timestamp>),
            outbox::due_at.eq(At(due_at)),
            outbox::last_error.eq(Some(error)),
        ))
        .run(tx.conn())
        .await
}

/// Marks a job as failed. Its payload is wiped; the job itself and the reason of its failure are kept.
pub async fn mark_failed(tx: &mut Tx, id: &JobId, now: Timestamp, error: &str) -> Result<(), Error> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::leased_until.eq(None::<Timestamp>),
            outbox::payload.eq(None::<Vec<u8>>),
            outbox::failed_at.eq(Some(now)),
            outbox::last_error.eq(Some(error)),
        ))
        .run(tx.conn())
        .await
}

/// The state of a job.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct JobState {
    /// Its id.
    pub id: JobId,
    /// Its type.
    pub kind: JobKind,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time after which it is not processed.
    pub expires_at: Timestamp,
    /// When it is processed next, unless it has failed.
    pub due_at: Timestamp,
    /// The number of attempts.
    pub tries: i32,
    /// Until when a server may be processing it.
    pub leased_until: Option<Timestamp>,
    /// When it failed for good.
    pub failed_at: Option<Timestamp>,
    /// The reason of the last failure.
    pub last_error: Option<String>,
}

/// The states of the first `limit` jobs, the oldest first.
pub async fn list(db: &Db, limit: i64) -> Result<Vec<JobState>, Error> {
    use outbox::{created_at, due_at, expires_at, failed_at, job_id, kind, last_error, leased_until, tries};
    outbox::table
        .order((created_at, job_id))
        .select((job_id, kind, created_at, expires_at, due_at, tries, leased_until, failed_at, last_error))
        .rows(0, limit)
        .fetch_all(&mut db.conn().await?)
        .await
}

/// Makes a job due now, or all of them, unless it failed for good or is being processed. Returns how many there were.
pub async fn make_due(tx: &mut Tx, id: Option<&JobId>, now: Timestamp) -> Result<usize, Error> {
    on!(tx.conn(), c => {
        let mut query = diesel::update(outbox::table)
            .filter(outbox::failed_at.is_null())
            .filter(outbox::leased_until.is_null().or(outbox::leased_until.le(Some(now))))
            .set(outbox::due_at.eq(At(now)))
            .into_boxed();
        if let Some(id) = id {
            query = query.filter(outbox::job_id.eq(id));
        }
        query.execute(c).await
    })
    .map_err(Error::from)
}

/// Deletes a job unless it is being processed, and returns whether it did.
pub async fn delete_idle(tx: &mut Tx, id: &JobId, now: Timestamp) -> Result<bool, Error> {
    let deleted = diesel::delete(outbox::table.find(id))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.le(Some(now))))
        .run_counted(tx.conn())
        .await?;
    Ok(deleted == 1)
}

/// How many jobs of these kinds are pending, and how many failed for good.
pub async fn count(db: &Db, kinds: &[JobKind]) -> Result<(i64, i64), Error> {
    let mut conn = db.conn().await?;
    let of_kinds = || outbox::table.filter(outbox::kind.eq_any(kinds));
    let waiting = of_kinds().filter(outbox::failed_at.is_null()).count().fetch_one(&mut conn).await?;
    let failed = of_kinds().filter(outbox::failed_at.is_not_null()).count().fetch_one(&mut conn).await?;
    Ok((waiting, failed))
}

/// When the oldest job of these kinds that has not failed for good was stored.
pub async fn find_oldest(db: &Db, kinds: &[JobKind]) -> Result<Option<Timestamp>, Error> {
    outbox::table
        .filter(outbox::kind.eq_any(kinds))
        .filter(outbox::failed_at.is_null())
        .order(outbox::created_at)
        .select(outbox::created_at)
        .rows(0, 1)
        .fetch_optional(&mut db.conn().await?)
        .await
}

/// Prunes jobs that failed for good before `failed_before`, and those that expired before `expired_before`: no server
/// processes them, because none has the setting for it any more.
pub async fn delete_old(tx: &mut Tx, failed_before: Timestamp, expired_before: Timestamp) -> Result<usize, Error> {
    let is_abandoned = outbox::failed_at.is_null().and(outbox::expires_at.lt(At(expired_before)));
    // The comparison is null, and so not true, for jobs that have not failed.
    let is_old = outbox::failed_at.lt(Some(failed_before)).assume_not_null().or(is_abandoned);
    diesel::delete(outbox::table.filter(is_old)).run_counted(tx.conn()).await
}
