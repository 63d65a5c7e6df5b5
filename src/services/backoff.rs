//! Password backoff. Failed attempts are counted in the database, so that the count applies to all servers, and before
//! the password is compared, so that it applies to concurrent attempts.
//!
//! Each attempt counts for the user and the network, for the user over all networks, and for the network over all
//! users. A sign-in clears only the first two: an attacker with an account of their own could clear the third at will.
//!
//! Locks are taken in this order: the user over all networks, the user and the network, the network over all users. All
//! users of a network share the last one: it is held for two statements and the commit, and users who are known on the
//! network do not take it.

use super::hasher::Slot;
use super::{Error, Failure, NETWORK_KNOWN_FOR, Services, retry};
use crate::clock::Timestamp;
use crate::domain::attempts::{Charge, NETWORK_BACKOFF, RetryAfter};
use crate::domain::event::Client;
use crate::domain::ids::{DomainId, RateLimitEventId};
use crate::domain::login::LoginId;
use crate::domain::network::Network;
use crate::domain::secret::Digest;
use crate::storage::{Tx, attempts, rate_limit_events};

/// The wait that is reported if no hashing slot is free.
pub(super) const BUSY: RetryAfter = RetryAfter { retry_after: 1 };

/// The counters of an attempt as one user from one network.
#[derive(Clone, Copy)]
pub(super) struct Counters {
    /// Of the user, over all networks.
    user: Digest,
    /// Of the user and the network; also the key under which the network is known.
    network: Digest,
    /// Of the network, over all users.
    all_users: Digest,
}

/// An attempt that was counted as failed.
pub(super) struct CountedAttempt {
    counters: Counters,
    of_user: Charge,
    of_network: Charge,
    of_all_users: RateLimitEventId,
}

impl Services {
    /// The counters of an attempt to sign in as `login` from `network`, whether or not there is such a user.
    pub(super) fn counters(&self, domain: &DomainId, login: &LoginId, network: Network) -> Counters {
        let (domain_id, name, network) = (domain.as_str(), login.key(), network.to_string());
        Counters {
            user: self.login_counter(domain, login),
            network: self
                .keyring
                .digest("attempts from a network", &[domain_id.as_bytes(), name.as_bytes(), network.as_bytes()]),
            all_users: self.keyring.digest("attempts from a network as anybody", &[network.as_bytes()]),
        }
    }

    /// Begins an attempt to enter the password of `login`: checks the backoff, waits for the user's turn to hash, and
    /// counts the attempt as failed. The slot is taken before the attempt is counted, and must be kept until the count
    /// is taken back. So many concurrent correct passwords are never counted together as wrong ones.
    pub(super) async fn begin_attempt(
        &self,
        domain: &DomainId,
        login: &LoginId,
        client: &Client,
    ) -> Result<(Counters, Slot, CountedAttempt), Error<RetryAfter>> {
        let counters = self.counters(domain, login, Network::of(client.address));
        self.check_attempts(&counters, self.now()).await?;
        let slot = self.hasher.slot_of(domain, login).await.map_err(|_| Error::Refused(BUSY))?;
        let attempt = self.charge_attempt(&counters, self.now()).await?;
        Ok((counters, slot, attempt))
    }

    /// Refuses an attempt during a lockout, without counting it. It only reads, so that many such attempts cost little.
    pub(super) async fn check_attempts(&self, counters: &Counters, now: Timestamp) -> Result<(), Error<RetryAfter>> {
        let of_network = attempts::find(&self.db, &counters.network).await?;
        let of_user = attempts::find(&self.db, &counters.user).await?;
        let backoff = NETWORK_BACKOFF;
        let newest =
            rate_limit_events::list_newest(&self.db, &counters.all_users, backoff.depth(), backoff.since(now)).await?;
        let everywhere =
            RetryAfter::longer(self.policy.wrong_passwords_per_user.check(of_user, now), backoff.check(&newest, now));
        let everywhere =
            if everywhere.is_err() && self.is_known_network(counters, now).await? { Ok(()) } else { everywhere };
        RetryAfter::longer(self.policy.wrong_passwords.check(of_network, now), everywhere).map_err(Error::Refused)
    }

    /// Counts an attempt as failed, unless a lockout has started in the meantime.
    async fn charge_attempt(&self, counters: &Counters, now: Timestamp) -> Result<CountedAttempt, Error<RetryAfter>> {
        retry(|| self.charge_attempt_once(counters, now)).await
    }

