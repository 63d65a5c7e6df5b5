//! What operators look up and clean up: users, sessions, domains, and the outbox.

use super::admin::AdminRefusal;
use super::{Error, Failure, Services, retry};
use crate::clock::Timestamp;
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::{SecurityEvent, SecurityEventType};
use crate::domain::ids::{DomainId, JobId, UserId};
use crate::domain::login::LoginId;
use crate::domain::page::Page;
use crate::domain::passkey::Passkey;
use crate::domain::profile_text::Name;
use crate::domain::search::{search_key, search_part};
use crate::domain::session::Session;
use crate::domain::user::{Domain, User};
use crate::storage::outbox::JobState;
use crate::storage::sessions::SessionSelection;
use crate::storage::users::UserSelection;
use crate::storage::{codes, domains, events, outbox, passkeys, sessions, users};

/// How many users are read at once.
const USERS_READ: i64 = 1000;

/// The place in the list of users after which a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterUser {
    /// The domain of the user at that place.
    pub domain_id: DomainId,
    /// That user's id.
    pub login: LoginId,
}

/// Which users to list.
#[derive(Debug, Clone, Default)]
pub struct UserSearch {
    /// What the database selects.
    pub selection: UserSelection,
    /// A part of the user's own id, the user id, the name, or an email address, compared like names of workspaces.
    pub part: Option<String>,
    /// The place after which the page begins.
    pub after: Option<AfterUser>,
    /// The number of users of the page.
    pub limit: usize,
}

/// The job does not exist, has failed for good, or is being processed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("job {0} does not exist, has failed, or is being sent; `userprofile outbox list` shows its state")]
pub struct NoSuchJob(pub JobId);

impl Services {
    /// A page of users in the order of domains and user ids, and whether there are more.
    pub async fn search_users(&self, search: &UserSearch) -> Result<(Vec<User>, bool), Failure> {
        let part = search.part.as_deref().map(search_part);
        let mut found = Vec::new();
        let mut after = search.after.as_ref().map(|after| (after.domain_id.clone(), after.login.clone()));
        loop {
            let place = after.as_ref().map(|(domain, login)| (domain.as_str(), login.key()));
            let page = users::list(&self.db, &search.selection, place, USERS_READ).await?;
            let Some(last) = page.last() else { return Ok((found, false)) };
            after = Some((last.domain_id.clone(), last.login.clone()));
            for user in page {
                if part.as_ref().is_none_or(|part| matches(&user, part)) {
                    if found.len() == search.limit {
                        return Ok((found, true));
                    }
                    found.push(user);
                }
            }
        }
    }

    /// All domains.
    pub async fn list_domains(&self) -> Result<Vec<Domain>, Failure> {
        Ok(domains::list(&self.db).await?)
    }

    /// The valid sessions of a domain, with the user ids of their owners, last used first.
    pub async fn list_domain_sessions(
        &self,
        domain: &DomainId,
        limit: i64,
    ) -> Result<(Vec<(Session, String)>, bool), Error<AdminRefusal>> {
        self.check_domain(domain).await?;
        Ok(cut(sessions::list_by_domain(&self.db, domain, self.now(), limit + 1).await?, limit))
    }

    /// Ends all sessions of a domain, invalidates challenges of pending sign-ins, and returns how many sessions there
    /// were. It proceeds user by user, and can be repeated after an interruption.
    pub async fn revoke_domain_sessions(&self, domain: &DomainId) -> Result<usize, Error<AdminRefusal>> {
        self.check_domain(domain).await?;
        let (mut revoked, mut last) = (0, None);
        loop {
            let users = users::list_signed_in(&self.db, domain, last.as_ref(), USERS_READ).await?;
            for user in &users {
                revoked += retry(|| self.revoke_all_of(user)).await?;
            }
            last = users.into_iter().next_back();
            if last.is_none() {
                return Ok(revoked);
            }
        }
    }

