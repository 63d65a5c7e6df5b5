//! How wrong passwords slow the next try down.

use chrono::TimeDelta;

use super::Timestamp;

/// After how long without a failure earlier ones are forgotten.
pub const FORGET_AFTER: TimeDelta = TimeDelta::hours(24);

/// The failures counted against one name from one network, or against one name from everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many tries failed, or are still being looked at.
    pub failures: u32,
    /// When the last of them was counted.
    pub failed_at: Timestamp,
    /// Until when no further try is looked at.
    pub blocked_until: Timestamp,
}

/// A try came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How many whole seconds are left, at least one.
    pub retry_after: u32,
}

impl Wait {
    /// From `now` until `free_at`.
    #[must_use]
    pub fn until(free_at: Timestamp, now: Timestamp) -> Self {
        let left = (free_at - now).num_milliseconds().max(1);
        Self { retry_after: u32::try_from((left + 999) / 1000).unwrap_or(u32::MAX) }
    }
}

/// So many failures are free; each further one doubles the wait, from one second up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// How many failures cost nothing.
    pub free: u32,
    /// The longest wait.
    pub max_wait: TimeDelta,
}

impl Throttle {
    /// Whether a try may be looked at now.
    ///
    /// # Errors
    /// How long to wait, when not.
    pub fn check(self, before: Option<Attempts>, now: Timestamp) -> Result<(), Wait> {
        match before {
            Some(attempts) if attempts.blocked_until > now => Err(Wait::until(attempts.blocked_until, now)),
            _ => Ok(()),
        }
    }

    /// Counts a try as failed *before* it is looked at, so that tries at the same moment cannot slip through together.
    /// The one that turns out right takes its count back.
    #[must_use]
    pub fn charge(self, before: Option<Attempts>, now: Timestamp) -> Attempts {
        let remembered = before.filter(|attempts| now - attempts.failed_at < FORGET_AFTER);
        let failures = remembered.map_or(0, |attempts| attempts.failures).saturating_add(1);
        Attempts { failures, failed_at: now, blocked_until: now + self.wait_after(failures) }
    }

    /// Takes the count of a try back that turned out right, and with it the wait that it began.
    #[must_use]
    pub fn take_back(self, counted: Attempts, now: Timestamp) -> Attempts {
        let blocked_until = counted.blocked_until.min(now);
        Attempts { failures: counted.failures.saturating_sub(1), blocked_until, ..counted }
    }

    /// How long nothing is looked at once `failures` have been counted.
    #[must_use]
    pub fn wait_after(self, failures: u32) -> TimeDelta {
        match failures.checked_sub(self.free) {
            None | Some(0) => TimeDelta::zero(),
            Some(beyond) => TimeDelta::seconds(1_i64 << (beyond - 1).min(40)).min(self.max_wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THROTTLE: Throttle = Throttle { free: 5, max_wait: TimeDelta::minutes(15) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn five_are_free_then_the_wait_doubles_up_to_the_limit() {
        let waits: Vec<i64> = (1..=17).map(|failures| THROTTLE.wait_after(failures).num_seconds()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(THROTTLE.wait_after(u32::MAX).num_seconds(), 900);
    }

    #[test]
    fn a_day_without_failure_forgets() {
        let many = Attempts { failures: 40, failed_at: at(0), blocked_until: at(900) };
        assert_eq!(THROTTLE.charge(Some(many), at(86_399)).failures, 41);
        assert_eq!(THROTTLE.charge(Some(many), at(86_400)).failures, 1);
    }

    proptest! {
        #[test]
        fn whoever_tries_as_fast_as_he_may_gets_few_tries_a_day(pauses in prop::collection::vec(0_i64..100, 1..200)) {
            let (mut now, mut state, mut looked_at) = (at(0), None, 0);
            for pause in pauses {
                now += TimeDelta::seconds(pause);
                if THROTTLE.check(state, now).is_ok() {
                    state = Some(THROTTLE.charge(state, now));
                    looked_at += 1;
                } else {
                    let Err(wait) = THROTTLE.check(state, now) else { unreachable!() };
                    prop_assert!(THROTTLE.check(state, now + TimeDelta::seconds(i64::from(wait.retry_after))).is_ok());
                }
            }
            let hours = (now - at(0)).num_hours() + 1;
            prop_assert!(looked_at <= 16 + 4 * hours);
        }
    }
}
