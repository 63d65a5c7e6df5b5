//! A small API that replaces ours in tests.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest};
use async_graphql::{
    Context, EmptySubscription, Error, ErrorExtensionValues, ErrorExtensions, Object, Response, Schema, ServerError,
    async_trait,
};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::domain::token::AccessToken;
use crate::graphql::only_queries::OnlyQueries;
use crate::graphql::{Executed, Prepared};
use crate::http::{ClientInfo, GraphqlApi, HttpSettings, PageSettings, SchemaText, ServerOptions};
use crate::low_priority::LongOperation;
use crate::metrics::Metrics;

/// Counts the operations that begin, and those that run to their end.
#[derive(Clone, Default)]
pub(crate) struct Toy {
    begun: watch::Sender<usize>,
    finished: watch::Sender<usize>,
}

impl Toy {
    /// Waits until `count` operations have begun.
    pub(crate) async fn begins(&self, count: usize) {
        reaches(&self.begun, count).await;
    }

    /// Waits until `count` operations have finished.
    pub(crate) async fn finishes(&self, count: usize) {
        reaches(&self.finished, count).await;
    }

    pub(crate) fn finished(&self) -> usize {
        *self.finished.borrow()
    }
}

async fn reaches(counter: &watch::Sender<usize>, count: usize) {
    let mut seen = counter.subscribe();
    let reached = timeout(Duration::from_secs(10), seen.wait_for(|reached| *reached == count)).await;
    assert!(reached.is_ok(), "{} of {count}", *counter.borrow());
}

pub(crate) fn options(toy: &Toy) -> ServerOptions {
    let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Coded).extension(OnlyQueries);
    ServerOptions {
        api: GraphqlApi::Toy(ToyApi { schema: schema.data(toy.clone()).finish(), is_ready: true }),
        settings: HttpSettings {
            body_limit: 1024 * 1024,
            batch_size: 0,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(75),
            shutdown_delay: Duration::ZERO,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            public_url: None,
            cors_origins: vec!["https://app.test".to_owned()],
            webauthn_origins: vec![],
            takes_cookies: true,
            loopback_only: false,
            has_console: true,
            pages: PageSettings { app_url: None, password_min_length: 8, demo: None },
        },
        schema: Some(SchemaText {
            api: || "type Query { me: String }",
            subgraph: || "type Query @shareable { me: String }",
        }),
        mailbox: None,
        random: || [0xab; 16],
        metrics: Metrics::default(),
    }
}

/// The API of these tests.
pub struct ToyApi {
    schema: Schema<Query, Mutation, EmptySubscription>,
    pub(crate) is_ready: bool,
}

impl ToyApi {
    pub(crate) async fn execute(&self, request: Prepared, sender: ClientInfo) -> Executed {
        match request {
            Ok(request) => self.schema.execute(request.data(sender)).await.into(),
            Err(error) => Response::from_errors(vec![error]).into(),
        }
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

    async fn sender(&self, context: &Context<'_>) -> String {
        let sender = context.data_unchecked::<ClientInfo>();
        let token = sender.credentials.access.as_ref().map(AccessToken::reveal);
        format!("{token:?} {} {:?} {}", sender.client_address, sender.user_agent, sender.request_id)
    }

    async fn slow(&self, context: &Context<'_>, milliseconds: u64) -> usize {
        bump(context, milliseconds).await
    }

    async fn panics(&self, now: bool) -> bool {
        assert!(!now, "the secret of the panic");
        now
    }

    /// The name of the thread on which a long operation continues.
    async fn continues(&self, context: &Context<'_>, panics: bool) -> String {
        context.data_unchecked::<LongOperation>().mark();
        tokio::task::yield_now().await;
        assert!(!panics, "the secret of the panic");
        std::thread::current().name().unwrap_or_default().to_owned()
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
    let toy = context.data_unchecked::<Toy>();
    toy.begun.send_modify(|count| *count += 1);
    sleep(Duration::from_millis(milliseconds)).await;
    toy.finished.send_modify(|count| *count += 1);
    toy.finished()
}

fn coded(code: &str) -> Error {
    Error::new("a message for clients").extend_with(|_, extensions| extensions.set("code", code))
}

/// Adds codes to the errors of the engine, as the request limits of the schema do.
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
