//! The content of a message in the recipient's language: its paragraphs, codes, links, and facts.

use super::PRODUCT;
use super::clean::{one_line, one_line_with_numbers};
use super::message::{Account, Circumstances, Message, Notification, OutgoingMail};
use super::words::{Words, local_time};
use crate::domain::device;

/// The longest name of a device in a message, in characters.
const MAX_DEVICE: usize = 64;
/// The longest name of a domain, and the longest user id, in a message, in characters; almost all are shorter.
const MAX_ACCOUNT: usize = 300;
/// The longest client address in a message, in characters; an IPv6 address with a zone is shorter.
const MAX_ADDRESS: usize = 64;

/// The parts of a message, before it is rendered as text or HTML.
pub(super) struct Page<'a> {
    pub(super) subject: &'static str,
    pub(super) parts: Vec<Part<'a>>,
    pub(super) foot: String,
}

/// A part of a message.
pub(super) enum Part<'a> {
    Paragraph(String),
    /// A code to copy.
    Code(&'a str),
    /// A link, and the label of its button.
    Link {
        target: &'a str,
        button: &'static str,
    },
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
}

impl<'a> Page<'a> {
    /// The content of a message.
    pub(super) fn of(mail: &'a OutgoingMail, words: &Words) -> Self {
        let OutgoingMail { account, message, .. } = mail;
        let named = account_facts(account, words);
        let (shown, last) = match message {
            Message::Code { code, .. } => (vec![Part::Code(code.reveal()), Part::Facts(named)], None),
            Message::ResetPassword { link, .. } => {
                let link = Part::Link { target: link.reveal(), button: words.reset_button };
                (vec![Part::Facts(named), link], None)
            }
            Message::Notification { notice, circumstances } => {
                let link = match notice {
                    Notification::EmailChangedFrom { undo_link, .. } => {
                        Some(Part::Link { target: undo_link.reveal(), button: words.undo_button })
                    }
                    Notification::DeletionScheduled { cancel_link, .. } => {
                        Some(Part::Link { target: cancel_link.reveal(), button: words.cancel_button })
                    }
                    _ => None,
                };
                let mut facts = facts(circumstances, account, words);
                if let Notification::PasskeyAdded { name }
                | Notification::PasskeyRemoved { name }
                | Notification::PasskeyRefused { name } = notice
                {
                    facts.insert(0, (words.passkey, one_line(name, MAX_DEVICE)));
                }
                if matches!(notice, Notification::AccountDeleted) {
                    // The server did it, and no client.
                    facts.truncate(1);
                }
                (vec![Part::Facts([named, facts].concat())], link)
            }
        };
        let (subject, lead, rest) = words.said(message, &account.timezone);
        let mut parts = vec![Part::Paragraph(lead)];
        parts.extend(shown.into_iter().filter(|part| !matches!(part, Part::Facts(facts) if facts.is_empty())));
        parts.extend(rest.into_iter().map(Part::Paragraph));
        parts.extend(last);
        Self { subject, parts, foot: words.sent_by.replace("{}", PRODUCT) }
    }
}

/// The facts that identify the account. A person with several accounts may use one address for all of them.
fn account_facts(account: &Account, words: &Words) -> Vec<(&'static str, String)> {
    let facts = [(words.domain, &account.domain), (words.user_id, &account.user_id)];
    let cleaned = facts.map(|(name, value)| (name, one_line_with_numbers(value, MAX_ACCOUNT)));
    cleaned.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn facts(circumstances: &Circumstances, account: &Account, words: &Words) -> Vec<(&'static str, String)> {
    let Circumstances { at, client_address, user_agent } = circumstances;
    let from = match client_address {
        Some(address) => one_line(address, MAX_ADDRESS),
        None => words.by_administrator.to_owned(),
    };
    let device = user_agent.as_deref().map(|user_agent| match device::name(user_agent) {
        Some(name) => one_line(&name, MAX_DEVICE),
        None => words.unknown_device.to_owned(),
    });
    let mut facts = vec![(words.when, local_time(*at, &account.timezone)), (words.from, from)];
    facts.extend(device.map(|device| (words.device, device)));
    facts
}
