//! The kinds of values that settings accept, each with the function that parses it.
//!
//! A kind says what is wrong with a text. Its caller knows which setting the text is for, and where it was given.

mod database_url;
mod mail;
mod network;
mod numbers;
mod secret_key;
mod text;
mod web_url;
mod webhook;

pub(super) use database_url::{database_url, replica_url};
pub(super) use mail::{mailbox, smtp_url};
pub(super) use network::{domain_name, host_name, networks, socket_address};
pub(super) use numbers::{counts, durations, sizes};
pub(super) use secret_key::{KEY_FORMAT, parse_secret_keys, secret_keys};
pub use text::LogFormat;
pub(super) use text::{choices, log_filter, path};
pub(super) use web_url::{base_url, origins, page_url};
pub(super) use webhook::{webhook_secret, webhook_url};

/// Parses a value, or says what is wrong with it.
type Parser<T> = Box<dyn Fn(&str) -> Result<T, String>>;

/// A kind of value.
pub(super) struct Kind<T> {
    /// The placeholder for the value in usage texts.
    pub(super) value_name: &'static str,
    /// What it accepts, as a noun: `a duration from 1s to 1d`.
    pub(super) accepts: String,
    /// Replaces each secret in a text with `***`, if values can contain secrets.
    pub(super) mask: Option<fn(&str) -> String>,
    /// The setting that names a file with the value, and the sentence that describes it, if there is one.
    pub(super) file_setting: Option<(&'static str, &'static str)>,
    parser: Parser<T>,
}

impl<T: 'static> Kind<T> {
    fn new(
        value_name: &'static str,
        accepts: impl Into<String>,
        parser: impl Fn(&str) -> Result<T, String> + 'static,
    ) -> Self {
        Self { value_name, accepts: accepts.into(), mask: None, file_setting: None, parser: Box::new(parser) }
    }

    fn secret(self, mask: fn(&str) -> String) -> Self {
        Self { mask: Some(mask), ..self }
    }

    /// Makes the value optional: an empty text means none.
    pub(super) fn optional(self) -> Kind<Option<T>> {
        let Self { value_name, accepts, mask, file_setting, parser } = self;
        let parser = move |text: &str| if text.is_empty() { Ok(None) } else { parser(text).map(Some) };
        Kind { value_name, accepts, mask, file_setting, parser: Box::new(parser) }
    }

    /// Allows the value to be read from a file, which the setting `name` names; `meaning` describes that setting.
    pub(super) fn or_in_file(self, name: &'static str, meaning: &'static str) -> Self {
        Self { file_setting: Some((name, meaning)), ..self }
    }

    /// Parses `text`, or says what is wrong with it. An error quotes the text only if nothing in it can be secret.
    pub(super) fn parse(&self, text: &str) -> Result<T, String> {
        (self.parser)(text)
    }
}

/// Parses a list of items, separated by commas or spaces.
fn parse_list<T>(text: &str, parse_item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split([',', ' ']).map(str::trim).filter(|item| !item.is_empty()).map(parse_item).collect()
}

/// For the tests of kinds: the error for `text`.
#[cfg(test)]
#[track_caller]
fn wrong<T: 'static>(kind: &Kind<T>, text: &str) -> String {
    kind.parse(text).map(drop).expect_err("this text is invalid")
}
