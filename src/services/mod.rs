//! The use cases: one function each, with an enum of the reasons to refuse it. This layer combines values, rules, rows,
//! and commits. GraphQL and the command line both go through it.

pub mod account_deletion;
pub mod admin;
pub mod backoff;
mod codes;
pub mod data_export;
pub mod email;
mod failed_attempts;
mod future_times;
pub mod hasher;
pub mod help_desk;
pub mod installation;
mod mail_quota;
mod measure;
pub mod mfa;
pub mod outbox;
mod passkey_verification;
pub mod passkeys;
pub mod password;
pub mod profile;
mod replica;
pub mod secret_keys;
pub mod sessions;
pub mod sign_in;
pub mod transfer;
mod undo_links;
mod webhook;
pub mod workspaces;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::clock::{Clock, Timestamp};
use crate::domain::access::{Caller, Denial, StepUpRequired};
use crate::domain::attempts::Backoff;
use crate::domain::event::{Client, SecurityEvent, SecurityEventType};
use crate::domain::ids::{EventId, UserId};
use crate::domain::keyring::Keyring;
use crate::domain::rate_limit::Window;
use crate::domain::secret::DecryptionError;
use crate::domain::session::Lifetimes;
use crate::entropy::{self, EntropyError};
use crate::storage::quota::MAX_STATEMENTS;
use crate::storage::replica::Replica;
use crate::storage::{self, Db, Quota, Tx};
use crate::webauthn::{CeremonyError, RelyingParty};
use crate::webhook::Webhook;

use hasher::Hasher;
use outbox::Mailer;

pub use failed_attempts::RefusalLimit;

/// What the services depend on.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// A replica of the database, to read lists from.
    pub replica: Option<Replica>,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The keys for digests and encryption.
    pub keyring: Arc<Keyring>,
    /// Hashes passwords.
    pub hasher: Hasher,
    /// The pages that links in messages lead to.
    pub links: Links,
    /// Sends messages. Without it, operations that need a message fail, and notifications are not written.
    pub mail: Option<Mailer>,
    /// Reports security events. Without it, they are only stored and logged.
    pub webhook: Option<Webhook>,
    /// Verifies passkeys. Without it, operations with passkeys fail.
    pub relying_party: Option<RelyingParty>,
    /// The configurable limits.
    pub policy: Policy,
    /// Bounds how many refused requests are logged.
    pub refusals: RefusalLimit,
}

/// The pages that links lead to. The token is added in the fragment, which no server and no log ever sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The page to set a new password.
    pub reset_password: String,
    /// The page to restore the old email address.
    pub undo_email_change: String,
    /// The page to cancel the deletion of the account.
    pub cancel_deletion: String,
}

/// The configurable limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long security events are kept.
    pub event_retention: TimeDelta,
    /// The lifetimes of tokens and sessions.
    pub lifetimes: Lifetimes,
    /// The backoff after wrong passwords for one user from one network.
    pub wrong_passwords: Backoff,
    /// The backoff after wrong passwords for one user from all networks.
    pub wrong_passwords_per_user: Backoff,
    /// The minimum length of a password, in code points.
    pub password_min_length: usize,
    /// The limits of codes and one-time tokens.
    pub codes: CodePolicy,
    /// The rate limits of messages.
    pub sends: SendPolicy,
    /// Whether and when users delete their accounts.
    pub deletion: DeletionPolicy,
}

/// Whether users may delete their accounts, and how long they can cancel that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletionPolicy {
    /// Whether a user may delete their account. If not, scheduled deletions wait.
    pub is_allowed: bool,
    /// The time from the confirmation to the deletion.
    pub grace: TimeDelta,
}

/// The lifetimes of codes and tokens, and the attempt limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePolicy {
    /// The lifetime of a code that verifies an email address.
    pub email_ttl: TimeDelta,
    /// The lifetime of a code for sign-in or for a change of MFA.
    pub mfa_ttl: TimeDelta,
    /// The time to confirm an authenticator app.
    pub otp_enrolment_ttl: TimeDelta,
    /// The lifetime of a reset link.
    pub reset_ttl: TimeDelta,
    /// The limit of wrong attempts at one code.
    pub tries: u32,
    /// The limit of wrong attempts of a user in a rolling day, for each kind of attempt.
    pub tries_per_day: Window,
}

