//! The kinds of values that settings accept: one file for each, with the one function that parses it.
//!
//! A kind says what is wrong with a text. Its caller knows where the text was given and for which setting.

use std::{fmt::Display, ops::RangeInclusive};

mod address;
mod choice;
mod count;
mod database_url;
mod documents;
mod duration;
mod host_name;
mod log;
mod mailbox;
mod path;
mod secret_key;
mod size;
mod smtp_url;
mod web_url;

pub(super) use address::{Networks, SocketAddress};
pub(super) use choice::{ON_OFF, choices};
pub(super) use count::counts;
pub use database_url::DatabaseUrl;
pub(super) use database_url::DatabaseUrls;
pub use documents::DocumentsMode;
pub(super) use duration::durations;
pub(super) use host_name::HostName;
pub(super) use log::LogFilter;
pub use log::LogFormat;
pub use mailbox::Mailbox;
pub(super) use mailbox::Mailboxes;
pub(super) use path::FilePath;
pub(super) use secret_key::SecretKeys;
pub(super) use size::sizes;
pub(super) use smtp_url::SmtpUrls;
pub use smtp_url::{SmtpSecurity, SmtpServer};
pub(super) use web_url::{BaseUrl, Origins, PageUrl};

/// A kind of value.
pub(super) trait Kind {
    /// The type of a parsed value.
    type Value;

    /// The placeholder for the value in usage texts.
    fn value_name(&self) -> &'static str;

    /// What it accepts, as a noun: `a duration from 1s to 1d`.
    fn accepts(&self) -> String;

    /// Parses `text`, or says what is wrong with it. An error quotes the text, or parts of it, only if nothing in it
    /// can be secret.
    fn parse(&self, text: &str) -> Result<Self::Value, String>;

    /// Whether its values are, or may contain, secrets.
    fn is_secret(&self) -> bool {
        false
    }

    /// `text` with every secret replaced by `***`.
    fn mask(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// An optional value: an empty text means none.
pub(super) struct Optional<K>(K);

/// Makes a kind optional.
pub(super) fn optional<K: Kind>(kind: K) -> Optional<K> {
    Optional(kind)
}

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;

    fn value_name(&self) -> &'static str {
        self.0.value_name()
    }

    fn accepts(&self) -> String {
        self.0.accepts()
    }

    fn parse(&self, text: &str) -> Result<Self::Value, String> {
        if text.is_empty() { Ok(None) } else { self.0.parse(text).map(Some) }
    }

    fn is_secret(&self) -> bool {
        self.0.is_secret()
    }

    fn mask(&self, text: &str) -> String {
        self.0.mask(text)
    }
}

/// `value` if it is in `range`; otherwise the error that `text` is not, with the bound formatted by `show`.
fn within<T: PartialOrd, S: Display>(
    value: T,
    range: &RangeInclusive<T>,
    text: &str,
    show: impl Fn(&T) -> S,
) -> Result<T, String> {
    if value < *range.start() {
        Err(format!("{text:?} is less than {}", show(range.start())))
    } else if value > *range.end() {
        Err(format!("{text:?} is more than {}", show(range.end())))
    } else {
        Ok(value)
    }
}

/// For the tests of kinds: the error for `text`.
#[cfg(test)]
#[track_caller]
fn wrong<K: Kind>(kind: &K, text: &str) -> String {
    kind.parse(text).map(drop).expect_err("this text is wrong")
}
