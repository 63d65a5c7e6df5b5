//! Durations: `30s`, `10m`, `3h`, `30d`, and sums of them: `1h 30m`.

use std::{ops::RangeInclusive, time::Duration};

use super::{Kind, within};

/// Durations.
pub(in super::super) struct Durations(RangeInclusive<Duration>);

/// Durations in `range`.
pub(in super::super) fn durations(range: RangeInclusive<Duration>) -> Durations {
    Durations(range)
}

impl Kind for Durations {
    type Value = Duration;

    fn value_name(&self) -> &'static str {
        "DURATION"
    }

    fn accepts(&self) -> String {
        format!("a duration from {} to {}", show(self.0.start()), show(self.0.end()))
    }

    fn parse(&self, text: &str) -> Result<Duration, String> {
        let value = humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::UnknownUnit { unit, .. } if unit.is_empty() => {
                format!("{text:?} has a number without a unit (ms, s, m, h, d)")
            }
            humantime::DurationError::UnknownUnit { unit, .. } => {
                format!("{text:?} has the unknown unit {unit:?} (known are ms, s, m, h, d)")
            }
            _ => format!("{text:?} is not a duration"),
        })?;
        within(value, &self.0, text, show)
    }
}

/// In the largest unit that leaves no remainder.
fn show(duration: &Duration) -> String {
    let millis = duration.as_millis();
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        .into_iter()
        .find(|(unit, _)| millis.is_multiple_of(*unit) && millis >= *unit)
        .map_or_else(
            || {
                if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") }
            },
            |(unit, name)| format!("{}{name}", millis / unit),
        )
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    fn kind() -> Durations {
        durations(Duration::from_millis(100)..=Duration::from_hours(30 * 24))
    }

    #[test]
    fn parses_units_and_their_sums() {
        for (text, seconds) in
            [("30s", 30), ("10m", 600), ("3h", 10_800), ("30d", 2_592_000), ("1h30m", 5400), ("1h 30m 5s", 5405)]
        {
            assert_eq!(kind().parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(kind().parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(durations(Duration::ZERO..=Duration::from_secs(1)).parse("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn refuses_all_else() {
        for text in ["", "soon", "-5m", "10 m in", "m", "99999999999999999999s"] {
            assert!(wrong(&kind(), text).starts_with(&format!("{text:?} ")), "{text}");
        }
        assert_eq!(wrong(&kind(), "10"), r#""10" has a number without a unit (ms, s, m, h, d)"#);
        assert_eq!(wrong(&kind(), "10x"), r#""10x" has the unknown unit "x" (known are ms, s, m, h, d)"#);
        assert_eq!(wrong(&kind(), "0s"), r#""0s" is less than 100ms"#);
        assert_eq!(wrong(&kind(), "31d"), r#""31d" is more than 30d"#);
    }

    #[test]
    fn shows_the_largest_unit_without_rest() {
        for (millis, shown) in
            [(0, "0s"), (1, "1ms"), (1500, "1500ms"), (90_000, "90s"), (5_400_000, "90m"), (86_400_000, "1d")]
        {
            assert_eq!(show(&Duration::from_millis(millis)), shown);
        }
    }
}
