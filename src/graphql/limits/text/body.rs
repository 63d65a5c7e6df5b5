//! The number of values in a body, counted byte by byte before it is parsed as JSON.
//!
//! A megabyte of brackets is a million lists: they take a hundred milliseconds and as many megabytes, before any
//! document is read.

use async_graphql::ServerError;

use super::super::{Limits, error::Limit};

/// Checks that `body`, which is to be parsed as JSON, has no more values than a request may have.
///
/// # Errors
/// `LIMIT_EXCEEDED` if it has more; the status is then 413.
pub(in super::super) fn check_body(body: &[u8], limits: &Limits) -> Result<(), ServerError> {
    Ok(Limit::BodyValues.check(values(body), limits.values(), None)?)
}

/// The number of lists, objects, and their items. For valid JSON, it is at least the number of values.
fn values(body: &[u8]) -> usize {
    let mut values = 0;
    let mut is_text = false;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => drop(bytes.next()),
            b'[' | b'{' | b',' if !is_text => values += 1,
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use async_graphql::Request;

    use super::*;
    use crate::graphql::limits::tests::work_time;

    #[test]
    fn values_outside_of_strings_are_counted() {
        for (body, expected) in [
            ("", 0),
            ("1", 0),
            ("[]", 1),
            ("[1,2,3]", 3),
            (r#"{"a":[],"b":{"c":1}}"#, 4),
            (r#"{"query":"{me(a:[1,2,3]){id}}","variables":{}}"#, 3),
            (r#"["\"[[[,,,\\",1]"#, 2),
            (r#""\"#, 0),
            (r#""[[["#, 0),
        ] {
            assert_eq!(values(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn bodies_with_too_many_values_are_refused() {
        let limits = Limits::default();
        let body = |text: &str| format!("{{\"query\":\"{{me{{id}}}}\",\"variables\":{{\"a\":[{text}0]}}}}");
        assert_eq!(check_body(body(&"0,".repeat(15_000)).as_bytes(), &limits), Ok(()));
        for text in ["0,", "[],", "{},", "[[[[[[[[[[]]]]]]]]]],", "{\"a\":0},", "\"\","] {
            let error = check_body(body(&text.repeat((1 << 20) / text.len())).as_bytes(), &limits).unwrap_err();
            assert_eq!(error.extensions.unwrap().get("code"), Some(&"LIMIT_EXCEEDED".into()));
        }
    }

    #[test]
    fn accepted_bodies_are_parsed_in_time() {
        let nested = format!("{}{},", "[".repeat(100), "]".repeat(100)).repeat(150);
        let body = format!("{{\"query\":\"{}\",\"variables\":{{\"a\":[{nested}0]}}}}", "é".repeat(1 << 19));
        let begin = work_time();
        check_body(body.as_bytes(), &Limits::default()).unwrap();
        drop(serde_json::from_str::<Request>(&body).unwrap());
        let taken = work_time().saturating_sub(begin);
        assert!(taken.as_millis() <= 100, "{taken:?}");
    }
}
