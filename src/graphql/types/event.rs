//! Security events, and lists of them.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};

use super::connection::{connection, found};
use super::enums::{SecurityEventActor, SecurityEventType};
use super::scalars::Time;
use crate::domain::device;
use crate::domain::event as domain;
use crate::domain::page::{Cursor, ListKind, Page, Paged};
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::EventPage;
use crate::services::profile::EventsAfter;

/// A security event: a sign-in, a change, or a refused attempt that concerns your account.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct SecurityEvent {
    /// The id of the event, with the prefix `event-`.
    id: ID,
    /// The type of the event: what happened to the account.
    #[graphql(name = "type")]
    event_type: SecurityEventType,
    /// The time when the event happened.
    created_at: Time,
    /// The IP address of the client that caused the event. Null if an operator caused it on the server.
    client_address: Option<String>,
    /// The `User-Agent` header of the client. Null if there was none.
    user_agent: Option<String>,
    /// The actor that caused the event: the user, an operator, or the server itself.
    actor: SecurityEventActor,
}

impl From<Arc<domain::SecurityEvent>> for SecurityEvent {
    fn from(event: Arc<domain::SecurityEvent>) -> Self {
        Self {
            id: event.id.as_str().into(),
            event_type: event.event_type.into(),
            created_at: Time(event.created_at),
            client_address: event.client_address.clone(),
            user_agent: event.user_agent.clone(),
            actor: event.actor.into(),
        }
    }
}

#[ComplexObject]
impl SecurityEvent {
    /// The name of the client's device, such as `Chrome on Windows`. Null if the user agent does not identify it.
    async fn device(&self) -> Option<String> {
        self.user_agent.as_deref().and_then(device::name)
    }
}

/// A security event and its position in a list.
#[derive(SimpleObject)]
pub struct SecurityEventEdge {
    /// The security event at this position.
    node: SecurityEvent,
    /// An opaque cursor of this position, for `after`.
    pub(super) cursor: String,
}

impl From<Arc<domain::SecurityEvent>> for SecurityEventEdge {
    fn from(event: Arc<domain::SecurityEvent>) -> Self {
        let cursor = Cursor { sort_key: event.created_at.timestamp_micros().to_string(), id: event.id.to_string() };
        Self { node: event.into(), cursor: cursor.encode(ListKind::SecurityEvents) }
    }
}

connection! {
    /// A page of the security events of your account in the last 90 days, newest first.
    SecurityEventConnection { edge: SecurityEventEdge, node: SecurityEvent, list: SecurityEvents }
}

/// The events of the caller's account, from a position in the list.
pub(super) struct SecurityEvents {
    pub(super) after: Option<EventsAfter>,
}

impl SecurityEvents {
    async fn read(&self, ctx: &Context<'_>, page: &Page) -> Result<Arc<Paged<Arc<domain::SecurityEvent>>>, ApiError> {
        let page = EventPage { after: self.after.clone(), page: page.clone() };
        Ok(found(context::loaders(ctx)?.event_pages.get(page).await?))
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(context::loaders(ctx)?.event_total.get(()).await?.map_or(0, |total| *total))
    }
}
