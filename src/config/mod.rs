//! What may be turned: every setting, where its value comes from, and what it becomes.
//!
//! Belongs here: the one table of settings ([`settings`], declared in `table.rs`), the kinds of value that they take,
//! the ranking of the sources (flags, then environment, then file, then default), the rules between settings, and the
//! texts made from all that. This is the only reader of the environment.
//!
//! Does not belong here: what is done with a value. [`Config`] is plain data that the command line takes apart and
//! hands down; no other layer knows where a number came from.

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

/// Reads the settings in force: `flags` (by [`Setting::name`]) beat the environment, the environment beats the file.
///
/// The file is `config_file`, else the one that `USERPROFILE_CONFIG` names, else none.
///
/// # Errors
/// Every fault that was found, all at once: a file that cannot be read, an unknown key in it, a wrong value, settings
/// that contradict each other.
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
