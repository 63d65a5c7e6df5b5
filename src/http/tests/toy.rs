//! A small API that stands in for ours.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, EmptySubscription, Error, ErrorExtensionValues, ErrorExtensions, Object, Request, Response, Schema,
    ServerError, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest},
};

use crate::{
    domain::token::AccessToken,
    graphql::{Executed, only_queries::OnlyQueries},
    http::{Execute, HttpSettings, Origin, SchemaText, Site},
};

/// Counts what was executed to its end.
#[derive(Clone, Default)]
pub(crate) struct Toy {
    pub(crate) finished: Arc<AtomicUsize>,
}

impl Toy {
    /// Waits until so many have finished, for a second at most.
    pub(crate) async fn finishes(&self, count: usize) {
        for _ in 0..100 {
            if self.finished.load(Ordering::SeqCst) == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {count} have finished", self.finished.load(Ordering::SeqCst));
    }
}

pub(crate) fn site(toy: &Toy) -> Site<impl Execute> {
    let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Coded).extension(OnlyQueries);
    Site {
        api: Served(schema.data(toy.clone()).finish()),
        settings: HttpSettings {
            body_limit: 1024 * 1024,
            batch_size: 0,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            public_url: None,
            cors_origins: vec!["https://app.test".to_owned()],
            takes_cookies: true,
        },
        schema: Some(SchemaText {
            api: "type Query { me: String }".to_owned(),
            subgraph: "type Query @shareable { me: String }".to_owned(),
        }),
        mailbox: None,
        random: || [0xab; 16],
    }
}

struct Served(Schema<Query, Mutation, EmptySubscription>);

impl Execute for Served {
    async fn execute(&self, request: Request, origin: Origin) -> Executed {
        self.0.execute(request.data(origin)).await.into()
    }

    fn check_body(&self, _: &[u8]) -> Result<(), async_graphql::ServerError> {
        Ok(())
    }

    fn prepare_batch(&self, _: &mut [async_graphql::Request]) -> Result<(), async_graphql::ServerError> {
        Ok(())
    }

    async fn is_ready(&self) -> bool {
        true
    }
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "world"
    }

    async fn echo(&self, text: String) -> String {
        text
    }

    async fn origin(&self, context: &Context<'_>) -> String {
        let origin = context.data_unchecked::<Origin>();
        let token = origin.shown.access.as_ref().map(AccessToken::reveal);
        format!("{token:?} {} {:?} {}", origin.client_address, origin.user_agent, origin.request_id)
    }

    async fn slow(&self, context: &Context<'_>, milliseconds: u64) -> usize {
        bump(context, milliseconds).await
    }

    async fn panics(&self, now: bool) -> bool {
        assert!(!now, "the secret of the panic");
        now
    }

    async fn escapes(&self) -> Result<u32, std::num::ParseIntError> {
        std::future::ready("secret".parse()).await
    }

    async fn nullable(&self) -> Option<async_graphql::Result<bool>> {
        Some(Err(coded("UNAUTHENTICATED")))
    }

    async fn gone(&self) -> Option<async_graphql::Result<bool>> {
        Some(Err(coded("UNAVAILABLE")))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn bump(&self, context: &Context<'_>, milliseconds: u64) -> usize {
        bump(context, milliseconds).await
    }
}

async fn bump(context: &Context<'_>, milliseconds: u64) -> usize {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    context.data_unchecked::<Toy>().finished.fetch_add(1, Ordering::SeqCst) + 1
}

fn coded(code: &str) -> Error {
    Error::new("told to the client").extend_with(|_, extensions| extensions.set("code", code))
}

/// Gives codes to what the engine refuses, as the schema's own guard does.
struct Coded;

impl ExtensionFactory for Coded {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Coded {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(context).await;
        for error in response.errors.iter_mut().filter(|error| error.path.is_empty() && error.extensions.is_none()) {
            let code = if is_syntax(error) { "GRAPHQL_PARSE_FAILED" } else { "GRAPHQL_VALIDATION_FAILED" };
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
        }
        response
    }
}

fn is_syntax(error: &ServerError) -> bool {
    error.message.contains("-->")
}
