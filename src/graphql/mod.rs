//! The GraphQL API: the schema, and the execution of a request. No product rule is decided here. Resolvers parse the
//! input, call a service, and convert its result to the types of the schema.

pub mod context;
pub mod credentials;
pub mod dataloader;
pub mod documents;
pub mod error;
pub mod facts;
pub mod federation;
pub mod json;
pub mod limits;
pub mod loaders;
pub mod look_ahead;
pub mod mutations;
pub mod only_queries;
pub mod query;
pub mod types;

use std::any::TypeId;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use async_graphql::{
    EmptySubscription, ObjectType, Request, Response, SDLExportOptions, Schema, SchemaBuilder, ServerError,
};

use futures_util::FutureExt;

use crate::domain::event::Client;
use crate::metrics::{Format, Metrics};
use crate::services::Services;

use context::RequestContext;
use credentials::{RequestCredentials, SessionChange};
use documents::{Documents, TrustedName};
use error::ApiError;
use facts::{OperationFacts, OperationKind};
use federation::FederatedQuery;
use limits::{CheckOnly, RequestLimits, Settings};
use mutations::Mutation;
use query::Query;

type ProfileSchema<Query> = Schema<Query, Mutation, EmptySubscription>;

/// The GraphQL API over the services.
pub struct Api {
    schema: ProfileSchema<Query>,
    /// Built for the first request of a gateway: most servers have none, and it takes some 400 kB.
    subgraph: OnceLock<ProfileSchema<FederatedQuery>>,
    services: Arc<Services>,
    limits: RequestLimits,
    documents: Documents,
}

/// A request with its document, or the reason why it has none.
pub type Prepared = Result<Request, ServerError>;

/// The outcome of a request.
#[derive(Debug)]
pub struct Executed {
    /// The response of the request.
    pub response: Response,
    /// The change of the cookie session. `None` if it did not change.
    pub session: Option<SessionChange>,
    /// What the log says about it.
    pub facts: OperationFacts,
}

impl From<Response> for Executed {
    fn from(response: Response) -> Self {
        Self { response, session: None, facts: OperationFacts::default() }
    }
}

impl Api {
    /// Creates the API over `services`, with these named `documents`.
    #[must_use]
    pub fn new(services: Arc<Services>, limits: RequestLimits, documents: Documents) -> Self {
        Self { schema: limited(&limits), subgraph: OnceLock::new(), services, limits, documents }
    }

    /// Finds the documents that the `requests` of one batch name, and checks that all of them may be executed.
    /// Documents that other requests register later have no effect on them.
    /// The error of a single request is reported in its place.
    pub fn prepare(&self, requests: Vec<Request>) -> Result<Vec<Prepared>, ServerError> {
        // A batch counts as one request, and may use no more of the database than one.
        let services = Arc::new(self.services.for_request());
        let with_services = |mut request: Request| {
            request.data.insert(Arc::clone(&services));
            request
        };
        let prepared: Vec<_> =
            requests.into_iter().map(|request| self.documents.find(request).map(with_services)).collect();
        if prepared.len() > 1 {
            self.limits.check_attempts(prepared.iter().flatten())?;
        }
        Ok(prepared)
    }

    /// Executes one request with these `credentials`. Without a valid access token, it runs unauthenticated.
    pub async fn execute(&self, request: Prepared, credentials: RequestCredentials, client: Client) -> Executed {
        let began = Instant::now();
        let executed = self.execute_unmeasured(request, credentials, client).await;
        self.services.metrics().graphql.observe(&executed.facts.labels(), began.elapsed());
        executed
    }

