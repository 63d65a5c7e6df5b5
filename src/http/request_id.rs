//! The id of a request, in logs, in errors, and in the `x-request-id` header.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

/// The header for the id, in requests and responses.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: the client's own if it is 1 to 64 characters of `[A-Za-z0-9._-]`, otherwise 128 random bits in
/// hex. It is not secret and authenticates nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub(super) fn of(headers: &HeaderMap, random: impl FnOnce() -> [u8; 16]) -> Self {
        match headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()) {
            Some(text) if is_acceptable(text) => Self(text.into()),
            _ => Self(format!("{:032x}", u128::from_be_bytes(random())).into()),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_acceptable(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn id(value: &str) -> String {
        let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(value).unwrap())]);
        RequestId::of(&headers, || [0xab; 16]).to_string()
    }

    #[test]
    fn a_valid_id_of_the_client_is_kept() {
        assert_eq!(id("Trace-1.a_b"), "Trace-1.a_b");
        assert_eq!(id(&"x".repeat(64)), "x".repeat(64));
    }

    #[test]
    fn an_invalid_id_is_replaced() {
        for value in ["", "a b", "a\tb", "<x>", "a/b", &"x".repeat(65)] {
            assert_eq!(id(value), "ab".repeat(16), "{value}");
        }
        assert_eq!(RequestId::of(&HeaderMap::new(), || [0; 16]).as_str(), "0".repeat(32));
    }
}
