//! The outbox: messages are written in the transaction that needs them and sent after it, by the first server that
//! leases them.
//!
//! A crash loses no message. A message is sent twice only if a server crashes after the mail server has accepted it and
//! before that is recorded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Failure, Services};
use crate::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::event::Client;
use crate::domain::ids::JobId;
use crate::domain::outbox::{
    FAILED_JOB_RETENTION_DAYS, JOB_TIMEOUT_SECONDS, Job, JobKind, LEASE, MAX_TRIES, PAYLOAD_PURPOSE, pause_after,
};
use crate::domain::user::User;
use crate::entropy;
use crate::mail::{Account, Circumstances, Message, Notification, OutgoingMail, SendError, Transport};
use crate::storage::{Tx, domains, outbox};

/// For how long a notification is attempted.
const NOTIFICATION_LIFETIME: TimeDelta = TimeDelta::days(3);
/// How often a worker looks for jobs of other processes.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How many messages one server sends at once.
const WORKERS: usize = 4;

/// Sends messages.
#[derive(Clone)]
pub struct Mailer {
    transport: Transport,
    /// Wakes a worker when this process has added a job.
    wake: Arc<Notify>,
}

impl Mailer {
    /// Sends through `transport`.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self { transport, wake: Arc::new(Notify::new()) }
    }
}

/// The content of a job.
#[derive(Serialize, Deserialize)]
pub(super) enum Payload {
    /// A message.
    #[serde(rename = "Letter")]
    OutgoingMail(OutgoingMail),
    /// A request for a reset link.
    ResetRequest {
        /// The domain.
        domain_id: String,
        /// The user id as entered.
        user_id: String,
        /// The address of the client.
        client_address: std::net::IpAddr,
        /// The user agent of the client.
        user_agent: Option<String>,
    },
}

impl Payload {
    fn kind(&self) -> JobKind {
        match self {
            Self::OutgoingMail(_) => JobKind::Mail,
            Self::ResetRequest { .. } => JobKind::ResetRequest,
        }
    }
}

/// Why a user gets no notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNotified {
    /// No mail server is configured.
    #[error("SMTP_URL is not set")]
    NoMailServer,
    /// The user has no address that is known to be theirs.
    #[error("they have neither a verified email address nor an EMAIL factor")]
    NoAddress,
}

impl Services {
    /// Why `user` cannot be notified, if so.
    pub(super) fn why_not_notified(&self, user: &User) -> Option<NotNotified> {
        match (&self.mail, user.notification_address()) {
            (None, _) => Some(NotNotified::NoMailServer),
            (Some(_), None) => Some(NotNotified::NoAddress),
            (Some(_), Some(_)) => None,
        }
    }

    /// Checks that messages can be sent, before an operation that needs one.
    pub(super) fn require_mail(&self) -> Result<(), Failure> {
        if self.mail.is_some() { Ok(()) } else { Err(Failure::MailNotConfigured) }
    }

    /// Adds a job, to be done after the commit and before `expires_at`.
    pub(super) async fn enqueue(
        &self,
        tx: &mut Tx,
        payload: &Payload,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        Ok(outbox::insert(tx, &self.job(payload, expires_at, now)?).await?)
    }

    fn job(&self, payload: &Payload, expires_at: Timestamp, now: Timestamp) -> Result<Job, Failure> {
        let plain = serde_json::to_vec(payload)?;
        Ok(Job {
            id: JobId::from_random(entropy::bytes()?),
            kind: payload.kind(),
            payload: self.keyring.encrypt(PAYLOAD_PURPOSE, entropy::bytes()?, &plain)?,
            created_at: now,
            expires_at,
            tries: 0,
        })
    }

    /// Adds a message to `to` about the account of `user`, to be sent after the commit and before `expires_at`.
    pub(super) async fn enqueue_mail(
        &self,
        tx: &mut Tx,
        (to, user): (&str, &User),
        message: Message,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let domain = domains::find_name(tx, &user.domain_id).await?.unwrap_or_default();
        self.enqueue(tx, &letter((to, user), domain, message), expires_at, now).await
    }

    /// Whether `address` is known to be unreachable: it needs SMTPUTF8, which the mail server does not offer.
    pub(super) fn is_unreachable(&self, address: &Email) -> bool {
        address.needs_smtputf8() && self.mail.as_ref().is_some_and(|mailer| mailer.transport.lacks_smtputf8())
    }

