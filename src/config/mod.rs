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

/// Loads the effective settings: `flags` (by [`Setting::name`]) override the environment, the environment overrides the
/// file. The file is `config_file`, otherwise the one that `USERPROFILE_CONFIG` names, otherwise none. Reports all
/// errors at once, in the order of the table, after those of the file as a whole.
pub fn load(flags: BTreeMap<&'static str, String>, config_file: Option<PathBuf>) -> Result<Config, Vec<SettingError>> {
    table::resolve(sources::Sources::of_process(flags, config_file))
}

/// The format of the log from the same sources, even if other settings are invalid; `None` if it is not given.
pub fn log_format(flags: BTreeMap<&'static str, String>, config_file: Option<PathBuf>) -> Option<LogFormat> {
    let sources = sources::Sources::of_process(flags, config_file);
    let setting = settings().iter().find(|setting| setting.name == "log_format")?;
    table::log_format(&sources.find(setting)?.text.ok()?)
}
