//! Rate limits over a rolling time window, for code attempts and messages.

use chrono::TimeDelta;

use super::Timestamp;
use super::attempts::RetryAfter;

/// At most `limit` events within any window of length `span`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The maximum number of events.
    pub limit: u32,
    /// The length of the window.
    pub span: TimeDelta,
}

impl Window {
    /// Whether another event may be counted now, `oldest_in_the_way` being the `limit`-th newest counted event.
    pub fn check(self, oldest_in_the_way: Option<Timestamp>, now: Timestamp) -> Result<(), RetryAfter> {
        oldest_in_the_way.map_or(Ok(()), |counted_at| RetryAfter::check(counted_at, self.span, now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_event_in_the_future_delays_no_longer_than_the_window() {
        let (window, now) = (Window { limit: 1, span: TimeDelta::hours(1) }, Timestamp::UNIX_EPOCH);
        let check = |seconds| window.check(Some(now + TimeDelta::seconds(seconds)), now);
        assert_eq!(check(-3600), Ok(()));
        assert_eq!(check(-3599), Err(RetryAfter { retry_after: 1 }));
        assert_eq!(check(1), Err(RetryAfter { retry_after: 3600 }));
        assert_eq!(check(1_000_000), Err(RetryAfter { retry_after: 3600 }));
    }

    proptest! {
        #[test]
        fn no_window_contains_more_events_than_the_limit(limit in 1_u32..6, pauses in prop::collection::vec(0_i64..40, 1..80)) {
            let window = Window { limit, span: TimeDelta::seconds(60) };
            let mut now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
            let mut counted: Vec<Timestamp> = Vec::new();
            for pause in pauses {
                now += TimeDelta::seconds(pause);
                let nth = counted.iter().rev().nth(usize::try_from(limit).unwrap() - 1).copied();
                match window.check(nth, now) {
                    Ok(()) => counted.push(now),
                    Err(wait) => {
                        let later = now + TimeDelta::seconds(wait.retry_after.into());
                        prop_assert!(window.check(nth, later).is_ok());
                    }
                }
                let within = counted.iter().filter(|at| now - **at < window.span).count();
                prop_assert!(within <= usize::try_from(limit).unwrap());
            }
        }
    }
}