    /// Notifies a user of a change of their account, if a mail server is configured and they have an address for
    /// notifications.
    pub(super) async fn enqueue_notification(
        &self,
        tx: &mut Tx,
        user: &User,
        notice: Notification,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        match user.notification_address() {
            Some(address) => self.enqueue_notification_to(tx, address.as_str(), user, notice, client, now).await,
            None => Ok(()),
        }
    }

    /// The same, to a given address.
    pub(super) async fn enqueue_notification_to(
        &self,
        tx: &mut Tx,
        to: &str,
        user: &User,
        notice: Notification,
        client: Option<&Client>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if self.mail.is_none() {
            return Ok(());
        }
        self.enqueue_mail(tx, (to, user), notification(notice, client, now), now + NOTIFICATION_LIFETIME, now).await
    }

    /// Notifies many users at once of what an operator did to their accounts.
    pub(super) async fn enqueue_notifications(
        &self,
        tx: &mut Tx,
        users: &[&User],
        notice: &Notification,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if self.mail.is_none() {
            return Ok(());
        }
        let (mut names, mut jobs) = (HashMap::new(), Vec::new());
        for user in users {
            let Some(address) = user.notification_address() else { continue };
            let name = match names.entry(&user.domain_id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(free) => free.insert(domains::find_name(tx, &user.domain_id).await?.unwrap_or_default()),
            };
            let message = notification(notice.clone(), None, now);
            let letter = letter((address.as_str(), user), name.clone(), message);
            jobs.push(self.job(&letter, now + NOTIFICATION_LIFETIME, now)?);
        }
        Ok(outbox::insert_many(tx, &jobs).await?)
    }

    /// Commits a transaction that added jobs, and wakes a worker.
    pub(super) async fn commit_and_wake(&self, tx: Tx) -> Result<(), Failure> {
        tx.commit().await?;
        if let Some(mailer) = &self.mail {
            mailer.wake.notify_one();
        }
        Ok(())
    }

    /// Processes the jobs of all processes until `stop` is cancelled, and finishes the current ones.
    pub async fn run_worker(self: Arc<Self>, stop: CancellationToken) {
        let workers = (0..WORKERS).map(|_| self.clone().run_one_worker(stop.clone()));
        futures_util::future::join_all(workers).await;
    }

