//! Backoff after failed passwords.

use chrono::TimeDelta;

use super::Timestamp;

/// The time without a failure after which earlier failures are discarded.
pub const FORGET_AFTER: TimeDelta = TimeDelta::hours(24);

/// The failures counted for one user id and one network, or for one user id over all networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// The number of attempts that failed or are still being compared.
    pub failures: u32,
    /// When the last of them was counted.
    pub failed_at: Timestamp,
    /// The time before which no further attempt is compared.
    pub blocked_until: Timestamp,
}

/// The attempt came before the delay had passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter {
    /// The remaining delay in whole seconds, at least one.
    pub retry_after: u32,
}

impl RetryAfter {
    /// Whether a delay of `length` that started at `started_at` is over at `now`. A start in the future, written before
    /// the clock was set back, counts as `now`: no delay lasts longer than its own length.
    pub fn check(started_at: Timestamp, length: TimeDelta, now: Timestamp) -> Result<(), Self> {
        let left = started_at.min(now) + length - now;
        if left <= TimeDelta::zero() {
            return Ok(());
        }
        // Rounded up, so that an attempt after the reported time is accepted.
        let seconds = (left.num_microseconds().unwrap_or(i64::MAX).saturating_add(999_999)) / 1_000_000;
        Err(Self { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX) })
    }

    /// Whether two delays that both have to pass are over. The error is the longer of the remaining ones.
    pub fn longer(one: Result<(), Self>, other: Result<(), Self>) -> Result<(), Self> {
        match (one, other) {
            (Err(one), Err(other)) => Err(if one.retry_after < other.retry_after { other } else { one }),
            (one, other) => one.and(other),
        }
    }
}

/// One attempt that was counted as failed, with what was counted before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    before: Option<Attempts>,
    /// The count that includes the attempt.
    pub after: Attempts,
}

impl Charge {
    /// Removes the attempt from what is counted now. The delay that it started ends; a delay that another attempt
    /// started meanwhile stays, so that a user who knows one password cannot cancel the delays of others.
    #[must_use]
    pub fn undo(self, current: Attempts) -> Attempts {
        let (failed_at, blocked_until) =
            self.before.map_or((self.after.failed_at, self.after.failed_at), |b| (b.failed_at, b.blocked_until));
        let undone = |current, own, before| if current == own { before } else { current };
        Attempts {
            failures: current.failures.saturating_sub(1),
            failed_at: undone(current.failed_at, self.after.failed_at, failed_at),
            blocked_until: undone(current.blocked_until, self.after.blocked_until, blocked_until),
        }
    }
}

/// Allows `free` failures without a delay. Each further failure doubles the delay, from one second up to `max_wait`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The number of failures without a delay.
    pub free: u32,
    /// The longest delay.
    pub max_wait: TimeDelta,
}

impl Backoff {
    /// Whether an attempt may be compared now.
    pub fn check(self, before: Option<Attempts>, now: Timestamp) -> Result<(), RetryAfter> {
        let Some(attempts) = before.filter(|attempts| attempts.blocked_until > now) else { return Ok(()) };
        // Never more than the delay of that many failures, whatever is stored.
        let stored = attempts.blocked_until - attempts.failed_at;
        RetryAfter::check(attempts.failed_at, stored.min(self.delay_after(attempts.failures)), now)
    }

    /// Counts an attempt as failed *before* the password is compared, so that concurrent attempts cannot slip through
    /// together. An attempt that turns out to be correct is removed again, see [`Charge::undo`].
    #[must_use]
    pub fn charge(self, before: Option<Attempts>, now: Timestamp) -> Charge {
        let remembered = before.filter(|attempts| now - attempts.failed_at < FORGET_AFTER);
        let failures = remembered.map_or(0, |attempts| attempts.failures).saturating_add(1);
        Charge { before, after: Attempts { failures, failed_at: now, blocked_until: now + self.delay_after(failures) } }
    }

    /// The delay after `failures` counted failures.
    pub fn delay_after(self, failures: u32) -> TimeDelta {
        match failures.checked_sub(self.free) {
            None | Some(0) => TimeDelta::zero(),
            Some(beyond) => TimeDelta::seconds(1_i64 << (beyond - 1).min(40)).min(self.max_wait),
        }
    }
}

/// A backoff over the failures within a rolling time span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollingBackoff {
    /// The number of failures without a delay, and the longest delay.
    pub backoff: Backoff,
    /// For how long a failure counts.
    pub span: TimeDelta,
}

/// Wrong passwords from one network, over all users: it slows down an attacker who tries one password with many user
/// ids. These numbers are fixed.
pub const NETWORK_BACKOFF: RollingBackoff =
    RollingBackoff { backoff: Backoff { free: 300, max_wait: TimeDelta::seconds(60) }, span: TimeDelta::hours(1) };

