//! Numbers in a range: counts, durations, and sizes.

use std::{
    fmt::Display,
    num::{IntErrorKind, ParseIntError},
    ops::RangeInclusive,
    str::FromStr,
    time::Duration,
};

use super::Kind;

/// Whole numbers.
pub(in super::super) fn counts<T>(range: RangeInclusive<T>) -> Kind<T>
where
    T: FromStr<Err = ParseIntError> + PartialOrd + Display + 'static,
{
    let accepts = format!("a whole number from {} to {}", range.start(), range.end());
    Kind::new("NUMBER", accepts, move |text| {
        let value = text.parse().map_err(|error: ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => format!("{text:?} is more than {}", range.end()),
            _ => format!("{text:?} is not a whole number"),
        })?;
        within(value, &range, text, T::to_string)
    })
}

/// Durations, such as `30s`, `10m`, `3h`, `30d`, and sums of them, such as `1h 30m`.
pub(in super::super) fn durations(range: RangeInclusive<Duration>) -> Kind<Duration> {
    let accepts = format!("a duration from {} to {}", show_duration(range.start()), show_duration(range.end()));
    Kind::new("DURATION", accepts, move |text| {
        let value = humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::UnknownUnit { unit, .. } if unit.is_empty() => {
                format!("{text:?} has a number without a unit (ms, s, m, h, d)")
            }
            humantime::DurationError::UnknownUnit { unit, .. } => {
                format!("{text:?} has the unknown unit {unit:?} (use ms, s, m, h, d)")
            }
            _ => format!("{text:?} is not a duration"),
        })?;
        within(value, &range, text, show_duration)
    })
}

/// Sizes in bytes: `19MiB` and `19Mi` are multiples of 1024, `19MB` and `19M` of 1000, and a plain number is bytes.
pub(in super::super) fn sizes<T: TryFrom<u64> + 'static>(range: RangeInclusive<u64>) -> Kind<T> {
    let accepts = format!("a size from {} to {}", show_size(*range.start()), show_size(*range.end()));
    Kind::new("SIZE", accepts, move |text| {
        let bytes = parse_size::parse_size(text).map_err(|_| format!("{text:?} is not a size"))?;
        let bytes = within(bytes, &range, text, |bytes| show_size(*bytes))?;
        T::try_from(bytes).map_err(|_| format!("{text:?} is more than this machine can address"))
    })
}

/// `value` if it is in `range`; otherwise an error with the exceeded bound, formatted by `show`.
fn within<T: PartialOrd>(
    value: T,
    range: &RangeInclusive<T>,
    text: &str,
    show: impl Fn(&T) -> String,
) -> Result<T, String> {
    if value < *range.start() {
        Err(format!("{text:?} is less than {}", show(range.start())))
    } else if value > *range.end() {
        Err(format!("{text:?} is more than {}", show(range.end())))
    } else {
        Ok(value)
    }
}

/// In the largest unit that leaves no remainder.
fn show_duration(duration: &Duration) -> String {
    let millis = duration.as_millis();
    [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")]
        .into_iter()
        .find(|(unit, _)| millis.is_multiple_of(*unit) && millis >= *unit)
        .map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", millis / unit))
}

/// In the largest unit that leaves no remainder.
fn show_size(bytes: u64) -> String {
    [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        .into_iter()
        .find(|(unit, _)| bytes.is_multiple_of(*unit) && bytes >= *unit)
        .map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn counts_are_whole_numbers_in_the_range() {
        let kind = counts(2_u32..=10);
        assert_eq!(kind.parse("2"), Ok(2));
        assert_eq!(kind.parse("10"), Ok(10));
        assert_eq!(kind.accepts, "a whole number from 2 to 10");
        for text in ["", "five", "2.5", "-3", "1 0", "0x3", "5m"] {
            assert_eq!(wrong(&kind, text), format!("{text:?} is not a whole number"));
        }
        assert_eq!(wrong(&kind, "1"), r#""1" is less than 2"#);
        assert_eq!(wrong(&kind, "11"), r#""11" is more than 10"#);
        assert_eq!(wrong(&kind, "99999999999999999999"), r#""99999999999999999999" is more than 10"#);
    }

    fn up_to_30_days() -> Kind<Duration> {
        durations(Duration::from_millis(100)..=Duration::from_hours(30 * 24))
    }

    #[test]
    fn durations_have_units_and_can_be_sums() {
        for (text, seconds) in
            [("30s", 30), ("10m", 600), ("3h", 10_800), ("30d", 2_592_000), ("1h30m", 5400), ("1h 30m 5s", 5405)]
        {
            assert_eq!(up_to_30_days().parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(up_to_30_days().parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(durations(Duration::ZERO..=Duration::from_secs(1)).parse("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn malformed_durations_and_durations_out_of_range_are_refused() {
        let kind = up_to_30_days();
        for text in ["", "soon", "-5m", "10 m in", "m", "99999999999999999999s"] {
            assert!(wrong(&kind, text).starts_with(&format!("{text:?} ")), "{text}");
        }
        assert_eq!(wrong(&kind, "10"), r#""10" has a number without a unit (ms, s, m, h, d)"#);
        assert_eq!(wrong(&kind, "10x"), r#""10x" has the unknown unit "x" (use ms, s, m, h, d)"#);
        assert_eq!(wrong(&kind, "0s"), r#""0s" is less than 100ms"#);
        assert_eq!(wrong(&kind, "31d"), r#""31d" is more than 30d"#);
    }

    #[test]
    fn durations_are_shown_in_the_largest_unit_without_remainder() {
        for (millis, shown) in
            [(0, "0s"), (1, "1ms"), (1500, "1500ms"), (90_000, "90s"), (5_400_000, "90m"), (86_400_000, "1d")]
        {
            assert_eq!(show_duration(&Duration::from_millis(millis)), shown);
        }
    }

    #[test]
    fn sizes_have_binary_or_decimal_units_or_are_bytes() {
        let kind = sizes::<u64>(1024..=2 << 30);
        for (text, bytes) in [
            ("19MiB", 19 << 20),
            ("19 MiB", 19 << 20),
            ("19Mi", 19 << 20),
            ("2Gi", 2 << 30),
            ("1.5KiB", 1536),
            ("2k", 2000),
            ("2kB", 2000),
            ("3M", 3_000_000),
            ("4096", 4096),
            ("4096B", 4096),
        ] {
            assert_eq!(kind.parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn malformed_sizes_and_sizes_out_of_range_are_refused() {
        let kind = sizes::<u64>(1024..=2 << 30);
        for text in ["", "big", "MiB", "-1", "1 ZiB", "1,5M", "10MiBs"] {
            assert_eq!(wrong(&kind, text), format!("{text:?} is not a size"));
        }
        assert_eq!(wrong(&kind, "1"), r#""1" is less than 1KiB"#);
        assert_eq!(wrong(&kind, "3GiB"), r#""3GiB" is more than 2GiB"#);
        assert_eq!(kind.accepts, "a size from 1KiB to 2GiB");
    }
}
