//! The texts of messages, one file per language. Every language must provide all of [`Words`] and match every reason
//! and notification, so a missing sentence does not compile.
//!
//! No sentence contains a value that a person chose, and only the code has six consecutive digits.

mod en;
mod ja;
mod ko;

use std::str::FromStr;

use super::message::{CodeReason, Message, Notification};
use crate::clock::Timestamp;

/// All texts of one language.
pub(super) struct Words {
    /// The language, as a BCP 47 tag.
    pub tag: &'static str,
    /// A message with a code: its subject, the paragraph before the code, and what to do if the user did not request it.
    pub code: fn(CodeReason) -> [&'static str; 3],
    /// How long a code is valid; `{}` is its lifetime.
    pub code_valid: &'static str,
    /// The request to keep a code secret.
    pub keep_code: &'static str,
    /// A message with a password reset link; `{}` is its lifetime.
    pub reset: Said,
    /// A notification; `{}` is the lifetime of its link, the number of remaining recovery codes, or the time of deletion.
    pub notice: fn(&Notification) -> Said,
    /// The units of lifetimes.
    pub minutes: Counted,
    pub hours: Counted,
    pub days: Counted,
    /// The label of the button to the password reset page.
    pub reset_button: &'static str,
    /// The label of the button that restores the old address.
    pub undo_button: &'static str,
    /// The label of the button that cancels the deletion of the account.
    pub cancel_button: &'static str,
    /// The sentence that the link below can be copied if the button does not work.
    pub copy_link: &'static str,
    /// The labels of the time, of the client's address and device, and of the account's domain and user id.
    pub when: &'static str,
    pub from: &'static str,
    pub device: &'static str,
    pub domain: &'static str,
    pub user_id: &'static str,
    /// The label of the name of a passkey.
    pub passkey: &'static str,
    /// The name of an unknown device.
    pub unknown_device: &'static str,
    /// The text instead of a client address: an operator made the change on the server.
    pub by_administrator: &'static str,
    /// The closing sentence: the product `{}` sent the message, and replies are not read.
    pub sent_by: &'static str,
}

/// The subject of a message, the paragraph before the link or the circumstances, and those after.
type Said = (&'static str, &'static str, &'static [&'static str]);

/// The forms of a noun with its number `{}`: for 1, and for all others.
type Counted = [&'static str; 2];

/// The texts for a language, by the primary subtag of its BCP 47 tag (RFC 5646, 2.2.1); English if it is not supported.
pub(super) fn of(language: &str) -> &'static Words {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    [&ko::WORDS, &ja::WORDS].into_iter().find(|words| words.tag.eq_ignore_ascii_case(primary)).unwrap_or(&en::WORDS)
}

impl Words {
    /// The texts of a message: its subject, the paragraph before the code, the link or the circumstances, and those
    /// after. Times are in `timezone`.
    pub fn said(&self, message: &Message, timezone: &str) -> (&'static str, String, Vec<String>) {
        let (subject, lead, rest, value) = match message {
            Message::Code { reason, minutes, .. } => {
                let [subject, lead, unasked] = (self.code)(*reason);
                (subject, lead, vec![self.code_valid, unasked, self.keep_code], self.lifetime(*minutes))
            }
            Message::ResetPassword { minutes, .. } => {
                let (subject, lead, rest) = self.reset;
                (subject, lead, rest.to_vec(), self.lifetime(*minutes))
            }
            Message::Notification { notice, .. } => {
                let (subject, lead, rest) = (self.notice)(notice);
                let value = match notice {
                    Notification::EmailChangedFrom { days, .. } => count(self.days, *days),
                    Notification::RecoveryCodeUsed { left } => left.to_string(),
                    Notification::DeletionScheduled { at, .. } => local_time(*at, timezone),
                    _ => String::new(),
                };
                (subject, lead, rest.to_vec(), value)
            }
        };
        (subject, lead.to_owned(), rest.into_iter().map(|paragraph| paragraph.replace("{}", &value)).collect())
    }

    /// A lifetime in its natural unit.
    fn lifetime(&self, minutes: i64) -> String {
        if minutes > 0 && minutes % 60 == 0 { count(self.hours, minutes / 60) } else { count(self.minutes, minutes) }
    }
}

/// A time in the recipient's time zone, with its offset: `2026-11-26 13:15 (UTC+09:00)`.
pub(super) fn local_time(at: Timestamp, timezone: &str) -> String {
    let timezone = chrono_tz::Tz::from_str(timezone).unwrap_or(chrono_tz::UTC);
    at.with_timezone(&timezone).format("%Y-%m-%d %H:%M (UTC%:z)").to_string()
}

fn count([one, many]: Counted, number: i64) -> String {
    (if number == 1 { one } else { many }).replace("{}", &number.to_string())
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
            assert_eq!(of("en").lifetime(minutes), expected);
        }
    }
}
