//! A letter put into words, as text and as HTML.

use super::clean::one_line;
use super::message::{Circumstances, Letter, Message, Notice};
use super::words::{self, Words};
use super::{html, text};

/// How much of a client's name for itself is told, in characters: enough for browser and system.
const MAX_USER_AGENT: usize = 120;
/// How much of an address is told, in characters; an IPv6 address with a zone has fewer.
const MAX_ADDRESS: usize = 64;

/// A mail in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What it is about, in one line; it holds nothing secret, for it shows on locked screens.
    pub subject: String,
    /// What it says, without markup; lines end with `\n`.
    pub text: String,
    /// The same as an HTML document that loads nothing.
    pub html: String,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { subject, .. } = self;
        f.debug_struct("Rendered")
            .field("subject", subject)
            .field("text", &format_args!("***"))
            .field("html", &format_args!("***"))
            .finish()
    }
}

/// Puts a letter into words, in its reader's language.
#[must_use]
pub fn render(letter: &Letter) -> Rendered {
    let words = words::of(&letter.language);
    let page = Page::of(&letter.message, words);
    Rendered { subject: page.subject.to_owned(), text: text::lay_out(&page, words), html: html::lay_out(&page, words) }
}

/// The language in which a reader of `language` is written to: `en`, `ko` or `ja`.
pub(super) fn language_of(language: &str) -> &'static str {
    words::of(language).tag
}

/// A mail, part by part, before it is text or HTML.
pub(super) struct Page<'a> {
    pub subject: &'static str,
    pub parts: Vec<Part<'a>>,
}

/// A part of a mail.
pub(super) enum Part<'a> {
    Paragraph(String),
    /// A code to be copied.
    Code(&'a str),
    /// A link to be followed, and what its button says.
    Link {
        target: &'a str,
        button: &'static str,
    },
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
}

impl<'a> Page<'a> {
    fn of(message: &'a Message, words: &Words) -> Self {
        let (said, shown, last) = match message {
            Message::Code { reason, code, minutes } => {
                ((words.code)(*reason, *minutes), Part::Code(code.reveal()), None)
            }
            Message::ResetPassword { link, minutes } => {
                ((words.reset)(*minutes), Part::Link { target: link.reveal(), button: words.reset_button }, None)
            }
            Message::Notice { notice, circumstances } => {
                let undo = match notice {
                    Notice::EmailChangedFrom { undo_link, .. } => {
                        Some(Part::Link { target: undo_link.reveal(), button: words.undo_button })
                    }
                    _ => None,
                };
                ((words.notice)(notice), Part::Facts(facts(circumstances, words)), undo)
            }
        };
        let mut parts = vec![Part::Paragraph(said.lead), shown];
        parts.extend(said.rest.into_iter().map(Part::Paragraph));
        parts.extend(last);
        Self { subject: said.subject, parts }
    }
}

fn facts(circumstances: &Circumstances, words: &Words) -> Vec<(&'static str, String)> {
    let Circumstances { at, client_address, user_agent } = circumstances;
    let from = match client_address {
        Some(address) => one_line(address, MAX_ADDRESS),
        None => words.by_administrator.to_owned(),
    };
    let client = user_agent.as_deref().map(|name| one_line(name, MAX_USER_AGENT)).filter(|name| !name.is_empty());
    let mut facts = vec![(words.when, at.format("%Y-%m-%d %H:%M UTC").to_string()), (words.from, from)];
    facts.extend(client.map(|name| (words.client, name)));
    facts
}
