//! Request limits: they ensure that no document, whatever its size or shape, crashes the process or blocks a thread
//! for long.
//!
//! It wraps everything that the library does with a request, as its outermost extension. In the order of execution:
//!
//! 1. `text` limits the size of a body before it is parsed as JSON (the code that reads the body calls it), and that of
//!    a document before it is parsed.
//! 2. `expanded_size` measures the document with its fragments expanded. `collect_fields` inlines them, and merges fields
//!    that the library would execute twice.
//! 3. `validation` checks the document against the schema.
//! 4. `omitted_variables` removes what the library would take for `null`. The result is cached (`document_cache`).
//! 5. For each request, `complexity` computes the cost of the operation with its variables, and `validation` coerces
//!    them to their types.
//! 6. `conditions` removes what `@skip` and `@include` exclude, and `collect_fields` merges what remains.
//! 7. `extension` passes the document on to the library, which executes it. `execution_budget` lets other requests have
//!    their turn while a large response is built.
//!
//! The limits do not decide what a caller may see or do: the services do.

use std::sync::Arc;

use async_graphql::{
    ObjectType, Request, SchemaBuilder, ServerError, SubscriptionType,
    extensions::{Extension, ExtensionFactory},
    parser::types::{ExecutableDocument, OperationDefinition},
    registry::Registry,
};

use tokio::sync::Semaphore;

use super::look_ahead;
use crate::domain::first_screen::Selected;

mod collect_fields;
mod complexity;
mod conditions;
mod document;
mod document_cache;
mod document_size;
mod error;
mod execution_budget;
mod expanded_size;
mod extension;
mod omitted_variables;
pub mod response_size;
mod suggest;
mod text;
mod validation;
mod values;

#[cfg(test)]
mod tests;

pub use complexity::IsAttempt;
use document_cache::DocumentCache;
use error::Errors;
pub use error::ExecutionAborted;
use error::Limit;
pub use execution_budget::ExecutionBudget;
pub use extension::CheckOnly;

/// The settings of the request limits.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The limits of a request.
    pub limits: Limits,
    /// Whether introspection is allowed.
    pub introspection: bool,
    /// Whether errors suggest similar names of the schema.
    pub suggestions: bool,
    /// The size in bytes of the cache of documents.
    pub document_cache: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { limits: Limits::default(), introspection: true, suggestions: true, document_cache: 16 << 20 }
    }
}

/// The limits of a request, with fragments expanded. A limit applies to every operation of a document, unless its
/// description says that it applies to the executed operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested fields of an operation. Those of the introspection count as one.
    pub depth: usize,
    /// Nested brackets of any kind in the document, and nested selection sets with fragments expanded.
    pub nesting: usize,
    /// Aliases of an operation.
    pub aliases: usize,
    /// Fields of an operation's outermost level.
    pub root_fields: usize,
    /// Tokens of the document, including comments; and fields, fragments, arguments, and directives with fragments
    /// expanded. The limits for bytes, values, and the size of the response are derived from it, and the time that the
    /// worst document takes grows with it: some 20 ms for 4000.
    pub tokens: usize,
    /// Directives of an operation.
    pub directives: usize,
    /// Items of a list that is an argument of the executed operation.
    pub list_items: usize,
    /// The cost of the executed operation, see [`cost`].
    pub cost: usize,
    /// Errors listed in a response.
    pub errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 15,
            nesting: 64,
            aliases: 15,
            root_fields: 20,
            tokens: 4000,
            directives: 50,
            list_items: 1000,
            cost: 100_000,
            errors: 20,
        }
    }
}

impl Limits {
    /// The maximum of [`depth`](Self::depth), whatever is set: the library's resolvers are recursive, and fill a stack
    /// of 2 MiB at some 55 nested fields.
    pub const MAX_DEPTH: usize = 32;

    /// The maximum of [`nesting`](Self::nesting), whatever is set: the parser fills a stack of 2 MiB at some 1500
    /// nested brackets, the validation and this module at fewer.
    pub const MAX_NESTING: usize = 200;

    /// Bytes of a document: the parser reads white space and comments eight times over, at up to 100 ms for a megabyte.
    fn bytes(self) -> usize {
        self.tokens.saturating_mul(64)
    }

    /// Units of values in a request, see [`values`].
    fn values(self) -> usize {
        self.tokens.saturating_mul(4)
    }

    /// Fields of a response, including what is read for them, as [`execution_budget`] counts them. Each takes at most
    /// some 300 bytes of memory.
    fn response_fields(self) -> usize {
        self.tokens.saturating_mul(30)
    }

