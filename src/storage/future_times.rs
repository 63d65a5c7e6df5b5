//! Times that lie in the future because the clock was set back after they were stored.
//!
//! A time that was stored in the future is moved back by the time that it is ahead, and the end of a lifetime is moved
//! to the latest time that the limits allow. So every delay, lease, and lifetime keeps its own length, whatever the
//! clock does.

use chrono::TimeDelta;
use diesel::sql_query;

use super::db::{Conn, Db, Run};
use super::error::Error;
use super::types::UtcTimestamp;
use crate::clock::{CLOCK_SKEW, Timestamp};

/// How far in the future lifetimes and delays may end.
#[derive(Debug, Clone)]
pub struct LongestLifetimes {
    /// The lifetime of an access token.
    pub access_token: TimeDelta,
    /// The lifetimes of codes and one-time tokens, by the value of `codes.purpose`; `true` is for those that hold an
    /// OTP secret.
    pub codes: Vec<(&'static str, bool, TimeDelta)>,
    /// The length of a worker's lease of a job.
    pub lease: TimeDelta,
    /// The pause before the next attempt at a job, by the number of past attempts.
    pub retries: Vec<TimeDelta>,
    /// How long an authentication counts as recent.
    pub fresh_for: TimeDelta,
    /// The grace period of a refresh token after its rotation.
    pub refresh_grace: TimeDelta,
}

/// The rows of one table to be corrected. In `set` and `condition`, `$1` is the time to be set, and `$2` is the time
/// from which on a stored time is wrong.
struct Correction {
    table: &'static str,
    key: &'static str,
    set: &'static str,
    condition: String,
    /// How far ahead the latest correct time is.
    ahead: TimeDelta,
    /// How long before that the time to be set is, for what must not start again.
    before: TimeDelta,
}

/// Corrects all times that are too far in the future, and returns the number of corrected rows. If the database fails,
/// what was corrected until then stays corrected.
pub async fn correct(db: &Db, lifetimes: &LongestLifetimes, now: Timestamp) -> Result<usize, Error> {
    let mut conn = db.conn().await?;
    let mut corrected = 0;
    for correction in corrections(lifetimes) {
        corrected += run(&mut conn, &correction, now).await?;
    }
    Ok(corrected)
}

async fn run(conn: &mut Conn, correction: &Correction, now: Timestamp) -> Result<usize, Error> {
    let Correction { table, key, set, condition, ahead, before } = correction;
    // Rows are locked in no particular order, so this must not wait for any: the next run corrects those that are in
    // use.
    let lock = if matches!(conn, Conn::Pg(_)) { " FOR UPDATE SKIP LOCKED" } else { "" };
    let text = format!("UPDATE {table} SET {set} WHERE {key} IN (SELECT {key} FROM {table} WHERE {condition}{lock})");
    let (right, wrong_from) = (now + *ahead - *before, now + *ahead + CLOCK_SKEW);
    sql_query(text).bind::<UtcTimestamp, _>(right).bind::<UtcTimestamp, _>(wrong_from).run_counted(conn).await
}

fn corrections(lifetimes: &LongestLifetimes) -> Vec<Correction> {
    let zero = TimeDelta::zero();
    let correction = |table, key, set, condition: &str, ahead, before| Correction {
        table,
        key,
        set,
        condition: condition.to_owned(),
        ahead,
        before,
    };
    // The time of an event cannot be in the future. An end that is a fixed time after it moves with it.
    let moment = |table, key, set, condition| correction(table, key, set, condition, zero, zero);
    // An authentication and a rotation allow something for a limited time. If their times are in the future, it is
    // unknown how long ago they were, so that period counts as over: moved to now, it would start again.
    let over = |table, key, set, condition, period| {
        correction(table, key, set, condition, zero, period + TimeDelta::seconds(1))
    };
    let end = |table, key, set, condition: &str, ahead| correction(table, key, set, condition, ahead, zero);

    let blocked = "blocked_until = blocked_until - (failed_at - $1), failed_at = $1";
    let used = "expires_at = expires_at - (last_used_at - $1), last_used_at = $1";
    let created = "expires_at = expires_at - (created_at - $1), created_at = $1";
    let of_access = "purpose = 'ACCESS' AND expires_at > $2";
    let mut corrections = vec![
        moment("password_attempts", "counter", blocked, "failed_at > $2"),
        moment("known_networks", "network", "signed_in_at = $1", "signed_in_at > $2"),
        moment("tallies", "tally_id", "counted_at = $1", "counted_at > $2"),
        moment("sessions", "session_id", used, "last_used_at > $2"),
        moment("sessions", "session_id", "created_at = $1", "created_at > $2"),
        moment("outbox", "job_id", created, "created_at > $2"),
        over("sessions", "session_id", "authenticated_at = $1", "authenticated_at > $2", lifetimes.fresh_for),
        over("session_tokens", "digest", "rotated_at = $1", "rotated_at > $2", lifetimes.refresh_grace),
        end("session_tokens", "digest", "expires_at = $1", of_access, lifetimes.access_token),
    ];
    corrections.extend(lifetimes.codes.iter().map(|(purpose, has_otp_secret, ttl)| {
        let not = if *has_otp_secret { "NOT " } else { "" };
        let condition = format!("purpose = '{purpose}' AND otp_secret IS {not}NULL AND expires_at > $2");
        end("codes", "code_id", "expires_at = $1", &condition, *ttl)
    }));
    corrections.push(end("outbox", "job_id", "leased_until = $1", "leased_until > $2", lifetimes.lease));
    corrections.extend(lifetimes.retries.iter().enumerate().map(|(tries, pause)| {
        let condition = format!("failed_at IS NULL AND tries = {tries} AND due_at > $2");
        end("outbox", "job_id", "due_at = $1", &condition, *pause)
    }));
    corrections
}
