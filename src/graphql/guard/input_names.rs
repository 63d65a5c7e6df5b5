//! Input objects that give a field twice (<https://spec.graphql.org/draft/#sec-Input-Object-Field-Uniqueness>).
//!
//! The parser keeps the last of two and says nothing, so this looks at the text.

use std::collections::HashSet;

use async_graphql::Pos;

use super::scan::{after_block_string, after_ignored, after_name, after_string, position, skip_comment};

/// A bracket that is open.
enum Open<'a> {
    /// A selection set, or the brackets of a list.
    Other,
    /// The parentheses of arguments or variables: a brace within them begins an input object.
    Parentheses,
    /// An input object, and the fields that it gave so far.
    Object(HashSet<&'a [u8]>),
}

/// The first field that an input object of `document` gives twice, and where. Brackets that do not match are left to the
/// parser.
pub(super) fn find_duplicate(document: &str) -> Option<(String, Pos)> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut rest = after_ignored(document.as_bytes());
    while !rest.is_empty() {
        let tail = match rest {
            [b'#', tail @ ..] => skip_comment(tail),
            [b'"', b'"', b'"', tail @ ..] => after_block_string(tail)?,
            [b'"', tail @ ..] => after_string(tail)?,
            [b'(', tail @ ..] => {
                open.push(Open::Parentheses);
                tail
            }
            [b'{', tail @ ..] => {
                let is_input = open.iter().any(|one| matches!(one, Open::Parentheses));
                open.push(if is_input { Open::Object(HashSet::new()) } else { Open::Other });
                tail
            }
            [b'[', tail @ ..] => {
                open.push(Open::Other);
                tail
            }
            [b'}' | b']' | b')', tail @ ..] => {
                open.pop();
                tail
            }
            _ => match after_name(rest) {
                Some((name, tail)) => {
                    if let Some(Open::Object(fields)) = open.last_mut()
                        && after_comments(tail).starts_with(b":")
                        && !fields.insert(name)
                    {
                        let name = String::from_utf8_lossy(name).into_owned();
                        return Some((name, position(document, rest.len())));
                    }
                    tail
                }
                None => rest.get(1..).unwrap_or_default(),
            },
        };
        rest = after_ignored(tail);
    }
    None
}

/// What follows the white space and comments at the start of `rest`.
fn after_comments(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = after_ignored(rest);
        let [b'#', tail @ ..] = rest else { return rest };
        rest = skip_comment(tail);
    }
}
