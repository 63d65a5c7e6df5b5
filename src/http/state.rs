//! What the server is started with, and the state that all requests share.

use tokio_util::task::TaskTracker;

use super::connection::Phase;
use super::{GraphqlApi, HttpSettings, MessageList, SchemaText, public_path};
use crate::low_priority::LowPriorityThreads;
use crate::metrics::Metrics;

/// What a server is started with.
pub struct ServerOptions {
    /// The GraphQL API.
    pub api: GraphqlApi,
    /// The settings of the HTTP server.
    pub settings: HttpSettings,
    /// The schema for `/schema.graphql`; `None` if it is not public.
    pub schema: Option<SchemaText>,
    /// The messages that a demo shows instead of sending them; `None` on every other server.
    pub mailbox: Option<MessageList>,
    /// Generates 128 random bits for the id of a request that has none.
    pub random: fn() -> [u8; 16],
    /// Where requests are observed.
    pub metrics: Metrics,
}

/// The state that all requests share.
pub(super) struct AppState {
    pub(super) api: GraphqlApi,
    pub(super) settings: HttpSettings,
    /// The path of the server's public address, without a `/` at its end: `/identity`, or nothing.
    pub(super) public_path: String,
    pub(super) random: fn() -> [u8; 16],
    pub(super) metrics: Metrics,
    /// The operations that are running, whether or not a client still waits for them.
    pub(super) tasks: TaskTracker,
    /// The threads where long operations continue.
    pub(super) low_priority: LowPriorityThreads,
    /// The phase of the server's shutdown.
    pub(super) phase: Phase,
}

impl AppState {
    pub(super) fn new(
        api: GraphqlApi,
        settings: HttpSettings,
        random: fn() -> [u8; 16],
        metrics: Metrics,
        tasks: TaskTracker,
        phase: Phase,
    ) -> Self {
        let public_path = public_path::of(settings.public_url.as_deref());
        Self { api, settings, public_path, random, metrics, tasks, low_priority: LowPriorityThreads::default(), phase }
    }
}
