//! Sessions: everything between sign-in and sign-out.

use derive_more::From;

use super::failed_attempts::FailedAttempt;
use super::replica::find_first_screen;
use super::{Error, Failure, Services, retry};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial, StepUpRequired};
use crate::domain::code::CodePurpose;
use crate::domain::device;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::first_screen::{FirstScreen, Selected};
use crate::domain::ids::SessionId;
use crate::domain::session::{
    MAX_ACCESS_TOKENS, MAX_REFRESH_TOKENS, MAX_ROTATED_TOKENS, MAX_SESSIONS, Refresh, Session, TokenPurpose,
};
use crate::domain::token::{AccessToken, RefreshToken};
use crate::domain::user::User;
use crate::entropy;
use crate::mail::Notification;
use crate::storage::session_tokens::{self, NewToken};
use crate::storage::sessions::SessionSelection;
use crate::storage::{Tx, codes, events, sessions, users};

/// In how many of a user's last sign-ins a device is searched for. It bounds the work of a sign-in to an account that a
/// program uses every minute.
const REMEMBERED_SIGN_INS: i64 = 1000;

/// The tokens of a session, for its client only.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    /// Authenticates requests.
    pub access: AccessToken,
    /// Obtains the next pair of tokens.
    pub refresh: RefreshToken,
    /// When the access token expires.
    pub expires_at: Timestamp,
    /// When the refresh token and its session expire.
    pub session_expires_at: Timestamp,
    /// When they were issued.
    pub issued_at: Timestamp,
}

/// Why a refresh token obtains no new pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// The token is unknown, expired, or was rotated before. In the last case, its whole session is ended.
    InvalidToken,
}

/// Why a refresh token ends no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOutRefusal {
    /// The token is unknown, or its session has ended.
    InvalidToken,
}

/// Why the other sessions are not revoked.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum RevokeOthersRefusal {
    /// The caller may not revoke them.
    Denied(Denial),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
}

/// Why a session is not revoked.
#[derive(Debug, Clone, PartialEq, Eq, From)]
pub enum RevokeSessionRefusal {
    /// The caller may not revoke it.
    Denied(Denial),
    /// The caller must reauthenticate first.
    StepUp(StepUpRequired),
    /// The caller has no such session.
    NotFound,
}

impl Services {
    /// The caller that an access token identifies, as currently stored, and what was read together with them of the
    /// `selected` lists. `None` if the token is unknown, expired, or revoked, and if the user or the domain is disabled.
    pub async fn authenticate(
        &self,
        token: &AccessToken,
        selected: Selected,
    ) -> Result<Option<(Caller, FirstScreen)>, Failure> {
        let (now, digest) = (self.now(), token.digest());
        let found = match &self.replica {
            Some(replica) if selected != Selected::default() => {
                Box::pin(self.find_with_replica(replica, &digest, now, selected)).await?
            }
            _ => find_first_screen(&self.db, &digest, now, selected).await?,
        };
        Ok(found.filter(|(caller, _)| {
            Caller::may_be_served(&caller.user, &caller.domain) && caller.session.expires_at > now
        }))
    }

