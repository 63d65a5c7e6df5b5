//! Operations and mutations.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::durations;

/// The operations that were executed.
#[derive(Clone)]
pub struct GraphqlMetrics {
    durations: Family<Operation, Histogram, fn() -> Histogram>,
    mutations: Family<Outcome, Counter>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Operation {
    /// `query`, `mutation`, or nothing if the document could not be parsed.
    pub graphql_operation_type: &'static str,
    /// The name of its document, if the operator trusts that; otherwise nothing.
    pub graphql_document: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    mutation: String,
    code: &'static str,
}

impl Default for GraphqlMetrics {
    fn default() -> Self {
        Self { durations: Family::new_with_constructor(durations), mutations: Family::default() }
    }
}

impl GraphqlMetrics {
    /// Observes an operation.
    pub fn observe(&self, operation: &Operation, duration: Duration) {
        self.durations.get_or_create(operation).observe(duration.as_secs_f64());
    }

    /// Counts the outcome of a `mutation` of the schema: the code of its first error, or `OK`.
    pub fn count_mutation(&self, mutation: &str, code: &'static str) {
        self.mutations.get_or_create(&Outcome { mutation: mutation.to_owned(), code }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Duration of GraphQL operations";
        registry.register_with_unit("graphql_operation_duration", help, Unit::Seconds, self.durations.clone());
        let help = "Mutations by their outcome: the code of the first error, or OK";
        registry.register("graphql_mutations", help, self.mutations.clone());
    }
}
