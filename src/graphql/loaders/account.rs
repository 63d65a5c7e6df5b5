//! The loaders of the caller's account: sessions, security events, recovery codes.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DataLoader, GROUP_FIELDS, Load, Reader};
use crate::domain::event::SecurityEvent;
use crate::domain::page::{Page, Paged};
use crate::domain::session::Session;
use crate::graphql::error::ApiError;
use crate::services::profile::EventsAfter;

/// The loaders of the caller's account.
pub struct Account {
    /// The sessions.
    pub sessions: DataLoader<Sessions>,
    /// Pages of the security events.
    pub event_pages: DataLoader<Events>,
    /// The number of security events.
    pub event_total: DataLoader<EventTotal>,
    /// The number of unused recovery codes.
    pub recovery_codes: DataLoader<RecoveryCodes>,
}

/// Loads [`Account::sessions`].
pub struct Sessions(Reader);
/// Loads [`Account::event_pages`].
pub struct Events(Reader);
/// Loads [`Account::event_total`].
pub struct EventTotal(Reader);
/// Loads [`Account::recovery_codes`].
pub struct RecoveryCodes(Reader);

/// A page of the security events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventPage {
    /// The position in the list after which it begins.
    pub after: Option<EventsAfter>,
    /// The page.
    pub page: Page,
}

impl Account {
    pub(super) fn new(reader: &Reader) -> Self {
        Self {
            sessions: reader.loader(Sessions),
            event_pages: reader.loader(Events),
            event_total: reader.loader(EventTotal),
            recovery_codes: reader.loader(RecoveryCodes),
        }
    }

    pub(super) fn forget(&self) {
        self.sessions.forget();
        self.event_pages.forget();
        self.event_total.forget();
        self.recovery_codes.forget();
    }
}

impl Load for Sessions {
    type Key = ();
    type Value = Vec<Session>;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Vec<Session>>, ApiError> {
        let Reader { services, caller, .. } = &self.0;
        let sessions = self.0.settle(services.list_sessions(caller).await)?;
        self.0.charge_rows(sessions.len(), GROUP_FIELDS)?;
        Ok(HashMap::from([((), sessions)]))
    }
}

impl Load for Events {
    type Key = EventPage;
    type Value = Paged<Arc<SecurityEvent>>;

    async fn load(&self, pages: &[EventPage]) -> Result<HashMap<EventPage, Self::Value>, ApiError> {
        let Reader { services, caller, .. } = &self.0;
        let mut loaded = HashMap::with_capacity(pages.len());
        for asked in pages {
            let read = self.0.settle(services.list_events(caller, asked.after.as_ref(), &asked.page).await)?;
            self.0.charge_rows(read.items.len(), GROUP_FIELDS)?;
            loaded.insert(asked.clone(), read.map(Arc::new));
        }
        Ok(loaded)
    }
}

impl Load for EventTotal {
    type Key = ();
    type Value = i64;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), i64>, ApiError> {
        let Reader { services, caller, .. } = &self.0;
        Ok(HashMap::from([((), self.0.settle(services.count_events(caller).await)?)]))
    }
}

impl Load for RecoveryCodes {
    type Key = ();
    type Value = u32;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), u32>, ApiError> {
        let Reader { services, caller, .. } = &self.0;
        Ok(HashMap::from([((), self.0.settle(services.count_recovery_codes(caller).await)?)]))
    }
}
