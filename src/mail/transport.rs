//! Where mails go.

use super::mailbox::Mailbox;
use super::message::Letter;
use super::render::render;
use super::smtp::Smtp;
use crate::clock::Timestamp;

/// A way to send mails.
#[derive(Debug, Clone)]
pub enum Transport {
    /// To a server that takes them, and on to their recipients.
    Smtp(Smtp),
    /// Nowhere: they are kept in memory, to be looked at.
    Mailbox(Mailbox),
}

/// A mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SendError {
    /// Whether trying again cannot help.
    pub is_final: bool,
    /// Why, for the log: at most 200 characters on one line. Of what the server said, it has the codes and known words
    /// only, so that it holds nothing that the server may have repeated: the recipient, the mail, or a password.
    pub reason: String,
    /// What an operator has to do before it can be sent, naming the setting. `None` if it passes by itself, or cannot be
    /// helped.
    pub advice: Option<&'static str>,
}

impl Transport {
    /// Whether addresses that need SMTPUTF8 (RFC 6531) are known to be out of reach, since the server did not offer it
    /// when it was last connected to. `false` while that is not known.
    #[must_use]
    pub fn lacks_smtputf8(&self) -> bool {
        match self {
            Self::Smtp(smtp) => smtp.lacks_smtputf8(),
            Self::Mailbox(_) => false,
        }
    }

    /// Sends a letter.
    ///
    /// `id` is the mail's own: sent again with the same one, programs that look can tell that it is the same mail.
    /// `written_at` is what it is dated.
    ///
    /// # Errors
    /// When the server did not take it. It may have all the same, where only its answer was lost.
    pub async fn send(&self, letter: &Letter, id: &str, written_at: Timestamp) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(letter, id, written_at).await,
            Self::Mailbox(mailbox) => {
                mailbox.keep(id, &letter.to, render(letter), written_at);
                Ok(())
            }
        }
    }
}
