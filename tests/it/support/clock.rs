//! A clock to be moved by hand.

use std::sync::Mutex;

use chrono::{TimeDelta, TimeZone, Utc};
use userprofile::clock::{Clock, Timestamp};

/// Stands still until it is moved.
pub struct ManualClock(Mutex<Timestamp>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap()))
    }
}

impl ManualClock {
    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
