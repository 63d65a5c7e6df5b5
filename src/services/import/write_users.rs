//! Writes users. What the line does not contain stays, and changes that make sessions untrustworthy end them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Result;
use super::changed_users::UsersBefore;
use super::hashing::Hashes;
use super::survey::Survey;
use crate::clock::Timestamp;
use crate::domain::code::CodePurpose;
use crate::domain::event::{SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::otp_secret::{OTP_SECRET_PURPOSE, OtpSecret};
use crate::domain::record::{NewPassword, UserRecord};
use crate::domain::user::{User, UserState};
use crate::entropy;
use crate::mail::Notice;
use crate::services::outbox::NotNotified;
use crate::services::{Failure, Services};
use crate::storage::bulk::{self, StoredUser, UserToPut};
use crate::storage::{self, Conflict, Tx, codes, events, recovery_codes, sessions};

/// What has to be done in addition to writing the users.
#[derive(Default)]
struct Aftermath {
    /// Users with a new password.
    with_new_password: Vec<UserId>,
    /// Users whose authenticator app has a new secret.
    with_new_secret: Vec<UserId>,
    /// Users who are now DISABLED.
    disabled: Vec<UserId>,
    /// The previous ids of users whose id changed.
    old_ids: Vec<UserId>,
    /// The security events to record.
    events: Vec<SecurityEvent>,
}

impl Services {
    /// Writes users, in place of those with the same keys. An existing user keeps the same row, so that a sign-in that
    /// waits for it finds it. Returns how many users with a new password cannot be notified of it, because no mail
    /// server is configured.
    pub(super) async fn put_users(
        &self,
        tx: &mut Tx,
        survey: &Survey,
        hashes: &mut Hashes,
        now: Timestamp,
        records: Vec<UserRecord>,
    ) -> Result<usize> {
        let mut locked = Locked::lock(tx, &records).await?;
        let users_before = UsersBefore::find(tx, &records).await?;
        let replacements: Vec<_> = records.into_iter().map(|record| (locked.before(&record), record)).collect();
        locked.check_all_replaced()?;
        let new = replacements.iter().filter(|(before, record)| before.is_none() && record.id.is_none()).count();
        let mut fresh = fresh_ids(tx, survey, new).await?.into_iter();
        let (mut users, mut aftermath) = (Vec::with_capacity(replacements.len()), Aftermath::default());
        for (before, record) in replacements {
            let hash = match &record.password {
                Some(NewPassword::Plain(_)) => Some(hashes.next()?),
                Some(NewPassword::Hash(hash)) => Some(hash.as_str().to_owned()),
                None => None,
            };
            let id =
                record.id.clone().or_else(|| before.as_ref().map(|before| before.id.clone())).or_else(|| fresh.next());
            let Some(id) = id else { return Err(no_ids().into()) };
            if let Some(before) = &before {
                if before.id != id {
                    bulk::change_id(tx, &before.id, &id).await?;
                }
                aftermath.add(before, &id, &record, hash.as_deref(), now)?;
                if self.has_new_secret(before, &record) {
                    aftermath.with_new_secret.push(id.clone());
                }
            }
            users.push(self.merge(record, before, id, hash, now)?);
        }
        bulk::put_users(tx, &users).await?;
        let with_new_password: HashSet<&UserId> = aftermath.with_new_password.iter().collect();
        let with_new_password: Vec<&User> =
            users.iter().map(|one| &one.user).filter(|user| with_new_password.contains(&user.id)).collect();
        self.put_notices(tx, &with_new_password, &Notice::PasswordSet, now).await?;
        let is_missed = |user: &&&User| self.why_not_notified(user) == Some(NotNotified::NoMailServer);
        let missed = with_new_password.iter().filter(is_missed).count();
        aftermath.settle(tx).await?;
        Self::record_changed_users(tx, &users_before, &users, now).await?;
        Ok(missed)
    }

    /// Whether the line has another secret than the stored one. A stored secret that cannot be decrypted counts as
    /// another.
    fn has_new_secret(&self, before: &StoredUser, record: &UserRecord) -> bool {
        let (Some(sealed), Some(secret)) = (&before.otp_secret, &record.otp_secret) else { return false };
        let opened = self.secret_key.decrypt(OTP_SECRET_PURPOSE, sealed);
        !opened.is_ok_and(|before| before == secret.as_bytes())
    }

    fn merge(
        &self,
        record: UserRecord,
        before: Option<StoredUser>,
        id: UserId,
        hash: Option<String>,
        now: Timestamp,
    ) -> std::result::Result<UserToPut, Failure> {
        let otp_secret = record.otp_secret.as_ref().map(|secret| self.seal_otp_secret(secret)).transpose()?;
        let (created_at, last_accessed_at) =
            before.as_ref().map_or((now, None), |before| (before.created_at, before.last_accessed_at));
        let (old_hash, old_secret) = before.map_or((None, None), |before| (before.password_hash, before.otp_secret));
        Ok(UserToPut {
            user: record.into_user(id, created_at, last_accessed_at),
            password_hash: hash.or(old_hash),
            otp_secret: otp_secret.or(old_secret),
        })
    }

    fn seal_otp_secret(&self, secret: &OtpSecret) -> std::result::Result<Vec<u8>, Failure> {
        let sealed = self.secret_key.encrypt(OTP_SECRET_PURPOSE, entropy::bytes()?, secret.as_bytes());
        sealed.map_err(Failure::from)
    }
}

impl Aftermath {
    /// Adds what follows from a change. A new password ends sessions, and so does disabling the user.
    fn add(
        &mut self,
        before: &StoredUser,
        id: &UserId,
        record: &UserRecord,
        hash: Option<&str>,
        now: Timestamp,
    ) -> std::result::Result<(), Failure> {
        if *id != before.id {
            self.old_ids.push(before.id.clone());
        }
        if hash.is_some() && hash != before.password_hash.as_deref() {
            self.with_new_password.push(id.clone());
            self.note(id, SecurityEventType::PasswordSet, now)?;
        }
        if record.state == UserState::Disabled {
            self.disabled.push(id.clone());
        }
        match (before.state == UserState::Disabled, record.state == UserState::Disabled) {
            (false, true) => self.note(id, SecurityEventType::UserDisabled, now),
            (true, false) => self.note(id, SecurityEventType::UserEnabled, now),
            _ => Ok(()),
        }
    }

    async fn settle(self, tx: &mut Tx) -> std::result::Result<(), Failure> {
        let (with_new_password, disabled) = (texts(&self.with_new_password), texts(&self.disabled));
        let ended: Vec<&str> = with_new_password.iter().chain(&disabled).copied().collect();
        sessions::delete_of_owners(tx, &ended).await?;
        codes::delete_of_owners_for(tx, &with_new_password, &CodePurpose::VOIDED_BY_PASSWORD).await?;
        codes::delete_of_owners_for(tx, &disabled, &CodePurpose::VOIDED_BY_DISABLING).await?;
        codes::delete_of_owners_for(tx, &texts(&self.with_new_secret), &CodePurpose::OF_MFA).await?;
        // The digests of codes contain the id of their owner: under a new id, no code matches.
        let old_ids = texts(&self.old_ids);
        codes::delete_of_owners(tx, &old_ids).await?;
        recovery_codes::delete_of_owners(tx, &old_ids).await?;
        Ok(events::insert_many(tx, &self.events).await?)
    }

    fn note(
        &mut self,
        owner: &UserId,
        event_type: SecurityEventType,
        now: Timestamp,
    ) -> std::result::Result<(), Failure> {
        let id = EventId::from_random(entropy::bytes()?);
        self.events.push(SecurityEvent::new(id, owner.clone(), event_type, None, now));
        Ok(())
    }
}

fn texts(ids: &[UserId]) -> Vec<&str> {
    ids.iter().map(UserId::as_str).collect()
}

/// The users that lines replace, locked.
struct Locked {
    by_id: HashMap<UserId, StoredUser>,
    ids: HashMap<(String, String), UserId>,
}

impl Locked {
    async fn lock(tx: &mut Tx, records: &[UserRecord]) -> std::result::Result<Self, Failure> {
        let logins: Vec<(&str, &str)> =
            records.iter().map(|record| (record.domain_id.as_str(), record.login.key())).collect();
        let ids: Vec<&str> = records.iter().filter_map(|record| record.id.as_ref().map(UserId::as_str)).collect();
        let locked = bulk::lock_users(tx, &logins, &ids).await?;
        let ids = locked.iter().map(|user| ((user.domain_id.to_string(), user.login_key.clone()), user.id.clone()));
        Ok(Self { ids: ids.collect(), by_id: locked.into_iter().map(|user| (user.id.clone(), user)).collect() })
    }

    /// The user that this line replaces: the one with the same `user_id`, otherwise the one with the same `id`.
    fn before(&mut self, record: &UserRecord) -> Option<StoredUser> {
        let key = (record.domain_id.to_string(), record.login.key().to_owned());
        let id = self.ids.get(&key).or(record.id.as_ref())?;
        self.by_id.remove(id)
    }

    /// Every line was checked to replace at most one user. If there is a second one, a concurrent request has written
    /// it.
    fn check_all_replaced(self) -> std::result::Result<(), Failure> {
        if self.by_id.is_empty() { Ok(()) } else { Err(storage::Error::Conflict(Conflict::UsersLogin).into()) }
    }
}

/// The given number of unused ids. With a million users, a collision of 48 random bits is not unusual.
async fn fresh_ids(tx: &mut Tx, survey: &Survey, number: usize) -> std::result::Result<BTreeSet<UserId>, Failure> {
    let mut ids = BTreeSet::new();
    for _ in 0..MAX_DRAWS {
        while ids.len() < number {
            ids.insert(UserId::from_random(entropy::bytes()?));
        }
        ids.retain(|id| survey.find_user_id(id.as_str()).is_none());
        let asked: Vec<&str> = ids.iter().map(UserId::as_str).collect();
        let used = bulk::find_users_by_id(tx, &asked).await?;
        for user in &used {
            ids.remove(&user.id);
        }
        if ids.len() == number {
            return Ok(ids);
        }
    }
    Err(no_ids())
}

/// How often ids are generated until all of a batch are unused.
const MAX_DRAWS: usize = 20;

fn no_ids() -> Failure {
    storage::Error::Conflict(Conflict::Other).into()
}
