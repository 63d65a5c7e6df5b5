//! Security events, and lists of them.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};

use super::connection::connection;
use super::enums::SecurityEventType;
use super::scalars::Time;
use crate::domain::device;
use crate::domain::event as domain;
use crate::domain::page::{Cursor, ListKind, Paged};
use crate::graphql::context;
use crate::graphql::error::ApiError;

/// Something that happened to your account.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SecurityEvent {
    /// The event's id; it begins with `event-`.
    id: ID,
    /// What happened.
    #[graphql(name = "type")]
    event_type: SecurityEventType,
    /// When it happened.
    created_at: Time,
    /// The address it came from. Null where an administrator did it on the server.
    client_address: Option<String>,
    /// What the client called itself.
    user_agent: Option<String>,
}

#[ComplexObject]
impl SecurityEvent {
    /// The device it came from, such as `Chrome on Windows`. Null if the user agent does not tell.
    async fn device(&self) -> Option<String> {
        self.user_agent.as_deref().and_then(device::name)
    }
}

/// An event and its place in a list.
pub struct SecurityEventEdge {
    pub(super) node: SecurityEvent,
}

impl SecurityEventEdge {
    pub(super) fn cursor(&self) -> String {
        let micros = self.node.created_at.0.timestamp_micros().to_string();
        Cursor { sort_key: micros, id: self.node.id.to_string() }.encode(ListKind::SecurityEvents)
    }
}

/// A security event's place in a list.
#[Object(name = "SecurityEventEdge")]
impl SecurityEventEdge {
    /// The event.
    async fn node(&self) -> &SecurityEvent {
        &self.node
    }

    /// Its place, to go on from.
    #[graphql(name = "cursor")]
    async fn encoded_cursor(&self) -> String {
        self.cursor()
    }
}

connection! {
    /// A page of what happened to your account in the last 90 days, newest first.
    SecurityEventConnection { edge: SecurityEventEdge, node: SecurityEvent, total: SecurityEventTotal }
}

/// All events of the caller's account.
pub(super) struct SecurityEventTotal;

impl SecurityEventTotal {
    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(context::services(ctx)?.count_events(context::caller(ctx)?).await?)
    }
}

impl SecurityEventConnection {
    pub(super) fn new(page: Paged<domain::SecurityEvent>) -> Self {
        let edges = page.items.into_iter().map(|event| SecurityEventEdge {
            node: SecurityEvent {
                id: event.id.as_str().into(),
                event_type: event.event_type.into(),
                created_at: Time(event.created_at),
                client_address: event.client_address,
                user_agent: event.user_agent,
            },
        });
        Self {
            edges: edges.collect(),
            has_previous: page.has_previous,
            has_next: page.has_next,
            total: SecurityEventTotal,
        }
    }
}
