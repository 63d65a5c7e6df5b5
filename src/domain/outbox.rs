//! Work that is put down in the transaction that needs it, and done after it: mails to send, requests to decide on.

use chrono::TimeDelta;

use super::ids::JobId;
use super::{Timestamp, capital_enum};

capital_enum! {
    /// What is to be done.
    JobKind {
        /// A mail is to be sent.
        Mail = "MAIL",
        /// Somebody asked for a new password; whether he gets a link is to be decided.
        ResetRequest = "RESET_REQUEST",
    }
}

/// Something that waits to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its key, and the first part of a mail's `Message-ID`.
    pub id: JobId,
    /// What is to be done.
    pub kind: JobKind,
    /// With what, sealed.
    pub payload: Vec<u8>,
    /// When it was put down.
    pub created_at: Timestamp,
    /// After which it is not to be done any more.
    pub expires_at: Timestamp,
    /// How often it was begun, this time included.
    pub tries: u32,
}

/// For how long a worker holds a job. It lets go earlier by itself, see [`WORK_FOR`].
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long the work on one job may take, in seconds: shorter than the lease, so that two never do the same.
pub const WORK_FOR: u64 = 45;
/// How often a job is begun before it is given up; with the pauses between, over some 14 hours.
pub const MAX_TRIES: u32 = 24;
/// How many days a job that was given up stays to be seen.
pub const GRAVE_DAYS: i64 = 30;

/// How long to wait after the `tries`-th failure: 5 seconds, doubling up to an hour.
#[must_use]
pub fn pause_after(tries: u32) -> TimeDelta {
    TimeDelta::seconds(5_i64 << tries.saturating_sub(1).min(20)).min(TimeDelta::hours(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<i64> = (1..=12).map(|tries| pause_after(tries).num_seconds()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(pause_after(u32::MAX), TimeDelta::hours(1));
    }
}
