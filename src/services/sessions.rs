//! Signing in and out, and the sessions between.

use super::{Error, Failure, Services};
use crate::clock::Timestamp;
use crate::domain::access::{Caller, Denial};
use crate::domain::attempts::Wait;
use crate::domain::event::{Client, SecurityEventType};
use crate::domain::ids::{DomainId, SessionId};
use crate::domain::login::LoginId;
use crate::domain::network::Network;
use crate::domain::password::Password;
use crate::domain::password_hash::PasswordHash;
use crate::domain::session::{MAX_SESSIONS, Refresh, Session, TokenPurpose};
use crate::domain::token::{AccessToken, RefreshToken};
use crate::domain::user::{AuthType, RequiredAction, User, UserState};
use crate::entropy;
use crate::storage::sessions::Which;
use crate::storage::users::Credentials;
use crate::storage::{Tx, domains, sessions, users};

/// The tokens of a session, for its client alone.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    /// Shown with every request.
    pub access: AccessToken,
    /// Buys the next pair.
    pub refresh: RefreshToken,
    /// When the access token runs out.
    pub expires_at: Timestamp,
}

/// Who wants to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Into which domain; may be left out where there is one only.
    pub domain_id: Option<DomainId>,
    /// As whom.
    pub login: LoginId,
    /// With which password.
    pub password: Password,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// There are several domains, and none was named.
    DomainRequired,
    /// There is no such user, or his password is another, or he may not sign in here. Which of these is not told.
    InvalidCredentials,
    /// Too many wrong passwords, or too many hashes to compute: later.
    RateLimited(Wait),
    /// The password is right, but it alone is not enough.
    SecondFactorRequired,
    /// The password is right, but these must be done first.
    ActionRequired(Vec<RequiredAction>),
}

impl From<Wait> for SignInRefusal {
    fn from(wait: Wait) -> Self {
        Self::RateLimited(wait)
    }
}

/// Why a refresh token buys nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// It is unknown, out of time, or was exchanged before; in the last case its whole session is ended.
    InvalidToken,
}

/// Why a session is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevokeRefusal {
    /// The caller may not.
    Denied(Denial),
    /// He has no such session.
    NotFound,
}

impl Services {
    /// The caller that an access token stands for, as he is at this moment. `None` for a token that is unknown, out of
    /// time or revoked, and for a user or domain that is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn authenticate(&self, token: &AccessToken) -> Result<Option<Caller>, Failure> {
        let now = self.now();
        let caller = sessions::find_caller(&self.db, &token.digest(), now).await?;
        Ok(caller
            .filter(|caller| Caller::may_be_served(&caller.user, &caller.domain) && caller.session.expires_at > now))
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// A [`SignInRefusal`], which for an unknown user is the same as for a wrong password, after the same work.
    pub async fn sign_in(&self, who: SignIn, client: &Client) -> Result<IssuedTokens, Error<SignInRefusal>> {
        let domain_id = match who.domain_id {
            Some(domain_id) => domain_id,
            None => domains::find_only(&self.db).await?.ok_or(Error::Refused(SignInRefusal::DomainRequired))?,
        };
        let counters = self.counters(&domain_id, &who.login, Network::of(client.address));
        self.check_attempts(&counters, self.now()).await.map_err(refuse)?;
        // The turn comes before the count, and is kept until the count is taken back: so many right passwords at once
        // are never counted as wrong ones together.
        let slot = self.hasher.slot().await.map_err(|_| busy())?;
        self.charge_attempt(&counters, self.now()).await.map_err(refuse)?;

        let found = users::find_credentials(&self.db, &domain_id, &who.login).await?;
        let hash = found.as_ref().filter(|found| may_sign_in(found)).and_then(|found| found.password_hash.as_deref());
        let hash = hash.and_then(|hash| PasswordHash::parse(hash).ok());
        let is_outdated = hash.as_ref().is_some_and(|hash| self.hasher.is_outdated(hash));
        let is_right = !who.password.is_too_long() & self.hasher.verify(&slot, hash, who.password.clone()).await?;
        let Some(found) = found.filter(|_| is_right) else {
            return Err(Error::Refused(SignInRefusal::InvalidCredentials));
        };
        if found.user.mfa.is_enabled() {
            return Err(Error::Refused(SignInRefusal::SecondFactorRequired));
        }
        if !found.user.required_actions.is_empty() {
            return Err(Error::Refused(SignInRefusal::ActionRequired(found.user.required_actions)));
        }
        let new_hash = if is_outdated { Some(self.hasher.hash(&slot, who.password).await?) } else { None };

        let now = self.now();
        let mut tx = self.db.begin().await?;
        // He may have been disabled, or have changed his password, while the hash was computed.
        let current = users::find_credentials_locked(&mut tx, &found.user.id).await?;
        if !current.is_some_and(|current| may_sign_in(&current) && current.password_hash == found.password_hash) {
            tx.roll_back().await?;
            return Err(Error::Refused(SignInRefusal::InvalidCredentials));
        }
        if let Some(hash) = new_hash {
            users::update_password_hash(&mut tx, &found.user.id, &hash).await?;
        }
        if found.user.state == UserState::Pending {
            users::update_state(&mut tx, &found.user.id, UserState::Enabled).await?;
        }
        let tokens = self.begin_session(&mut tx, &found.user, client, now).await?;
        Self::clear_attempts(&mut tx, &counters, now).await?;
        tx.commit().await?;
        drop(slot);
        Ok(tokens)
    }

