//! Sizes in bytes: `19MiB` and `19Mi` count in 1024, `19MB` and `19M` in 1000, a plain number is bytes.

use std::ops::RangeInclusive;

use super::{Kind, within};

/// Sizes in bytes.
pub(in super::super) struct Sizes<T> {
    range: RangeInclusive<u64>,
    convert: fn(u64) -> Option<T>,
}

/// Sizes in `range`, as the type `T`.
pub(in super::super) fn sizes<T: TryFrom<u64>>(range: RangeInclusive<u64>) -> Sizes<T> {
    Sizes { range, convert: |bytes| T::try_from(bytes).ok() }
}

impl<T> Kind for Sizes<T> {
    type Value = T;

    fn value_name(&self) -> &'static str {
        "SIZE"
    }

    fn accepts(&self) -> String {
        format!("a size from {} to {}", show(*self.range.start()), show(*self.range.end()))
    }

    fn parse(&self, text: &str) -> Result<T, String> {
        let bytes = parse_size::parse_size(text).map_err(|_| format!("{text:?} is not a size"))?;
        let bytes = within(bytes, &self.range, text, |bytes| show(*bytes))?;
        (self.convert)(bytes).ok_or_else(|| format!("{text:?} is more than this machine can count"))
    }
}

/// In the largest unit that leaves no remainder.
fn show(bytes: u64) -> String {
    [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        .into_iter()
        .find(|(unit, _)| bytes.is_multiple_of(*unit) && bytes >= *unit)
        .map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    fn kind() -> Sizes<u64> {
        sizes(1024..=2 << 30)
    }

    #[test]
    fn parses_binary_and_decimal_units_and_bytes() {
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
            assert_eq!(kind().parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn refuses_all_else() {
        for text in ["", "big", "MiB", "-1", "1 ZiB", "1,5M", "10MiBs"] {
            assert_eq!(wrong(&kind(), text), format!("{text:?} is not a size"));
        }
        assert_eq!(wrong(&kind(), "1"), r#""1" is less than 1KiB"#);
        assert_eq!(wrong(&kind(), "3GiB"), r#""3GiB" is more than 2GiB"#);
        assert_eq!(kind().accepts(), "a size from 1KiB to 2GiB");
    }
}
