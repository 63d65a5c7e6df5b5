//! Checks the users of a file against the stored ones. Each has two keys, `id` and `user_id`, and a verified address
//! that no other user may have.

use std::collections::HashMap;

use super::check::Checked;
use super::file_scan::FileScan;
use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::services::Failure;
use crate::services::transfer::format::UserRecord;
use crate::storage::Tx;
use crate::storage::bulk::{self, StoredUser};

/// The stored users that some lines refer to.
struct StoredUsers {
    by_login: HashMap<(String, String), StoredUser>,
    by_id: HashMap<String, StoredUser>,
    by_email: HashMap<(String, String), StoredUser>,
}

impl Checked {
    /// Checks users who are written.
    pub(super) async fn check_users(
        &mut self,
        tx: &mut Tx,
        scan: &FileScan,
        users: &[(u64, &UserRecord)],
    ) -> Result<(), Failure> {
        let stored = StoredUsers::look_up(tx, users).await?;
        for (line, user) in users {
            match stored.replaced_by(user, scan) {
                Ok(replaced) => self.check_user(*line, user, replaced, &stored, scan),
                Err(message) => self.errors.add(*line, message),
            }
        }
        Ok(())
    }

    fn check_user(
        &mut self,
        line: u64,
        user: &UserRecord,
        replaced: Option<&StoredUser>,
        stored: &StoredUsers,
        scan: &FileScan,
    ) {
        let has_secret = user.otp_secret.is_some() || replaced.is_some_and(|replaced| replaced.otp_secret.is_some());
        if user.needs_otp_secret() && !has_secret {
            let message = "`mfa.otp_secret`: this field is missing: MFA of type OTP that is ENABLED needs it";
            self.errors.add(line, message);
        }
        let Some(holder) = user.verified_email().and_then(|email| stored.by_email.get(&key(user, email.key()))) else {
            return;
        };
        if replaced.is_some_and(|replaced| replaced.id == holder.id) {
            return;
        }
        let is_in_file = scan.find_user(holder.domain_id.as_str(), &holder.login_key).is_some()
            || scan.find_user_id(holder.id.as_str()).is_some();
        if is_in_file {
            // The file contains this user, so their new address has been compared with all its other lines.
            self.displaced.push(holder.id.clone());
        } else {
            let message = format!("`email`: this is the verified address of {} already", holder.login_key);
            self.errors.add(line, message);
        }
    }
}

impl StoredUsers {
    async fn look_up(tx: &mut Tx, users: &[(u64, &UserRecord)]) -> Result<Self, Failure> {
        let logins: Vec<(&str, &str)> =
            users.iter().map(|(_, user)| (user.domain_id.as_str(), user.login.key())).collect();
        let ids: Vec<&str> = users.iter().filter_map(|(_, user)| user.id().map(UserId::as_str)).collect();
        let emails: Vec<(&str, &str)> = users
            .iter()
            .filter_map(|(_, user)| Some((user.domain_id.as_str(), user.verified_email().map(Email::key)?)))
            .collect();
        let by_login = bulk::find_users_by_login(tx, &logins).await?;
        let by_id = bulk::find_users_by_id(tx, &ids).await?;
        let by_email = bulk::find_users_by_verified_email(tx, &emails).await?;
        let domain = |user: &StoredUser| user.domain_id.to_string();
        Ok(Self {
            by_login: by_login.into_iter().map(|user| ((domain(&user), user.login_key.clone()), user)).collect(),
            by_id: by_id.into_iter().map(|user| (user.id.to_string(), user)).collect(),
            by_email: by_email
                .into_iter()
                .map(|user| ((domain(&user), user.email_key.clone().unwrap_or_default()), user))
                .collect(),
        })
    }

    /// The user that a line replaces: the one with the same `user_id`, otherwise the one with the same `id`, whose
    /// `user_id` the line changes. Or the reason why the line cannot have its `id`.
    fn replaced_by(&self, user: &UserRecord, scan: &FileScan) -> Result<Option<&StoredUser>, String> {
        let same_login = self.by_login.get(&key(user, user.login.key()));
        let same_id = user.id().and_then(|id| self.by_id.get(id.as_str()));
        let Some(other) = same_id.filter(|same_id| same_login.is_none_or(|same_login| same_login.id != same_id.id))
        else {
            return Ok(same_login);
        };
        if other.domain_id != user.domain_id {
            return Err("`id`: this id belongs to another domain".to_owned());
        }
        match scan.find_user(other.domain_id.as_str(), &other.login_key) {
            Some(place) if place.is_deletion => Ok(same_login),
            None if same_login.is_none() => Ok(Some(other)),
            _ => Err(format!("`id`: this is the id of {} already", other.login_key)),
        }
    }
}

fn key(user: &UserRecord, second: &str) -> (String, String) {
    (user.domain_id.to_string(), second.to_owned())
}
