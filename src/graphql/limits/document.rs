//! Parses the text of a request into a document within the limits, and finds the operation to execute.

use async_graphql::{
    Positioned,
    parser::{
        parse_query,
        types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Type},
    },
    registry::{MetaType, Registry},
};

use super::{
    Limits,
    error::{Limit, RequestError},
    escapes, inputs,
    scan::{Unterminated, position, scan},
    zeros,
};

/// Longest name, in bytes. The library repeats names in its errors, and an alias in every item of a list.
const LONGEST_NAME: usize = 128;

/// Parses `text` if it is within `limits`.
///
/// # Errors
/// If it exceeds them, or if it is not a document.
pub(super) fn read(text: &str, limits: &Limits) -> Result<ExecutableDocument, RequestError> {
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

/// The operation to be executed.
///
/// # Errors
/// If it is ambiguous or unknown.
pub(super) fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, RequestError> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        _ => None,
    };
    found.ok_or_else(|| {
        let message = match name {
            Some(_) => "The document has no operation with the name given in \"operationName\"",
            None => "The document has several operations: say which one is meant in \"operationName\"",
        };
        RequestError::Input { message: message.to_owned(), at: None }
    })
}

/// All operations of a document, mutably.
pub(super) fn operations_mut(operations: &mut DocumentOperations) -> Vec<&mut Positioned<OperationDefinition>> {
    match operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    }
}

/// The type that an operation selects from.
pub(super) fn root(registry: &Registry, ty: OperationType) -> Option<&MetaType> {
    let name = match ty {
        OperationType::Query => Some(&registry.query_type),
        OperationType::Mutation => registry.mutation_type.as_ref(),
        OperationType::Subscription => registry.subscription_type.as_ref(),
    };
    registry.types.get(name?)
}

/// The name of the innermost type, without its lists.
pub(super) fn name_of(mut ty: &Type) -> &str {
    loop {
        match &ty.base {
            BaseType::Named(name) => return name,
            BaseType::List(inner) => ty = inner,
        }
    }
}
