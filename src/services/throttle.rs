//! Slowing down whoever guesses passwords: counted in the database, so that it holds over several servers, before the
//! guess is looked at, so that it holds for guesses made at the same moment.

use super::{Error, Failure, NETWORK_KNOWN_FOR, Services, retry};
use crate::clock::Timestamp;
use crate::domain::attempts::Wait;
use crate::domain::ids::DomainId;
use crate::domain::login::LoginId;
use crate::domain::network::Network;
use crate::domain::secret::Digest;
use crate::storage::{Tx, attempts};

/// The counters of one name, from one network.
pub(super) struct Counters {
    /// Of the name and the network; also what tells that the network is known.
    network: Digest,
    /// Of the name, over all networks.
    user: Digest,
}

impl Services {
    /// The counters of whoever signs in as `login` from `network`, known user or not.
    pub(super) fn counters(&self, domain: &DomainId, login: &LoginId, network: Network) -> Counters {
        let (domain_id, name, network) = (domain.as_str(), login.key(), network.to_string());
        Counters {
            network: self
                .secret_key
                .digest("attempts from a network", &[domain_id.as_bytes(), name.as_bytes(), network.as_bytes()]),
            user: self.login_counter(domain, login),
        }
    }

    /// Refuses, without counting, a try that comes during a wait. Looks only, so that many such tries cost little.
    pub(super) async fn check_attempts(&self, counters: &Counters, now: Timestamp) -> Result<(), Error<Wait>> {
        let of_network = attempts::find(&self.db, &counters.network).await?;
        self.policy.wrong_passwords.check(of_network, now).map_err(Error::Refused)?;
        let of_user = attempts::find(&self.db, &counters.user).await?;
        match self.policy.wrong_passwords_per_user.check(of_user, now) {
            Err(wait) if !self.is_known_network(counters, now).await? => Err(Error::Refused(wait)),
            _ => Ok(()),
        }
    }

    /// Counts a try as failed, unless a wait has begun meanwhile.
    pub(super) async fn charge_attempt(&self, counters: &Counters, now: Timestamp) -> Result<(), Error<Wait>> {
        retry(|| self.charge_attempt_once(counters, now)).await
    }

    async fn charge_attempt_once(&self, counters: &Counters, now: Timestamp) -> Result<(), Error<Wait>> {
        let is_known = self.is_known_network(counters, now).await?;
        let mut tx = self.db.begin().await?;
        // Always in this order, so that two servers never wait for each other.
        let of_network = attempts::find_locked(&mut tx, &counters.network, &counters.user, now).await?;
        let of_user = attempts::find_locked(&mut tx, &counters.user, &counters.user, now).await?;
        let verdict = self.policy.wrong_passwords.check(of_network, now).and_then(|()| {
            self.policy
                .wrong_passwords_per_user
                .check(of_user, now)
                .or_else(|wait| if is_known { Ok(()) } else { Err(wait) })
        });
        if let Err(wait) = verdict {
            tx.roll_back().await?;
            return Err(Error::Refused(wait));
        }
        let of_network = self.policy.wrong_passwords.charge(of_network, now);
        let of_user = self.policy.wrong_passwords_per_user.charge(of_user, now);
        attempts::update(&mut tx, &counters.network, of_network).await?;
        attempts::update(&mut tx, &counters.user, of_user).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes the count of a try back that turned out right but is no full sign-in.
    pub(super) async fn take_back_attempt(
        &self,
        tx: &mut Tx,
        counters: &Counters,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let policy = &self.policy;
        for (counter, throttle) in
            [(&counters.network, policy.wrong_passwords), (&counters.user, policy.wrong_passwords_per_user)]
        {
            let counted = attempts::find_locked(tx, counter, &counters.user, now).await?;
            if let Some(counted) = counted {
                attempts::update(tx, counter, throttle.take_back(counted, now)).await?;
            }
        }
        Ok(())
    }

    /// Forgets all failures of a name, from every network: its password is another now.
    pub(super) async fn clear_waits(&self, tx: &mut Tx, domain: &DomainId, login: &LoginId) -> Result<(), Failure> {
        Ok(attempts::delete_of_login(tx, &self.login_counter(domain, login)).await?)
    }

    fn login_counter(&self, domain: &DomainId, login: &LoginId) -> Digest {
        self.secret_key.digest("attempts", &[domain.as_str().as_bytes(), login.key().as_bytes()])
    }

    /// Forgets all failures, and remembers the network, after a full sign-in.
    pub(super) async fn clear_attempts(tx: &mut Tx, counters: &Counters, now: Timestamp) -> Result<(), Failure> {
        attempts::delete(tx, &[counters.network, counters.user]).await?;
        attempts::upsert_known_network(tx, &counters.network, now).await?;
        Ok(())
    }

    async fn is_known_network(&self, counters: &Counters, now: Timestamp) -> Result<bool, Failure> {
        Ok(attempts::is_known_network(&self.db, &counters.network, now - NETWORK_KNOWN_FOR).await?)
    }
}
