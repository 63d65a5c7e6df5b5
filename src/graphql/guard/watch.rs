//! The guard at its posts: what the library calls while it works on one request.

use std::sync::OnceLock;

use async_graphql::{
    QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, NextPrepareRequest, NextRequest, NextResolve, NextValidation, ResolveInfo,
    },
};

use super::{
    Limits,
    absent::remove_absent,
    document::{faults, read, refuse_unknown_types},
    measure::measure,
    pace::Pace,
    refusal::{Refusal, keep_short, validation_error},
    values::Weights,
};

/// Watches over one request.
pub(super) struct Watch {
    limits: Limits,
    pace: Pace,
    /// What the variables weigh, once they are known.
    weights: OnceLock<Weights>,
    /// What is wrong beside the document; told only when the document is right.
    faults: OnceLock<Vec<Refusal>>,
}

impl Watch {
    pub(super) fn new(limits: Limits) -> Self {
        let pace = Pace::new(limits.response_fields(), limits.pending_fields());
        Self { limits, pace, weights: OnceLock::new(), faults: OnceLock::new() }
    }
}

#[async_trait]
impl Extension for Watch {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let answer = self.pace.drive(next.run(ctx)).await;
        let mut response = answer.unwrap_or_else(|refusal| Response::from_errors(vec![refusal.into()]));
        keep_short(&mut response.errors, self.limits.errors);
        response
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut document = read(&request.query, &self.limits)?;
        let weights = Weights::new(&document, &request.variables);
        measure(&document, &weights, &self.limits)?;
        refuse_unknown_types(&document, &ctx.schema_env.registry)?;
        self.weights.get_or_init(|| weights);
        self.faults.get_or_init(|| faults(&document, request.operation_name.as_deref(), &request.variables));
        remove_absent(&mut document, &request.variables, &ctx.schema_env.registry);
        request.set_parsed_query(document);
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await.map_err(|mut errors| {
            errors.dedup(); // Some are found by two of its rules.
            keep_short(&mut errors, self.limits.errors);
            errors.into_iter().map(validation_error).collect::<Vec<_>>()
        })?;
        match self.faults.get() {
            Some(faults) if !faults.is_empty() => Err(faults.iter().cloned().map(ServerError::from).collect()),
            _ => Ok(result),
        }
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // What is selected below counts before it is begun, since all of it is begun at once.
        let below = info.field.selection_set.node.items.len();
        let itself = match (info.path_node.segment, self.weights.get()) {
            (QueryPathSegment::Index(_), _) => 1,
            (QueryPathSegment::Name(_), Some(weights)) => weights.of_arguments(&info.field.arguments),
            (QueryPathSegment::Name(_), None) => 0,
        };
        self.pace.run(itself + below, next.run(ctx, info)).await
    }
}
