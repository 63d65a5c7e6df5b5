//! How it is asked: the GraphQL schema, and what belongs to answering one request. No rule of the product is decided
//! here; resolvers parse what came in, call a service, and say its answer in the schema's words.

pub mod batch;
pub mod context;
pub mod delivery;
pub mod error;
pub mod fault;
pub mod federation;
pub mod guard;
pub mod loaders;
pub mod mutations;
pub mod only_queries;
pub mod query;
pub mod types;

use std::sync::Arc;

use async_graphql::{EmptySubscription, ObjectType, Request, Response, Schema, SchemaBuilder, ServerError};

use crate::domain::event::Client;
use crate::services::Services;

use context::RequestContext;
use delivery::{SessionChange, Shown};
use error::ApiError;
use federation::FederatedQuery;
use guard::{Limits, RequestGuard};
use mutations::Mutation;
use query::Query;

type ProfileSchema<Query> = Schema<Query, Mutation, EmptySubscription>;

/// The GraphQL API over the services.
#[derive(Clone)]
pub struct Api {
    schema: ProfileSchema<Query>,
    subgraph: ProfileSchema<FederatedQuery>,
    services: Arc<Services>,
    limits: Limits,
}

/// What came of a request.
#[derive(Debug)]
pub struct Executed {
    /// What is answered.
    pub response: Response,
    /// What became of the session that is kept in cookies; `None`: nothing.
    pub session: Option<SessionChange>,
}

impl From<Response> for Executed {
    fn from(response: Response) -> Self {
        Self { response, session: None }
    }
}

impl Api {
    /// Makes the API, refusing documents beyond `limits`.
    #[must_use]
    pub fn new(services: Arc<Services>, limits: Limits) -> Self {
        Self { schema: guarded(limits), subgraph: guarded(limits), services, limits }
    }

    /// Answers one request of whoever has `shown` an access token; with none, or one that is not good, the request is
    /// nobody's.
    pub async fn execute(&self, request: Request, shown: Shown, client: Client) -> Executed {
        let caller = match &shown.access {
            Some(token) => match self.services.authenticate(token).await {
                Ok(caller) => caller,
                Err(failure) => {
                    return Response::from_errors(vec![ApiError::from(failure).into_server_error()]).into();
                }
            },
            None => None,
        };
        let context = RequestContext::new(self.services.clone(), caller, client, shown);
        let desk = context.desk().clone();
        let request = request.data(context);
        let response = if federation::is_meant(&request.query) {
            self.subgraph.execute(request).await
        } else {
            self.schema.execute(request).await
        };
        Executed { response, session: desk.outcome() }
    }

    /// Checks a body before it is read as JSON.
    ///
    /// # Errors
    /// When it holds more values than any request may.
    pub fn check_body(&self, body: &[u8]) -> Result<(), ServerError> {
        guard::check_body(body, &self.limits)
    }

    /// Whether requests could be answered now.
    pub async fn is_ready(&self) -> bool {
        self.services.is_ready().await
    }
}

/// The schema in the schema definition language.
#[must_use]
pub fn sdl() -> String {
    builder::<Query>().finish().sdl()
}

/// The same as a subgraph of Apollo Federation.
#[must_use]
pub fn subgraph_sdl() -> String {
    federation::subgraph_sdl(&sdl())
}

/// The guard comes first: nothing may look at a document before its size and shape are known.
fn guarded<Query: ObjectType + Default + 'static>(limits: Limits) -> ProfileSchema<Query> {
    RequestGuard::install(builder(), limits).extension(only_queries::OnlyQueries).finish()
}

fn builder<Query: ObjectType + Default + 'static>() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<mutations::user_error::UserError>()
}
