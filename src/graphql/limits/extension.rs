//! The hooks, which the library calls while it processes one request.

use std::{
    any::TypeId,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    CacheControl, Positioned, QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, NextExecute, NextPrepareRequest, NextRequest, NextResolve, NextValidation,
        ResolveInfo,
    },
    registry::Registry,
};

use super::{
    ATTEMPTS, SCHEMA_HIDDEN, Shared, attempts,
    complexity::measure,
    cost, deferred_checks,
    document::operation,
    document_cache::CachedDocument,
    error::{Limit, RequestError, is_reported_by_us, keep_short, without_value},
    execution_budget::{ExecutionBudget, Scheduler},
    suggest::suggest,
    values::{self, Weights},
    variables,
};
use crate::low_priority::LongOperation;

/// The validation result of a document whose only errors are the library's errors about values, which are dropped. The
/// library checks the values of variables in all operations, although they are given for the one to execute.
const NOTHING_WRONG: ValidationResult =
    ValidationResult { cache_control: CacheControl { public: true, max_age: 0 }, complexity: 0, depth: 0 };

/// The key in `extensions` by which a request asks for its cost, and under which the response reports it.
const COST: &str = "cost";

/// The number of fields that an error counts as: it is kept with its path and text, even if it is not listed.
const ERROR_FIELDS: usize = 4;

/// Watches over one request.
pub(super) struct LimitsExtension {
    shared: Arc<Shared>,
    pace: Arc<Scheduler>,
    /// The result of the check of the request, once it has run.
    looked_at: OnceLock<LookedAt>,
}

/// The result of the check of a request.
struct LookedAt {
    known: Arc<CachedDocument>,
    /// The size of the variables.
    weights: Weights,
    /// The cost of the operation; reported if the request asks for it.
    cost: usize,
    is_cost_told: bool,
    /// The result of an earlier validation of the document, if it still applies.
    validated: Option<ValidationResult>,
    /// The errors outside the document. They are reported only if the document is valid.
    errors: Vec<RequestError>,
}

impl LimitsExtension {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let limits = &shared.settings.limits;
        let pace = Arc::new(Scheduler::new(limits.response_fields(), limits.pending_fields()));
        Self { shared, pace, looked_at: OnceLock::new() }
    }

    /// Checks `request`, and sets the defaults of its variables.
    fn look_at(&self, request: &mut Request, registry: &Registry) -> Result<LookedAt, RequestError> {
        let Shared { settings, is_attempt, documents, .. } = &*self.shared;
        let limits = &settings.limits;
        let known = documents.read(request, limits, registry)?;
        let document = &known.document;
        let executed = operation(document, request.operation_name.as_deref());
        let mut errors = Vec::new();
        if let Ok(operation) = &executed {
            let given = std::mem::take(&mut request.variables);
            request.variables = variables::with_defaults(&operation.node, given);
        }
        // Before they are coerced, which takes longer. If they are small, the document was measured when it was read.
        let weights = Weights::new(document, &request.variables);
        if weights.matter() {
            measure(document, &weights, limits)?;
        }
        if let Ok(operation) = &executed {
            errors = variables::coerce(&operation.node, &mut request.variables, registry, limits.errors);
        }
        let variables = &request.variables;
        if let Ok(operation) = &executed {
            errors.extend(deferred_checks::check(&known.later, operation.pos, variables, registry, limits.errors));
        }
        if known.introspects && !settings.introspection {
            return Err(RequestError::Invalid { message: SCHEMA_HIDDEN.to_owned(), at: None });
        }
        let cost = match executed {
            Ok(Positioned { node: operation, .. }) => {
                let cost = cost::check(document, operation, variables, registry, limits)?;
                let tried = attempts::count(document, operation, variables, *is_attempt);
                Limit::Attempts.check(tried, ATTEMPTS, None)?;
                cost
            }
            Err(refusal) => {
                errors.push(refusal);
                0
            }
        };
        let validated = known.validated().copied();
        let is_cost_told = request.extensions.get(COST) == Some(&Value::Boolean(true));
        Ok(LookedAt { known, weights, cost, is_cost_told, validated, errors })
    }

    /// The errors of a document, see [`CachedDocument::told`]; if there are none, the errors outside the document.
    fn told(&self, found: Vec<ServerError>, looked_at: &LookedAt, registry: &Registry) -> Vec<ServerError> {
        let settings = &self.shared.settings;
        let mut errors = looked_at.known.told(found);
        if errors.is_empty() {
            errors.extend(looked_at.errors.iter().cloned().map(ServerError::from));
        }
        keep_short(&mut errors, settings.limits.errors);
        if settings.suggestions {
            for error in &mut errors {
                suggest(error, registry);
            }
        }
        errors
    }
}

#[async_trait]
impl Extension for LimitsExtension {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let answer = self.pace.drive(next.run(ctx)).await;
        let mut response = answer.unwrap_or_else(|refusal| Response::from_errors(vec![refusal.given_up()]));
        keep_short(&mut response.errors, self.shared.settings.limits.errors);
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
        let long =
            request.data.get(&TypeId::of::<LongOperation>()).and_then(|long| long.downcast_ref::<LongOperation>());
        if let Some(long) = long {
            self.pace.report_to(long.clone());
        }
        request.data.insert(ExecutionBudget(Arc::clone(&self.pace)));
        request.set_parsed_query(looked_at.known.document.clone());
        self.looked_at.get_or_init(|| looked_at);
        next.run(ctx, request).await
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let Some(looked_at) = self.looked_at.get() else {
            return next.run(ctx).await;
        };
        let LookedAt { known, validated, errors, .. } = looked_at;
        let told = |found| self.told(found, looked_at, &ctx.schema_env.registry);
        let result = match validated {
            Some(result) => *result,
            None => match next.run(ctx).await {
                Ok(result) => result,
                Err(found) if found.iter().all(is_reported_by_us) => NOTHING_WRONG,
                Err(found) => return Err(told(found)),
            },
        };
        if !known.errors.is_empty() || !errors.is_empty() {
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
        let _turn = if introspects { self.shared.introspections.acquire().await.ok() } else { None };
        next.run(ctx, operation_name).await
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // Selected fields count before they begin, because all of them begin at once.
        let below = info.field.selection_set.node.items.len();
        let itself = match (info.path_node.segment, self.looked_at.get()) {
            (QueryPathSegment::Index(_), _) => 1,
            (QueryPathSegment::Name(key), Some(looked_at)) => {
                looked_at.weights.of_arguments(&info.field.arguments) + values::of_response_text(key)
            }
            (QueryPathSegment::Name(_), None) => 0,
        };
        let value = self.pace.run(itself + below, next.run(ctx, info)).await.map_err(|error| {
            self.pace.charge(ERROR_FIELDS);
            without_value(error)
        })?;
        // The size of a value without selections is known only now. The field itself was counted before.
        match &value {
            Some(Value::String(text)) => self.pace.charge(values::of_response_text(text)),
            Some(value @ (Value::Object(_) | Value::List(_) | Value::Binary(_))) if below == 0 => {
                self.pace.charge(values::of_response(value));
            }
            _ => {}
        }
        Ok(value)
    }
}
