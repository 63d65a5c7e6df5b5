//! The parts of a parsed document: its operations, and the types that they refer to.

use async_graphql::{
    Positioned,
    parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Type},
    registry::{MetaType, Registry},
};

use super::error::RequestError;

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
