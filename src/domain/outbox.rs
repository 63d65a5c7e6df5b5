//! Jobs: work that is stored in the transaction that requires it and processed after commit, such as messages to send
//! and reset requests to process.

use chrono::TimeDelta;

use super::ids::{JobId, UserId};
use super::{Timestamp, string_enums};

string_enums! {
    /// The type of a job.
    JobKind {
        /// Send a message.
        Mail = "MAIL",
        /// Process a password reset request: decide whether the user receives a link.
        ResetRequest = "RESET_REQUEST",
        /// Report security events to the webhook.
        Events = "EVENTS",
    }
}

/// A job in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, and the first part of a message's `Message-ID`.
    pub id: JobId,
    /// Its type.
    pub kind: JobKind,
    /// The user that its message is for, whose deletion deletes it.
    pub owner_id: Option<UserId>,
    /// Its encrypted payload.
    pub payload: Vec<u8>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time after which it must not be processed.
    pub expires_at: Timestamp,
    /// The number of attempts, including the current one.
    pub tries: u32,
}

/// The purpose for which payloads are encrypted.
pub const PAYLOAD_PURPOSE: &str = "outbox";

/// A worker's lease on a job. The worker stops earlier by itself, see [`JOB_TIMEOUT_SECONDS`].
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// The time limit for one job in seconds: shorter than the lease, so that two workers never process the same job.
pub const JOB_TIMEOUT_SECONDS: u64 = 45;
impl JobKind {
    /// The jobs that end in an email.
    pub const OF_MAIL: [Self; 2] = [Self::Mail, Self::ResetRequest];

    /// The number of attempts before a job fails. With the pauses between them, those of an email take about 14 hours, and
    /// those of a report three days: longer than a weekend.
    pub fn max_tries(self) -> u32 {
        match self {
            Self::Mail | Self::ResetRequest => 24,
            Self::Events => 82,
        }
    }
}

/// How many days a failed job is kept for inspection.
pub const FAILED_JOB_RETENTION_DAYS: i64 = 30;

/// The delay after the `tries`-th failure: 5 seconds, doubling up to an hour.
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
