//! Limits over a rolling window of time: so many tries of codes, so many mails.

use chrono::TimeDelta;

use super::Timestamp;
use super::attempts::Wait;

/// At most so many within any span of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub limit: u32,
    /// Within which time.
    pub span: TimeDelta,
}

impl Window {
    /// Whether one more may be counted now, `oldest_in_the_way` being the `limit`-th newest that was counted.
    ///
    /// # Errors
    /// How long to wait, when not.
    pub fn check(self, oldest_in_the_way: Option<Timestamp>, now: Timestamp) -> Result<(), Wait> {
        match oldest_in_the_way.map(|counted_at| counted_at + self.span) {
            Some(free_at) if free_at > now => Err(Wait::until(free_at, now)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_span_ever_holds_more_than_the_limit(limit in 1_u32..6, pauses in prop::collection::vec(0_i64..40, 1..80)) {
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