    async fn revoke_all_of(&self, user: &UserId) -> Result<usize, Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        // Against a concurrent sign-in.
        if !users::lock(&mut tx, user).await? {
            tx.roll_back().await?;
            return Ok(0);
        }
        let revoked = sessions::delete(&mut tx, user, SessionSelection::All, now).await?;
        let challenges = codes::delete(&mut tx, user, &[CodePurpose::SignIn]).await?;
        if revoked + challenges > 0 {
            self.record(&mut tx, user, SecurityEventType::SessionsRevoked, None, now).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }

    /// The newest events of a user's account.
    pub async fn list_user_events(
        &self,
        domain: &DomainId,
        login: &LoginId,
        limit: usize,
    ) -> Result<Vec<SecurityEvent>, Error<AdminRefusal>> {
        let user = self.find_credentials(domain, login).await?.user;
        let since = self.now() - self.policy.event_retention;
        Ok(events::list_by_owner(&self.db, &user.id, since, None, &Page::first(limit)).await?.items)
    }

    /// The passkeys of a user, the oldest first.
    pub async fn list_user_passkeys(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<Vec<Passkey>, Error<AdminRefusal>> {
        let user = self.find_credentials(domain, login).await?.user;
        Ok(passkeys::list(&self.db, &user.id).await?)
    }

    /// When the account of a user is going to be deleted, if it is.
    pub async fn find_user_deletion(
        &self,
        domain: &DomainId,
        login: &LoginId,
    ) -> Result<Option<Timestamp>, Error<AdminRefusal>> {
        let user = self.find_credentials(domain, login).await?.user;
        Ok(self.find_deletion_of(&user.id).await?)
    }

    /// The jobs of the outbox, the oldest first, and whether there are more.
    pub async fn list_jobs(&self, limit: i64) -> Result<(Vec<JobState>, bool), Failure> {
        Ok(cut(outbox::list(&self.db, limit + 1).await?, limit))
    }

    /// Makes all jobs that wait due at once, and returns how many there are.
    pub async fn retry_all_jobs(&self) -> Result<usize, Failure> {
        let mut tx = self.db.begin().await?;
        let waiting = outbox::make_due(&mut tx, None, self.now()).await?;
        self.commit_and_wake(tx).await?;
        Ok(waiting)
    }

    /// Makes a job that waits due at once.
    pub async fn retry_job(&self, id: &JobId) -> Result<(), Error<NoSuchJob>> {
        let mut tx = self.db.begin().await?;
        let waiting = outbox::make_due(&mut tx, Some(id), self.now()).await?;
        self.commit_and_wake(tx).await?;
        if waiting == 1 { Ok(()) } else { Err(Error::Refused(NoSuchJob(id.clone()))) }
    }

    /// Deletes a job, so that its message is never sent.
    pub async fn drop_job(&self, id: &JobId) -> Result<(), Error<NoSuchJob>> {
        let mut tx = self.db.begin().await?;
        let dropped = outbox::delete_idle(&mut tx, id, self.now()).await?;
        tx.commit().await?;
        if dropped { Ok(()) } else { Err(Error::Refused(NoSuchJob(id.clone()))) }
    }
}

/// At most `limit` items, and whether there were more.
fn cut<T>(mut items: Vec<T>, limit: i64) -> (Vec<T>, bool) {
    let limit = usize::try_from(limit).unwrap_or_default();
    let has_more = items.len() > limit;
    items.truncate(limit);
    (items, has_more)
}

fn matches(user: &User, part: &str) -> bool {
    let emails = [&user.email, &user.pending_email].into_iter().flatten().map(Email::as_str);
    // The user's own id is what the log has.
    let texts = [Some(user.id.as_str()), Some(user.login.as_str()), user.name.as_ref().map(Name::as_str)];
    let texts = texts.into_iter().flatten();
    texts.chain(emails).any(|text| search_key(text).contains(part))
}
