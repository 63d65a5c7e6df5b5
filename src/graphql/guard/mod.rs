//! The guard: no document, whatever its size or shape, ends the process or holds a thread for long.
//!
//! It stands around everything the library does with a request, as its outermost extension. In the order of events:
//!
//! 1. `body` counts what the body holds, before it is read as JSON; this is for whoever reads it to call;
//! 2. `scan` counts what the text holds, before the parser, which recurses, sees it (`document`);
//!    `escapes` and `zeros` give that what it does not read or misreads, and `inputs` finds what it would drop;
//! 3. `measure` adds up what the parsed document becomes with its fragments spread, and `values` what it hands over;
//! 4. `literals` checks values and variables against the schema, in the words of `misfit`, and `typename` has the library
//!    look at what it would pass over; `later` checks what hangs on
//!    the values of variables; `absent` takes out what the library would take for `null`, and `merge` what it would do twice; what is left is
//!    `known` when it comes again, as long as there is room for what it weighs (`weight`);
//! 5. `variables` coerces what is given to its type, `cost` says what the answer may cost, `attempts` how often something
//!    is tried;
//! 6. `watch` hands the document on, and gives our codes to what the library's validation finds (`refusal`), and the
//!    names that were perhaps meant (`suggest`);
//!    `conflicts` corrects what it says of fields that differ;
//! 7. `pace` lets other requests have their turn while a large answer is made.
//!
//! `check` does the same for documents that are trusted, up to the point where they would be executed.
//!
//! What a caller may see or do is not asked here: that is the services' part.

use std::sync::Arc;

use async_graphql::{
    ObjectType, Request, SchemaBuilder, ServerError, SubscriptionType,
    extensions::{Extension, ExtensionFactory},
    parser::types::{ExecutableDocument, OperationDefinition},
};

use tokio::sync::Semaphore;

mod absent;
mod attempts;
mod body;
mod check;
mod conflicts;
mod cost;
mod document;
mod escapes;
mod inputs;
mod known;
mod later;
mod literals;
mod measure;
mod merge;
mod misfit;
mod pace;
mod place;
mod refusal;
mod scan;
mod suggest;
mod typename;
mod values;
mod variables;
mod watch;
mod weight;
mod zeros;

#[cfg(test)]
mod tests;

pub use attempts::IsAttempt;
pub use check::DocumentCheck;
use known::DocumentCache;
pub use pace::Work;
pub use refusal::GivenUp;
use refusal::Limit;
use values::Weights;

/// What may be turned of the guard.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// What a request may ask for.
    pub limits: Limits,
    /// Whether a request may ask for the schema.
    pub introspection: bool,
    /// Whether an error tells names of the schema that were perhaps meant.
    pub suggestions: bool,
    /// For how many bytes documents are kept that were read before.
    pub document_cache: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { limits: Limits::default(), introspection: true, suggestions: true, document_cache: 16 << 20 }
    }
}

/// What a request may ask for, with fragments spread. What is not said to be of the executed operation holds for every
/// operation of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fields in each other, of an operation; those of the introspection count as one.
    pub depth: usize,
    /// Brackets of any kind in each other, in the document; and selection sets in each other, with fragments spread.
    pub nesting: usize,
    /// Aliases of an operation.
    pub aliases: usize,
    /// Fields of an operation's outermost level.
    pub root_fields: usize,
    /// Tokens of the document, comments included; and fields, fragments, arguments and directives, with fragments spread.
    /// The bounds for bytes, values and the size of the answer grow with it; so does the time that the worst document
    /// takes, which is some 20 ms for 4000.
    pub tokens: usize,
    /// Directives of an operation.
    pub directives: usize,
    /// Items of a list that is an argument of the executed operation.
    pub list_items: usize,
    /// What the executed operation costs, see [`cost`].
    pub cost: usize,
    /// Errors told in an answer.
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
    /// The most that [`depth`](Self::depth) may be, whatever is set: the library's resolvers call each other, and fill a
    /// stack of 2 MiB at some 55 fields in each other.
    pub const MAX_DEPTH: usize = 32;

    /// The most that [`nesting`](Self::nesting) may be, whatever is set: the parser fills a stack of 2 MiB at some 1500
    /// brackets, the validation and the guard itself sooner.
    pub const MAX_NESTING: usize = 200;

    /// Bytes of a document: the parser reads white space and comments eight times over, at up to 100 ms for a megabyte.
    fn bytes(self) -> usize {
        self.tokens.saturating_mul(64)
    }

    /// Units of values in a request, see [`values`].
    fn values(self) -> usize {
        self.tokens.saturating_mul(4)
    }

    /// Fields of a response, with what is read for them, as [`pace`] counts them: at most some 300 bytes of memory each.
    fn response_fields(self) -> usize {
        self.tokens.saturating_mul(30)
    }

    /// Fields and items of a response that are made at the same time, at some 2 kB of memory each.
    fn pending_fields(self) -> usize {
        self.tokens.saturating_mul(7) / 2
    }
}

/// What is told whoever asks for a schema that is not shown.
pub const SCHEMA_HIDDEN: &str = "The schema of this server is not shown; the setting USERPROFILE_INTROSPECTION is off";

/// How many mutations of a request may try a secret or have a mail sent.
const ATTEMPTS: usize = 1;

/// How many requests may read the schema at once. It costs nothing and needs no token, but takes up to 8 MB until it is
/// written, and the processor all the while: more at once would only take more memory.
const INTROSPECTIONS: usize = 2;

/// The guard as the library's extension. Its clones know the same documents.
#[derive(Clone)]
pub struct RequestGuard(Arc<Shared>);

/// What all requests share.
struct Shared {
    settings: Settings,
    is_attempt: IsAttempt,
    documents: DocumentCache,
    introspections: Semaphore,
}

impl RequestGuard {
    /// Makes a guard; `is_attempt` says which mutations there may be one of.
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

    /// Puts the guard around the schema that `builder` makes. To be called before any other extension is registered,
    /// since what comes first is outermost.
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
            // They compare every unknown name with every known one; see `suggest`.
            .disable_suggestions()
    }

    /// Checks a body before it is read as JSON.
    ///
    /// # Errors
    /// When it holds more values than any request may: to be answered with the status 413.
    pub fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        body::check_body(body, &self.0.settings.limits)
    }

    /// Checks that all of `requests` together try no more than one of them may. What is wrong with one of them alone is
    /// told when it is executed.
    pub fn check_attempts<'a>(&self, requests: impl Iterator<Item = &'a Request>) -> Result<(), ServerError> {
        let count = requests.map(|request| self.attempts(request).unwrap_or_default()).sum();
        Ok(Limit::Attempts.check(count, ATTEMPTS, None)?)
    }

    fn attempts(&self, request: &Request) -> Option<usize> {
        let Shared { settings: Settings { limits, .. }, is_attempt, .. } = &*self.0;
        // Most batches only read, and need not be parsed once more for that: a mutation has to be written as such.
        if !request.query.contains("mutation") {
            return None;
        }
        let document = document::read(&request.query, limits).ok()?;
        measure::measure(&document, &Weights::default(), limits).ok()?;
        let operation = document::operation(&document, request.operation_name.as_deref()).ok()?;
        let variables = variables::with_defaults(&operation.node, &request.variables);
        Some(attempts::count(&document, &operation.node, &variables, *is_attempt))
    }
}

/// The operation of `document` that would be executed, where it can be told which.
pub(super) fn operation<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    document::operation(document, name).ok().map(|operation| &operation.node)
}

impl ExtensionFactory for RequestGuard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(watch::Watch::new(self.0.clone()))
    }
}
