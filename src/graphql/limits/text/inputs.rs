//! Input values in the text of a document, for what the parsed document does not contain: of two fields with the same
//! name in an input object, the parser silently keeps the last
//! (<https://spec.graphql.org/draft/#sec-Input-Object-Field-Uniqueness>), and it keeps no position of a number.

use std::collections::HashSet;

use async_graphql::Pos;

use super::{
    place::Place,
    scan::{Token, position, tokens},
};

/// The first field that an input object of `document` contains twice, and its position. The parser reports brackets
/// that do not match.
pub(super) fn find_duplicate(document: &str) -> Option<(String, Pos)> {
    let mut walk = Walk::default();
    each(document, |token, next| match walk.step(token, next) {
        Step::Duplicate(name) => Some((name.to_owned(), position(document, token.rest))),
        Step::Ordinary => None,
    })
}

/// The value that contains the token where `rest` bytes of `document` are left. `None` outside arguments and default
/// values.
pub(super) fn place_of(document: &str, rest: usize) -> Option<Place> {
    let mut walk = Walk::default();
    each(document, |token, next| {
        walk.step(token, next);
        (token.rest == rest).then(|| walk.place(position(document, rest)))
    })?
}

/// Passes each token, with the next one, to `look` until it finds something.
fn each<'a, T>(document: &'a str, mut look: impl FnMut(Token<'a>, Option<&str>) -> Option<T>) -> Option<T> {
    let mut tokens = tokens(document).filter(|token| !token.text.starts_with('#')).peekable();
    while let Some(token) = tokens.next() {
        let found = look(token, tokens.peek().map(|next| next.text));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// An open bracket.
enum Open<'a> {
    /// A selection set, or brackets outside parentheses.
    Other,
    /// The parentheses of arguments or variables: a brace within them begins an input object.
    Parentheses { owner: Owner<'a>, key: &'a str, is_variable: bool },
    /// An input object, its fields so far, and the last of them.
    Object { fields: HashSet<&'a str>, key: &'a str },
    /// A list, and the number of its items so far.
    List { items: usize },
}

/// The token before parentheses.
#[derive(Clone, Copy, Default)]
struct Owner<'a> {
    name: &'a str,
    is_directive: bool,
}

/// The meaning of a token.
enum Step<'a> {
    Ordinary,
    /// A field that the input object already has.
    Duplicate(&'a str),
}

#[derive(Default)]
struct Walk<'a> {
    open: Vec<Open<'a>>,
    last: Owner<'a>,
    /// Whether the last token was the `$` of a variable.
    is_variable: bool,
}

impl<'a> Walk<'a> {
    fn step(&mut self, Token { text, .. }: Token<'a>, next: Option<&str>) -> Step<'a> {
        let is_input = self.open.iter().any(|one| matches!(one, Open::Parentheses { .. }));
        let was_variable = std::mem::replace(&mut self.is_variable, text == "$");
        if let Some(Open::List { items }) = self.open.last_mut()
            && text != "]"
            && !was_variable
        {
            *items += 1;
        }
        match text {
            "(" => self.open.push(Open::Parentheses { owner: self.last, key: "", is_variable: false }),
            "{" if is_input => self.open.push(Open::Object { fields: HashSet::new(), key: "" }),
            "[" if is_input => self.open.push(Open::List { items: 0 }),
            "{" | "[" => self.open.push(Open::Other),
            "}" | "]" | ")" => {
                self.open.pop();
            }
            "@" => self.last = Owner { name: "", is_directive: true },
            name if next == Some(":") => match self.open.last_mut() {
                Some(Open::Parentheses { key, is_variable, .. }) => (*key, *is_variable) = (name, was_variable),
                Some(Open::Object { fields, key }) => {
                    *key = name;
                    if !fields.insert(name) {
                        return Step::Duplicate(name);
                    }
                }
                _ => {}
            },
            name => self.last = Owner { name, is_directive: self.last.is_directive && self.last.name.is_empty() },
        }
        Step::Ordinary
    }

    fn place(&self, at: Pos) -> Option<Place> {
        let begin = self.open.iter().rposition(|one| matches!(one, Open::Parentheses { .. }))?;
        let mut open = self.open.iter().skip(begin);
        let Some(Open::Parentheses { owner, key, is_variable }) = open.next() else { return None };
        let mut place = match (is_variable, owner.is_directive) {
            (true, _) => Place::of_default_value(key, at),
            (false, true) => Place::of_directive_argument(key, owner.name, at),
            (false, false) => Place::of_field_argument(key, owner.name, at),
        };
        for one in open {
            match one {
                Open::Object { key, .. } => place.enter(key),
                Open::List { items } => place.enter(&items.saturating_sub(1).to_string()),
                Open::Other | Open::Parentheses { .. } => continue,
            };
        }
        Some(place)
    }
}
