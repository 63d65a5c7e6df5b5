//! The configuration: every setting, the sources of its value, and the parsed result.
//!
//! This module contains the one table of settings ([`settings`]), the kinds of values that they accept, the precedence
//! of the sources (flags, then environment, then file, then default), the rules between settings, and the texts
//! generated from all that. It is the only reader of the environment.
//!
//! The values of [`Config`] have the types of the layers that use them, such as
//! [`HttpSettings`](crate::http::HttpSettings), so that the command line passes them on unchanged. No other layer knows
//! where a value came from.

use std::{collections::BTreeMap, path::PathBuf};

mod error;
mod kinds;
mod mask;
mod passkeys;
mod print;
mod reader;
mod rules;
mod setting;
mod sources;
mod table;
#[cfg(test)]
mod tests;
mod unknown;
mod values;

pub use error::SettingError;
pub use kinds::LogFormat;
pub use print::docs_markdown;
pub use setting::{DefaultValue, Setting};
pub use table::settings;
pub use values::{Config, DocumentSettings, KeySource, read_secret_keys};

/// Where values are given, read once: a file may be a pipe.
#[derive(Debug)]
pub struct Given(sources::Sources);

impl Given {
    /// Reads `flags` (by [`Setting::name`]), the environment, and the file: `config_file`, otherwise the one that
    /// `USERPROFILE_CONFIG` names, otherwise none.
    #[must_use]
    pub fn read(flags: BTreeMap<&'static str, String>, config_file: Option<PathBuf>) -> Self {
        Self(sources::Sources::of_process(flags, config_file))
    }

    /// The format of the log, even if other settings are invalid; `None` if it is not given.
    #[must_use]
    pub fn log_format(&self) -> Option<LogFormat> {
        let setting = settings().iter().find(|setting| setting.name == "log_format")?;
        table::log_format(&self.0.find(setting)?.text.ok()?)
    }

    /// The effective settings: flags override the environment, the environment overrides the file. Reports all errors at
    /// once, in the order of the table, after those of the file as a whole.
    pub fn resolve(self) -> Result<Config, Vec<SettingError>> {
        table::resolve(self.0)
    }
}
