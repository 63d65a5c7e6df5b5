//! Checks the documents of a manifest when the server starts, without executing them. They are subject to the same
//! limits and the same validation as when they are executed, except for what depends on the values of variables.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    ObjectType, Request, Schema, SchemaBuilder, ServerError, ServerResult, SubscriptionType, ValidationResult,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextValidation},
};
use futures_util::FutureExt;

use super::{
    Limits, RequestLimits, Settings, document_cache::CachedDocument, document_cache::DocumentCache, error::keep_short,
};

/// A schema that executes nothing.
pub struct DocumentCheck<Query, Mutation, Subscription>(Schema<Query, Mutation, Subscription>);

impl<Query, Mutation, Subscription> DocumentCheck<Query, Mutation, Subscription>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    /// A check for the schema of `builder`, with the limits of `limits`.
    #[must_use]
    pub fn new(limits: &RequestLimits, builder: SchemaBuilder<Query, Mutation, Subscription>) -> Self {
        let Settings { limits, .. } = limits.0.settings;
        let builder = builder.limit_recursive_depth(limits.nesting).disable_suggestions();
        Self(builder.extension(Checks(limits)).finish())
    }

    /// Checks a document.
    pub fn check(&self, text: &str) -> Result<(), ServerError> {
        // The future never waits.
        let response = self.0.execute(Request::new(text)).now_or_never();
        match response.and_then(|response| response.errors.into_iter().next()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

struct Checks(Limits);

impl ExtensionFactory for Checks {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Check { limits: self.0, known: OnceLock::new() })
    }
}

/// The check of one document.
struct Check {
    limits: Limits,
    known: OnceLock<Arc<CachedDocument>>,
}

#[async_trait]
impl Extension for Check {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let known = DocumentCache::new(0).read(&request, &self.limits, &ctx.schema_env.registry)?;
        request.set_parsed_query(known.document.clone());
        self.known.get_or_init(|| known);
        next.run(ctx, request).await
    }

    /// Always returns an error, which may be empty, so that nothing is executed.
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let found = next.run(ctx).await.err().unwrap_or_default();
        let mut errors = match self.known.get() {
            Some(known) => known.told(found),
            None => found,
        };
        keep_short(&mut errors, self.limits.errors);
        Err(errors)
    }
}
