//! How it is said: mails, from the values that they tell, by way of words in the reader's language, to the server that
//! takes them.
//!
//! [`render()`] makes words of a [`Letter`]; a [`Transport`] sends it. What is worth a mail, who gets it and when it is
//! tried again is not known here: that is decided in the services, which keep letters until they are sent.

mod clean;
mod connections;
mod envelope;
mod html;
pub mod mailbox;
pub mod message;
pub mod render;
mod reply;
pub mod smtp;
mod text;
pub mod transport;
mod verdict;
mod vocabulary;
mod words;

#[cfg(test)]
mod tests;

pub use html::escape;
pub use mailbox::{Kept, Mailbox};
pub use message::{Account, Circumstances, CodeReason, Letter, MailedSecret, Message, Notice};
pub use render::{Rendered, render};
pub use smtp::{Smtp, SmtpError, SmtpPassword, SmtpSecurity, SmtpSettings};
pub use transport::{SendError, Transport};

/// What the product is called in mails.
pub const PRODUCT: &str = "UserProfile";
