//! The routes.

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

/// The settings of the endpoint.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The maximum number of requests in a batch; 0 for no batches.
    pub batch_size: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a request may take, from its head to its response.
    pub request_timeout: Duration,
    /// How long a client may read nothing of its pending responses before its connection is closed.
    pub response_timeout: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_timeout: Duration,
    /// How long requests are still served after the server was told to stop.
    pub shutdown_delay: Duration,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The public address of the server, if it is known.
    pub public_url: Option<String>,
    /// The allowed origins, such as `https://app.example.com`.
    pub cors_origins: Vec<String>,
    /// Whether sessions may be kept in cookies.
    pub takes_cookies: bool,
    /// Whether only requests that name this machine are accepted, as a demo requires.
    pub loopback_only: bool,
    /// The settings for the product's own pages.
    pub pages: PageSettings,
}

/// Everything that the server serves.
#[derive(Debug, Clone)]
pub struct Site<A> {
    /// The GraphQL API.
    pub api: A,
    /// The settings of the endpoint.
    pub settings: HttpSettings,
    /// The schema for `/schema.graphql`; `None` if it is not public.
    pub schema: Option<SchemaText>,
    /// The messages that a demo shows instead of sending them; `None` on every other server.
    pub mailbox: Option<Mails>,
    /// Draws 128 random bits for the id of a request that has none.
    pub random: fn() -> [u8; 16],
}

/// A [`Site`] that is being served.
pub(super) struct Shared<A> {
    pub(super) api: A,
    pub(super) settings: HttpSettings,
    pub(super) sdl: Option<Sdl>,
    pub(super) random: fn() -> [u8; 16],
    /// The operations that are running, whether or not a client still waits for them.
    pub(super) tasks: TaskTracker,
    /// The threads where long operations continue.
    pub(super) low_priority: LowPriorityThreads,
    /// The phase of the server's shutdown.
    pub(super) phase: Phase,
}

/// All routes. If a request carries its peer's address as a `ConnectInfo<SocketAddr>`, that address is trusted.
pub fn router<A: Execute>(site: Site<A>) -> Router {
    routes(site, TaskTracker::new(), Phase::default())
}

/// All routes; operations run as `tasks`.
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
        // Before the layers, which must see preflight requests: no route has their method.
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

/// A file for the pages, or 404.
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

/// The router adds the header `Allow`, as it knows the methods of each route.
async fn method_not_allowed(Extension(exchange): Extension<Exchange>) -> Response {
    Refusal::MethodNotAllowed.answer(Media::Json, &exchange.request_id)
}
