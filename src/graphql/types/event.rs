//! Security events, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, ID};

use super::connection::{connection, found};
use super::direct::Direct;
use super::enums::{SecurityEventActor, SecurityEventType};
use super::plain::object;
use super::scalars::Time;
use crate::domain::device;
use crate::domain::event as domain;
use crate::domain::page::{Cursor, ListKind, Page, Paged};
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::EventPage;
use crate::services::profile::EventsAfter;

/// A security event of the caller's account.
pub struct SecurityEvent(Arc<domain::SecurityEvent>);

object! {
    /// A security event: a sign-in, a change, or a refused attempt that concerns your account.
    SecurityEvent, self {
        /// The id of the event, with the prefix `event-`.
        id: ID = self.0.id.as_str().into();

        /// The type of the event: what happened to the account.
        r#type: SecurityEventType = self.0.event_type.into();

        /// The time when the event happened.
        created_at: Time = Time(self.0.created_at);

        /// The IP address of the client that caused the event. Null if an operator caused it on the server.
        client_address: Option<&str> = self.0.client_address.as_deref();

        /// The `User-Agent` header of the client. Null if there was none.
        user_agent: Option<&str> = self.0.user_agent.as_deref();

        /// The actor that caused the event: the user, an operator, or the server itself.
        actor: SecurityEventActor = self.0.actor.into();

        /// The name of the client's device, such as `Chrome on Windows`. Null if the user agent does not identify it.
        device: Option<String> = self.0.user_agent.as_deref().and_then(device::name);
    }
}

impl From<Arc<domain::SecurityEvent>> for SecurityEvent {
    fn from(event: Arc<domain::SecurityEvent>) -> Self {
        Self(event)
    }
}

/// A security event and its position in a list.
pub struct SecurityEventEdge(Arc<domain::SecurityEvent>);

object! {
    /// A security event and its position in a list.
    SecurityEventEdge, self {
        /// The security event at this position.
        node: Direct<SecurityEvent> = Direct(self.0.clone().into());

        /// An opaque cursor of this position, for `after`.
        cursor: String = cursor(&self.0);
    }
}

impl From<Arc<domain::SecurityEvent>> for SecurityEventEdge {
    fn from(event: Arc<domain::SecurityEvent>) -> Self {
        Self(event)
    }
}

fn cursor(event: &Arc<domain::SecurityEvent>) -> String {
    let cursor = Cursor { sort_key: event.created_at.timestamp_micros().to_string(), id: event.id.to_string() };
    cursor.encode(ListKind::SecurityEvents)
}

connection! {
    /// A page of the security events of your account, newest first. They are kept for 90 days, unless the operator sets another
    /// time.
    SecurityEventConnection { edge: SecurityEventEdge, node: SecurityEvent, cursor: cursor, list: SecurityEvents }
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
