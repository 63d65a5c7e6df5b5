//! What the log and the metrics say about an executed request.

use std::sync::{Arc, OnceLock};

use async_graphql::parser::types::OperationType;

use crate::domain::access::Caller;
use crate::domain::ids::{SessionId, UserId};
use crate::metrics::Operation;

/// What the log says about a request.
#[derive(Debug, Clone, Default)]
pub struct OperationFacts {
    /// `query` or `mutation`; nothing if its document could not be parsed.
    pub operation_type: &'static str,
    /// The name of its document, if that is a trusted one.
    pub document: Option<Arc<str>>,
    /// The caller, if the request is authenticated.
    pub caller: Option<(UserId, SessionId)>,
}

impl OperationFacts {
    pub(super) fn new(document: Option<Arc<str>>, caller: Option<&Caller>) -> Self {
        let caller = caller.map(|caller| (caller.user.id.clone(), caller.session.id.clone()));
        Self { operation_type: "", document, caller }
    }

    pub(super) fn labels(&self) -> Operation {
        let graphql_document = self.document.clone().unwrap_or_default();
        Operation { graphql_operation_type: self.operation_type, graphql_document }
    }
}

/// The type of the operation of a request, in its data: the limits note it once they have checked the document.
#[derive(Debug, Clone, Default)]
pub struct OperationKind(Arc<OnceLock<OperationType>>);

impl OperationKind {
    pub(super) fn note(&self, operation: OperationType) {
        let _ = self.0.set(operation);
    }

    pub(super) fn as_str(&self) -> &'static str {
        match self.0.get() {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "",
        }
    }
}
