//! The only place that reads the current time. All other code receives a [`Clock`] or the time.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A point in time, in UTC, with the precision of both databases: microseconds.
pub type Timestamp = DateTime<Utc>;

/// The maximum clock difference between servers on one database. A time that lies further in the future was stored
/// before the clock was set back.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(10);

/// A source of the current time. Tests use one that they move by hand.
pub trait Clock: Send + Sync {
    /// The current time, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}