/// The rate limits of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendPolicy {
    /// For one purpose, user, and address, in a minute.
    pub per_minute: Window,
    /// The same in an hour.
    pub per_hour: Window,
    /// For one authenticated user.
    pub per_user: Window,
    /// For one client address.
    pub per_client: Window,
}

/// How many days an undo link for a change of the email address is valid.
pub const UNDO_LINK_DAYS: i64 = 7;

/// For how long after a completed sign-in a network is exempt from the backoff over all networks.
pub const NETWORK_KNOWN_FOR: TimeDelta = TimeDelta::days(30);

/// The maximum number of statements of a mutation.
const STATEMENTS_OF_A_MUTATION: u32 = 60;

/// An internal error, not caused by the client's input.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database is unreachable or has no free connection. A later request may succeed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The transaction gave way to a concurrent one, and nothing of it remains; see [`retry`].
    #[error("the transaction was aborted in favor of another: {0}")]
    Aborted(String),
    /// The request has executed as many statements as a request may.
    #[error("a request may execute at most {0} statements")]
    TooManyStatements(u32),
    /// Any other database error.
    #[error(transparent)]
    Storage(storage::Error),
    /// The operating system provided no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
    /// Data could not be encrypted or decrypted with the secret key.
    #[error(transparent)]
    Encryption(#[from] DecryptionError),
    /// A message is needed, but no mail server is configured.
    #[error("sending a message requires SMTP_URL, which is not set")]
    MailNotConfigured,
    /// Passkeys need the address at which users reach the server, which is not configured.
    #[error("USERPROFILE_PUBLIC_URL does not have the name of a host, which passkeys belong to")]
    PasskeysNotConfigured,
    /// A ceremony with a passkey could not begin, or a stored passkey could not be used.
    #[error(transparent)]
    Passkey(#[from] CeremonyError),
    /// Stored JSON could not be written or read.
    #[error("a stored message or code could not be written or read: {0}")]
    Json(#[from] serde_json::Error),
    /// A QR code could not be drawn.
    #[error("the QR code could not be created: {0}")]
    QrCode(#[from] qrcode::types::QrError),
    /// An output file or a temporary file could not be used.
    #[error("a file could not be written: {0}")]
    File(#[from] std::io::Error),
}

/// Why a use case did not succeed: it was refused, for a reason of its own, or it failed.
#[derive(Debug, thiserror::Error)]
pub enum Error<R> {
    /// The operation is not allowed or not possible, and the client can do something about it.
    #[error("refused")]
    Refused(R),
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Unavailable(reason) => Self::Unavailable(reason),
            storage::Error::Aborted(reason) => Self::Aborted(reason),
            // Nothing was written, and a retry reads the user again.
            error @ storage::Error::Gone { .. } => Self::Unavailable(error.to_string()),
            storage::Error::TooManyStatements(allowed) => Self::TooManyStatements(allowed),
            error => Self::Storage(error),
        }
    }
}

macro_rules! failures {
    ($($error:ty),+) => {
        $(impl<R> From<$error> for Error<R> {
            fn from(error: $error) -> Self {
                Self::Failed(error.into())
            }
        })+
    };
}

failures!(storage::Error, EntropyError, DecryptionError);

impl<R> Error<R> {
    /// The same error, with the refusal converted to that of another use case.
    pub(crate) fn map<S>(self, into: impl FnOnce(R) -> S) -> Error<S> {
        match self {
            Self::Refused(refusal) => Error::Refused(into(refusal)),
            Self::Failed(failure) => Error::Failed(failure),
        }
    }
}

/// Separates refusals from failures.
fn separate<T, R>(result: Result<T, Error<R>>) -> Result<Result<T, R>, Failure> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Refused(refusal)) => Ok(Err(refusal)),
        Err(Error::Failed(failure)) => Err(failure),
    }
}

/// How often a transaction that gives way to concurrent ones is run.
const MAX_RUNS: u32 = 3;