    async fn begin_session(
        &self,
        tx: &mut Tx,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<IssuedTokens, Failure> {
        let others = i64::try_from(MAX_SESSIONS - 1).unwrap_or(i64::MAX);
        sessions::delete(tx, &user.id, Which::AllButNewest(others), now).await?;
        let session = Session {
            id: SessionId::from_random(entropy::bytes()?),
            owner_id: user.id.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: self.policy.lifetimes.session_expiry(user, now, now),
            authenticated_at: now,
            client_address: client.address.to_string(),
            user_agent: client.user_agent.clone(),
        };
        sessions::insert(tx, &session, &user.domain_id).await?;
        users::update_last_accessed(tx, &user.id, now).await?;
        Self::record(tx, &user.id, SecurityEventType::SignedIn, Some(client), now).await?;
        self.issue_tokens(tx, &session.id, session.expires_at, now).await
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
        };
        let (access, refresh) = (tokens.access.digest(), tokens.refresh.digest());
        sessions::insert_token(tx, session, &access, TokenPurpose::Access, tokens.expires_at).await?;
        sessions::insert_token(tx, session, &refresh, TokenPurpose::Refresh, session_expires_at).await?;
        Ok(tokens)
    }

    /// Exchanges a refresh token for a new pair of tokens. One that was exchanged before, and not just now, ends its
    /// session: somebody has a copy of it.
    ///
    /// # Errors
    /// A [`RefreshRefusal`].
    pub async fn refresh_session(
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
                sessions::rotate_token(&mut tx, &digest, now).await?;
                sessions::delete_expired_access_tokens(&mut tx, &session.id, now).await?;
                let tokens = self.issue_tokens(&mut tx, &session.id, expires_at, now).await?;
                sessions::touch(&mut tx, &session.id, now, expires_at).await?;
                users::update_last_accessed(&mut tx, &user.id, now).await?;
                tx.commit().await?;
                Ok(tokens)
            }
            Refresh::Reused => {
                sessions::delete(&mut tx, &user.id, Which::One(&session.id), now).await?;
                Self::record(&mut tx, &user.id, SecurityEventType::RefreshTokenReused, Some(client), now).await?;
                tx.commit().await?;
                invalid
            }
            Refresh::Exchange | Refresh::Expired => {
                tx.roll_back().await?;
                invalid
            }
        }
    }

    /// Ends the caller's session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, caller: &Caller, client: &Client) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let ended = sessions::delete(&mut tx, &caller.user.id, Which::One(&caller.session.id), now).await?;
        if ended > 0 {
            Self::record(&mut tx, &caller.user.id, SecurityEventType::SignedOut, Some(client), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends one of the caller's sessions, this one or another.
    ///
    /// # Errors
    /// A [`RevokeRefusal`].
    pub async fn revoke_session(
        &self,
        caller: &Caller,
        id: &SessionId,
        client: &Client,
    ) -> Result<usize, Error<RevokeRefusal>> {
        match self.revoke(caller, Which::One(id), client).await? {
            0 => Err(Error::Refused(RevokeRefusal::NotFound)),
            revoked => Ok(revoked),
        }
    }

    /// Ends all of the caller's sessions but this one.
    ///
    /// # Errors
    /// A [`RevokeRefusal`].
    pub async fn revoke_other_sessions(&self, caller: &Caller, client: &Client) -> Result<usize, Error<RevokeRefusal>> {
        self.revoke(caller, Which::AllBut(&caller.session.id), client).await
    }

    async fn revoke(&self, caller: &Caller, which: Which<'_>, client: &Client) -> Result<usize, Error<RevokeRefusal>> {
        let now = self.now();
        caller
            .may_act_freshly(&self.policy.lifetimes, now)
            .map_err(|denial| Error::Refused(RevokeRefusal::Denied(denial)))?;
        let mut tx = self.db.begin().await?;
        let revoked = sessions::delete(&mut tx, &caller.user.id, which, now).await?;
        if revoked > 0 {
            Self::record(&mut tx, &caller.user.id, SecurityEventType::SessionsRevoked, Some(client), now).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }

    /// The caller's sessions, last used first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_sessions(&self, caller: &Caller) -> Result<Vec<Session>, Failure> {
        Ok(sessions::list_by_owner(&self.db, &caller.user.id, self.now()).await?)
    }
}

fn may_sign_in(found: &Credentials) -> bool {
    Caller::may_be_served(&found.user, &found.domain) && found.user.auth_type == AuthType::Local
}

fn refuse(error: Error<Wait>) -> Error<SignInRefusal> {
    match error {
        Error::Refused(wait) => Error::Refused(wait.into()),
        Error::Failed(failure) => Error::Failed(failure),
    }
}

fn busy() -> Error<SignInRefusal> {
    Error::Refused(SignInRefusal::RateLimited(Wait { retry_after: 1 }))
}
