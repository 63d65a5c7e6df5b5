//! Builds the RFC 5322 message: one recipient and the header fields that RFC 5322 and related RFCs require. Only this
//! module converts text into an address.

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::message::OutgoingMail;
use super::render::{Rendered, language_of, render};
use crate::clock::Timestamp;

/// Why a message cannot be built; a retry would fail again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsendable {
    /// The recipient's address is malformed, or servers may interpret it in different ways.
    #[error("the recipient's address is malformed")]
    Recipient,
    /// lettre refuses to build a message from it.
    #[error("the message cannot be built")]
    Mail,
}

/// Parses an address, and converts its domain to an A-label, which every server understands.
///
/// A quoted local part is refused, although RFC 5321 allows it: with a comma or a bracket inside, it is one address
/// here but perhaps two for another server on the way.
pub(super) fn parse_address(typed: &str) -> Option<Address> {
    let (local, domain) = typed.trim().rsplit_once('@')?;
    if local.contains(|c: char| c == '"' || c.is_control() || c.is_whitespace()) {
        return None;
    }
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    Address::new(local, domain).ok()
}

/// Builds the message from `sender` to its one recipient.
pub(super) fn build_message(
    mail: &OutgoingMail,
    sender: &Mailbox,
    id: &str,
    written_at: Timestamp,
) -> Result<Message, Unsendable> {
    let recipient = parse_address(&mail.to).ok_or(Unsendable::Recipient)?;
    let Rendered { subject, text, html } = render(mail);
    // Built from the addresses themselves, not parsed back from the header.
    let envelope =
        Envelope::new(Some(sender.email.clone()), vec![recipient.clone()]).map_err(|_| Unsendable::Recipient)?;
    Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, recipient))
        .subject(subject)
        // RFC 5322, 3.3. lettre's own conversion panics for some years.
        .raw_header(field("Date", written_at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()))
        .message_id(Some(format!("<{id}@{}>", sender.email.domain())))
        // RFC 3834, 5: so that no automatic reply is sent. The next field is for Exchange, which does not support the
        // former.
        .raw_header(field("Auto-Submitted", "auto-generated".into()))
        .raw_header(field("X-Auto-Response-Suppress", "All".into()))
        .raw_header(field("Content-Language", language_of(&mail.language).into()))
        .envelope(envelope)
        .multipart(MultiPart::alternative_plain_html(text, html))
        .map_err(|_| Unsendable::Mail)
}

fn field(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}
