//! The outbox: messages, by email or to the webhook, are written in the transaction that needs them and sent after it, by
//! the first server that leases them.
//!
//! A crash loses no message. A message is sent twice only if a server crashes after the mail server or the webhook has
//! accepted it and before that is recorded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Failure, Services};
use crate::clock::Timestamp;
use crate::domain::email::Email;
use crate::domain::event::Client;
use crate::domain::ids::{JobId, UserId};
use crate::domain::outbox::{
    FAILED_JOB_RETENTION_DAYS, JOB_TIMEOUT_SECONDS, Job, JobKind, LEASE, PAYLOAD_PURPOSE, pause_after,
};
use crate::domain::user::User;
use crate::entropy;
use crate::mail::{Account, Circumstances, Message, Notification, OutgoingMail, SendError, Transport};
use crate::spans;
use crate::storage::{Tx, domains, outbox};
use crate::webhook::ReportedEvent;

/// For how long a notification is attempted.
const NOTIFICATION_LIFETIME: TimeDelta = TimeDelta::days(3);
/// For how long an expired job is left to the servers that can process it.
const ABANDONED_AFTER: TimeDelta = TimeDelta::days(1);
/// How often a worker looks for jobs of other processes.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How many messages one server sends at once.
const MAIL_WORKERS: usize = 4;
/// How many reports to the webhook one server sends at once. They have workers of their own, so that a slow receiver delays
/// no email.
const WEBHOOK_WORKERS: usize = 2;

/// What a worker sends.
#[derive(Clone, Copy)]
enum Duty {
    Mail,
    Reports,
}

impl Duty {
    fn kinds(self) -> &'static [JobKind] {
        match self {
            Self::Mail => &JobKind::OF_MAIL,
            Self::Reports => &[JobKind::Events],
        }
    }
}

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
    /// Security events to report to the webhook.
    Events(Vec<ReportedEvent>),
}

