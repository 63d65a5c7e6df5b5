//! A clock that the test sets.

use std::sync::Mutex;

use chrono::{TimeDelta, TimeZone, Utc};
use userprofile::clock::{Clock, Timestamp};

/// A clock that only moves when `advance` is called.
pub struct ManualClock(Mutex<Timestamp>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap()))
    }
}

impl ManualClock {
    /// Moves the clock; a negative value sets it back.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
