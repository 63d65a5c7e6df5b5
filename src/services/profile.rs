//! What a user may know of himself beyond what came with his token.

use chrono::TimeDelta;

use super::{Failure, Services};
use crate::domain::access::Caller;
use crate::domain::event::{EVENT_RETENTION_DAYS, SecurityEvent};
use crate::domain::page::{Page, Paged};
use crate::storage::events;

pub use events::After as EventsAfter;

impl Services {
    /// A page of what happened to the caller's account lately, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_events(
        &self,
        caller: &Caller,
        after: Option<&EventsAfter>,
        page: &Page,
    ) -> Result<Paged<SecurityEvent>, Failure> {
        let since = self.now() - TimeDelta::days(EVENT_RETENTION_DAYS);
        Ok(events::list_by_owner(&self.db, &caller.user.id, since, after, page).await?)
    }

    /// How many such events there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_events(&self, caller: &Caller) -> Result<i64, Failure> {
        let since = self.now() - TimeDelta::days(EVENT_RETENTION_DAYS);
        Ok(events::count_by_owner(&self.db, &caller.user.id, since).await?)
    }
}
