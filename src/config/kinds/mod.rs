//! The kinds of value that a setting takes: one file for each, with the one function that parses it.
//!
//! A kind says what is wrong with a text. Where the text stood, and which setting it was for, is known outside.

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
    /// What a text becomes.
    type Value;

    /// What stands for the value in usage texts.
    fn value_name(&self) -> &'static str;

    /// What is right, as a noun: `a duration from 1s to 1d`.
    fn accepts(&self) -> String;

    /// The value, or what is wrong with `text`. Quotes the text, or parts of it, only where nothing in it can be
    /// secret.
    fn parse(&self, text: &str) -> Result<Self::Value, String>;

    /// Whether its values are, or may contain, secrets.
    fn is_secret(&self) -> bool {
        false
    }

    /// `text` with everything secret as `***`.
    fn mask(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// A value that may be missing: an empty text is none.
pub(super) struct Optional<K>(K);

/// Makes the value of a kind one that may be missing.
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

/// `value` where it is in `range`, else that `text` is not, with the bound told by `show`.
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

/// What a kind's tests ask: the fault that `text` makes.
#[cfg(test)]
#[track_caller]
fn wrong<K: Kind>(kind: &K, text: &str) -> String {
    kind.parse(text).map(drop).expect_err("this text is wrong")
}
