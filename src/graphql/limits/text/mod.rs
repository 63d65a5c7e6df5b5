//! The text of a request, before and while it becomes a document or JSON.
//!
//! - `body` counts the values of a body before it is parsed as JSON.
//! - `scan` counts the tokens and brackets of a document before the library's parser, which is recursive, reads it.
//! - `escapes` and `zeros` rewrite what the parser does not read or misreads.
//! - `inputs` finds what the parser drops.

use async_graphql::parser::{parse_query, types::ExecutableDocument};

use super::{
    Limits,
    error::{Limit, RequestError},
};
use scan::{Unterminated, position, scan};

mod body;
mod escapes;
mod inputs;
mod place;
pub(super) mod scan;
mod zeros;

pub(super) use body::check_body;
#[cfg(test)]
pub(super) use escapes::resolve;
pub(super) use place::Place;

/// Longest name, in bytes. The library repeats names in its errors, and an alias in every item of a list.
const LONGEST_NAME: usize = 128;

/// Parses `text` if it is within `limits`.
///
/// # Errors
/// If it exceeds them, or if it is not a document.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<ExecutableDocument, RequestError> {
    let found = scan(text).map_err(|Unterminated(at)| RequestError::Syntax {
        message: "this string has no end".to_owned(),
        at: vec![at],
    })?;
    Limit::Nesting.check(found.nesting, limits.nesting, None)?;
    Limit::Tokens.check(found.tokens, limits.tokens, None)?;
    Limit::NameLength.check(found.name, LONGEST_NAME, None)?;
    Limit::Bytes.check(text.len(), limits.bytes(), None)?;
    if let Some(rest) = found.inexact {
        return Err(inexact(text, rest));
    }
    let resolved = escapes::resolve(text)?;
    let document = parse_query(zeros::without_sign(&resolved)).map_err(|error| RequestError::unparsed(&error, text))?;
    match inputs::find_duplicate(text) {
        Some((name, at)) => {
            let message = format!("There can be only one input field named \"{name}\"");
            Err(RequestError::Invalid { message, at: vec![at] })
        }
        None => Ok(document),
    }
}

/// The error of a number that begins where `rest` bytes of `text` are left.
fn inexact(text: &str, rest: usize) -> RequestError {
    let place = inputs::place_of(text, rest).map(|place| format!("{place}: ")).unwrap_or_default();
    let message = format!("{place}a number with more digits than the server can keep; send it as a string");
    RequestError::Input { message, at: Some(position(text, rest)) }
}
