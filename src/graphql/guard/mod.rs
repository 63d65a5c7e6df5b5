//! The guard: no document, whatever its size or shape, ends the process or holds a thread for long.
//!
//! It stands around everything the library does with a request, as its outermost extension. In the order of events:
//!
//! 1. `body` counts what the body holds, before it is read as JSON; this is for whoever reads it to call;
//! 2. `scan` counts what the text holds, before the parser, which recurses, sees it (`document`);
//! 3. `measure` adds up what the parsed document becomes with its fragments spread, and `values` what it hands over;
//! 4. `absent` takes out what the library would take for `null`;
//! 5. `watch` hands the document on, and gives our codes to what the library's validation finds (`refusal`);
//! 6. `pace` lets other requests have their turn while a large answer is made.
//!
//! What a caller may see or do is not asked here, nor how many rows a field may cost: that is the services' part.

use std::sync::Arc;

use async_graphql::{
    ObjectType, SchemaBuilder, SubscriptionType,
    extensions::{Extension, ExtensionFactory},
};

mod absent;
mod body;
mod document;
mod measure;
mod pace;
mod refusal;
mod scan;
mod values;
mod watch;

#[cfg(test)]
mod tests;

pub use body::check_body;

/// What a request may ask for. Each holds for every operation of a document, executed or not, with its fragments spread.
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
    /// Errors told in an answer.
    pub errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 15, nesting: 64, aliases: 15, root_fields: 20, tokens: 4000, errors: 20 }
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

    /// Fields of an answer, as [`pace`] counts them: 50 MB or so of JSON.
    fn response_fields(self) -> usize {
        self.tokens.saturating_mul(75)
    }

    /// Fields and items of an answer that are made at the same time: up to 200 MB of memory.
    fn pending_fields(self) -> usize {
        self.tokens.saturating_mul(20)
    }
}

/// The guard as the library's extension. Made by [`RequestGuard::install`].
#[derive(Debug, Clone, Copy)]
pub struct RequestGuard {
    limits: Limits,
}

impl RequestGuard {
    /// Puts a guard with these `limits` around the schema that `builder` makes. To be called before any other extension
    /// is registered, since what comes first is outermost.
    #[must_use]
    pub fn install<Query, Mutation, Subscription>(
        builder: SchemaBuilder<Query, Mutation, Subscription>,
        limits: Limits,
    ) -> SchemaBuilder<Query, Mutation, Subscription>
    where
        Query: ObjectType + 'static,
        Mutation: ObjectType + 'static,
        Subscription: SubscriptionType + 'static,
    {
        let limits = Limits {
            depth: limits.depth.min(Limits::MAX_DEPTH),
            nesting: limits.nesting.min(Limits::MAX_NESTING),
            ..limits
        };
        builder
            .extension(Self { limits })
            .limit_recursive_depth(limits.nesting)
            // They compare every unknown name with every known one: for 4000 long names that took 95 ms.
            .disable_suggestions()
    }
}

impl ExtensionFactory for RequestGuard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(watch::Watch::new(self.limits))
    }
}
