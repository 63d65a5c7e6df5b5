//! The tokens and brackets of a document, counted byte by byte before the parser sees it.
//!
//! The parser recurses for every bracket and allocates memory for every token, so both are counted here first, in one
//! pass, without recursion or allocation. The count is that of *this parser*, not of a better one: `000` is three
//! numbers to it, and `truenull` two values. This scan does not check that the text is a valid document, except for
//! strings: an unterminated one is refused, because the parser would read code where this scan sees text.

use std::iter;

use async_graphql::Pos;

use crate::domain::number::is_exact;

/// The result of the count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Scan {
    /// Tokens: the punctuators, names, numbers, and strings of the specification, and also comments.
    pub(in super::super) tokens: usize,
    /// The maximum number of brackets, round, square, or curly, that are open at once.
    pub(in super::super) nesting: usize,
    /// The length of the longest name, in bytes.
    pub(in super::super) name: usize,
    /// The number of bytes left at the start of the first number that would lose digits.
    pub(in super::super) inexact: Option<usize>,
}

/// An unterminated string, and its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Unterminated(pub(in super::super) Pos);

/// Counts the tokens and brackets of `document`.
///
/// # Errors
/// If a string or a block string is not terminated.
pub(in super::super) fn scan(document: &str) -> Result<Scan, Unterminated> {
    let mut found = Scan::default();
    let mut open = 0_usize;
    let mut rest = after_ignored(document.as_bytes());
    while !rest.is_empty() {
        found.tokens += 1;
        let tail = after_token(rest).ok_or_else(|| Unterminated(position(document, rest.len())))?;
        match head(rest, tail) {
            [b'{' | b'[' | b'(', ..] => {
                open += 1;
                found.nesting = found.nesting.max(open);
            }
            [b'}' | b']' | b')', ..] => open = open.saturating_sub(1),
            number @ [b'0'..=b'9' | b'-', ..] => {
                let is_inexact = || std::str::from_utf8(number).is_ok_and(loses_digits);
                found.inexact = found.inexact.or_else(|| is_inexact().then_some(rest.len()));
            }
            name @ [first, ..] if is_name(*first) => {
                found.name = found.name.max(name.len());
                found.tokens += leading_words(name);
            }
            _ => {}
        }
        rest = after_ignored(tail);
    }
    Ok(found)
}

/// A token, or a comment, of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// The number of bytes of the document left at its start.
    pub(super) rest: usize,
}

/// The tokens and comments of `document`, up to an unterminated string.
pub(super) fn tokens(document: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = after_ignored(document.as_bytes());
    iter::from_fn(move || {
        let tail = after_token(rest).filter(|tail| tail.len() < rest.len())?;
        let begin = document.len() - rest.len();
        let text = document.get(begin..document.len() - tail.len()).unwrap_or_default();
        let token = Token { text, rest: rest.len() };
        rest = after_ignored(tail);
        Some(token)
    })
}

/// The text after the token or comment at the start of `rest`. `None` if it is an unterminated string.
fn after_token(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [b'#', tail @ ..] => Some(skip_comment(tail)),
        [b'"', b'"', b'"', tail @ ..] => after_block_string(tail),
        [b'"', tail @ ..] => after_string(tail),
        [b'.', b'.', b'.', tail @ ..] => Some(tail),
        [b'0'..=b'9' | b'-', ..] => Some(after_number(rest)),
        [byte, ..] if is_name(*byte) => Some(skip(rest, is_name)),
        // A punctuator, or a character that the parser refuses.
        [_, tail @ ..] => Some(tail),
        [] => Some(rest),
    }
}

/// The text after the white space, commas, and byte order marks at the start of `rest`.
fn after_ignored(mut rest: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b',' | b'\n' | b'\r', tail @ ..] | [0xEF, 0xBB, 0xBF, tail @ ..] = rest {
        rest = tail;
    }
    rest
}

