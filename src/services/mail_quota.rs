//! The rate limits of messages. A message is counted in the database, in the transaction that writes it, so a refused
//! message leaves no trace and a sent one is counted.

use super::{Error, Failure, Services};
use crate::clock::Timestamp;
use crate::domain::attempts::RetryAfter;
use crate::domain::code::CodePurpose;
use crate::domain::email::Email;
use crate::domain::event::Client;
use crate::domain::ids::{DomainId, RateLimitEventId, UserId};
use crate::domain::login::LoginId;
use crate::domain::network::Network;
use crate::domain::rate_limit::Window;
use crate::domain::secret::Digest;
use crate::domain::user::User;
use crate::entropy;
use crate::storage::{Tx, rate_limit_events};

/// The counters of one message, each with the windows that the message must fit in.
pub(super) struct MailQuota(Vec<(Digest, Vec<Window>)>);

impl Services {
    /// The counters of a code to an address. With `client`, the code also counts against the client's address; codes
    /// that are sent after a correct password do not. With `in_session`, it also counts against the user.
    pub(super) fn quota_of_code(
        &self,
        owner: &UserId,
        purpose: CodePurpose,
        address: &Email,
        in_session: bool,
        client: Option<&Client>,
    ) -> MailQuota {
        let parts: [&[u8]; 3] = [purpose.as_str().as_bytes(), owner.as_str().as_bytes(), address.key().as_bytes()];
        let mut counters = vec![self.of_address(&parts)];
        if in_session {
            let counter = self.keyring.digest("sends of a user", &[owner.as_str().as_bytes()]);
            counters.push((counter, vec![self.policy.sends.per_user]));
        }
        counters.extend(client.map(|client| self.of_client(client)));
        MailQuota(counters)
    }

    /// The counters of a reset link, for the user id as entered, whether or not the user exists.
    pub(super) fn quota_of_reset(&self, domain: &DomainId, login: &LoginId) -> MailQuota {
        let purpose = CodePurpose::ResetPassword.as_str();
        MailQuota(vec![self.of_address(&[purpose.as_bytes(), domain.as_str().as_bytes(), login.key().as_bytes()])])
    }

    /// All counters of messages to a user, at the addresses that they have.
    pub(super) fn quota_counters(&self, user: &User) -> Vec<Digest> {
        let addresses: Vec<&Email> =
            [&user.email, &user.pending_email, &user.mfa.email].into_iter().filter_map(Option::as_ref).collect();
        let of_codes = CodePurpose::ALL.iter().flat_map(|purpose| {
            addresses.iter().map(|address| self.quota_of_code(&user.id, *purpose, address, true, None))
        });
        let quotas = of_codes.chain([self.quota_of_reset(&user.domain_id, &user.login)]);
        quotas.flat_map(|quota| quota.0.into_iter().map(|(counter, _)| counter)).collect()
    }

    /// The counter of all messages that `client` causes.
    pub(super) fn quota_of_client(&self, client: &Client) -> MailQuota {
        MailQuota(vec![self.of_client(client)])
    }

    fn of_address(&self, parts: &[&[u8]]) -> (Digest, Vec<Window>) {
        (self.keyring.digest("sends", parts), vec![self.policy.sends.per_minute, self.policy.sends.per_hour])
    }

    fn of_client(&self, client: &Client) -> (Digest, Vec<Window>) {
        let counter = self.keyring.digest("sends of a client", &[address_of(client).as_bytes()]);
        (counter, vec![self.policy.sends.per_client])
    }

    /// Counts a message against all of its counters or, if one of them has reached its limit, against none.
    pub(super) async fn charge_quota(tx: &mut Tx, sends: &MailQuota, now: Timestamp) -> Result<(), Error<RetryAfter>> {
        // Always in the order of the list, so that two servers never wait for each other.
        let mut verdict = Ok(());
        for (counter, windows) in &sends.0 {
            rate_limit_events::lock(tx, counter).await?;
            for window in windows {
                let oldest = rate_limit_events::find_nth_newest(tx, counter, window.limit, now - window.span).await?;
                verdict = RetryAfter::longer(verdict, window.check(oldest, now));
            }
        }
        if let Err(wait) = verdict {
            tx.note_limited_email();
            return Err(Error::Refused(wait));
        }
        for (counter, _) in &sends.0 {
            Self::count(tx, counter, now).await?;
        }
        Ok(())
    }

    pub(super) async fn count(tx: &mut Tx, counter: &Digest, now: Timestamp) -> Result<RateLimitEventId, Failure> {
        let id = RateLimitEventId::from_random(entropy::bytes()?);
        rate_limit_events::insert(tx, &id, counter, now).await?;
        Ok(id)
    }
}

/// The address that a client is counted under. IPv6 addresses count by their network, because one subscriber has any
/// number of them.
pub(super) fn address_of(client: &Client) -> String {
    let address = client.address.to_canonical();
    if address.is_ipv4() { address.to_string() } else { Network::of(address).to_string() }
}
