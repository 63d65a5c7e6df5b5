//! The texts of messages, one file per language. Every language must provide all of [`Words`] and match every reason
//! and notification, so a missing sentence does not compile.
//!
//! No sentence contains a value that a person chose, and only the code has six consecutive digits.

mod en;
mod ja;
mod ko;

use super::message::{CodeReason, Notification};

/// All texts of one language.
pub(super) struct Words {
    /// The language, as a BCP 47 tag.
    pub tag: &'static str,
    /// A message with a code, and its lifetime in minutes.
    pub code: fn(CodeReason, i64) -> Said,
    /// A message with a password reset link, and its lifetime in minutes.
    pub reset: fn(i64) -> Said,
    /// A notification.
    pub notice: fn(&Notification) -> Said,
    /// The label of the button to the password reset page.
    pub reset_button: &'static str,
    /// The label of the button that restores the old address.
    pub undo_button: &'static str,
    /// The sentence that the link below can be copied if the button does not work.
    pub copy_link: &'static str,
    /// The label of the time.
    pub when: &'static str,
    /// The label of the client's address.
    pub from: &'static str,
    /// The label of the client's device.
    pub device: &'static str,
    /// The name of an unknown device.
    pub unknown_device: &'static str,
    /// The label of the account's domain.
    pub domain: &'static str,
    /// The label of the account's user id.
    pub user_id: &'static str,
    /// The text instead of a client address: an operator made the change on the server.
    pub by_administrator: &'static str,
    /// The closing sentence: the product that sent the message, and that replies are not read.
    pub sent_by: fn(&str) -> String,
}

/// The texts of one message.
pub(super) struct Said {
    pub subject: &'static str,
    /// The paragraph before the code, the link or the circumstances.
    pub lead: String,
    /// The paragraphs after.
    pub rest: Vec<String>,
}

/// The subject of a notification, the paragraph before the circumstances, and those after.
type Parts = (&'static str, &'static str, Vec<String>);

/// The texts for a language, by the primary subtag of its BCP 47 tag (RFC 5646, 2.2.1); English if it is not supported.
pub(super) fn of(language: &str) -> &'static Words {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    [&ko::WORDS, &ja::WORDS].into_iter().find(|words| words.tag.eq_ignore_ascii_case(primary)).unwrap_or(&en::WORDS)
}

/// A lifetime in a natural unit.
enum Span {
    Minutes(i64),
    Hours(i64),
}

fn span(minutes: i64) -> Span {
    if minutes > 0 && minutes % 60 == 0 { Span::Hours(minutes / 60) } else { Span::Minutes(minutes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_chosen_by_the_primary_subtag() {
        for (tag, expected) in [
            ("ko", "ko"),
            ("ko-KR", "ko"),
            ("ko_KR", "ko"),
            ("JA", "ja"),
            ("ja-Latn-JP", "ja"),
            ("en-GB", "en"),
            ("de", "en"),
            ("kok", "en"),
            ("", "en"),
        ] {
            assert_eq!(of(tag).tag, expected, "{tag:?}");
        }
    }

    #[test]
    fn whole_hours_are_written_as_hours() {
        for (minutes, expected) in
            [(1, "1 minute"), (10, "10 minutes"), (60, "1 hour"), (90, "90 minutes"), (120, "2 hours")]
        {
            assert!((of("en").reset)(minutes).rest.concat().contains(expected), "{minutes}");
        }
    }
}