    async fn charge_attempt_once(
        &self,
        counters: &Counters,
        now: Timestamp,
    ) -> Result<CountedAttempt, Error<RetryAfter>> {
        let is_known = self.is_known_network(counters, now).await?;
        let mut tx = self.db.begin().await?;
        let of_user = attempts::find_locked(&mut tx, &counters.user, &counters.user, now).await?;
        let of_network = attempts::find_locked(&mut tx, &counters.network, &counters.user, now).await?;
        let mut verdict = self.policy.wrong_passwords.check(of_network, now);
        if !is_known {
            verdict = verdict.and(self.policy.wrong_passwords_per_user.check(of_user, now));
        }
        if let Err(wait) = verdict {
            tx.roll_back().await?;
            return Err(Error::Refused(wait));
        }
        let of_user = self.policy.wrong_passwords_per_user.charge(of_user, now);
        let of_network = self.policy.wrong_passwords.charge(of_network, now);
        attempts::update(&mut tx, &counters.user, of_user.after).await?;
        attempts::update(&mut tx, &counters.network, of_network.after).await?;
        if !is_known && let Err(wait) = Self::check_all_users(&mut tx, counters, now).await? {
            tx.roll_back().await?;
            return Err(Error::Refused(wait));
        }
        let of_all_users = Self::count(&mut tx, &counters.all_users, now).await?;
        tx.commit().await?;
        Ok(CountedAttempt { counters: *counters, of_user, of_network, of_all_users })
    }

    /// Checks the limit of a network over all users. No other transaction checks it until this one ends.
    async fn check_all_users(
        tx: &mut Tx,
        counters: &Counters,
        now: Timestamp,
    ) -> Result<Result<(), RetryAfter>, Failure> {
        let backoff = NETWORK_BACKOFF;
        rate_limit_events::lock(tx, &counters.all_users).await?;
        let newest =
            rate_limit_events::list_newest_within(tx, &counters.all_users, backoff.depth(), backoff.since(now)).await?;
        Ok(backoff.check(&newest, now))
    }

    /// Removes an attempt from the count: its password was correct, but it completes no sign-in.
    pub(super) async fn refund_attempt(
        &self,
        tx: &mut Tx,
        attempt: &CountedAttempt,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let counters = &attempt.counters;
        for (counter, charge) in [(&counters.user, attempt.of_user), (&counters.network, attempt.of_network)] {
            if let Some(current) = attempts::find_locked(tx, counter, &counters.user, now).await? {
                attempts::update(tx, counter, charge.undo(current)).await?;
            }
        }
        Ok(rate_limit_events::delete(tx, &attempt.of_all_users).await?)
    }

    /// The same, in a transaction of its own.
    pub(super) async fn refund_attempt_now(&self, attempt: &CountedAttempt) -> Result<(), Failure> {
        let mut tx = self.db.begin().await?;
        self.refund_attempt(&mut tx, attempt, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Clears the counters of a user, from every network, after a new password.
    pub(super) async fn clear_backoff(&self, tx: &mut Tx, domain: &DomainId, login: &LoginId) -> Result<(), Failure> {
        let counter = self.login_counter(domain, login);
        attempts::find_locked(tx, &counter, &counter, self.now()).await?;
        Ok(attempts::delete_of_login(tx, &counter).await?)
    }

    fn login_counter(&self, domain: &DomainId, login: &LoginId) -> Digest {
        self.keyring.digest("attempts", &[domain.as_str().as_bytes(), login.key().as_bytes()])
    }

    /// Clears the counters of the user after a completed sign-in, over all networks and from this one, and remembers
    /// the network. Of the network's own count, only `attempt` is removed.
    pub(super) async fn clear_attempts(
        tx: &mut Tx,
        counters: &Counters,
        attempt: Option<&CountedAttempt>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        attempts::delete(tx, &[counters.user, counters.network]).await?;
        if let Some(attempt) = attempt {
            rate_limit_events::delete(tx, &attempt.of_all_users).await?;
        }
        attempts::upsert_known_network(tx, &counters.network, now).await?;
        Ok(())
    }

    async fn is_known_network(&self, counters: &Counters, now: Timestamp) -> Result<bool, Failure> {
        Ok(attempts::is_known_network(&self.db, &counters.network, now - NETWORK_KNOWN_FOR).await?)
    }
}
