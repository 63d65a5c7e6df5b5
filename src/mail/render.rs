//! Renders a message as text and as HTML.

use super::message::OutgoingMail;
use super::page::Page;
use super::{html, text, words};

/// A rendered message.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, one line without secrets, as locked screens show it.
    pub subject: String,
    /// The text, without markup; lines end with `\n`.
    pub text: String,
    /// The same as an HTML document that loads nothing.
    pub html: String,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rendered").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Renders a message in the recipient's language.
pub fn render(mail: &OutgoingMail) -> Rendered {
    let words = words::of(&mail.language);
    let page = Page::of(mail, words);
    Rendered { subject: page.subject.to_owned(), text: text::render(&page), html: html::render(&page, words) }
}

/// The supported language for a recipient's `language`: `en`, `ko`, or `ja`.
pub(super) fn language_of(language: &str) -> &'static str {
    words::of(language).tag
}
