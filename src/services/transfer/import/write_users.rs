//! Writes users, in place of those with the same keys. What the line does not contain stays.

use std::collections::{BTreeSet, HashMap};

use super::ImportResult;
use super::file_scan::FileScan;
use super::hashing::Hashes;
use super::side_effects::SideEffects;
use crate::clock::Timestamp;
use crate::domain::ids::UserId;
use crate::entropy;
use crate::services::transfer::format::UserRecord;
use crate::services::{Failure, Services};
use crate::storage::bulk::{self, UserWithSecrets};
use crate::storage::{self, Conflict, Tx};

impl Services {
    /// Writes the users of a batch. An existing user keeps the same row, so that a sign-in that waits for it finds it.
    /// Returns how many users with a new password cannot be notified of it, because no mail server is configured.
    pub(super) async fn put_users(
        &self,
        tx: &mut Tx,
        scan: &FileScan,
        hashes: &mut Hashes,
        now: Timestamp,
        records: Vec<UserRecord>,
    ) -> ImportResult<usize> {
        let mut replaced = ReplacedUsers::lock(tx, &records).await?;
        let before: Vec<_> = records.iter().map(|record| replaced.take(record)).collect();
        replaced.check_all_taken()?;
        let new = before.iter().zip(&records).filter(|(before, record)| before.is_none() && record.id().is_none());
        let mut new_ids = unused_ids(tx, scan, new.count()).await?.into_iter();
        let mut after = Vec::with_capacity(records.len());
        for (record, before) in records.into_iter().zip(&before) {
            let old_id = before.as_ref().map(|before| &before.user.id);
            let id = record.id().or(old_id).cloned().or_else(|| new_ids.next()).ok_or_else(no_ids)?;
            if let Some(old_id) = old_id.filter(|old_id| **old_id != id) {
                bulk::change_id(tx, old_id, &id).await?;
            }
            let new_hash = match record.password() {
                Some(_) => Some(hashes.next()?),
                None => record.password_hash().map(str::to_owned),
            };
            after.push(self.merge(record, before.as_ref(), id, new_hash, now)?);
        }
        bulk::put_users(tx, &after).await?;
        Ok(SideEffects::of(&before, &after).apply(self, tx, now).await?)
    }

    fn merge(
        &self,
        record: UserRecord,
        before: Option<&UserWithSecrets>,
        id: UserId,
        new_hash: Option<String>,
        now: Timestamp,
    ) -> Result<UserWithSecrets, Failure> {
        let new_secret = record.otp_secret.as_ref().map(|secret| self.encrypt_otp_secret(secret)).transpose()?;
        let (created_at, last_accessed_at) =
            before.map_or((now, None), |before| (before.user.created_at, before.user.last_accessed_at));
        Ok(UserWithSecrets {
            user: record.into_user(id, created_at, last_accessed_at),
            password_hash: new_hash.or_else(|| before?.password_hash.clone()),
            otp_secret: new_secret.or_else(|| before?.otp_secret.clone()),
        })
    }
}

/// The users that lines replace, locked.
struct ReplacedUsers {
    by_id: HashMap<UserId, UserWithSecrets>,
    ids: HashMap<(String, String), UserId>,
}

impl ReplacedUsers {
    async fn lock(tx: &mut Tx, records: &[UserRecord]) -> Result<Self, Failure> {
        let logins: Vec<(&str, &str)> =
            records.iter().map(|record| (record.domain_id.as_str(), record.login.key())).collect();
        let ids: Vec<&str> = records.iter().filter_map(|record| record.id().map(UserId::as_str)).collect();
        let locked = bulk::lock_users(tx, &logins, &ids).await?;
        let ids = locked.iter().map(|UserWithSecrets { user, .. }| {
            ((user.domain_id.to_string(), user.login.key().to_owned()), user.id.clone())
        });
        Ok(Self { ids: ids.collect(), by_id: locked.into_iter().map(|one| (one.user.id.clone(), one)).collect() })
    }

    /// The user that this line replaces: the one with the same `user_id`, otherwise the one with the same `id`.
    fn take(&mut self, record: &UserRecord) -> Option<UserWithSecrets> {
        let key = (record.domain_id.to_string(), record.login.key().to_owned());
        let id = self.ids.get(&key).or(record.id())?;
        self.by_id.remove(id)
    }

    /// Every line was checked to replace at most one user. If there is a second one, a concurrent request has written
    /// it.
    fn check_all_taken(self) -> Result<(), Failure> {
        if self.by_id.is_empty() { Ok(()) } else { Err(storage::Error::Conflict(Conflict::UsersLogin).into()) }
    }
}

/// How often ids are generated until all of a batch are unused.
const MAX_DRAWS: usize = 20;

/// The given number of unused ids. With a million users, a collision of 48 random bits is not unusual.
async fn unused_ids(tx: &mut Tx, scan: &FileScan, number: usize) -> Result<BTreeSet<UserId>, Failure> {
    let mut ids = BTreeSet::new();
    for _ in 0..MAX_DRAWS {
        while ids.len() < number {
            ids.insert(UserId::from_random(entropy::bytes()?));
        }
        ids.retain(|id| scan.find_user_id(id.as_str()).is_none());
        let drawn: Vec<&str> = ids.iter().map(UserId::as_str).collect();
        let used = bulk::find_users_by_id(tx, &drawn).await?;
        for user in &used {
            ids.remove(&user.id);
        }
        if ids.len() == number {
            return Ok(ids);
        }
    }
    Err(no_ids())
}

fn no_ids() -> Failure {
    storage::Error::Conflict(Conflict::Other).into()
}
