//! `Vary` (RFC 9110, section 12.5.5) in one line: some caches and proxies read only the first of several.

use axum::http::{HeaderMap, HeaderValue, header};

/// Joins all `Vary` headers, each name once.
pub(super) fn join(headers: &mut HeaderMap) {
    let mut names: Vec<String> = Vec::new();
    for value in headers.get_all(header::VARY) {
        for name in value.to_str().unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase()) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if let Ok(value) = HeaderValue::from_str(&names.join(", "))
        && !value.is_empty()
    {
        headers.insert(header::VARY, value);
    }
}
