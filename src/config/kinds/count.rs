//! Whole numbers in a range.

use std::{
    fmt::Display,
    num::{IntErrorKind, ParseIntError},
    ops::RangeInclusive,
    str::FromStr,
};

use super::{Kind, within};

/// Whole numbers of the type `T`.
pub(in super::super) struct Counts<T>(RangeInclusive<T>);

/// Whole numbers in `range`.
pub(in super::super) fn counts<T>(range: RangeInclusive<T>) -> Counts<T> {
    Counts(range)
}

impl<T: FromStr<Err = ParseIntError> + PartialOrd + Display> Kind for Counts<T> {
    type Value = T;

    fn value_name(&self) -> &'static str {
        "NUMBER"
    }

    fn accepts(&self) -> String {
        format!("a whole number from {} to {}", self.0.start(), self.0.end())
    }

    fn parse(&self, text: &str) -> Result<T, String> {
        let value = text.parse().map_err(|error: ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => format!("{text:?} is more than {}", self.0.end()),
            _ => format!("{text:?} is not a whole number"),
        })?;
        within(value, &self.0, text, T::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn parses_whole_numbers_in_the_range() {
        let kind = counts(2_u32..=10);
        assert_eq!(kind.parse("2"), Ok(2));
        assert_eq!(kind.parse("10"), Ok(10));
        assert_eq!(kind.accepts(), "a whole number from 2 to 10");
    }

    #[test]
    fn refuses_all_else() {
        let kind = counts(2_u32..=10);
        for text in ["", "five", "2.5", "-3", "1 0", "0x3", "5m"] {
            assert_eq!(wrong(&kind, text), format!("{text:?} is not a whole number"));
        }
        assert_eq!(wrong(&kind, "1"), r#""1" is less than 2"#);
        assert_eq!(wrong(&kind, "11"), r#""11" is more than 10"#);
        assert_eq!(wrong(&kind, "99999999999999999999"), r#""99999999999999999999" is more than 10"#);
    }
}
