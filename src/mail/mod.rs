//! Messages: renders values as text in the recipient's language, and sends the result to a mail server.
//!
//! [`render()`] renders an [`OutgoingMail`]; a [`Transport`] sends it. The services decide which events cause a message, who
//! receives it, and when it is retried; they store messages until they are sent.

mod clean;
mod connections;
mod envelope;
mod html;
pub mod mailbox;
pub mod message;
mod page;
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
pub use message::{Account, Circumstances, CodeReason, MailedSecret, Message, Notification, OutgoingMail};
pub use render::{Rendered, render};
pub use reply::SendError;
pub use smtp::{Smtp, SmtpError, SmtpSecurity, SmtpSettings};
pub use transport::Transport;

/// The product's name in messages.
pub const PRODUCT: &str = "UserProfile";
