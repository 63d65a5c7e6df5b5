//! The Int `-0` (<https://spec.graphql.org/draft/#sec-Int-Value>).
//!
//! The library's parser reads it as a floating-point number, which is not an Int. Its sign has no effect, so it is
//! replaced by a space, which keeps all positions after it.

use std::borrow::Cow;

use super::scan::tokens;

/// The document with every `-0` as `0`.
pub(super) fn without_sign(document: &str) -> Cow<'_, str> {
    if !document.contains("-0") {
        return Cow::Borrowed(document);
    }
    let mut written = String::with_capacity(document.len());
    for token in tokens(document).filter(|token| token.text == "-0") {
        let begin = document.len() - token.rest;
        written.push_str(document.get(written.len()..begin).unwrap_or_default());
        written.push_str(" 0");
    }
    written.push_str(document.get(written.len()..).unwrap_or_default());
    Cow::Owned(written)
}