/// The text after the string whose opening quote was read. `None` if it does not end on its line.
pub(super) fn after_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', escaped, tail @ ..] if !is_line_end(*escaped) => tail,
            [byte, tail @ ..] if !is_line_end(*byte) => tail,
            _ => return None,
        };
    }
}

/// The text after the block string whose opening quotes were read. `None` if it is not terminated.
pub(super) fn after_block_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', b'"', b'"', tail @ ..] => return Some(tail),
            [b'\\', b'"', b'"', b'"', tail @ ..] | [_, tail @ ..] => tail,
            [] => return None,
        };
    }
}

/// The text after the comment whose `#` was read.
fn skip_comment(rest: &[u8]) -> &[u8] {
    skip(rest, |byte| !is_line_end(byte))
}

/// The text after the number at the start of `rest`. A leading zero ends the integer part, as it does for the parser.
fn after_number(rest: &[u8]) -> &[u8] {
    let unsigned = rest.strip_prefix(b"-").unwrap_or(rest);
    let whole = unsigned.strip_prefix(b"0").or_else(|| after_digits(unsigned)).unwrap_or(unsigned);
    let fraction = whole.strip_prefix(b".").and_then(after_digits).unwrap_or(whole);
    let exponent = match fraction {
        [b'e' | b'E', b'+' | b'-', tail @ ..] | [b'e' | b'E', tail @ ..] => after_digits(tail),
        _ => None,
    };
    exponent.unwrap_or(fraction)
}

/// A lone `-` is not a number; the parser reports it.
fn loses_digits(number: &str) -> bool {
    number != "-" && !is_exact(number)
}

/// The text after the digits at the start of `rest`, if there are any.
fn after_digits(rest: &[u8]) -> Option<&[u8]> {
    let tail = skip(rest, |byte| byte.is_ascii_digit());
    (tail.len() < rest.len()).then_some(tail)
}

/// The number of `true`, `false`, and `null` that the parser may split off the start of `name` before something is
/// left.
fn leading_words(name: &[u8]) -> usize {
    let rests = iter::successors(Some(name), |name| {
        [b"true".as_slice(), b"false", b"null"].iter().find_map(|word| name.strip_prefix(*word))
    });
    rests.skip(1).filter(|rest| !rest.is_empty()).count()
}

fn skip(rest: &[u8], wanted: impl Fn(u8) -> bool) -> &[u8] {
    let end = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
    rest.get(end..).unwrap_or_default()
}

fn head<'a>(rest: &'a [u8], tail: &[u8]) -> &'a [u8] {
    rest.get(..rest.len() - tail.len()).unwrap_or_default()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Line and column, from 1, of the start of the last `rest` bytes of `document`.
pub(in super::super) fn position(document: &str, rest: usize) -> Pos {
    let before = document.get(..document.len() - rest).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Pos { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

/// The token of `document` at this position; empty at its end.
pub(in super::super) fn token_at(document: &str, at: Pos) -> &str {
    let line = document.split_inclusive('\n').nth(at.line.saturating_sub(1)).unwrap_or_default();
    let before: usize = document.split_inclusive('\n').take(at.line.saturating_sub(1)).map(str::len).sum();
    let column = line.char_indices().nth(at.column.saturating_sub(1)).map_or(line.len(), |(column, _)| column);
    let rest = document.get(before + column..).unwrap_or_default();
    tokens(rest).find(|token| !token.text.starts_with('#')).map_or("", |token| token.text)
}

/// The kind of a token, for a message. It does not repeat what may be a password.
pub(in super::super) fn describe(token: &str) -> String {
    match token.as_bytes() {
        [] => "end of the document".to_owned(),
        [b'"', ..] => "string".to_owned(),
        [b'0'..=b'9' | b'-', ..] => "number".to_owned(),
        [first, ..] if is_name(*first) => "name".to_owned(),
        _ => format!("\"{token}\""),
    }
}
