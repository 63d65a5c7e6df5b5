//! Connections to a mail server: opened when there is a mail, and kept for a while for the next.
//!
//! lettre has a pool of its own, which is not used: its connections know no time limit once they stand, and one whose
//! mail was given up half-way goes back into it. Whatever is said on such a connection next would become part of the mail
//! before, and one person's code go to another. Here a connection is only ever kept after the server took its mail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::reply::Fault;

/// How many connections there are at most.
const MAX_CONNECTIONS: usize = 4;
/// For how long one is kept without a mail. Servers wait for 5 minutes (RFC 5321, 4.5.3.2.7), busy ones less.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// How long each command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(15);

/// Where connections go.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<Credentials>,
}

/// What a connection is protected by.
pub(super) enum Encryption {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

/// The connections to one server.
pub(super) struct Connections {
    server: Server,
    limit: Duration,
    /// How many more may be in use; those not in use are taken before others are opened, so there are never more in all.
    free: Semaphore,
    idle: Arc<Mutex<Vec<Idle>>>,
}

/// A connection that waits for a mail.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Connections {
    pub(super) fn to(server: Server) -> Self {
        Self { server, limit: COMMAND_LIMIT, free: Semaphore::new(MAX_CONNECTIONS), idle: Arc::default() }
    }

    /// The same, less patient.
    #[cfg(test)]
    pub(super) fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Hands a mail to the server.
    pub(super) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Fault> {
        // It is never closed; if it were, there would be one connection more.
        let _place = self.free.acquire().await.ok();
        let mut connection = match self.take_idle().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        // MAIL, RCPT, DATA, and what follows.
        self.within(4, connection.send(envelope, mail)).await?.map_err(Fault::Sending)?;
        self.keep(connection);
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let Server { host, port, encryption, credentials } = &self.server;
        let (from_start, later) = match encryption {
            Encryption::None => (None, None),
            Encryption::StartTls(tls) => (None, Some(tls)),
            Encryption::Tls(tls) => (Some(tls), None),
        };
        let me = ClientId::default();
        let address = (host.as_str(), *port);
        let opening = AsyncSmtpConnection::connect_tokio1(address, Some(self.limit), &me, from_start.cloned(), None);
        // To connect, perhaps to a second address; to be greeted; and EHLO.
        let mut connection = self.within(4, opening).await?.map_err(Fault::Connecting)?;
        if let Some(tls) = later {
            if !connection.can_starttls() {
                return Err(Fault::NoTls);
            }
            // STARTTLS, the handshake, and EHLO again.
            self.within(3, connection.starttls(tls.clone(), &me)).await?.map_err(Fault::Connecting)?;
        }
        if let Some(credentials) = credentials {
            // AUTH, and where it must be LOGIN, user and password.
            let signing_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            self.within(3, signing_in).await?.map_err(Fault::Connecting)?;
        }
        Ok(connection)
    }

    /// Takes a connection that still stands, if there is one.
    async fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = lock(&self.idle).pop()?;
            let is_fresh = since.elapsed() < KEPT_FOR;
            if is_fresh && self.within(1, connection.test_connected()).await.unwrap_or(false) {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        if connection.has_broken() {
            return;
        }
        lock(&self.idle).push(Idle { connection, since: Instant::now() });
        let (idle, limit) = (Arc::downgrade(&self.idle), self.limit);
        tokio::spawn(async move {
            sleep(KEPT_FOR).await;
            let Some(idle) = idle.upgrade() else { return };
            let old: Vec<_> = lock(&idle).extract_if(.., |idle| idle.since.elapsed() >= KEPT_FOR).collect();
            for Idle { mut connection, .. } in old {
                // Only good manners: whatever the answer, it is closed.
                let _ = timeout(limit, connection.quit()).await;
            }
        });
    }

    /// Waits for so many commands. What is given up is dropped, and its connection with it.
    async fn within<T>(&self, commands: u32, work: impl Future<Output = T>) -> Result<T, Fault> {
        timeout(self.limit * commands, work).await.map_err(|_| Fault::TimedOut)
    }
}

fn lock(idle: &Mutex<Vec<Idle>>) -> MutexGuard<'_, Vec<Idle>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Server { host, port, .. } = &self.server;
        f.debug_struct("Connections").field("host", host).field("port", port).finish_non_exhaustive()
    }
}