/// Runs a transaction again if it gave way to a concurrent one (a deadlock, or a serialization failure). Only for
/// operations whose whole effect is in the database, where nothing of an aborted transaction remains.
async fn retry<T, E: MaybeAborted, F>(mut run: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..MAX_RUNS {
        let result = run().await;
        let Some(reason) = result.as_ref().err().and_then(MaybeAborted::abort_reason) else { return result };
        tracing::debug!(reason, "retrying a transaction");
    }
    run().await
}

/// An error that may mean that the transaction gave way to a concurrent one.
trait MaybeAborted {
    /// The database's message, if it did.
    fn abort_reason(&self) -> Option<&str>;
}

impl MaybeAborted for Failure {
    fn abort_reason(&self) -> Option<&str> {
        if let Self::Aborted(reason) = self { Some(reason) } else { None }
    }
}

impl<R> MaybeAborted for Error<R> {
    fn abort_reason(&self) -> Option<&str> {
        if let Self::Failed(failure) = self { failure.abort_reason() } else { None }
    }
}

impl Services {
    /// The services for one request: with one database connection at a time and a limited number of statements.
    #[must_use]
    pub fn for_request(&self) -> Self {
        let db = self.db.within(Quota::default());
        Self { replica: self.replica.as_ref().map(|replica| replica.beside(&db)), db, ..self.clone() }
    }

    /// Checks that the request has enough statements left for any mutation. A mutation is refused before it begins
    /// rather than in its middle.
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

    /// Begins a transaction, re-reads and locks the caller and session, and checks `may` against the fresh state.
    async fn begin_as<R: From<Denial>>(
        &self,
        caller: &Caller,
        may: impl Fn(&Caller) -> Result<(), R>,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<R>> {
        let mut tx = self.db.begin().await?;
        let found = storage::sessions::find_caller_locked(&mut tx, &caller.user.id, &caller.session.id, now).await?;
        let found = found.filter(|caller| Caller::may_be_served(&caller.user, &caller.domain));
        let verdict = found.ok_or(Denial::SessionEnded.into()).and_then(|caller| may(&caller).map(|()| caller));
        match verdict {
            Ok(caller) => {
                self.note_writer(&mut tx, &caller.session.id);
                Ok((tx, caller))
            }
            Err(refusal) => {
                tx.roll_back().await?;
                Err(Error::Refused(refusal))
            }
        }
    }

    /// The same, for an operation that requires step-up authentication, of a caller without required actions.
    async fn begin_as_recent<R: From<Denial> + From<StepUpRequired>>(
        &self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(Tx, Caller), Error<R>> {
        let may = |caller: &Caller| {
            caller.may_act()?;
            Ok(caller.is_recently_authenticated(&self.policy.lifetimes, now)?)
        };
        self.begin_as(caller, may, now).await
    }

    /// Re-reads the caller and checks `may` against the fresh state, before work that is not done in a transaction.
    async fn recheck_caller<R: From<Denial>>(
        &self,
        caller: &Caller,
        may: impl Fn(&Caller) -> Result<(), R>,
    ) -> Result<Caller, Error<R>> {
        let (tx, caller) = self.begin_as(caller, may, self.now()).await?;
        tx.roll_back().await?;
        Ok(caller)
    }

    /// Records a security event, in the transaction of the change. Without a client, the actor is an operator.
    async fn record(
        &self,
        tx: &mut Tx,
        owner: &UserId,
        event_type: SecurityEventType,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let event = new_event(owner, event_type, client, now)?;
        storage::events::insert(tx, &event).await?;
        self.enqueue_reports(tx, &[event], now).await
    }

    /// Reports a security event that the server caused, without storing it.
    async fn record_unstored(
        &self,
        tx: &mut Tx,
        owner: &UserId,
        event_type: SecurityEventType,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let event = new_event(owner, event_type, None, now)?;
        storage::events::report(tx, &event);
        self.enqueue_reports(tx, &[event], now).await
    }
}

fn new_event(
    owner: &UserId,
    event_type: SecurityEventType,
    client: Option<&Client>,
    now: Timestamp,
) -> Result<SecurityEvent, EntropyError> {
    let id = EventId::from_random(entropy::bytes()?);
    Ok(SecurityEvent::new(id, owner.clone(), event_type, client, now))
}