impl RollingBackoff {
    /// How many of the newest failures [`check`](Self::check) needs: with these the delay is the longest.
    pub fn depth(self) -> u32 {
        let longest =
            (0..64).find(|beyond| self.backoff.delay_after(self.backoff.free + beyond) >= self.backoff.max_wait);
        self.backoff.free + longest.unwrap_or_default()
    }

    /// Since when failures have to be read at `now`: an older one neither causes a delay nor extends one.
    pub fn since(self, now: Timestamp) -> Timestamp {
        now - self.span - self.backoff.max_wait
    }

    /// Whether an attempt may be compared now, after the failures of `newest_first`.
    pub fn check(self, newest_first: &[Timestamp], now: Timestamp) -> Result<(), RetryAfter> {
        let Some(newest) = newest_first.first() else { return Ok(()) };
        let failures = newest_first.iter().filter(|failed_at| *newest - **failed_at < self.span).count();
        let length = self.backoff.delay_after(u32::try_from(failures).unwrap_or(u32::MAX));
        RetryAfter::check(*newest, length, now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THROTTLE: Backoff = Backoff { free: 5, max_wait: TimeDelta::minutes(15) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn after_five_failures_the_delay_doubles_up_to_the_maximum() {
        let waits: Vec<i64> = (1..=17).map(|failures| THROTTLE.delay_after(failures).num_seconds()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(THROTTLE.delay_after(u32::MAX).num_seconds(), 900);
    }

    #[test]
    fn failures_are_discarded_after_a_day_without_another() {
        let many = Attempts { failures: 40, failed_at: at(0), blocked_until: at(900) };
        assert_eq!(THROTTLE.charge(Some(many), at(86_399)).after.failures, 41);
        assert_eq!(THROTTLE.charge(Some(many), at(86_400)).after.failures, 1);
    }

    #[test]
    fn a_delay_from_the_future_lasts_no_longer_than_its_own_length() {
        let ahead = Attempts { failures: 16, failed_at: at(0), blocked_until: at(900) };
        for hours in [0, 1, 1000] {
            assert_eq!(THROTTLE.check(Some(ahead), at(-3600 * hours)), Err(RetryAfter { retry_after: 900 }));
        }
        // The stored value alone is not trusted either.
        let edited = Attempts { blocked_until: at(1_000_000), ..ahead };
        assert_eq!(THROTTLE.check(Some(edited), at(899)), Err(RetryAfter { retry_after: 1 }));
        assert_eq!(THROTTLE.check(Some(edited), at(900)), Ok(()));
    }

    #[test]
    fn a_correct_attempt_ends_its_own_delay_and_no_other() {
        let five = Attempts { failures: 5, failed_at: at(0), blocked_until: at(0) };
        let sixth = THROTTLE.charge(Some(five), at(10));
        assert_eq!(sixth.after.blocked_until, at(11));
        assert_eq!(sixth.undo(sixth.after), five);
        let wrong = THROTTLE.charge(Some(sixth.after), at(11)).after;
        let left = sixth.undo(wrong);
        assert_eq!(left, Attempts { failures: 6, ..wrong });
        assert_eq!(THROTTLE.check(Some(left), at(11)), Err(RetryAfter { retry_after: 1 }));
    }

    #[test]
    fn three_hundred_failures_in_an_hour_are_free_then_the_delay_doubles_up_to_a_minute() {
        assert_eq!(NETWORK_BACKOFF.depth(), 307);
        let mut failures = vec![at(0); 300];
        assert_eq!(NETWORK_BACKOFF.check(&failures, at(0)), Ok(()));
        let mut now = 0;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            failures.insert(0, at(now));
            assert_eq!(NETWORK_BACKOFF.check(&failures, at(now)), Err(RetryAfter { retry_after: seconds }));
            now += i64::from(seconds);
            assert_eq!(NETWORK_BACKOFF.check(&failures, at(now)), Ok(()));
        }
        // An hour later the first failures no longer count.
        failures.insert(0, at(3600));
        assert_eq!(NETWORK_BACKOFF.check(&failures, at(3600)), Ok(()));
        assert_eq!(NETWORK_BACKOFF.check(&failures, at(-7200)), Ok(()));
    }

    proptest! {
        #[test]
        fn the_backoff_limits_attempts_per_day(pauses in prop::collection::vec(0_i64..100, 1..200)) {
            let (mut now, mut state, mut looked_at) = (at(0), None, 0);
            for pause in pauses {
                now += TimeDelta::seconds(pause);
                if THROTTLE.check(state, now).is_ok() {
                    state = Some(THROTTLE.charge(state, now).after);
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