    /// Fields and items of a response that are resolved at the same time. Each takes some 2 kB of memory.
    fn pending_fields(self) -> usize {
        self.tokens.saturating_mul(7) / 2
    }
}

/// The message for an introspection query while introspection is off.
pub const SCHEMA_HIDDEN: &str = "The schema of this server is not shown; the setting USERPROFILE_INTROSPECTION is off";

/// The number of mutations of a request that may submit a secret or send email.
const ATTEMPTS: usize = 1;

/// The number of requests that may read the schema at once. Introspection is free and needs no token, but takes up to 8
/// MB until the response is written, and is limited by the processor: more at once would only take more memory.
const INTROSPECTIONS: usize = 2;

/// The request limits as an extension of the library. Clones share their cache of documents.
#[derive(Clone)]
pub struct RequestLimits(Arc<Shared>);

/// The state that all requests share.
struct Shared {
    settings: Settings,
    is_attempt: IsAttempt,
    documents: DocumentCache,
    introspections: Semaphore,
}

impl RequestLimits {
    /// Creates the limits. `is_attempt` says which mutations count as attempts, of which a request may contain one.
    #[must_use]
    pub fn new(settings: Settings, is_attempt: IsAttempt) -> Self {
        let Settings { limits, document_cache, .. } = settings;
        let limits = Limits {
            depth: limits.depth.min(Limits::MAX_DEPTH),
            nesting: limits.nesting.min(Limits::MAX_NESTING),
            ..limits
        };
        let documents = DocumentCache::new(document_cache);
        let introspections = Semaphore::new(INTROSPECTIONS);
        Self(Arc::new(Shared { settings: Settings { limits, ..settings }, is_attempt, documents, introspections }))
    }

    /// Adds the limits to the schema of `builder`. Call it before any other extension is registered, because the first
    /// one is the outermost.
    #[must_use]
    pub fn install<Query, Mutation, Subscription>(
        &self,
        builder: SchemaBuilder<Query, Mutation, Subscription>,
    ) -> SchemaBuilder<Query, Mutation, Subscription>
    where
        Query: ObjectType + 'static,
        Mutation: ObjectType + 'static,
        Subscription: SubscriptionType + 'static,
    {
        builder
            .extension(self.clone())
            .limit_recursive_depth(self.0.settings.limits.nesting)
            // The library's suggestions compare every unknown name with every known one; see `suggest`.
            .disable_suggestions()
    }

    /// Checks a body before it is read as JSON.
    ///
    /// # Errors
    /// If it has more values than any request may have; the status is then 413.
    pub fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        text::check_body(body, &self.0.settings.limits)
    }

    /// Checks that all of `requests` together contain no more attempts than a single one may. Errors of a single
    /// request are reported when it is executed.
    pub fn check_attempts<'a>(&self, requests: impl Iterator<Item = &'a Request>) -> Result<(), ServerError> {
        let count = requests.map(|request| self.attempts(request).unwrap_or_default()).sum();
        Ok(Limit::Attempts.check(count, ATTEMPTS, None)?)
    }

    /// What the operation of `request` selects of the first screen, if its document is cached.
    #[must_use]
    pub fn first_screen(&self, request: &Request) -> Selected {
        let cached = self.0.documents.peek(request);
        let operation =
            cached.as_ref().and_then(|cached| operation(&cached.document, request.operation_name.as_deref()));
        operation.map(|operation| look_ahead::selected(operation, &request.variables)).unwrap_or_default()
    }

    fn attempts(&self, request: &Request) -> Option<usize> {
        let Shared { settings, is_attempt, .. } = &*self.0;
        let limits = &settings.limits;
        // Most batches only read, and need not be parsed again for this check: a mutation contains that keyword.
        if !request.query.contains("mutation") {
            return None;
        }
        let document = text::parse(&request.query, limits).ok()?;
        expanded_size::check(&document, limits, &mut Errors::new(settings)).ok()?;
        // Which mutations are attempts does not depend on the types of the schema.
        let document = collect_fields::collect_fields(document, &Registry::default());
        let operation = document::operation(&document, request.operation_name.as_deref()).ok()?;
        let variables = validation::with_defaults(&operation.node, request.variables.clone());
        Some(complexity::attempts(&operation.node, &variables, *is_attempt))
    }
}

/// The operation of `document` that would be executed, if it is unambiguous.
pub(super) fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    document::operation(document, name).ok().map(|operation| &operation.node)
}

impl ExtensionFactory for RequestLimits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(extension::LimitsExtension::new(self.0.clone()))
    }
}
