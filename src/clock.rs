//! The only place that knows what time it is. Everything else is given a [`Clock`], or the time itself.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A point in time, in UTC, to the microsecond: the finest that both databases keep.
pub type Timestamp = DateTime<Utc>;

/// By how much the clocks of several servers on one database may differ. A time that lies further in the future was
/// stored before the clock was set back.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(10);

/// Tells the time. Tests pass one that they move by hand.
pub trait Clock: Send + Sync {
    /// The present time, to the microsecond.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}
