//! What may happen: one function for each use case, each with an enum of the reasons to refuse it. Here values, rules,
//! rows, and a commit come together; whoever comes in, by GraphQL or by the command line, comes through here.

pub mod admin;
pub mod export;
pub mod hasher;
pub mod import;
pub mod installation;
pub mod profile;
pub mod sessions;
pub mod throttle;
pub mod workspaces;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::clock::{Clock, Timestamp};
use crate::domain::attempts::Throttle;
use crate::domain::event::{Client, SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::secret::{SecretKey, Unsealable};
use crate::domain::session::Lifetimes;
use crate::entropy::{self, EntropyError};
use crate::storage::{self, Db, Tx};

use hasher::Hasher;

/// What the services work with.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The key of digests and seals.
    pub secret_key: SecretKey,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// The numbers that can be set.
    pub policy: Policy,
}

/// The numbers that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long tokens and sessions last.
    pub lifetimes: Lifetimes,
    /// Wrong passwords for one user from one network.
    pub wrong_passwords: Throttle,
    /// Wrong passwords for one user from everywhere.
    pub wrong_passwords_per_user: Throttle,
    /// The fewest code points of a password.
    pub password_min_length: usize,
}

/// For how long a network that somebody fully signed in from is spared the throttle over all networks.
pub const NETWORK_KNOWN_FOR: TimeDelta = TimeDelta::days(30);

/// Something did not go as it should, and not through any fault of the one who asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database is not there, or has no connection to spare; later it may.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database, in any other way.
    #[error(transparent)]
    Storage(storage::Error),
    /// The operating system's randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Hashing a password.
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
    /// Something that was sealed with the secret key, or had to be.
    #[error(transparent)]
    Sealed(#[from] Unsealable),
    /// A file that is written, or one that is needed for a while.
    #[error("a file could not be written: {0}")]
    File(#[from] std::io::Error),
}

/// Why a use case came to nothing: it was refused, for a reason of its own, or it failed.
#[derive(Debug, thiserror::Error)]
pub enum Error<R> {
    /// It may not, or cannot, be done; the one who asked can do something about it.
    #[error("refused")]
    Refused(R),
    /// It failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Unavailable(reason) => Self::Unavailable(reason),
            error => Self::Storage(error),
        }
    }
}

impl<R> From<storage::Error> for Error<R> {
    fn from(error: storage::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<R> From<EntropyError> for Error<R> {
    fn from(error: EntropyError) -> Self {
        Self::Failed(error.into())
    }
}

impl Services {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes what happened to an account, in the transaction in which it happens.
    async fn record(
        tx: &mut Tx,
        owner: &UserId,
        event_type: SecurityEventType,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let event = SecurityEvent {
            id: EventId::from_random(entropy::bytes()?),
            owner_id: owner.clone(),
            event_type,
            created_at: now,
            client_address: client.map(|client| client.address.to_string()),
            user_agent: client.and_then(|client| client.user_agent.clone()),
        };
        Ok(storage::events::insert(tx, &event).await?)
    }
}