    pub(super) async fn begin_session(
        &self,
        tx: &mut Tx,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<IssuedTokens, Failure> {
        self.notify_of_new_device(tx, user, client, now).await?;
        self.cancel_deletion(tx, user, Some(client), now).await?;
        let others = i64::try_from(MAX_SESSIONS - 1).unwrap_or(i64::MAX);
        sessions::delete(tx, &user.id, SessionSelection::AllButNewest(others), now).await?;
        let session = Session {
            id: SessionId::from_random(entropy::bytes()?),
            owner_id: user.id.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: self.policy.lifetimes.session_expiry(user, now, now),
            authenticated_at: now,
            client_address: client.address.to_string(),
            user_agent: client.user_agent.clone(),
            written_at: None,
        };
        sessions::insert(tx, &session, &user.domain_id).await?;
        self.note_writer(tx, &session.id);
        users::update_last_accessed(tx, &user.id, now).await?;
        self.record(tx, &user.id, SecurityEventType::SignedIn, Some(client), now).await?;
        self.issue_tokens(tx, &session.id, session.expires_at, now).await
    }

    /// Notifies a user of the first sign-in from a device. The first sign-in of an account causes no notification:
    /// there is no other device to compare with.
    async fn notify_of_new_device(
        &self,
        tx: &mut Tx,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if user.last_accessed_at.is_none() {
            return Ok(());
        }
        let known = events::list_user_agents(tx, &user.id, SecurityEventType::SignedIn, REMEMBERED_SIGN_INS).await?;
        if device::is_known(client.user_agent.as_deref(), &known) {
            return Ok(());
        }
        self.enqueue_notification(tx, user, Notification::NewDevice, Some(client), now).await
    }

    async fn issue_tokens(
        &self,
        tx: &mut Tx,
        session: &SessionId,
        session_expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<IssuedTokens, Failure> {
        let tokens = IssuedTokens {
            access: AccessToken::from_random(entropy::bytes()?),
            refresh: RefreshToken::from_random(entropy::bytes()?),
            expires_at: (now + self.policy.lifetimes.access).min(session_expires_at),
            session_expires_at,
            issued_at: now,
        };
        let (access, refresh) = (tokens.access.digest(), tokens.refresh.digest());
        for (digest, purpose, expires_at) in
            [(&access, TokenPurpose::Access, tokens.expires_at), (&refresh, TokenPurpose::Refresh, session_expires_at)]
        {
            session_tokens::insert(tx, session, &NewToken { digest, purpose, issued_at: now, expires_at }).await?;
        }
        Ok(tokens)
    }

    /// Makes room for a new pair of tokens. Within its grace period, a rotated token obtains a pair each time it is
    /// used, so without these limits one token could fill the table.
    async fn make_room_for_tokens(tx: &mut Tx, session: &SessionId, now: Timestamp) -> Result<(), Failure> {
        session_tokens::delete_expired_access(tx, session, now).await?;
        session_tokens::keep_newest_access(tx, session, MAX_ACCESS_TOKENS - 1).await?;
        session_tokens::keep_newest_refresh(tx, session, MAX_REFRESH_TOKENS - 1, now).await?;
        session_tokens::keep_newest_rotated(tx, session, MAX_ROTATED_TOKENS).await?;
        Ok(())
    }

    /// Rotates a refresh token: issues a new pair of tokens. If the token was rotated before and its grace period is
    /// over, ends its session, because somebody has a copy of the token.
    pub async fn refresh_session(
        &self,
        token: &RefreshToken,
        client: &Client,
    ) -> Result<IssuedTokens, Error<RefreshRefusal>> {
        retry(|| self.refresh_session_once(token, client)).await
    }

    async fn refresh_session_once(
        &self,
        token: &RefreshToken,
        client: &Client,
    ) -> Result<IssuedTokens, Error<RefreshRefusal>> {
        let invalid = Err(Error::Refused(RefreshRefusal::InvalidToken));
        let (now, digest) = (self.now(), token.digest());
        let mut tx = self.db.begin().await?;
        let Some(shown) = sessions::find_refresh(&mut tx, &digest).await? else {
            tx.roll_back().await?;
            return invalid;
        };
        let Caller { session, user, domain } = &shown.caller;
        match self.policy.lifetimes.on_refresh(shown.expires_at, shown.rotated_at, now) {
            Refresh::Exchange if Caller::may_be_served(user, domain) && session.expires_at > now => {
                let expires_at = self.policy.lifetimes.session_expiry(user, session.created_at, now);
                session_tokens::rotate(&mut tx, &digest, now).await?;
                Self::make_room_for_tokens(&mut tx, &session.id, now).await?;
                let tokens = self.issue_tokens(&mut tx, &session.id, expires_at, now).await?;
                sessions::touch(&mut tx, &session.id, now, expires_at).await?;
                users::update_last_accessed(&mut tx, &user.id, now).await?;
                tx.commit().await?;
                Ok(tokens)
            }
            Refresh::Reused => {
                sessions::delete(&mut tx, &user.id, SessionSelection::One(&session.id), now).await?;
                self.record(&mut tx, &user.id, SecurityEventType::RefreshTokenReused, Some(client), now).await?;
                self.enqueue_notification(&mut tx, user, Notification::RefreshTokenReused, Some(client), now).await?;
                self.commit_and_wake(tx).await?;
                FailedAttempt::RefreshTokenReused.log(Some(&user.id), client);
                invalid
            }
            Refresh::Exchange | Refresh::Expired => {
                tx.roll_back().await?;
                invalid
            }
        }
    }

    /// Ends the caller's session.
    pub async fn sign_out(&self, caller: &Caller, client: &Client) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let ended = sessions::delete(&mut tx, &caller.user.id, SessionSelection::One(&caller.session.id), now).await?;
        if ended > 0 {
            self.record(&mut tx, &caller.user.id, SecurityEventType::SignedOut, Some(client), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends the session of a refresh token, for a client whose access token has expired.
    pub async fn sign_out_by_refresh(
        &self,
        token: &RefreshToken,
        client: &Client,
    ) -> Result<(), Error<SignOutRefusal>> {
        let mut tx = self.db.begin().await?;
        let shown = sessions::find_refresh(&mut tx, &token.digest()).await?;
        tx.roll_back().await?;
        match shown {
            Some(shown) => Ok(self.sign_out(&shown.caller, client).await?),
            None => Err(Error::Refused(SignOutRefusal::InvalidToken)),
        }
    }

    /// Ends one of the caller's sessions, the current one or another.
    pub async fn revoke_session(
        &self,
        caller: &Caller,
        id: &SessionId,
        client: &Client,
    ) -> Result<usize, Error<RevokeSessionRefusal>> {
        match retry(|| self.revoke(caller, SessionSelection::One(id), client)).await? {
            0 => Err(Error::Refused(RevokeSessionRefusal::NotFound)),
            revoked => Ok(revoked),
        }
    }

    /// Ends all of the caller's sessions except the current one, and invalidates challenges of pending sign-ins.
    pub async fn revoke_other_sessions(
        &self,
        caller: &Caller,
        client: &Client,
    ) -> Result<usize, Error<RevokeOthersRefusal>> {
        retry(|| self.revoke(caller, SessionSelection::AllBut(&caller.session.id), client)).await
    }

    async fn revoke<R: From<Denial> + From<StepUpRequired>>(
        &self,
        caller: &Caller,
        which: SessionSelection<'_>,
        client: &Client,
    ) -> Result<usize, Error<R>> {
        let now = self.now();
        let (mut tx, caller) = self.begin_as_recent(caller, now).await?;
        let revoked = sessions::delete(&mut tx, &caller.user.id, which, now).await?;
        if matches!(which, SessionSelection::AllBut(_)) {
            // Somebody who knows the password must not complete a sign-in that began before.
            codes::delete(&mut tx, &caller.user.id, &[CodePurpose::SignIn]).await?;
        }
        if revoked > 0 {
            self.record(&mut tx, &caller.user.id, SecurityEventType::SessionsRevoked, Some(client), now).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }

    /// The caller's sessions, last used first.
    pub async fn list_sessions(&self, caller: &Caller) -> Result<Vec<Session>, Failure> {
        Ok(sessions::list_by_owner(&self.db, &caller.user.id, self.now()).await?)
    }
}