impl Payload {
    fn kind(&self) -> JobKind {
        match self {
            Self::OutgoingMail(_) => JobKind::Mail,
            Self::ResetRequest { .. } => JobKind::ResetRequest,
            Self::Events(_) => JobKind::Events,
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

    /// Adds a job, to be done after the commit and before `expires_at`. It is deleted with the `owner`, if there is one.
    pub(super) async fn enqueue(
        &self,
        tx: &mut Tx,
        (owner, payload): (Option<&UserId>, &Payload),
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        Ok(outbox::insert(tx, &self.job((owner, payload), expires_at, now)?).await?)
    }

    pub(super) fn job(
        &self,
        (owner, payload): (Option<&UserId>, &Payload),
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Job, Failure> {
        let plain = serde_json::to_vec(payload)?;
        Ok(Job {
            id: JobId::from_random(entropy::bytes()?),
            kind: payload.kind(),
            owner_id: owner.cloned(),
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
        self.enqueue(tx, (Some(&user.id), &letter((to, user), domain, message)), expires_at, now).await
    }

    /// Notifies a user of the deletion of their account, in a message that has no owner any more.
    pub(super) async fn enqueue_deletion_notification(
        &self,
        tx: &mut Tx,
        user: &User,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let (Some(_), Some(to)) = (&self.mail, user.notification_address()) else { return Ok(()) };
        let domain = domains::find_name(tx, &user.domain_id).await?.unwrap_or_default();
        let message = notification(Notification::AccountDeleted, None, now);
        let letter = letter((to.as_str(), user), domain, message);
        self.enqueue(tx, (None, &letter), now + NOTIFICATION_LIFETIME, now).await
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
            jobs.push(self.job((Some(&user.id), &letter), now + NOTIFICATION_LIFETIME, now)?);
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
        let workers = self.duties().flat_map(|duty| {
            let workers = match duty {
                Duty::Mail => MAIL_WORKERS,
                Duty::Reports => WEBHOOK_WORKERS,
            };
            std::iter::repeat_n(duty, workers).map(|duty| self.clone().run_one_worker(duty, stop.clone()))
        });
        futures_util::future::join_all(workers).await;
    }

    /// What this server is configured to send.
    fn duties(&self) -> impl Iterator<Item = Duty> + use<> {
        let mail = self.mail.is_some().then_some(Duty::Mail);
        mail.into_iter().chain(self.webhook.is_some().then_some(Duty::Reports))
    }

    async fn run_one_worker(self: Arc<Self>, duty: Duty, stop: CancellationToken) {
        let wake = match (duty, &self.mail) {
            (Duty::Mail, Some(mailer)) => mailer.wake.clone(),
            // Nothing wakes these workers: a report may wait until they look for it.
            _ => Arc::default(),
        };
        while !stop.is_cancelled() {
            match self.run_job_of(duty.kinds()).await {
                // There may be another job, which an idle worker can take.
                Ok(true) => wake.notify_one(),
                Ok(false) => wait_for_work(&wake, &stop).await,
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be processed; the next attempt follows");
                    wait_for_work(&wake, &stop).await;
                }
            }
        }
    }

    /// Processes one job that is due, and returns whether there was one.
    ///
    /// # Errors
    /// If the database fails. The job is processed later, by the first worker that leases it.
    pub async fn run_next_job(&self) -> Result<bool, Failure> {
        self.run_job_of(&self.duties().flat_map(Duty::kinds).copied().collect::<Vec<_>>()).await
    }

    async fn run_job_of(&self, kinds: &[JobKind]) -> Result<bool, Failure> {
        for kind in kinds {
            let now = self.now();
            if let Some(job) = outbox::lease(&self.db, *kind, now, now + LEASE).await? {
                // A trace of its own.
                self.run_job(&job, now).instrument(spans::job(kind.as_str())).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn run_job(&self, job: &Job, now: Timestamp) -> Result<(), Failure> {
        if now >= job.expires_at {
            self.count_attempt(job, "expired");
            if job.kind == JobKind::Events {
                return self.give_up(job, "it has expired", None).await;
            }
            // It is of no use to its recipient any more.
            tracing::warn!(job = %job.id, kind = job.kind.as_str(), "dropped an expired message from the outbox");
            return self.finish(job).await;
        }
        match self.keyring.decrypt(PAYLOAD_PURPOSE, &job.payload) {
            Ok(plain) => self.process(job, &plain).await,
            Err(error) => self.leave_to_another(job, error.to_string()).await,
        }
    }

    /// Another server may be able to read the job: one with another key, during its rotation, or one of the next version,
    /// during an upgrade.
    async fn leave_to_another(&self, job: &Job, reason: String) -> Result<(), Failure> {
        if job.tries < job.kind.max_tries() {
            self.postpone(job, &SendError { is_final: false, reason, advice: None }).await
        } else {
            self.give_up(job, &reason, None).await
        }
    }

    async fn process(&self, job: &Job, payload: &[u8]) -> Result<(), Failure> {
        match serde_json::from_slice(payload) {
            Ok(Payload::OutgoingMail(letter)) => self.send(job, self.deliver(job, &letter).boxed()).await,
            Ok(Payload::ResetRequest { domain_id, user_id, client_address, user_agent }) => {
                let client = Client { address: client_address, user_agent };
                self.decide_reset(job, &domain_id, &user_id, &client).await
            }
            Ok(Payload::Events(events)) => self.send(job, self.report(job, &events).boxed()).await,
            Err(error) => self.leave_to_another(job, error.to_string()).await,
        }
    }

    async fn deliver(&self, job: &Job, letter: &OutgoingMail) -> Result<(), SendError> {
        let Some(mailer) = &self.mail else { return Err(not_configured("SMTP_URL")) };
        mailer.transport.send(letter, job.id.as_str(), job.created_at).await
    }

    async fn report(&self, job: &Job, events: &[ReportedEvent]) -> Result<(), SendError> {
        let Some(webhook) = &self.webhook else { return Err(not_configured("USERPROFILE_EVENT_WEBHOOK_URL")) };
        let sent = webhook.send(job.id.as_str(), events, job.created_at, self.now()).await;
        sent.map_err(|reason| SendError { is_final: false, reason, advice: None })
    }

    /// Does a job by `sending`, and records the result.
    async fn send(&self, job: &Job, sending: BoxFuture<'_, Result<(), SendError>>) -> Result<(), Failure> {
        let sent = tokio::time::timeout(Duration::from_secs(JOB_TIMEOUT_SECONDS), sending).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {JOB_TIMEOUT_SECONDS} s");
            Err(SendError { is_final: false, reason, advice: None })
        });
        match sent {
            Ok(()) => {
                self.count_attempt(job, "sent");
                tracing::debug!(job = %job.id, kind = job.kind.as_str(), "message sent");
                self.finish(job).await
            }
            Err(error) if error.is_final || job.tries >= job.kind.max_tries() => {
                self.count_attempt(job, "failed");
                self.give_up(job, &error.reason, error.advice).await
            }
            Err(error) => {
                self.count_attempt(job, "postponed");
                self.postpone(job, &error).await
            }
        }
    }

    fn count_attempt(&self, job: &Job, result: &'static str) {
        match job.kind {
            JobKind::Mail => self.metrics().accounts.count_email(result),
            JobKind::Events => self.metrics().accounts.count_report(result),
            JobKind::ResetRequest => {}
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
        let kind = job.kind.as_str();
        tracing::error!(job = %job.id, kind, tries = job.tries, reason, advice, "a message cannot be sent and was given up");
        let mut tx = self.db.begin().await?;
        outbox::mark_failed(&mut tx, &job.id, self.now(), reason).await?;
        Ok(tx.commit().await?)
    }

    /// How many jobs of these kinds are pending, and how many failed for good within the last [`FAILED_JOB_RETENTION_DAYS`]
    /// days.
    pub async fn count_jobs(&self, kinds: &[JobKind]) -> Result<(i64, i64), Failure> {
        Ok(outbox::count(&self.db, kinds).await?)
    }

    pub(super) async fn prune_outbox(tx: &mut Tx, now: Timestamp) -> Result<usize, Failure> {
        let failed_before = now - TimeDelta::days(FAILED_JOB_RETENTION_DAYS);
        Ok(outbox::delete_old(tx, failed_before, now - ABANDONED_AFTER).await?)
    }
}

async fn wait_for_work(wake: &Notify, stop: &CancellationToken) {
    tokio::select! {
        () = wake.notified() => {}
        () = tokio::time::sleep(POLL_INTERVAL) => {}
        () = stop.cancelled() => {}
    }
}

fn not_configured(setting: &str) -> SendError {
    SendError { is_final: false, reason: format!("{setting} is not set"), advice: None }
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
    let what = if job.kind == JobKind::Events { "a report to the webhook" } else { "a message" };
    let (job, kind, tries, reason) = (&job.id, job.kind.as_str(), job.tries, error.reason.as_str());
    if let Some(advice) = error.advice {
        tracing::error!(%job, kind, tries, reason, advice, "{what} was not sent; it will be retried");
    } else {
        tracing::warn!(%job, kind, tries, reason, "{what} was not sent; it will be retried");
    }
}
