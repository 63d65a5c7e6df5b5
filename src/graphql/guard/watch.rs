//! The guard at its posts: what the library calls while it works on one request.

use std::sync::{Arc, OnceLock};

use async_graphql::{
    CacheControl, QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, NextExecute, NextPrepareRequest, NextRequest, NextResolve, NextValidation,
        ResolveInfo,
    },
    registry::Registry,
};

use super::{
    ATTEMPTS, SCHEMA_HIDDEN, Shared, attempts, cost,
    document::operation,
    known::Known,
    measure::measure,
    pace::Pace,
    refusal::{Limit, Refusal, is_of_value, keep_short, validation_error, without_value},
    suggest::suggest,
    values::{self, Weights},
    variables,
};

/// What is said of a document with several operations in which nothing but values is wrong. The library looks at the
/// values of variables in all of them, though they are given for the one that is meant; its own are looked at before
/// (`variables`), and what is written out when a field reads its arguments.
const NOTHING_WRONG: ValidationResult =
    ValidationResult { cache_control: CacheControl { public: true, max_age: 0 }, complexity: 0, depth: 0 };

/// What a request says in `extensions` to be told what it cost, and where it is told.
const COST: &str = "cost";

/// Watches over one request.
pub(super) struct Watch {
    guard: Arc<Shared>,
    pace: Pace,
    /// What is known of the request, once it was looked at.
    looked_at: OnceLock<LookedAt>,
}

/// What a look at a request finds.
struct LookedAt {
    known: Arc<Known>,
    /// What the variables weigh.
    weights: Weights,
    /// What the operation costs; told if that is asked for.
    cost: usize,
    is_cost_told: bool,
    /// What was said when the document was validated before, where that still holds.
    validated: Option<ValidationResult>,
    /// What is wrong beside the document; told only when the document is right.
    faults: Vec<Refusal>,
}

impl Watch {
    pub(super) fn new(guard: Arc<Shared>) -> Self {
        let limits = &guard.settings.limits;
        let pace = Pace::new(limits.response_fields(), limits.pending_fields());
        Self { guard, pace, looked_at: OnceLock::new() }
    }

    /// Looks at `request`, and gives its variables their defaults.
    fn look_at(&self, request: &mut Request, registry: &Registry) -> Result<LookedAt, Refusal> {
        let Shared { settings, is_attempt, documents, .. } = &*self.guard;
        let limits = &settings.limits;
        let known = documents.read(request, limits, registry)?;
        let document = &known.document;
        let executed = operation(document, request.operation_name.as_deref()).map(|operation| &operation.node);
        if let Ok(operation) = &executed {
            request.variables = variables::with_defaults(operation, &request.variables);
        }
        let variables = &request.variables;
        let weights = Weights::new(document, variables);
        // Otherwise it was measured when it was read.
        if weights.matter() {
            measure(document, &weights, limits)?;
        }
        if known.introspects && !settings.introspection {
            return Err(Refusal::Invalid { message: SCHEMA_HIDDEN.to_owned(), at: None });
        }
        let (cost, faults) = match executed {
            Ok(operation) => {
                let cost = cost::check(document, operation, variables, registry, limits)?;
                let tried = attempts::count(document, operation, variables, *is_attempt);
                Limit::Attempts.check(tried, ATTEMPTS, None)?;
                (cost, variables::faults(operation, variables, registry))
            }
            Err(refusal) => (0, vec![refusal]),
        };
        let validated = known.validated(variables).copied();
        let is_cost_told = request.extensions.get(COST) == Some(&Value::Boolean(true));
        Ok(LookedAt { known, weights, cost, is_cost_told, validated, faults })
    }

    /// Gives our codes to what the library's validation found, and leaves out what `faults` tell better.
    fn told(&self, mut errors: Vec<ServerError>, faults: &[Refusal], registry: &Registry) -> Vec<ServerError> {
        errors.dedup(); // Some are found by two of its rules.
        if !faults.is_empty() {
            errors.retain(|error| !is_of_value(error));
        }
        if errors.is_empty() {
            return faults.iter().cloned().map(ServerError::from).collect();
        }
        keep_short(&mut errors, self.guard.settings.limits.errors);
        if self.guard.settings.suggestions {
            for error in &mut errors {
                suggest(error, registry);
            }
        }
        errors.into_iter().map(validation_error).collect()
    }
}

#[async_trait]
impl Extension for Watch {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let answer = self.pace.drive(next.run(ctx)).await;
        let mut response = answer.unwrap_or_else(|refusal| Response::from_errors(vec![refusal.given_up()]));
        keep_short(&mut response.errors, self.guard.settings.limits.errors);
        match self.looked_at.get() {
            Some(LookedAt { cost, is_cost_told: true, .. }) => response.extension(COST, Value::from(*cost)),
            _ => response,
        }
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let looked_at = self.look_at(&mut request, &ctx.schema_env.registry)?;
        request.set_parsed_query(looked_at.known.document.clone());
        self.looked_at.get_or_init(|| looked_at);
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let Some(LookedAt { known, validated, faults, .. }) = self.looked_at.get() else {
            return next.run(ctx).await;
        };
        let told = |errors| self.told(errors, faults, &ctx.schema_env.registry);
        let result = match validated {
            Some(result) => *result,
            None => match next.run(ctx).await {
                Ok(result) => result,
                Err(errors) if known.has_several_operations && errors.iter().all(is_of_value) => NOTHING_WRONG,
                Err(errors) => return Err(told(errors)),
            },
        };
        if !faults.is_empty() {
            return Err(told(Vec::new()));
        }
        known.keep(result);
        Ok(result)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let introspects = self.looked_at.get().is_some_and(|looked_at| looked_at.known.introspects);
        let _turn = if introspects { self.guard.introspections.acquire().await.ok() } else { None };
        next.run(ctx, operation_name).await
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // What is selected below counts before it is begun, since all of it is begun at once.
        let below = info.field.selection_set.node.items.len();
        let itself = match (info.path_node.segment, self.looked_at.get()) {
            (QueryPathSegment::Index(_), _) => 1,
            (QueryPathSegment::Name(_), Some(looked_at)) => looked_at.weights.of_arguments(&info.field.arguments),
            (QueryPathSegment::Name(_), None) => 0,
        };
        let value = self.pace.run(itself + below, next.run(ctx, info)).await.map_err(without_value)?;
        // How much it is of what nothing is selected of is known only now.
        if below == 0
            && let Some(value @ (Value::Object(_) | Value::List(_))) = &value
        {
            self.pace.charge(values::of_constant(value));
        }
        Ok(value)
    }
}
