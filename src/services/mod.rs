//! What may happen: one function for each use case, each with an enum of the reasons to refuse it. Here values, rules,
//! rows, and a commit come together; whoever comes in, by GraphQL or by the command line, comes through here.

pub mod admin;
mod codes;
pub mod email;
pub mod export;
mod failed_attempts;
mod future_times;
pub mod hasher;
pub mod import;
pub mod installation;
pub mod mfa;
pub mod outbox;
pub mod password;
pub mod profile;
mod sends;
pub mod sessions;
pub mod sign_in;
pub mod throttle;
mod undo_links;
pub mod workspaces;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::clock::{Clock, Timestamp};
use crate::domain::access::{Caller, Denial};
use crate::domain::attempts::Throttle;
use crate::domain::event::{Client, SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::secret::{SecretKey, Unsealable};
use crate::domain::session::Lifetimes;
use crate::domain::tally::Window;
use crate::entropy::{self, EntropyError};
use crate::storage::quota::MAX_STATEMENTS;
use crate::storage::{self, Db, Quota, Tx};

use hasher::Hasher;
use outbox::Post;

pub use failed_attempts::RefusalLimit;

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
    /// Where the links in mails lead.
    pub links: Links,
    /// How mails are sent; without it, what needs a mail fails, and notices are not written.
    pub mail: Option<Post>,
    /// The numbers that can be set.
    pub policy: Policy,
    /// Bounds what refused requests write to the log.
    pub refusals: RefusalLimit,
}

/// The pages that links lead to; a token is added in the fragment, which no server and no log ever sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// For a new password.
    pub reset_password: String,
    /// For putting the old e-mail address back.
    pub undo_email_change: String,
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
    /// Codes and one-time tokens.
    pub codes: CodePolicy,
    /// How much mail is sent.
    pub sends: SendPolicy,
}

/// How long codes and tokens are good, and how many wrong guesses are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePolicy {
    /// A code that proves an e-mail address.
    pub email_ttl: TimeDelta,
    /// A code for signing in, or for changing the second factor.
    pub mfa_ttl: TimeDelta,
    /// The time to confirm an authenticator app.
    pub otp_enrolment_ttl: TimeDelta,
    /// A link for a new password.
    pub reset_ttl: TimeDelta,
    /// Wrong guesses of one code.
    pub tries: u32,
    /// Wrong guesses of a user in a rolling day, of each kind.
    pub tries_per_day: Window,
}

/// How much mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendPolicy {
    /// For one purpose, user and address, in a minute.
    pub per_minute: Window,
    /// The same in an hour.
    pub per_hour: Window,
    /// For one signed-in user.
    pub per_user: Window,
    /// For one client address.
    pub per_client: Window,
}

/// How long the link that puts an old e-mail address back is good.
pub const UNDO_FOR_DAYS: i64 = 7;

/// For how long a network that somebody fully signed in from is spared the throttle over all networks.
pub const NETWORK_KNOWN_FOR: TimeDelta = TimeDelta::days(30);

/// How many statements a mutation takes at most.
const STATEMENTS_OF_A_MUTATION: u32 = 60;

