//! Counters of wrong passwords, and the networks that users have signed in from. Both are stored under keyed digests,
//! so that a reader of the tables learns no user id.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::columns::columns_of;
use super::db::{Conn, Db, Fetch, Run, Tx};
use super::error::Error;
use super::schema::{known_networks, password_attempts};
use super::types::{At, UtcTimestamp};
use crate::clock::Timestamp;
use crate::domain::attempts::Attempts;
use crate::domain::secret::Digest;

/// The failed attempts counted under `counter`.
pub async fn find(db: &Db, counter: &Digest) -> Result<Option<Attempts>, Error> {
    password_attempts::table.find(counter).select(columns_of::<Attempts>()).fetch_optional(&mut db.conn().await?).await
}

/// The failed attempts counted under `counter`, which belongs to the user id of `login`. Locks the counter until the
/// transaction ends, even if it is new. Lock the counter over all networks first, then that of a network.
pub async fn find_locked(
    tx: &mut Tx,
    counter: &Digest,
    login: &Digest,
    now: Timestamp,
) -> Result<Option<Attempts>, Error> {
    // Only an existing row can be locked, so an empty counter is inserted if there is none. An existing counter is
    // locked by overwriting it with its own value. With two statements, it could be deleted between them.
    let none = Attempts { failures: 0, failed_at: now, blocked_until: now };
    let attempts: Attempts = diesel::insert_into(password_attempts::table)
        .values((password_attempts::counter.eq(counter), password_attempts::login.eq(login), &none))
        .on_conflict(password_attempts::counter)
        .do_update()
        .set(password_attempts::counter.eq(excluded(password_attempts::counter)))
        .returning(columns_of::<Attempts>())
        .fetch_one(tx.conn())
        .await?;
    Ok(Some(attempts).filter(|attempts| attempts.failures > 0))
}

/// Sets the failed attempts counted under `counter`.
pub async fn update(tx: &mut Tx, counter: &Digest, attempts: Attempts) -> Result<(), Error> {
    diesel::update(password_attempts::table.find(counter))
        .set((
            password_attempts::failures.eq(i32::try_from(attempts.failures).unwrap_or(i32::MAX)),
            password_attempts::failed_at.eq(At(attempts.failed_at)),
            password_attempts::blocked_until.eq(At(attempts.blocked_until)),
        ))
        .run(tx.conn())
        .await
}

/// Deletes counters, one after the other in the given order: the one over all networks first, as in [`find_locked`], so
/// that two transactions never wait for each other.
pub async fn delete(tx: &mut Tx, counters: &[Digest]) -> Result<(), Error> {
    for counter in counters {
        diesel::delete(password_attempts::table.find(counter)).run(tx.conn()).await?;
    }
    Ok(())
}

/// Deletes all counters of the user id of `login`, of all networks. The counter over all networks must be locked, see
/// [`find_locked`]: then no other transaction holds one of the others.
pub async fn delete_of_login(tx: &mut Tx, login: &Digest) -> Result<(), Error> {
    diesel::delete(password_attempts::table.filter(password_attempts::login.eq(login))).run(tx.conn()).await
}

/// Whether a user signed in from `network` after `since`.
pub async fn is_known_network(db: &Db, network: &Digest, since: Timestamp) -> Result<bool, Error> {
    let known: i64 = known_networks::table
        .find(network)
        .filter(known_networks::signed_in_at.gt(At(since)))
        .count()
        .fetch_one(&mut db.conn().await?)
        .await?;
    Ok(known > 0)
}

/// Records a sign-in from `network`.
pub async fn upsert_known_network(tx: &mut Tx, network: &Digest, now: Timestamp) -> Result<(), Error> {
    diesel::insert_into(known_networks::table)
        .values((known_networks::network.eq(network), known_networks::signed_in_at.eq(At(now))))
        .on_conflict(known_networks::network)
        .do_update()
        .set(known_networks::signed_in_at.eq(At(now)))
        .run(tx.conn())
        .await
}

/// Prunes counters whose last failure was before `failed_before`, and networks without a sign-in since
/// `signed_in_before`.
pub async fn delete_old(tx: &mut Tx, failed_before: Timestamp, signed_in_before: Timestamp) -> Result<usize, Error> {
    let attempts = match tx.conn() {
        // This locks the counters of a user id in no particular order, so it must not wait for any of them. The next
        // run deletes those that are in use now.
        Conn::Pg(c) => {
            sql_query(
                "DELETE FROM password_attempts WHERE counter IN (
                     SELECT counter FROM password_attempts WHERE failed_at < $1 FOR UPDATE SKIP LOCKED)",
            )
            .bind::<UtcTimestamp, _>(failed_before)
            .execute(c)
            .await
        }
        Conn::Sqlite(c) => {
            let old = password_attempts::table.filter(password_attempts::failed_at.lt(At(failed_before)));
            diesel::delete(old).execute(c).await
        }
    }?;
    diesel::delete(known_networks::table.filter(known_networks::signed_in_at.lt(At(signed_in_before))))
        .run(tx.conn())
        .await?;
    Ok(attempts)
}
