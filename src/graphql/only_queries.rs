//! Refuses to execute anything but a query if the transport allows only queries: links and images make browsers send
//! `GET` requests that the user did not intend.
//!
//! Only the engine may parse a document, and only after the request limits have checked it. Therefore the transport marks a
//! request with [`ReadOnly`], and this extension, which sees the parsed document, refuses it.

use std::{any::TypeId, sync::Arc};

use async_graphql::{
    Request, ServerError, ServerResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{ExecutableDocument, OperationType},
};

use super::error::{Code, coded};
use super::limits;

/// Marks a request, in its data, as one that may execute only queries.
#[derive(Debug, Clone, Copy)]
pub struct ReadOnly;

/// The source of the error of [`OnlyQueries`], so that a transport can distinguish it from others.
#[derive(Debug, Clone, Copy)]
pub struct NotAQuery;

/// The extension. Register it after the request limits, which parses documents safely.
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
            if is_no_query(request.parsed_query()?, operation_name.as_deref()) {
                return Err(refusal());
            }
        }
        Ok(request)
    }
}

/// Whether something other than a query would be executed. If the operation is ambiguous, nothing is executed.
fn is_no_query(document: &ExecutableDocument, operation_name: Option<&str>) -> bool {
    limits::operation(document, operation_name).is_some_and(|operation| operation.ty != OperationType::Query)
}

fn refusal() -> ServerError {
    let mut error = ServerError::new("A GET request can execute only a query. Send mutations by POST.", None);
    error.extensions = Some(coded(Code::BadUserInput));
    error.source = Some(Arc::new(NotAQuery));
    error
}
