//! The reasons why a request is refused, and their errors: the only place where the library's errors about a document
//! get our codes. No message repeats a string of the document, because it may be a password.

use std::sync::Arc;

use async_graphql::{Pos, ServerError, parser};
use thiserror::Error;

use super::{
    Settings,
    suggest::suggestion,
    text::scan::{describe, token_at},
};
use crate::graphql::error::{Code, coded};

/// Longest message passed on, in characters; the library's may repeat names, and whole values, of the request.
const LONGEST_MESSAGE: usize = 300;

/// The number of nested selection sets that the library's parser reads, whatever is set.
const PARSED_NESTING: usize = 64;

/// The expanded size of fragments is unbounded, so errors report it only up to a number that every client can
/// represent.
const MOST_TOLD: usize = 0x7fff_ffff;

/// The reason why a request is not executed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum RequestError {
    /// The request exceeds one of the limits.
    #[error("{limit} (at most {allowed}, here {asked}). Ask for less, or in several requests.")]
    Limit { limit: Limit, allowed: usize, asked: usize, at: Option<Pos> },
    /// Not a GraphQL document.
    #[error("Syntax error: {message}")]
    Syntax { message: String, at: Vec<Pos> },
    /// A document that does not match the schema, or contradicts itself.
    #[error("{message}")]
    Invalid { message: String, at: Vec<Pos> },
    /// A valid document with an invalid operation name or invalid variables.
    #[error("{message}")]
    Input { message: String, at: Option<Pos> },
}

/// The limits. Each has its name in `extensions.limit`, and the start of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Limit {
    #[error("The document has too many bytes")]
    Bytes,
    #[error("The document has too many tokens")]
    Tokens,
    #[error("The document nests brackets or fragments too deeply")]
    Nesting,
    #[error("A name in the document is too long")]
    NameLength,
    #[error("The document has too many selections, with its fragments expanded")]
    Selections,
    #[error("The operation nests fields too deeply")]
    Depth,
    #[error("The operation has too many aliases, with its fragments expanded")]
    Aliases,
    #[error("The operation has too many root fields, with its fragments expanded")]
    RootFields,
    #[error("The operation has too many directives, with its fragments expanded")]
    Directives,
    #[error("A list argument of the operation has too many items")]
    ListItems,
    #[error("The cost of the operation is too high, because its lists may have many items")]
    Cost,
    #[error("The request has too many mutations that submit a password or code, or send email")]
    Attempts,
    #[error("The introspection nests too many lists")]
    IntrospectionLists,
    #[error("The values of the operation, with its variables, are too large")]
    Values,
    #[error("The body has too many values")]
    BodyValues,
    #[error("The response has too many fields and was aborted; completed mutations stay in effect")]
    ResponseFields,
    #[error("The operation executes too many database statements and was aborted; completed mutations stay in effect")]
    Statements,
    #[error("The response has too many fields at the same time and was aborted; completed mutations stay in effect")]
    PendingFields,
}

impl Limit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Tokens => "tokens",
            Self::Nesting => "nesting",
            Self::NameLength => "nameLength",
            Self::Selections => "selections",
            Self::Depth => "depth",
            Self::Aliases => "aliases",
            Self::RootFields => "rootFields",
            Self::Directives => "directives",
            Self::ListItems => "listItems",
            Self::Cost => "cost",
            Self::Attempts => "attempts",
            Self::IntrospectionLists => "introspectionLists",
            Self::Values => "values",
            Self::BodyValues => "bodyValues",
            Self::ResponseFields => "responseFields",
            Self::PendingFields => "pendingFields",
            Self::Statements => "statements",
        }
    }

    /// Checks that `asked` is within what is `allowed`.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn check(self, asked: usize, allowed: usize, at: Option<Pos>) -> Result<(), RequestError> {
        if asked <= allowed {
            Ok(())
        } else {
            Err(RequestError::Limit { limit: self, allowed, asked: asked.min(MOST_TOLD), at })
        }
    }
}

