//! What an import changes of users who existed before: it is recorded in their security events; an address that comes
//! back ends the undo links that a thief may hold, and another factor of MFA the codes for the one before.

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

/// The users that a batch of lines is about, as they were before.
pub(super) struct UsersBefore {
    users: Vec<User>,
}

impl UsersBefore {
    /// Reads them; nothing of the batch may have been written yet.
    pub(super) async fn find(tx: &mut Tx, records: &[UserRecord]) -> Result<Self, Failure> {
        let logins: Vec<(&str, &str)> =
            records.iter().map(|record| (record.domain_id.as_str(), record.login.key())).collect();
        let ids: Vec<&str> = records.iter().filter_map(|record| record.id.as_ref().map(UserId::as_str)).collect();
        Ok(Self { users: bulk::find_whole_users(tx, &logins, &ids).await? })
    }

    /// What was changed, each user as they were and as they are.
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
    /// Records what the lines of a batch changed, once its users are written.
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

/// Whether anything differs but what has events of its own, and what lines do not carry.
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

/// Whether codes that were sent to prove the factor, or to change it, are about another one.
fn has_other_factor(before: &User, after: &User) -> bool {
    before.mfa != after.mfa || before.auth_type != after.auth_type
}

/// The address that became the user's verified one.
fn new_address<'a>(before: &User, after: &'a User) -> Option<&'a Email> {
    let was_verified = |address: &Email| before.verified_email().is_some_and(|before| before.key() == address.key());
    after.verified_email().filter(|address| !was_verified(address))
}
