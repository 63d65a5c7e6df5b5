//! The transports for messages.

use super::mailbox::Mailbox;
use super::message::OutgoingMail;
use super::render::render;
use super::reply::SendError;
use super::smtp::Smtp;
use crate::clock::Timestamp;

/// A transport for messages.
#[derive(Debug, Clone)]
pub enum Transport {
    /// To a mail server, which relays them to their recipients.
    Smtp(Smtp),
    /// To an in-memory mailbox, where they can be viewed.
    Mailbox(Mailbox),
}

impl Transport {
    /// Whether addresses that require SMTPUTF8 (RFC 6531) are known to be unreachable, because the server did not offer
    /// it on the last connection. `false` while that is unknown.
    pub fn lacks_smtputf8(&self) -> bool {
        match self {
            Self::Smtp(smtp) => smtp.lacks_smtputf8(),
            Self::Mailbox(_) => false,
        }
    }

    /// Sends a message.
    ///
    /// `id` is the message's own id: if it is sent again with the same id, mail programs can detect the duplicate.
    /// `written_at` is its date. An error may also mean that only the server's reply was lost.
    pub async fn send(&self, mail: &OutgoingMail, id: &str, written_at: Timestamp) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail, id, written_at).await,
            Self::Mailbox(mailbox) => {
                mailbox.keep(id, &mail.to, render(mail), written_at);
                Ok(())
            }
        }
    }
}