impl RequestError {
    /// The error of the parser about `text`. It also refuses duplicate names, which are not a syntax error. Its messages
    /// about syntax quote the document, so that only their position is used.
    pub(super) fn unparsed(error: &parser::Error, text: &str) -> Self {
        let twice = |what: &str, name: &str| format!("There can be only one {what} named \"{name}\"");
        let (message, at) = match error {
            parser::Error::RecursionLimitExceeded => {
                let (allowed, asked) = (PARSED_NESTING, PARSED_NESTING + 1);
                return Self::Limit { limit: Limit::Nesting, allowed, asked, at: None };
            }
            parser::Error::OperationDuplicated { operation, second, .. } => (twice("operation", operation), *second),
            parser::Error::FragmentDuplicated { fragment, second, .. } => (twice("fragment", fragment), *second),
            parser::Error::MultipleOperations { anonymous, .. } => {
                ("An operation without a name must be the only one of the document".to_owned(), *anonymous)
            }
            error => {
                let at: Vec<Pos> = error.positions().collect();
                let found = at.first().map_or("", |at| token_at(text, *at));
                return Self::Syntax { message: format!("unexpected {}", describe(found)), at };
            }
        };
        Self::Invalid { message, at: vec![at] }
    }
}

/// The errors of a request, each once, and no more than a response lists.
#[derive(Debug)]
pub(super) struct Errors {
    found: Vec<RequestError>,
    most: usize,
    suggestions: bool,
}

impl Errors {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { found: Vec::new(), most: settings.limits.errors, suggestions: settings.suggestions }
    }

    /// Whether further errors are dropped.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= self.most
    }

    pub(super) fn into_vec(self) -> Vec<RequestError> {
        self.found
    }

    /// Fragments that are spread several times would report their errors as often.
    pub(super) fn push(&mut self, error: RequestError) {
        if !self.is_full() && !self.found.contains(&error) {
            self.found.push(error);
        }
    }

    /// The document is invalid at this position.
    pub(super) fn invalid(&mut self, message: String, at: Pos) {
        self.push(RequestError::Invalid { message, at: vec![at] });
    }

    /// The fields at these positions have the same response key, and cannot be merged.
    pub(super) fn conflict(&mut self, key: &str, why: &str, at: [Pos; 2]) {
        let message = format!(
            "Fields \"{key}\" conflict because {why}. Use different aliases on the fields to fetch both if this was \
             intentional."
        );
        self.push(RequestError::Invalid { message, at: at.to_vec() });
    }

    /// A value is invalid.
    pub(super) fn input(&mut self, message: String, at: Pos) {
        self.push(RequestError::Input { message, at: Some(at) });
    }

    /// Appends "Did you mean …?" to `message` if any of the `known` names are similar to the unknown `name`.
    pub(super) fn suggest<'a>(&self, message: String, name: &str, known: impl Iterator<Item = &'a str>) -> String {
        // Only for errors that are listed: comparing a name with all others takes long.
        if !self.suggestions || self.is_full() {
            return message;
        }
        match suggestion(name, known) {
            Some(suggestion) => format!("{}. {suggestion}", message.trim_end_matches('.')),
            None => message,
        }
    }
}

/// The source of the error of an aborted response, so that a transport can distinguish it from that of a request that
/// was refused before execution.
#[derive(Debug, Clone, Copy)]
pub struct ExecutionAborted;

impl RequestError {
    /// The error if execution had begun.
    pub(super) fn aborted(self) -> ServerError {
        ServerError { source: Some(Arc::new(ExecutionAborted)), ..self.into() }
    }
}

impl From<RequestError> for ServerError {
    fn from(refusal: RequestError) -> Self {
        let message = refusal.to_string();
        let (code, at) = match &refusal {
            RequestError::Limit { at, .. } => (Code::LimitExceeded, at.iter().copied().collect()),
            RequestError::Syntax { at, .. } => (Code::ParseFailed, at.clone()),
            RequestError::Invalid { at, .. } => (Code::ValidationFailed, at.clone()),
            RequestError::Input { at, .. } => (Code::BadUserInput, at.iter().copied().collect()),
        };
        let mut error = Self::new(message, None);
        error.locations = at;
        let mut extensions = coded(code);
        if let RequestError::Limit { limit, allowed, asked, .. } = refusal {
            extensions.set("limit", limit.name());
            extensions.set("allowed", allowed);
            extensions.set("asked", asked);
        }
        error.extensions = Some(extensions);
        error
    }
}

/// Keeps the first `most` errors, and shortens their messages to a useful length.
pub(super) fn keep_short(errors: &mut Vec<ServerError>, most: usize) {
    errors.truncate(most);
    for error in errors {
        if error.message.len() > LONGEST_MESSAGE {
            error.message = shortened(&error.message);
        }
    }
}

fn shortened(message: &str) -> String {
    let mut characters = message.chars();
    let mut short: String = characters.by_ref().take(LONGEST_MESSAGE).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
