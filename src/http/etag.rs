//! Entity tags: whether the client already has the content (RFC 9110, section 13.1.2).

use axum::http::{HeaderMap, header};

/// The tag of this content. It is weak, because the compressed form has the same tag.
pub(super) fn of(content: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    format!("W/\"{:08x}-{:x}\"", crc.sum(), content.len())
}

/// Whether `If-None-Match` contains `etag`, so that the response is 304.
pub(super) fn is_cached(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let is_cached = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))]);
            super::is_cached(&headers, "W/\"a\"")
        };
        for known in ["W/\"a\"", "\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(is_cached(known), "{known}");
        }
        for unknown in ["\"b\"", "a", "", "W/\"A\""] {
            assert!(!is_cached(unknown), "{unknown}");
        }
        assert_ne!(of(b"a"), of(b"b"));
    }
}
