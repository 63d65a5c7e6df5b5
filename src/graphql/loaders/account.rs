//! The loaders of the caller's account: sessions, passkeys, security events, recovery codes.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Deletion, EventPages, EventTotal, GROUP_FIELDS, Passkeys, Reader, RecoveryCodes, Sessions};
use crate::clock::Timestamp;
use crate::domain::event::SecurityEvent;
use crate::domain::page::{Page, Paged};
use crate::domain::passkey::Passkey;
use crate::domain::session::Session;
use crate::graphql::dataloader::Load;
use crate::graphql::error::ApiError;
use crate::services::profile::EventsAfter;

/// A page of the security events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventPage {
    /// The position in the list after which it begins.
    pub after: Option<EventsAfter>,
    /// The page.
    pub page: Page,
}

impl Load for Sessions {
    type Key = ();
    type Value = Vec<Session>;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Vec<Session>>, ApiError> {
        let Reader { services, caller, .. } = &*self.0;
        let sessions = self.0.settle(services.list_sessions(caller).await)?;
        self.0.charge_rows(sessions.len(), GROUP_FIELDS)?;
        Ok(HashMap::from([((), sessions)]))
    }
}

impl Load for Passkeys {
    type Key = ();
    type Value = Vec<Passkey>;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Vec<Passkey>>, ApiError> {
        let Reader { services, caller, .. } = &*self.0;
        let passkeys = self.0.settle(services.list_passkeys(caller).await)?;
        self.0.charge_rows(passkeys.len(), GROUP_FIELDS)?;
        Ok(HashMap::from([((), passkeys)]))
    }
}

impl Load for EventPages {
    type Key = EventPage;
    type Value = Paged<Arc<SecurityEvent>>;

    async fn load(&self, pages: &[EventPage]) -> Result<HashMap<EventPage, Self::Value>, ApiError> {
        let Reader { services, caller, .. } = &*self.0;
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
        let Reader { services, caller, .. } = &*self.0;
        Ok(HashMap::from([((), self.0.settle(services.count_events(caller).await)?)]))
    }
}

impl Load for RecoveryCodes {
    type Key = ();
    type Value = u32;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), u32>, ApiError> {
        let Reader { services, caller, .. } = &*self.0;
        Ok(HashMap::from([((), self.0.settle(services.count_recovery_codes(caller).await)?)]))
    }
}

impl Load for Deletion {
    type Key = ();
    type Value = Option<Timestamp>;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Self::Value>, ApiError> {
        let Reader { services, caller, .. } = &*self.0;
        Ok(HashMap::from([((), self.0.settle(services.find_scheduled_deletion(caller).await)?)]))
    }
}
