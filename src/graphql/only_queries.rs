//! Refuses to carry out anything but a query where the transport allows no more: links and images make browsers send
//! `GET` requests that nobody meant.
//!
//! Only the engine may parse a document, and only after the guard has looked at it; therefore the transport marks a
//! request with [`ReadOnly`], and this extension, which sees the parsed document, says no.

use std::{any::TypeId, sync::Arc};

use async_graphql::{
    Request, ServerError, ServerResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};

use super::error::coded;

/// Put into a request's data, it allows queries only.
#[derive(Debug, Clone, Copy)]
pub struct ReadOnly;

/// The source of the error with which [`OnlyQueries`] refuses, so that a transport can tell it from others.
#[derive(Debug, Clone, Copy)]
pub struct NotAQuery;

/// The extension. Register it after the guard, which parses documents safely.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnlyQueries;

impl ExtensionFactory for OnlyQueries {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for OnlyQueries {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(context, request).await?;
        if request.data.contains_key(&TypeId::of::<ReadOnly>()) {
            let operation_name = request.operation_name.clone();
            if !is_query(request.parsed_query()?, operation_name.as_deref()) {
                return Err(refusal());
            }
        }
        Ok(request)
    }
}

/// Whether the operation that would be executed is a query. Where it is unknown which, nothing will be executed.
fn is_query(document: &ExecutableDocument, operation_name: Option<&str>) -> bool {
    let operation = match (&document.operations, operation_name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => operations.values().next(),
    };
    operation.is_none_or(|operation| operation.node.ty == OperationType::Query)
}

fn refusal() -> ServerError {
    let mut error = ServerError::new("GET is for queries; send anything else by POST", None);
    error.extensions = Some(coded("BAD_USER_INPUT"));
    error.source = Some(Arc::new(NotAQuery));
    error
}
