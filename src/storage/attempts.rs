//! Counters of wrong passwords, and the networks that somebody signed in from. Both are kept under keyed digests: who
//! reads the tables learns no name.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::db::{Conn, Db, Tx, on};
use super::error::Error;
use super::schema::{known_networks, password_attempts};
use super::types::{At, UtcTimestamp};
use crate::clock::Timestamp;
use crate::domain::attempts::Attempts;
use crate::domain::secret::Digest;

type Row = (i32, At, At);

fn to_attempts((failures, failed_at, blocked_until): Row) -> Attempts {
    Attempts {
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        failed_at: failed_at.0,
        blocked_until: blocked_until.0,
    }
}

/// What is counted under `counter`.
pub async fn find(db: &Db, counter: &Digest) -> Result<Option<Attempts>, Error> {
    let mut conn = db.conn().await?;
    let row: Option<Row> = on!(&mut conn, c => {
        password_attempts::table
            .find(counter.as_slice())
            .select((password_attempts::failures, password_attempts::failed_at, password_attempts::blocked_until))
            .first(c)
            .await
            .optional()
    })?;
    Ok(row.map(to_attempts))
}

/// What is counted under `counter`, which belongs to the name of `login`. Nobody else can count there until the
/// transaction ends, even if nothing was counted yet. The counter over all networks comes first, then that of a network.
pub async fn find_locked(
    tx: &mut Tx,
    counter: &Digest,
    login: &Digest,
    now: Timestamp,
) -> Result<Option<Attempts>, Error> {
    // An empty counter is put where there is none, as only a row that is there can be locked; one that is there is
    // locked by writing what stands there anyway. In two statements it could be deleted between them.
    let row: Row = on!(tx.conn(), c => {
        diesel::insert_into(password_attempts::table)
            .values((
                password_attempts::counter.eq(counter.as_slice()),
                password_attempts::login.eq(login.as_slice()),
                password_attempts::failures.eq(0),
                password_attempts::failed_at.eq(At(now)),
                password_attempts::blocked_until.eq(At(now)),
            ))
            .on_conflict(password_attempts::counter)
            .do_update()
            .set(password_attempts::counter.eq(excluded(password_attempts::counter)))
            .returning((
                password_attempts::failures,
                password_attempts::failed_at,
                password_attempts::blocked_until,
            ))
            .get_result(c)
            .await
    })?;
    Ok(Some(to_attempts(row)).filter(|attempts| attempts.failures > 0))
}

/// Sets what is counted under `counter`.
pub async fn update(tx: &mut Tx, counter: &Digest, attempts: Attempts) -> Result<(), Error> {
    on!(tx.conn(), c => {
        diesel::update(password_attempts::table.find(counter.as_slice()))
            .set((
                password_attempts::failures.eq(i32::try_from(attempts.failures).unwrap_or(i32::MAX)),
                password_attempts::failed_at.eq(At(attempts.failed_at)),
                password_attempts::blocked_until.eq(At(attempts.blocked_until)),
            ))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Deletes counters, one after the other in the order given: that over all networks first, as in [`find_locked`], so
/// that two transactions never wait for each other.
pub async fn delete(tx: &mut Tx, counters: &[Digest]) -> Result<(), Error> {
    for counter in counters {
        on!(tx.conn(), c => {
            diesel::delete(password_attempts::table.find(counter.as_slice())).execute(c).await
        })?;
    }
    Ok(())
}

/// Deletes all counters of the name of `login`, from whatever network. The one over all networks must be locked, see
/// [`find_locked`]: then nobody else holds one of the others.
pub async fn delete_of_login(tx: &mut Tx, login: &Digest) -> Result<(), Error> {
    on!(tx.conn(), c => {
        diesel::delete(password_attempts::table.filter(password_attempts::login.eq(login.as_slice()))).execute(c).await
    })?;
    Ok(())
}

/// Whether somebody signed in from `network` after `since`.
pub async fn is_known_network(db: &Db, network: &Digest, since: Timestamp) -> Result<bool, Error> {
    let mut conn = db.conn().await?;
    let known = on!(&mut conn, c => {
        known_networks::table
            .find(network.as_slice())
            .filter(known_networks::signed_in_at.gt(At(since)))
            .count()
            .get_result::<i64>(c)
            .await
    })?;
    Ok(known > 0)
}

/// Notes that somebody signed in from `network`.
pub async fn upsert_known_network(tx: &mut Tx, network: &Digest, now: Timestamp) -> Result<(), Error> {
    on!(tx.conn(), c => {
        diesel::insert_into(known_networks::table)
            .values((known_networks::network.eq(network.as_slice()), known_networks::signed_in_at.eq(At(now))))
            .on_conflict(known_networks::network)
            .do_update()
            .set(known_networks::signed_in_at.eq(At(now)))
            .execute(c)
            .await
    })?;
    Ok(())
}

/// Forgets counters whose last failure was before `failed_before`, and networks nobody signed in from since
/// `signed_in_before`.
pub async fn delete_old(tx: &mut Tx, failed_before: Timestamp, signed_in_before: Timestamp) -> Result<(), Error> {
    match tx.conn() {
        // Counters of one name are locked in no particular order here, so this must not wait for any: one that is in use
        // is left to the next time.
        Conn::Pg(c) => {
            sql_query(
                "DELETE FROM password_attempts WHERE counter IN (
                     SELECT counter FROM password_attempts WHERE failed_at < $1 FOR UPDATE SKIP LOCKED)",
            )
            .bind::<UtcTimestamp, _>(At(failed_before))
            .execute(c)
            .await
        }
        Conn::Sqlite(c) => {
            let old = password_attempts::table.filter(password_attempts::failed_at.lt(At(failed_before)));
            diesel::delete(old).execute(c).await
        }
    }?;
    on!(tx.conn(), c => {
        diesel::delete(known_networks::table.filter(known_networks::signed_in_at.lt(At(signed_in_before)))).execute(c).await
    })?;
    Ok(())
}
