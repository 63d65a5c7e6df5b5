//! Connections to a mail server: opened for a message, and kept open for a while for the next one.
//!
//! lettre's own pool is not used: its connections have no timeout once they are established, and a connection whose
//! message was abandoned half-way returns to the pool. The next data on such a connection would become part of the
//! previous message, and one user's code would be sent to another. Here, a connection is only kept after the server
//! accepted its message.

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

/// The maximum number of connections.
const MAX_CONNECTIONS: usize = 4;
/// How long a connection is kept without a message. Servers wait for 5 minutes (RFC 5321, 4.5.3.2.7), busy ones less.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// The timeout of each command.
const COMMAND_LIMIT: Duration = Duration::from_secs(15);
/// How long the extensions that a server offered are cached, so that a changed server is asked again.
const OFFER_LASTS: Duration = Duration::from_mins(10);

/// The mail server that connections are opened to.
pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<Credentials>,
    /// The name of this server in EHLO (RFC 5321, section 4.1.1.1).
    pub helo_name: ClientId,
}

/// The encryption of a connection.
pub(super) enum Encryption {
    None,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

/// The connections to one mail server.
pub(super) struct Connections {
    server: Server,
    limit: Duration,
    /// How many more may be in use. Idle ones are used before others are opened, so there are never more in total.
    free: Semaphore,
    idle: Arc<Mutex<Vec<Idle>>>,
    /// Whether the server offered SMTPUTF8, and when that was last checked.
    smtputf8: Mutex<Option<(bool, Instant)>>,
}

/// An idle connection.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Connections {
    pub(super) fn to(server: Server) -> Self {
        let free = Semaphore::new(MAX_CONNECTIONS);
        Self { server, limit: COMMAND_LIMIT, free, idle: Arc::default(), smtputf8: Mutex::default() }
    }

    /// The same with shorter timeouts.
    #[cfg(test)]
    pub(super) fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Sends a message to the server.
    pub(super) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Fault> {
        // The semaphore is never closed; if it were, there would be one connection more.
        let _place = self.free.acquire().await.ok();
        let mut connection = match self.take_idle().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        // MAIL, RCPT, DATA, and the message.
        let sent = self.within(4, transact(&mut connection, envelope, mail)).await?;
        match &sent {
            Ok(()) => self.keep(connection),
            // The connection is broken, so QUIT is pointless.
            Err(Fault::Refused(_, error)) if error.status().is_none() => {}
            // Only a courtesy: whatever the reply, the connection is closed.
            Err(_) => drop(self.within(1, connection.quit()).await),
        }
        sent
    }

    /// Connects, signs in if there are credentials, and disconnects.
    pub(super) async fn check(&self) -> Result<(), Fault> {
        let mut connection = self.connect().await?;
        // Only a courtesy: whatever the reply, the connection is closed.
        drop(self.within(1, connection.quit()).await);
        Ok(())
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
        // Connect, perhaps to a second address; the greeting; and EHLO.
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
            // AUTH, and user and password if it must be LOGIN.
            let signing_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            self.within(3, signing_in).await?.map_err(|error| Fault::Refused(Stage::SignIn, error))?;
        }
        *lock(&self.smtputf8) = Some((offers_smtputf8(&connection), Instant::now()));
        Ok(connection)
    }

    /// Takes an idle connection that is still open, if there is one.
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
                // Only a courtesy: whatever the reply, the connection is closed.
                let _ = timeout(limit, connection.quit()).await;
            }
        });
    }

    /// Runs `work` with the timeout of `commands` commands. On a timeout it is dropped together with its connection.
    async fn within<T>(&self, commands: u32, work: impl Future<Output = T>) -> Result<T, Fault> {
        timeout(self.limit * commands, work).await.map_err(|_| Fault::TimedOut)
    }
}

/// Sends a message command by command, so that it is known which one the server refused.
async fn transact(connection: &mut AsyncSmtpConnection, envelope: &Envelope, mail: &[u8]) -> Result<(), Fault> {
    let refused = |stage| move |error| Fault::Refused(stage, error);
    let mut parameters = Vec::new();
    if envelope.to().iter().chain(envelope.from()).any(|address| !is_ascii(address)) {
        if !offers_smtputf8(connection) {
            return Err(Fault::NoSmtputf8);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    // Only with such an address; a server that offers SMTPUTF8 must offer this too (RFC 6531, section 3.1).
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
