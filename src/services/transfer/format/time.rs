//! Points in time in lines. They are written as chrono does: RFC 3339 in UTC, with the fraction of a second if it is not
//! zero.

use chrono::{DateTime, Datelike};

use crate::clock::Timestamp;

/// Parses RFC 3339, or `YYYY-MM-DD hh:mm:ss` in UTC, to the microsecond.
pub(super) fn parse(text: &str) -> Result<Timestamp, &'static str> {
    let time = DateTime::parse_from_rfc3339(text).or_else(|error| {
        // Without a zone, it is RFC 3339 (5.6, with a space) without its last letter.
        let is_plain = text.as_bytes().get(10) == Some(&b' ');
        if is_plain { DateTime::parse_from_rfc3339(&format!("{text}Z")) } else { Err(error) }
    });
    time.ok()
        // Converted to a number, so that a leap second is the same point in time in every database.
        .and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros()))
        .filter(|time| (0..=9999).contains(&time.year()))
        .ok_or("this is not a time; one looks like 2026-01-31T09:30:00Z or 2026-01-31 09:30:00 (in UTC)")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_read_and_one_is_written() {
        for (text, written) in [
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
            ("2026-01-31T09:30:00.1234567+09:00", "2026-01-31T00:30:00.123456Z"),
            ("2026-01-31 09:30:00", "2026-01-31T09:30:00Z"),
            ("2026-01-31 09:30:00.5", "2026-01-31T09:30:00.500Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(serde_json::to_value(parse(text).unwrap()).unwrap(), written, "{text}");
        }
    }

    #[test]
    fn malformed_times_are_rejected() {
        for wrong in [
            "",
            "now",
            "2026-01-31",
            "2026-01-31T09:30:00",
            "2026-13-31T09:30:00Z",
            "2026-02-30 00:00:00",
            "1769851800",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
            "2026-01-31 09:30",
            "+2026-01-31 09:30:00",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_written_time_is_read_as_the_same(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            prop_assert_eq!(parse(serde_json::to_value(time).unwrap().as_str().unwrap()).unwrap(), time);
        }
    }
}