    async fn run_one_worker(self: Arc<Self>, stop: CancellationToken) {
        let Some(mailer) = &self.mail else { return };
        while !stop.is_cancelled() {
            match self.run_next_job().await {
                // There may be another job, which an idle worker can take.
                Ok(true) => mailer.wake.notify_one(),
                Ok(false) => self.wait_for_work(mailer, &stop).await,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be processed; the next attempt follows");
                    self.wait_for_work(mailer, &stop).await;
                }
            }
        }
    }

    async fn wait_for_work(&self, mailer: &Mailer, stop: &CancellationToken) {
        tokio::select! {
            () = mailer.wake.notified() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Processes one job that is due, and returns whether there was one.
    ///
    /// # Errors
    /// If the database fails. The job is processed later, by the first worker that leases it.
    pub async fn run_next_job(&self) -> Result<bool, Failure> {
        let now = self.now();
        let Some(mailer) = &self.mail else { return Ok(false) };
        let kinds = [JobKind::Mail, JobKind::ResetRequest];
        let Some(job) = outbox::lease(&self.db, &kinds, now, now + LEASE).await? else { return Ok(false) };
        if now >= job.expires_at {
            tracing::warn!(job = %job.id, kind = job.kind.as_str(), "dropped an expired message from the outbox");
            self.finish(&job).await?;
            if job.kind == JobKind::Mail {
                self.metrics().accounts.count_email("expired");
            }
            return Ok(true);
        }
        match self.keyring.decrypt(PAYLOAD_PURPOSE, &job.payload) {
            Ok(plain) => self.process(mailer, &job, &plain).await?,
            // During a rotation of the key, another server may have the key.
            Err(error) if job.tries < MAX_TRIES => {
                self.postpone(&job, &SendError { is_final: false, reason: error.to_string(), advice: None }).await?;
            }
            Err(error) => self.give_up(&job, &error.to_string(), None).await?,
        }
        Ok(true)
    }

    async fn process(&self, mailer: &Mailer, job: &Job, payload: &[u8]) -> Result<(), Failure> {
        match serde_json::from_slice(payload) {
            Ok(Payload::OutgoingMail(letter)) => self.send(mailer, job, &letter).await,
            Ok(Payload::ResetRequest { domain_id, user_id, client_address, user_agent }) => {
                let client = Client { address: client_address, user_agent };
                self.decide_reset(job, &domain_id, &user_id, &client).await
            }
            Err(error) => self.give_up(job, &error.to_string(), None).await,
        }
    }

    async fn send(&self, mailer: &Mailer, job: &Job, letter: &OutgoingMail) -> Result<(), Failure> {
        let sending = mailer.transport.send(letter, job.id.as_str(), job.created_at);
        let sent = tokio::time::timeout(Duration::from_secs(JOB_TIMEOUT_SECONDS), sending).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {JOB_TIMEOUT_SECONDS} s");
            Err(SendError { is_final: false, reason, advice: None })
        });
        match sent {
            Ok(()) => {
                self.metrics().accounts.count_email("sent");
                tracing::debug!(job = %job.id, "message sent");
                self.finish(job).await
            }
            Err(error) if error.is_final || job.tries >= MAX_TRIES => {
                self.metrics().accounts.count_email("failed");
                self.give_up(job, &error.reason, error.advice).await
            }
            Err(error) => {
                self.metrics().accounts.count_email("postponed");
                self.postpone(job, &error).await
            }
        }
    }

    async fn postpone(&self, job: &Job, error: &SendError) -> Result<(), Failure> {
        log_postponed(job, error);
        let due_at = self.now() + pause_after(job.tries);
        let mut tx = self.db.begin().await?;
        outbox::postpone(&mut tx, &job.id, due_at, &error.reason).await?;
        Ok(tx.commit().await?)
    }

    /// Deletes the job and its payload.
    async fn finish(&self, job: &Job) -> Result<(), Failure> {
        let mut tx = self.db.begin().await?;
        outbox::delete(&mut tx, &job.id).await?;
        Ok(tx.commit().await?)
    }

    async fn give_up(&self, job: &Job, reason: &str, advice: Option<&str>) -> Result<(), Failure> {
        tracing::error!(job = %job.id, tries = job.tries, reason, advice, "a message cannot be sent and was given up");
        let mut tx = self.db.begin().await?;
        outbox::mark_failed(&mut tx, &job.id, self.now(), reason).await?;
        Ok(tx.commit().await?)
    }

    /// How many jobs are pending, and how many failed for good within the last [`FAILED_JOB_RETENTION_DAYS`] days.
    pub async fn count_outbox(&self) -> Result<(i64, i64), Failure> {
        Ok(outbox::count(&self.db).await?)
    }

    pub(super) async fn prune_outbox(tx: &mut Tx, now: Timestamp) -> Result<usize, Failure> {
        Ok(outbox::delete_failed(tx, now - TimeDelta::days(FAILED_JOB_RETENTION_DAYS)).await?)
    }
}

/// A message to `to` about the account of `user`, in the domain with this name.
fn letter((to, user): (&str, &User), domain: String, message: Message) -> Payload {
    let account =
        Account { domain, user_id: user.login.as_str().to_owned(), timezone: user.timezone.as_str().to_owned() };
    Payload::OutgoingMail(OutgoingMail {
        to: to.to_owned(),
        language: user.language.as_str().to_owned(),
        account,
        message,
    })
}

/// A notification of an action by `client` or, without one, by an operator.
fn notification(notice: Notification, client: Option<&Client>, now: Timestamp) -> Message {
    let circumstances = Circumstances {
        at: now,
        client_address: client.map(|client| client.address.to_string()),
        user_agent: client.and_then(|client| client.user_agent.clone()),
    };
    Message::Notification { notice, circumstances }
}

/// An error if no message can be sent until an operator acts; otherwise a warning.
fn log_postponed(job: &Job, error: &SendError) {
    let (job, tries, reason) = (&job.id, job.tries, error.reason.as_str());
    if let Some(advice) = error.advice {
        tracing::error!(%job, tries, reason, advice, "a message was not sent; it will be retried");
    } else {
        tracing::warn!(%job, tries, reason, "a message was not sent; it will be retried");
    }
}