    async fn execute_unmeasured(&self, request: Prepared, credentials: RequestCredentials, client: Client) -> Executed {
        let request = match request {
            Ok(request) => request,
            Err(error) => return Response::from_errors(vec![error]).into(),
        };
        let kind = OperationKind::default();
        let document = trusted_name_of(&request);
        let services = services_of(&request).unwrap_or_else(|| Arc::new(self.services.for_request()));
        let caller = match &credentials.access {
            Some(token) => match services.authenticate(token, self.limits.first_screen(&request)).await {
                Ok(caller) => caller,
                Err(failure) => {
                    return Response::from_errors(vec![ApiError::from(failure).into_server_error()]).into();
                }
            },
            None => None,
        };
        let mut facts = OperationFacts::new(document, caller.as_ref().map(|(caller, _)| caller));
        let context = RequestContext::new(services, caller, client, credentials);
        let delivery = context.delivery().clone();
        let request = request.data(context).data(kind.clone());
        let response = if federation::uses_federation(&request.query) {
            self.subgraph.get_or_init(|| limited(&self.limits)).execute(request).boxed()
        } else {
            self.schema.execute(request).boxed()
        };
        let response = response.await;
        facts.operation_type = kind.as_str();
        Executed { response, session: delivery.take_change(), facts }
    }

    /// Checks a body before it is read as JSON.
    pub fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        self.limits.check_body(body)
    }

    /// What the server measures.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.services.metrics()
    }

    /// What the server measures, as text for a scrape.
    pub async fn encode_metrics(&self, format: Format) -> String {
        self.services.encode_metrics(format).await
    }

    /// Whether the server is ready to execute requests.
    pub async fn is_ready(&self) -> bool {
        self.services.is_ready().await
    }
}

/// The name of the document of a request, if it is a trusted one.
fn trusted_name_of(request: &Request) -> Option<Arc<str>> {
    let TrustedName(name) = request.data.get(&TypeId::of::<TrustedName>())?.downcast_ref()?;
    Some(name.clone())
}

/// The services that [`Api::prepare`] assigned to a request.
fn services_of(request: &Request) -> Option<Arc<Services>> {
    request.data.get(&TypeId::of::<Arc<Services>>())?.downcast_ref().cloned()
}

/// The limits of the API, with its list of mutations that count as attempts.
#[must_use]
pub fn request_limits(settings: Settings) -> RequestLimits {
    RequestLimits::new(settings, mutations::is_attempt)
}

/// Checks documents that are to become trusted, by the same rules as executed ones.
pub struct TrustedCheck {
    schema: ProfileSchema<Query>,
    subgraph: ProfileSchema<FederatedQuery>,
}

impl TrustedCheck {
    /// A check with these `limits`.
    #[must_use]
    pub fn new(limits: &RequestLimits) -> Self {
        Self { schema: limited(limits), subgraph: limited(limits) }
    }

    /// Checks that a document can be executed: it can be parsed, is within the limits, and matches the schema.
    pub fn check(&self, text: &str) -> Result<(), ServerError> {
        let request = Request::new(text).data(CheckOnly);
        // Nothing is executed, so that the futures never wait.
        let response = if federation::uses_federation(text) {
            self.subgraph.execute(request).now_or_never()
        } else {
            self.schema.execute(request).now_or_never()
        };
        match response.and_then(|response| response.errors.into_iter().next()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// The schema in the schema definition language: the file in the repository, so that no server has to build it.
#[must_use]
pub fn sdl() -> &'static str {
    include_str!("../../schema.graphql")
}

/// Builds the text of [`sdl`]. A test compares the two.
#[must_use]
pub fn build_sdl() -> String {
    builder::<Query>().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// The SDL of the subgraph for Apollo Federation.
#[must_use]
pub fn subgraph_sdl() -> &'static str {
    static SDL: LazyLock<String> = LazyLock::new(|| federation::subgraph_sdl(sdl()));
    &SDL
}

/// The limits come first: nothing may process a document before its size and shape are checked.
fn limited<Query: ObjectType + Default + 'static>(limits: &RequestLimits) -> ProfileSchema<Query> {
    limits.install(builder()).extension(only_queries::OnlyQueries).finish()
}

fn builder<Query: ObjectType + Default + 'static>() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    mutations::user_error::register(Schema::build(Query::default(), Mutation::default(), EmptySubscription))
}
