//! Numbers in JSON that would change when they are stored and written again.
//!
//! A number that is not a 64-bit integer is held as an IEEE 754 double, which has about 17 digits. A number with more
//! digits would silently lose them, so it is detected here and refused.

use serde_json::value::RawValue;

/// How many nested lists and objects are searched: no stored value has more.
const SEARCHED_DEPTH: usize = 12;

/// How many characters of a path a message contains: keys may be long.
const SHOWN: usize = 200;

/// Whether a number, as written in JSON and GraphQL, keeps its value when it is written again.
pub fn is_exact(text: &str) -> bool {
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return true;
    }
    let Ok(double) = text.parse::<f64>() else { return false };
    // A double can have two shortest texts; this JSON library writes one of them, other libraries the other.
    let written =
        [format!("{double:e}"), serde_json::Number::from_f64(double).map(|n| n.to_string()).unwrap_or_default()];
    double.is_finite()
        && decimal(text).is_some_and(|given| written.iter().any(|text| decimal(text).as_ref() == Some(&given)))
}

/// The path of the first inexact number in a JSON text: `a.b[2]`, appended to `path`.
pub fn inexact_in(json: &RawValue, path: &str) -> Option<String> {
    let place = search(json, path, 0)?;
    Some(place.chars().take(SHOWN).flat_map(char::escape_debug).collect())
}

fn search(json: &RawValue, path: &str, depth: usize) -> Option<String> {
    if depth > SEARCHED_DEPTH {
        return None;
    }
    let text = json.get();
    match text.as_bytes().first()? {
        b'{' => {
            let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let within = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            fields.iter().find_map(|(key, value)| search(value, &within(key), depth + 1))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.iter().enumerate().find_map(|(index, value)| search(value, &format!("{path}[{index}]"), depth + 1))
        }
        b'-' | b'0'..=b'9' => (!is_exact(text)).then(|| path.to_owned()),
        _ => None,
    }
}

/// The value of a decimal number: whether it is negative, its digits without leading and trailing zeros, and the power
/// of ten that they are multiplied by. `None` if that power is out of range.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let dropped = i64::try_from(all.len() - digits.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some((false, String::new(), 0));
    }
    let exponent = exponent.parse::<i64>().ok()?.checked_add(dropped)?;
    Some((mantissa.starts_with('-'), digits.to_owned(), exponent))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_that_would_lose_digits_are_recognised() {
        for exact in [
            "0",
            "-0",
            "0.0",
            "0e5",
            "1",
            "-9223372036854775808",
            "18446744073709551615",
            "0.1",
            "1.50",
            "0.30000000000000004",
            "1e22",
            "1E+22",
            "100000000000000000000000",
            "1.7976931348623157e308",
            "5e-324",
            "12.5e-1",
        ] {
            assert!(is_exact(exact), "{exact}");
        }
        for inexact in [
            "12345678901234567890123",
            "18446744073709551617",
            "-9223372036854775809",
            "0.1234567890123456789",
            "3.14159265358979323846",
            "1e-400",
            "1e400",
            "1e99999999999999999999",
            "0.10000000000000000001",
        ] {
            assert!(!is_exact(inexact), "{inexact}");
        }
    }

    #[test]
    fn the_position_is_reported() {
        let place = |json: &str| inexact_in(serde_json::from_str(json).unwrap(), "tags");
        assert_eq!(place(r#"{"a":1,"b":{"c":[1,0.5,12345678901234567890123]}}"#).as_deref(), Some("tags.b.c[2]"));
        assert_eq!(place(r#"{"a":"12345678901234567890123","b":[true,null,{}]}"#), None);
        assert_eq!(place(&format!("{}1e400{}", "[".repeat(100), "]".repeat(100))), None);
    }

    proptest! {
        #[test]
        fn every_double_and_every_integer_of_64_bits_is_exact(
            double in any::<f64>().prop_filter("JSON has no others", |n| n.is_finite()),
            whole in any::<i64>(),
        ) {
            prop_assert!(is_exact(&serde_json::Value::from(double).to_string()));
            let scientific = format!("{double:e}");
            prop_assert!(is_exact(&scientific));
            prop_assert!(is_exact(&whole.to_string()));
        }
    }
}
