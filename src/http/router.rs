//! Which address is answered by what.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::Request,
    http::{Method, header},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing,
};
use ipnet::IpNet;
use tokio_util::task::TaskTracker;

use super::{
    Execute,
    assets::{self, Asset},
    backpressure,
    connection::Phase,
    cors,
    exchange::{Exchange, exchange},
    graphql, health, loopback,
    mailbox::{self, Mails},
    negotiation::Media,
    page_settings::{self, PageSettings},
    pages, public_path,
    refusal::Refusal,
    sdl::{SchemaText, Sdl},
};
use crate::low_priority::LowPriorityThreads;

/// What may be turned of the endpoint.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// How many requests a batch may hold; 0 for no batches.
    pub batch_size: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a request may take, from its head to its answer.
    pub request_timeout: Duration,
    /// How long a client may read nothing of the responses that wait for it before its connection is closed.
    pub response_timeout: Duration,
    /// How long a connection may lie idle between two requests.
    pub keep_alive_timeout: Duration,
    /// How long requests are still served after the server was told to stop.
    pub shutdown_delay: Duration,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The address under which people reach the server, where that is known.
    pub public_url: Option<String>,
    /// The origins of others whose pages may use the API, such as `https://app.example.com`.
    pub cors_origins: Vec<String>,
    /// Whether sessions may be kept in cookies.
    pub takes_cookies: bool,
    /// Whether only requests are answered that name this machine, as a demo must.
    pub loopback_only: bool,
    /// What the product's own pages need to know.
    pub pages: PageSettings,
}

/// Everything that is served.
#[derive(Debug, Clone)]
pub struct Site<A> {
    /// What answers GraphQL.
    pub api: A,
    /// What may be turned.
    pub settings: HttpSettings,
    /// The schema for `/schema.graphql`; where it is nobody's business, none.
    pub schema: Option<SchemaText>,
    /// The mails that a demo shows instead of sending them; nothing else has one.
    pub mailbox: Option<Mails>,
    /// Draws 128 random bits, to name a request that came without a name.
    pub random: fn() -> [u8; 16],
}

/// A [`Site`] in service.
pub(super) struct Shared<A> {
    pub(super) api: A,
    pub(super) settings: HttpSettings,
    pub(super) sdl: Option<Sdl>,
    pub(super) random: fn() -> [u8; 16],
    /// The operations that are being executed, whether anybody still waits for them or not.
    pub(super) tasks: TaskTracker,
    /// Where those continue that take long.
    pub(super) low_priority: LowPriorityThreads,
    /// Whether the server was told to stop.
    pub(super) phase: Phase,
}

/// All routes. Where a request brings the address of its peer as a `ConnectInfo<SocketAddr>`, that is believed.
pub fn router<A: Execute>(site: Site<A>) -> Router {
    routes(site, TaskTracker::new(), Phase::default())
}

/// All routes; operations are executed as `tasks`.
pub(super) fn routes<A: Execute>(site: Site<A>, tasks: TaskTracker, phase: Phase) -> Router {
    let Site { api, settings, schema, mailbox, random } = site;
    let public_path = public_path::of(settings.public_url.as_deref());
    let start = Redirect::temporary(&format!("{public_path}/graphql"));
    let loopback_only = settings.loopback_only;
    let mailbox = mailbox.map_or_else(Router::new, mailbox::routes);
    let shared = Arc::new(Shared {
        api,
        settings,
        sdl: schema.map(Sdl::new),
        random,
        tasks,
        low_priority: LowPriorityThreads::default(),
        phase,
    });
    let api = Router::new()
        .route("/graphql", routing::get(graphql::get::<A>).post(graphql::post::<A>))
        // Before the layers, which are to see the question of a browser whether it may: its method is none of ours.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(cors::layer(&shared.settings.cors_origins))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), cors::refuse_foreign::<A>));
    let made_on_request = Router::new()
        .merge(api)
        .merge(mailbox)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), backpressure::bounded::<A>));
    let all = Router::new()
        .merge(made_on_request)
        .route("/", routing::get(async || start))
        .route("/favicon.ico", routing::get(pages::favicon))
        .route("/healthz", routing::get(health::alive))
        .route("/readyz", routing::get(health::ready::<A>))
        .route("/schema.graphql", routing::get(super::sdl::schema::<A>))
        .route("/plain/pages.json", routing::get(page_settings::show::<A>))
        .route("/reset-password", routing::get(pages::reset_password))
        .route("/undo-email-change", routing::get(pages::undo_email_change))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(other);
    let all = if loopback_only { all.layer(middleware::from_fn(loopback::refuse_others)) } else { all };
    let all = all.layer(middleware::from_fn_with_state(Arc::clone(&shared), exchange::<A>)).with_state(shared);
    public_path::serve_below(public_path, all)
}

/// A file that the pages need, or nothing.
async fn other(Extension(exchange): Extension<Exchange>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match assets::find(parts.uri.path()).filter(|asset| !asset.is_page()) {
        Some(asset) if matches!(parts.method, Method::GET | Method::HEAD) => asset.answer(&parts.headers).await,
        Some(_) => {
            let response = Refusal::MethodNotAllowed.answer(Media::Json, &exchange.request_id);
            ([(header::ALLOW, Asset::METHODS)], response).into_response()
        }
        None if pages::is_wanted(&parts) => pages::not_found(parts.uri.path()).await,
        None => Refusal::NotFound.answer(Media::Json, &exchange.request_id),
    }
}

/// The header `Allow` is added by the router, which knows the methods of each route.
async fn method_not_allowed(Extension(exchange): Extension<Exchange>) -> Response {
    Refusal::MethodNotAllowed.answer(Media::Json, &exchange.request_id)
}
