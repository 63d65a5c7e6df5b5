//! What is known of a setting: its names, its default, and its effective value.

use super::kinds::Kind;

/// A setting, as the command line and the documentation use it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name, and its key in the file: `access_ttl`.
    pub name: &'static str,
    /// Its environment variable: `USERPROFILE_ACCESS_TTL`.
    pub environment: String,
    /// Its flag, without the leading dashes: `access-ttl`.
    pub flag: String,
    /// The heading under which it is documented.
    pub group: &'static str,
    /// A sentence that describes it.
    pub meaning: &'static str,
    /// The placeholder for its value in usage texts: `DURATION`.
    pub value_name: &'static str,
    /// What it accepts: `a duration from 1s to 1d`.
    pub accepts: String,
    /// Its value if it is not set.
    pub default: DefaultValue,
}

/// The value of a setting that is not set.
#[derive(Debug, Clone)]
pub struct DefaultValue {
    /// The value, empty if there is none.
    pub text: String,
    /// Describes a value that depends on the machine, or what happens without a value.
    pub description: Option<&'static str>,
}

/// An effective value in a form that may be printed, and its source.
#[derive(Debug, Clone)]
pub(super) struct EffectiveSetting {
    pub(super) setting: Setting,
    /// The value, with secrets masked; empty if there is none.
    pub(super) text: String,
    pub(super) is_masked: bool,
    /// Where the value is given: `flag --access-ttl`, `default`.
    pub(super) place: String,
    /// Whether it was read from a file of its own, which `place` names.
    pub(super) is_in_file: bool,
}

/// The settings whose environment variables have no prefix, because other programs read them, too.
const UNPREFIXED: [&str; 8] = [
    "database_url",
    "database_url_file",
    "database_replica_url",
    "database_replica_url_file",
    "smtp_url",
    "smtp_url_file",
    "mail_from",
    "rust_log",
];

impl Setting {
    pub(super) fn new<T>(
        name: &'static str,
        group: &'static str,
        meaning: &'static str,
        default: DefaultValue,
        kind: &Kind<T>,
    ) -> Self {
        let prefix = if UNPREFIXED.contains(&name) { "" } else { "USERPROFILE_" };
        Self {
            name,
            environment: format!("{prefix}{}", name.to_uppercase()),
            flag: name.replace('_', "-"),
            group,
            meaning: meaning.trim(),
            value_name: kind.value_name,
            accepts: kind.accepts.clone(),
            default,
        }
    }

    /// What to give instead of an invalid value, with the default as the example.
    pub(super) fn remedy(&self) -> String {
        match &self.default {
            DefaultValue { text, description: None } => format!("give {}, such as {text}", self.accepts),
            DefaultValue { .. } => format!("give {}", self.accepts),
        }
    }
}

impl From<&str> for DefaultValue {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), description: None }
    }
}

impl DefaultValue {
    /// No value; the description says what happens without one.
    pub(super) fn unset(description: &'static str) -> Self {
        Self { text: String::new(), description: Some(description) }
    }

    /// The default as the place of a value.
    pub(super) fn place(&self) -> String {
        self.description.map_or_else(|| "default".to_owned(), |description| format!("default: {description}"))
    }
}
