//! Sends messages by SMTP (RFC 5321).

use std::net::IpAddr;
use std::sync::Arc;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};

use super::connections::{Connections, Encryption, Server};
use super::envelope::{Unsendable, build_message, parse_address};
use super::message::OutgoingMail;
use super::reply::{Fault, SendError};
use crate::clock::Timestamp;

/// The mail server, and the sender of messages.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// The server's name, or its IP address (IPv6 without brackets).
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name of this server in EHLO: a host name, or an IP address (IPv6 without brackets).
    pub helo_name: String,
    /// User and password, if the server requires them.
    pub credentials: Option<(String, SecretString)>,
    /// The sender's address.
    pub from_address: String,
    /// The sender's name, as mail programs show it.
    pub from_name: Option<String>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Unencrypted.
    Plain,
    /// With STARTTLS (RFC 3207), which is required.
    StartTls,
    /// With TLS from the start (RFC 8314).
    Tls,
}

/// Why messages cannot be sent with the given settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// The sender's address is malformed.
    #[error("{0:?} is not a valid sender address (MAIL_FROM); use one such as noreply@example.com")]
    Sender(String),
    /// TLS cannot be set up, for example because the system has no trusted certificates.
    #[error("TLS for SMTP cannot be set up: {0}")]
    Tls(String),
}

/// Sends messages to a server. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Smtp {
    sender: Mailbox,
    connections: Arc<Connections>,
}

impl Smtp {
    /// Prepares to send; the first connection is opened for the first message.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SmtpError> {
        let SmtpSettings { security, host, port, helo_name, credentials, from_address, from_name } = settings;
        let address = parse_address(from_address).ok_or_else(|| SmtpError::Sender(from_address.clone()))?;
        let name = from_name.as_deref().map(|name| name.replace(char::is_control, " "));
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let tls = || TlsParameters::new(host.clone()).map_err(|error| SmtpError::Tls(error.to_string()));
        let server = Server {
            host: host.clone(),
            port: *port,
            encryption: match security {
                SmtpSecurity::Plain => Encryption::None,
                SmtpSecurity::StartTls => Encryption::StartTls(tls()?),
                SmtpSecurity::Tls => Encryption::Tls(tls()?),
            },
            credentials: credentials
                .as_ref()
                .map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned())),
            helo_name: client_id(helo_name),
        };
        Ok(Self { sender: Mailbox::new(name, address), connections: Arc::new(Connections::to(server)) })
    }

    /// The same with shorter timeouts.
    #[cfg(test)]
    pub(super) fn with_limit(self, limit: std::time::Duration) -> Self {
        let connections = Arc::into_inner(self.connections).unwrap().with_limit(limit);
        Self { connections: Arc::new(connections), ..self }
    }

    /// See [`Transport::lacks_smtputf8`](super::Transport::lacks_smtputf8).
    pub(super) fn lacks_smtputf8(&self) -> bool {
        self.connections.lacks_smtputf8()
    }

    /// Connects to the server, signs in if there are credentials, and disconnects.
    pub async fn check(&self) -> Result<(), SendError> {
        self.connections.check().await.map_err(Fault::into_error)
    }

    /// Sends a message; see [`Transport::send`](super::Transport::send).
    pub async fn send(&self, mail: &OutgoingMail, id: &str, written_at: Timestamp) -> Result<(), SendError> {
        let unsendable = |error: Unsendable| SendError { is_final: true, reason: error.to_string(), advice: None };
        let mail = build_message(mail, &self.sender, id, written_at).map_err(unsendable)?;
        self.connections.send(mail.envelope(), &mail.formatted()).await.map_err(Fault::into_error)
    }
}

/// An IP address is written as an address literal (RFC 5321, section 4.1.3).
fn client_id(name: &str) -> ClientId {
    match name.parse() {
        Ok(IpAddr::V4(ip)) => ClientId::Ipv4(ip),
        Ok(IpAddr::V6(ip)) => ClientId::Ipv6(ip),
        Err(_) => ClientId::Domain(name.to_owned()),
    }
}
