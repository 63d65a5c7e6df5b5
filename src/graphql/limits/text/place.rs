//! The place of a value in a document: its argument or default value, as a path. Errors name it.

use std::fmt;

use async_graphql::Pos;

/// The start of a place in an argument.
const ARGUMENT: &str = "Argument";

/// The path of an argument or variable, its owner, and its position in the document.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Place {
    path: String,
    kind: &'static str,
    owner: String,
    pub(in super::super) at: Pos,
}

impl Place {
    pub(in super::super) fn of_field_argument(argument: &str, field: &str, at: Pos) -> Self {
        Self { path: argument.to_owned(), kind: ARGUMENT, owner: format!(" of the field \"{field}\""), at }
    }

    pub(in super::super) fn of_directive_argument(argument: &str, directive: &str, at: Pos) -> Self {
        Self { path: argument.to_owned(), kind: ARGUMENT, owner: format!(" of the directive \"@{directive}\""), at }
    }

    pub(in super::super) fn of_default_value(variable: &str, at: Pos) -> Self {
        Self { path: format!("${variable}"), kind: "Default value of", owner: String::new(), at }
    }

    pub(in super::super) fn of_variable(variable: &str, at: Pos) -> Self {
        Self { path: format!("${variable}"), kind: "Variable", owner: String::new(), at }
    }

    /// Enters a field or an item of the value; returns the argument for [`leave`](Self::leave).
    pub(in super::super) fn enter(&mut self, part: &str) -> usize {
        let length = self.path.len();
        self.path.push('.');
        self.path.push_str(part);
        length
    }

    /// Returns to the place before [`enter`](Self::enter).
    pub(in super::super) fn leave(&mut self, length: usize) {
        self.path.truncate(length);
    }

    /// Its heap size in bytes.
    pub(in super::super) fn weight(&self) -> usize {
        self.path.capacity() + self.owner.capacity()
    }

    /// The same within a sentence.
    pub(in super::super) fn in_sentence(&self) -> String {
        self.to_string().replacen(ARGUMENT, "argument", 1)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\"{}", self.kind, self.path, self.owner)
    }
}
