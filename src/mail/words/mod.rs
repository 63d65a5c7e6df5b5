//! The words, a file for each language. Every language fills in all of [`Words`] and matches every reason and notice, so
//! that a sentence that is missing does not compile.
//!
//! No sentence takes in a value that a person chose, and none but the code has six digits in a row.

mod en;
mod ja;
mod ko;

use super::message::{CodeReason, Notice};

/// All that is said in one language.
pub(super) struct Words {
    /// The language, as a BCP 47 tag.
    pub tag: &'static str,
    /// A mail with a code, good for so many minutes.
    pub code: fn(CodeReason, i64) -> Said,
    /// A mail with a link to the page for a new password, good for so many minutes.
    pub reset: fn(i64) -> Said,
    /// A mail that tells what happened.
    pub notice: fn(&Notice) -> Said,
    /// What is on the button to the page for a new password.
    pub reset_button: &'static str,
    /// What is on the button that puts the old address back.
    pub undo_button: &'static str,
    /// Says that the link below can be copied where the button does not work.
    pub copy_link: &'static str,
    /// Stands before the time.
    pub when: &'static str,
    /// Stands before the client's address.
    pub from: &'static str,
    /// Stands before the name of the client's device.
    pub device: &'static str,
    /// Stands for the name of a device that is not known.
    pub unknown_device: &'static str,
    /// Stands before the name of the account's domain.
    pub domain: &'static str,
    /// Stands before the account's user id.
    pub user_id: &'static str,
    /// Stands where there is no address: an administrator did it on the server.
    pub by_administrator: &'static str,
    /// Says at the end which product sent it, and that nobody reads answers.
    pub sent_by: fn(&str) -> String,
}

/// One mail in words.
pub(super) struct Said {
    pub subject: &'static str,
    /// The paragraph before the code, the link or the circumstances.
    pub lead: String,
    /// The paragraphs after.
    pub rest: Vec<String>,
}

/// The subject of a notification, the paragraph before the circumstances, and those after.
type Parts = (&'static str, &'static str, Vec<String>);

/// The words for a reader of a language, by the primary subtag of its BCP 47 tag (RFC 5646, 2.2.1); English for those
/// that there are none for.
pub(super) fn of(language: &str) -> &'static Words {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    [&ko::WORDS, &ja::WORDS].into_iter().find(|words| words.tag.eq_ignore_ascii_case(primary)).unwrap_or(&en::WORDS)
}

/// How long something is good, in the unit that people would say it in.
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
    fn whole_hours_are_told_as_hours() {
        for (minutes, expected) in
            [(1, "1 minute"), (10, "10 minutes"), (60, "1 hour"), (90, "90 minutes"), (120, "2 hours")]
        {
            assert!((of("en").reset)(minutes).rest.concat().contains(expected), "{minutes}");
        }
    }
}
