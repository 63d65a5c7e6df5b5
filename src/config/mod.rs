//! The configuration: every setting, the sources of its value, and the parsed result.
//!
//! This module contains the one table of settings ([`settings`], declared in `table.rs`), the kinds of values that they
//! accept, the precedence of the sources (flags, then environment, then file, then default), the rules between
//! settings, and the texts generated from all that. This is the only reader of the environment.
//!
//! It does not contain the use of a value. [`Config`] is plain data that the command line takes apart and passes on; no
//! other layer knows where a number came from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

mod docs;
mod environment;
mod fault;
mod file;
mod kinds;
mod masked;
mod nearest;
mod resolve;
mod rules;
mod secret;
mod setting;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use docs::docs_markdown;
pub use fault::{Fault, Faults};
pub use file::ConfigFile;
pub use kinds::{DatabaseUrl, DocumentsMode, LogFormat, Mailbox, SmtpSecurity, SmtpServer};
pub use resolve::resolve;
pub use secret::{Secret, SecretKey, SecretUrl};
pub use setting::{Fallback, Setting};
pub use table::{Browsers, Codes, Database, Documents, Hashing, Http, Limits, Log, Passwords, Sends, Tokens, settings};
pub use values::{Config, KeySource, Mail};

/// Loads the effective settings: `flags` (by [`Setting::name`]) override the environment, the environment overrides the
/// file.
///
/// The file is `config_file`, otherwise the one that `USERPROFILE_CONFIG` names, otherwise none.
///
/// # Errors
/// All errors at once: a file that cannot be read, an unknown key in it, an invalid value, settings that contradict
/// each other.
pub fn load(flags: BTreeMap<&'static str, String>, config_file: Option<PathBuf>) -> Result<Config, Faults> {
    let environment = environment::read();
    let named_by = if config_file.is_some() { "flag --config" } else { environment::CONFIG_FILE_PLACE };
    let path = config_file.or_else(|| environment::config_file(&environment));
    resolve(flags, environment, path.map(|path| read_file(&path, named_by)))
}

fn read_file(path: &Path, named_by: &str) -> Result<ConfigFile, Fault> {
    std::fs::read_to_string(path).map(|text| ConfigFile { path: path.to_owned(), text }).map_err(|error| Fault {
        place: named_by.to_owned(),
        wrong: format!("{} cannot be read: {error}", path.display()),
        right: "name a TOML file that this user may read".to_owned(),
    })
}
