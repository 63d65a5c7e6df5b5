//! The hooks, which the library calls while it processes one request.

use std::{
    any::TypeId,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    CacheControl, Positioned, QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    Variables,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, NextExecute, NextPrepareRequest, NextRequest, NextResolve, NextValidation,
        ResolveInfo,
    },
    parser::types::OperationDefinition,
    registry::Registry,
};

use super::{
    ATTEMPTS, SCHEMA_HIDDEN, Settings, Shared,
    complexity::{self, Measure},
    document::operation,
    document_cache::CachedDocument,
    error::{Errors, Limit, RequestError, keep_short},
    execution_budget::{ExecutionBudget, Scheduler},
    validation::{check_deferred, coerce, with_defaults},
    values::Weights,
};
use crate::graphql::facts::OperationKind;
use crate::low_priority::LongOperation;
use crate::spans;

/// Marks a request, in its data, as one whose document is checked and not executed. Its response has the errors of the
/// document; what depends on the values of variables is not checked.
#[derive(Debug, Clone, Copy)]
pub struct CheckOnly;

/// The result of the validation, which the library does not compute.
const VALID: ValidationResult =
    ValidationResult { cache_control: CacheControl { public: true, max_age: 0 }, complexity: 0, depth: 0 };

/// The key in `extensions` by which a request asks for its cost, and under which the response reports it.
const COST: &str = "cost";

/// The limits of one request.
pub(super) struct LimitsExtension {
    shared: Arc<Shared>,
    scheduler: Arc<Scheduler>,
    /// The checked request, once it is.
    checked: OnceLock<Checked>,
}

/// A request within the limits.
struct Checked {
    document: Arc<CachedDocument>,
    /// The cost of the operation.
    cost: usize,
    /// Whether the response reports the cost.
    reports_cost: bool,
    is_check_only: bool,
    /// The errors outside the document. They are reported only if the document is valid.
    errors: Vec<RequestError>,
}

impl LimitsExtension {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let limits = &shared.settings.limits;
        let scheduler = Arc::new(Scheduler::new(limits.response_fields(), limits.pending_fields()));
        Self { shared, scheduler, checked: OnceLock::new() }
    }

    /// Checks `request`, and sets the defaults of its variables.
    fn check(&self, request: &mut Request, registry: &Registry) -> Result<Checked, RequestError> {
        let _span = spans::step("check document");
        let Shared { settings, documents, .. } = &*self.shared;
        let mut checked = Checked {
            document: documents.get(request, settings, registry)?,
            cost: 0,
            reports_cost: request.extensions.get(COST) == Some(&Value::Boolean(true)),
            is_check_only: request.data.contains_key(&TypeId::of::<CheckOnly>()),
            errors: Vec::new(),
        };
        let document = &checked.document;
        if checked.is_check_only {
            return Ok(checked);
        }
        if document.introspects && !settings.introspection {
            return Err(RequestError::Invalid { message: SCHEMA_HIDDEN.to_owned(), at: Vec::new() });
        }
        match operation(&document.document, request.operation_name.as_deref()) {
            Ok(operation) => {
                let given = std::mem::take(&mut request.variables);
                request.variables = with_defaults(&operation.node, given);
                let weights = Weights::new(&operation.node, &request.variables);
                checked.cost = match document.cost.get() {
                    Some(cost) => *cost,
                    None => self.cost(operation, &request.variables, &weights, registry)?,
                };
                if document.has_constant_cost() {
                    let _ = document.cost.set(checked.cost);
                }
                self.scheduler.weigh_arguments_by(weights);
                let mut errors = Errors::new(settings);
                coerce(&operation.node, &mut request.variables, registry, &mut errors);
                let deferred = &document.deferred;
                check_deferred(deferred, operation.pos, &request.variables, registry, &mut errors);
                checked.errors = errors.into_vec();
            }
            Err(error) => checked.errors.push(error),
        }
        Ok(checked)
    }

    /// The cost of an operation, whose other needs are within the limits too.
    fn cost(
        &self,
        operation: &Positioned<OperationDefinition>,
        variables: &Variables,
        weights: &Weights,
        registry: &Registry,
    ) -> Result<usize, RequestError> {
        let Shared { settings: Settings { limits, .. }, is_attempt, .. } = &*self.shared;
        let complexity = Measure { registry, limits, variables, weights }.operation(&operation.node)?;
        let attempts = complexity::attempts(&operation.node, variables, *is_attempt);
        Limit::Attempts.check(attempts, ATTEMPTS, None)?;
        Ok(complexity.cost)
    }
}

#[async_trait]
impl Extension for LimitsExtension {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let answer = self.scheduler.drive(next.run(ctx)).await;
        let mut response = answer.unwrap_or_else(|refusal| Response::from_errors(vec![refusal.aborted()]));
        keep_short(&mut response.errors, self.shared.settings.limits.errors);
        match self.checked.get() {
            Some(Checked { cost, reports_cost: true, .. }) => response.extension(COST, Value::from(*cost)),
            _ => response,
        }
    }

    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let checked = self.check(&mut request, &ctx.schema_env.registry)?;
        let long =
            request.data.get(&TypeId::of::<LongOperation>()).and_then(|long| long.downcast_ref::<LongOperation>());
        if let Some(long) = long {
            self.scheduler.report_to(long.clone());
        }
        if let Some(kind) =
            request.data.get(&TypeId::of::<OperationKind>()).and_then(|kind| kind.downcast_ref::<OperationKind>())
            && let Ok(operation) = operation(&checked.document.document, request.operation_name.as_deref())
        {
            kind.note(operation.node.ty);
        }
        request.data.insert(ExecutionBudget(Arc::clone(&self.scheduler)));
        request.set_parsed_query(checked.document.executable(&request.variables, &ctx.schema_env.registry));
        self.checked.get_or_init(|| checked);
        next.run(ctx, request).await
    }

    /// Replaces the library's validation, see [`validation`](super::validation).
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let Some(checked) = self.checked.get() else {
            return next.run(ctx).await;
        };
        let Checked { document, errors, .. } = checked;
        let errors = if document.errors.is_empty() { errors } else { &document.errors };
        let mut errors: Vec<ServerError> = errors.iter().cloned().map(ServerError::from).collect();
        keep_short(&mut errors, self.shared.settings.limits.errors);
        // An error, even if there is none, ends the request before it is executed.
        if errors.is_empty() && !checked.is_check_only { Ok(VALID) } else { Err(errors) }
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let introspects = self.checked.get().is_some_and(|checked| checked.document.introspects);
        let _turn = if introspects { self.shared.introspections.acquire().await.ok() } else { None };
        next.run(ctx, operation_name).await
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        match info.path_node.segment {
            QueryPathSegment::Index(_) => self.scheduler.resolve_item(info.field, next.run(ctx, info)).await,
            QueryPathSegment::Name(_) => self.scheduler.resolve_field(info.field, next.run(ctx, info)).await,
        }
    }
}
