//! What an import changes of existing users is recorded in their security events. A restored address invalidates the
//! undo links that a thief may hold, and a different factor invalidates the codes for the one before.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::{SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::record::UserRecord;
use crate::domain::user::User;
use crate::entropy;
use crate::services::{Failure, Services};
use crate::storage::bulk::{self, UserToPut};
use crate::storage::{Tx, codes, events};

/// The users of a batch of lines, as stored before.
pub(super) struct UsersBefore {
    users: Vec<User>,
}

impl UsersBefore {
    /// Reads them. Nothing of the batch may have been written yet.
    pub(super) async fn find(tx: &mut Tx, records: &[UserRecord]) -> Result<Self, Failure> {
        let logins: Vec<(&str, &str)> =
            records.iter().map(|record| (record.domain_id.as_str(), record.login.key())).collect();
        let ids: Vec<&str> = records.iter().filter_map(|record| record.id.as_ref().map(UserId::as_str)).collect();
        Ok(Self { users: bulk::find_whole_users(tx, &logins, &ids).await? })
    }

    /// The changed users, each before and after.
    fn changes<'a>(&'a self, users: &'a [UserToPut]) -> Vec<(&'a User, &'a User)> {
        let by_id: HashMap<&str, &User> = self.users.iter().map(|user| (user.id.as_str(), user)).collect();
        let by_login: HashMap<(&str, &str), &User> =
            self.users.iter().map(|user| ((user.domain_id.as_str(), user.login.key()), user)).collect();
        let before = |user: &User| {
            let login = (user.domain_id.as_str(), user.login.key());
            by_login.get(&login).or_else(|| by_id.get(user.id.as_str())).copied()
        };
        let pairs = users.iter().filter_map(|one| Some((before(&one.user)?, &one.user)));
        pairs.filter(|(before, after)| is_changed(before, after)).collect()
    }
}

impl Services {
    /// Records the changes of a batch, after its users are written.
    pub(super) async fn record_changed_users(
        tx: &mut Tx,
        before: &UsersBefore,
        users: &[UserToPut],
        now: Timestamp,
    ) -> Result<(), Failure> {
        let changes = before.changes(users);
        let addresses: Vec<(&UserId, &Email)> =
            changes.iter().filter_map(|(before, after)| Some((&after.id, new_address(before, after)?))).collect();
        Self::invalidate_lineages(tx, &addresses, now).await?;
        let with_other_factor: Vec<&str> = changes
            .iter()
            .filter(|(before, after)| has_other_factor(before, after))
            .map(|(_, after)| after.id.as_str())
            .collect();
        codes::delete_of_owners_for(tx, &with_other_factor, &CodePurpose::OF_MFA).await?;
        let events = changes.iter().map(|(_, after)| {
            let id = EventId::from_random(entropy::bytes()?);
            Ok(SecurityEvent::new(id, after.id.clone(), SecurityEventType::UserUpdated, None, now))
        });
        let events = events.collect::<Result<Vec<_>, Failure>>()?;
        Ok(events::insert_many(tx, &events).await?)
    }
}

/// Whether anything differs, except what has events of its own and what lines do not contain.
fn is_changed(before: &User, after: &User) -> bool {
    let before = User {
        state: after.state,
        pending_email: after.pending_email.clone(),
        created_at: after.created_at,
        last_accessed_at: after.last_accessed_at,
        ..before.clone()
    };
    before != *after
}

/// Whether codes that were sent to verify or change the factor refer to another one.
fn has_other_factor(before: &User, after: &User) -> bool {
    before.mfa != after.mfa || before.auth_type != after.auth_type
}

/// The address that became the user's verified one, if any.
fn new_address<'a>(before: &User, after: &'a User) -> Option<&'a Email> {
    let was_verified = |address: &Email| before.verified_email().is_some_and(|before| before.key() == address.key());
    after.verified_email().filter(|address| !was_verified(address))
}