/// Something did not go as it should, and not through any fault of the one who asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database is not there, or has no connection to spare; later it may.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The transaction gave way to a concurrent one, and nothing of it remains; see [`retry`].
    #[error("the transaction gave way to another: {0}")]
    Aborted(String),
    /// The request has executed as many statements as one may.
    #[error("a request may execute at most {0} statements")]
    TooManyStatements(u32),
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
    /// A mail is needed, and there is no server to send it by.
    #[error("a mail would have to be sent, and SMTP_URL is not set")]
    MailOff,
    /// Something that is kept could not be written as JSON, or read.
    #[error("what is kept for later could not be written or read: {0}")]
    Json(#[from] serde_json::Error),
    /// A QR code could not be drawn.
    #[error("a QR code could not be drawn: {0}")]
    QrCode(#[from] qrcode::types::QrError),
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
            storage::Error::Aborted(reason) => Self::Aborted(reason),
            // Nothing was written, and a retry finds the user as they are now.
            error @ storage::Error::Gone { .. } => Self::Unavailable(error.to_string()),
            storage::Error::TooManyStatements(allowed) => Self::TooManyStatements(allowed),
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

impl<R> From<Unsealable> for Error<R> {
    fn from(error: Unsealable) -> Self {
        Self::Failed(error.into())
    }
}

impl<R> Error<R> {
    /// The same error, its refusal as another use case has it.
    pub(crate) fn map<S>(self, into: impl FnOnce(R) -> S) -> Error<S> {
        match self {
            Self::Refused(refusal) => Error::Refused(into(refusal)),
            Self::Failed(failure) => Error::Failed(failure),
        }
    }
}

/// How often a transaction is run that gives way to concurrent ones.
const MAX_RUNS: u32 = 3;

/// Runs a transaction again if it gave way to a concurrent one (a deadlock, or a failed serialization). Only for what has
/// its whole effect in the database, where nothing of a transaction remains that was given up.
async fn retry<T, E: GaveWay, F>(mut run: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..MAX_RUNS {
        let result = run().await;
        let Some(reason) = result.as_ref().err().and_then(GaveWay::gave_way) else { return result };
        tracing::debug!(reason, "a transaction is run again");
    }
    run().await
}

/// An error that tells whether the transaction gave way to a concurrent one.
trait GaveWay {
    /// To what, in the database's words.
    fn gave_way(&self) -> Option<&str>;
}

impl GaveWay for Failure {
    fn gave_way(&self) -> Option<&str> {
        if let Self::Aborted(reason) = self { Some(reason) } else { None }
    }
}

impl<R> GaveWay for Error<R> {
    fn gave_way(&self) -> Option<&str> {
        if let Self::Failed(failure) = self { failure.gave_way() } else { None }
    }
}

impl Services {
    /// The services as one request uses them: with one database connection at a time and a bounded number of statements.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self { db: self.db.within(Quota::default()), ..self.clone() }
    }

    /// Checks that the request has statements left for any mutation. It is refused before it begins rather than in its
    /// middle.
    ///
    /// # Errors
    /// [`Failure::TooManyStatements`].
    pub fn check_statements(&self) -> Result<(), Failure> {
        match self.db.statements_left() {
            Some(left) if left < STATEMENTS_OF_A_MUTATION => Err(Failure::TooManyStatements(MAX_STATEMENTS)),
            _ => Ok(()),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Begins a transaction of a caller who may do what `may` says: he and his session, as they are now and not as they
    /// were when the request began, stay so until it ends.
    async fn begin_for(
        &self,
        caller: &Caller,
        may: impl Fn(&Caller) -> Result<(), Denial>,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<Denial>> {
        let mut tx = self.db.begin().await?;
        let found = storage::sessions::find_caller_locked(&mut tx, &caller.user.id, &caller.session.id, now).await?;
        let found = found.filter(|caller| Caller::may_be_served(&caller.user, &caller.domain));
        let verdict = found.ok_or(Denial::SessionEnded).and_then(|caller| may(&caller).map(|()| caller));
        match verdict {
            Ok(caller) => Ok((tx, caller)),
            Err(denial) => {
                tx.roll_back().await?;
                Err(Error::Refused(denial))
            }
        }
    }

    /// The caller as he is now, if he may do what `may` says: to be asked before work that is not done in a transaction.
    async fn look_at(
        &self,
        caller: &Caller,
        may: impl Fn(&Caller) -> Result<(), Denial>,
    ) -> Result<Caller, Error<Denial>> {
        let (tx, caller) = self.begin_for(caller, may, self.now()).await?;
        tx.roll_back().await?;
        Ok(caller)
    }

    /// Records what happened to an account, in the transaction in which it happens. Without a client, it is an operator
    /// who did it.
    async fn record(
        tx: &mut Tx,
        owner: &UserId,
        event_type: SecurityEventType,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let id = EventId::from_random(entropy::bytes()?);
        let event = SecurityEvent::new(id, owner.clone(), event_type, client, now);
        Ok(storage::events::insert(tx, &event).await?)
    }
}
