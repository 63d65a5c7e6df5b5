//! Connections to a mail server: opened when there is a mail, and kept for a while for the next.
//!
//! lettre has a pool of its own, which is not used: its connections know no time limit once they stand, and one whose
//! mail was given up half-way goes back into it. Whatever is said on such a connection next would become part of the mail
//! before, and one person's code go to another. Here a connection is only ever kept after the server took its mail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::reply::Fault;
use super::verdict::Stage;

/// How many connections there are at most.
const MAX_CONNECTIONS: usize = 4;
/// For how long one is kept without a mail. Servers wait for 5 minutes (RFC 5321, 4.5.3.2.7), busy ones less.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// How long each command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(15);
/// For how long it is believed what a server said that it offers, so that one that was changed is asked anew.
const OFFER_LASTS: Duration = Duration::from_mins(10);

/// Where connections go.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<Credentials>,
    /// What this server is called in EHLO (RFC 5321, section 4.1.1.1).
    pub helo_name: ClientId,
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
    /// Whether the server offered SMTPUTF8, and when it was last asked.
    smtputf8: Mutex<Option<(bool, Instant)>>,
}

/// A connection that waits for a mail.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Connections {
    pub(super) fn to(server: Server) -> Self {
        let free = Semaphore::new(MAX_CONNECTIONS);
        Self { server, limit: COMMAND_LIMIT, free, idle: Arc::default(), smtputf8: Mutex::default() }
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
        let sent = self.within(4, transact(&mut connection, envelope, mail)).await?;
        match &sent {
            Ok(()) => self.keep(connection),
            // It broke, and hears nothing any more.
            Err(Fault::Refused(_, error)) if error.status().is_none() => {}
            // Only good manners: whatever the answer, it is closed.
            Err(_) => drop(self.within(1, connection.quit()).await),
        }
        sent
    }

    /// Whether the server is known to lack SMTPUTF8: the last connection, not long ago, did not offer it.
    pub(super) fn lacks_smtputf8(&self) -> bool {
        let offered = *lock(&self.smtputf8);
        offered.is_some_and(|(is_offered, asked)| !is_offered && asked.elapsed() < OFFER_LASTS)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let Server { host, port, encryption, credentials, helo_name } = &self.server;
        let (from_start, later) = match encryption {
            Encryption::None => (None, None),
            Encryption::StartTls(tls) => (None, Some(tls)),
            Encryption::Tls(tls) => (Some(tls), None),
        };
        let address = (host.as_str(), *port);
        let opening =
            AsyncSmtpConnection::connect_tokio1(address, Some(self.limit), helo_name, from_start.cloned(), None);
        // To connect, perhaps to a second address; to be greeted; and EHLO.
        let mut connection = self.within(4, opening).await?.map_err(Fault::Connecting)?;
        if let Some(tls) = later {
            if !connection.can_starttls() {
                return Err(Fault::NoTls);
            }
            // STARTTLS, the handshake, and EHLO again.
            self.within(3, connection.starttls(tls.clone(), helo_name)).await?.map_err(Fault::Connecting)?;
        }
        if let Some(credentials) = credentials {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(Fault::NoAuth);
            }
            // AUTH, and where it must be LOGIN, user and password.
            let signing_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            self.within(3, signing_in).await?.map_err(|error| Fault::Refused(Stage::SignIn, error))?;
        }
        *lock(&self.smtputf8) = Some((offers_smtputf8(&connection), Instant::now()));
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

/// Hands a mail over, command by command, so that it is known which one was refused.
async fn transact(connection: &mut AsyncSmtpConnection, envelope: &Envelope, mail: &[u8]) -> Result<(), Fault> {
    let refused = |stage| move |error| Fault::Refused(stage, error);
    let mut parameters = Vec::new();
    if envelope.to().iter().chain(envelope.from()).any(|address| !is_ascii(address)) {
        if !offers_smtputf8(connection) {
            return Err(Fault::NoSmtputf8);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    // Only with such an address; a server that offers SMTPUTF8 has to offer this too (RFC 6531, section 3.1).
    if !mail.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await.map_err(refused(Stage::Sender))?;
    for recipient in envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), Vec::new())).await.map_err(refused(Stage::Recipient))?;
    }
    connection.command(Data).await.map_err(refused(Stage::Data))?;
    connection.message(mail).await.map_err(refused(Stage::Message))?;
    Ok(())
}

fn is_ascii(address: &Address) -> bool {
    AsRef::<str>::as_ref(address).is_ascii()
}

fn offers_smtputf8(connection: &AsyncSmtpConnection) -> bool {
    connection.server_info().supports_feature(Extension::SmtpUtfEight)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Server { host, port, .. } = &self.server;
        f.debug_struct("Connections").field("host", host).field("port", port).finish_non_exhaustive()
    }
}
