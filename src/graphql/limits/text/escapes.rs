//! Unicode escapes in the strings of a document (<https://spec.graphql.org/September2025/#sec-String-Value>).
//!
//! The library's parser reads `\u` with four digits, but neither surrogate pairs (`\uD83D\uDE00`) nor braces
//! (`\u{1F600}`). Both are replaced by the character itself before the parser sees the text. Spaces after the string
//! make up for its shorter length, so that the location of every error is still that in the client's text.

use std::borrow::Cow;

use super::{
    super::error::RequestError,
    scan::{after_block_string, after_string, position},
};

/// Why an escape sequence is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum BadEscape {
    #[error("this string has an escape sequence that GraphQL does not know; write a backslash as \"\\\\\"")]
    Unknown,
    #[error("\"\\u\" takes four hexadecimal digits, or one to six in braces, such as \"\\u{{1F600}}\"")]
    Digits,
    #[error(
        "this escape sequence is one half of a surrogate pair; write both halves, or the character in braces, such as \
         \"\\u{{1F600}}\""
    )]
    Surrogate,
    #[error("this escape sequence names no Unicode character; the last one is \"\\u{{10FFFF}}\"")]
    TooLarge,
}

/// The document, with every escape that the parser does not support replaced by its character. All strings must be
/// terminated, which [`scan`](super::scan::scan) checks.
///
/// # Errors
/// If a string has an invalid escape sequence, with its position. Only documents with `\u` are checked; in others, the
/// parser reports the error.
pub(in super::super) fn resolve(document: &str) -> Result<Cow<'_, str>, RequestError> {
    if !document.contains("\\u") {
        return Ok(Cow::Borrowed(document));
    }
    let mut resolved = String::with_capacity(document.len());
    let mut rest = document;
    while let Some((before, from)) = rest.find(['"', '#']).and_then(|begin| rest.split_at_checked(begin)) {
        resolved.push_str(before);
        let (token, tail) = split_token(from);
        if token.starts_with('"') && !token.starts_with("\"\"\"") {
            resolve_string(token, &mut resolved).map_err(|(escape, rest)| RequestError::Syntax {
                message: escape.to_string(),
                at: vec![position(document, rest.len() + tail.len())],
            })?;
        } else {
            resolved.push_str(token);
        }
        rest = tail;
    }
    resolved.push_str(rest);
    Ok(Cow::Owned(resolved))
}

/// The comment, string, or block string at the start of `from`, and the text after it.
fn split_token(from: &str) -> (&str, &str) {
    let length_after = if from.starts_with('#') {
        from.find(['\n', '\r']).map(|end| from.len() - end)
    } else if let Some(content) = from.strip_prefix("\"\"\"") {
        after_block_string(content.as_bytes()).map(<[u8]>::len)
    } else {
        from.strip_prefix('"').and_then(|content| after_string(content.as_bytes())).map(<[u8]>::len)
    };
    from.split_at_checked(from.len() - length_after.unwrap_or_default()).unwrap_or((from, ""))
}

/// Appends a string to `resolved`, and the spaces that keep the columns after it. An error contains the text from the
/// invalid escape on.
fn resolve_string<'a>(token: &'a str, resolved: &mut String) -> Result<(), (BadEscape, &'a str)> {
    let (mut rest, mut saved) = (token, 0);
    while let Some((before, from)) = rest.find('\\').and_then(|begin| rest.split_at_checked(begin)) {
        resolved.push_str(before);
        let (character, tail) = resolve_escape(from).map_err(|escape| (escape, from))?;
        let written = from.len() - tail.len();
        let length = match character {
            Some('"') => push(resolved, "\\\""),
            Some('\\') => push(resolved, "\\\\"),
            Some('\n') => push(resolved, "\\n"),
            Some('\r') => push(resolved, "\\r"),
            Some(character) => {
                resolved.push(character);
                1
            }
            None => push(resolved, from.get(..written).unwrap_or_default()),
        };
        saved += written.saturating_sub(length);
        rest = tail;
    }
    resolved.push_str(rest);
    resolved.extend(std::iter::repeat_n(' ', saved));
    Ok(())
}

/// Appends ASCII text, and returns its length.
fn push(resolved: &mut String, text: &str) -> usize {
    resolved.push_str(text);
    text.len()
}

/// The character of the escape sequence at the start of `from`, if the parser does not support it, and the text after
/// it.
fn resolve_escape(from: &str) -> Result<(Option<char>, &str), BadEscape> {
    if let Some(tail) = from.strip_prefix("\\u") {
        return resolve_unicode(tail);
    }
    let mut characters = from.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => Ok((None, characters.as_str())),
        _ => Err(BadEscape::Unknown),
    }
}

fn resolve_unicode(tail: &str) -> Result<(Option<char>, &str), BadEscape> {
    if let Some(inner) = tail.strip_prefix('{') {
        let (digits, tail) = inner.split_once('}').ok_or(BadEscape::Digits)?;
        let number = hexadecimal(digits)?;
        return Ok((Some(character(number)?), tail));
    }
    let (first, tail) = four_digits(tail)?;
    if !(0xD800..=0xDFFF).contains(&first) {
        return Ok((None, tail));
    }
    let second = tail.strip_prefix("\\u").and_then(|tail| four_digits(tail).ok());
    match second {
        Some((second @ 0xDC00..=0xDFFF, tail)) if first < 0xDC00 => {
            let number = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            Ok((Some(character(number)?), tail))
        }
        _ => Err(BadEscape::Surrogate),
    }
}

fn four_digits(tail: &str) -> Result<(u32, &str), BadEscape> {
    let (digits, tail) = tail.split_at_checked(4).ok_or(BadEscape::Digits)?;
    Ok((hexadecimal(digits)?, tail))
}

/// The value of hexadecimal digits. A number too large for a character may become any other number that is also too
/// large.
fn hexadecimal(digits: &str) -> Result<u32, BadEscape> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BadEscape::Digits);
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    Ok(u32::from_str_radix(significant, 16).unwrap_or(u32::MAX))
}

fn character(number: u32) -> Result<char, BadEscape> {
    let refusal = if number > 0x10_FFFF { BadEscape::TooLarge } else { BadEscape::Surrogate };
    char::from_u32(number).ok_or(refusal)
}
