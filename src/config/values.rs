//! The result of reading all settings: the [`Config`].

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    error::SettingError,
    kinds::{KEY_FORMAT, LogFormat, parse_secret_keys},
    setting::EffectiveSetting,
};
use crate::{
    domain::keyring::SecretKeys,
    graphql::{documents::Mode, limits},
    http::HttpSettings,
    mail::SmtpSettings,
    services::{Links, Policy, hasher::HashSettings},
    storage::{PostgresUrl, db::Location},
    webauthn::WebauthnSettings,
    webhook::WebhookSettings,
};

/// All effective settings, checked, in the types of the layers that use them.
#[derive(Debug, Clone)]
pub struct Config {
    /// The listen address.
    pub listen: SocketAddr,
    /// The endpoint. Only a demo has sample users and is restricted to this machine; these settings say that it is not
    /// one.
    pub http: HttpSettings,
    /// The limits of a GraphQL request, and which documents are executed.
    pub requests: limits::Settings,
    /// Trusted documents and persisted queries.
    pub documents: DocumentSettings,
    /// The database.
    pub database: Location,
    /// The maximum number of open database connections.
    pub database_connections: u32,
    /// A replica of the database, on PostgreSQL.
    pub replica: Option<PostgresUrl>,
    /// How far it may lag behind.
    pub replica_max_lag: Duration,
    /// The mail server; `None` if no messages are sent.
    pub smtp: Option<SmtpSettings>,
    /// The pages that emailed links open.
    pub links: Links,
    /// The limits of codes, passwords, messages, and sessions.
    pub policy: Policy,
    /// Whether users may delete their accounts; if unset, only in a demo.
    pub account_deletion: Option<bool>,
    /// The hashing of passwords.
    pub hashing: HashSettings,
    /// What is logged, in the syntax of `RUST_LOG`.
    pub log_filter: String,
    /// How the log is written, if that does not depend on the terminal.
    pub log_format: Option<LogFormat>,
    /// Whether the log masks client addresses and user ids.
    pub log_privacy: bool,
    /// Where metrics are served; `None` if nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The collector that traces are exported to; `None` if none are.
    pub otlp_endpoint: Option<String>,
    /// Where passkeys can be used; `None` if nowhere.
    pub webauthn: Option<WebauthnSettings>,
    /// The webhook; `None` if there is none.
    pub webhook: Option<WebhookSettings>,
    /// Suspicious values that are not errors, one sentence each, to be logged at the start.
    pub warnings: Vec<String>,
    /// The secret key, if it is given directly; see [`Config::key_source`].
    pub(super) secret_key: Option<SecretKeys>,
    /// The file with the secret key; never set together with `secret_key`.
    pub(super) secret_key_file: Option<PathBuf>,
    pub(super) settings: Vec<EffectiveSetting>,
}

/// Trusted documents and persisted queries.
#[derive(Debug, Clone)]
pub struct DocumentSettings {
    /// The manifest of trusted documents.
    pub manifest: Option<PathBuf>,
    /// Which documents are executed.
    pub mode: Mode,
    /// The size in bytes of the cache of automatic persisted queries.
    pub automatic: usize,
}

/// The source of the secret key.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// It is given.
    Given(SecretKeys),
    /// It is stored in this file beside the SQLite file, in base64 and mode 600, and is generated if the file does not
    /// exist.
    BesideDatabase(PathBuf),
}

impl Config {
    /// The source of the secret key; reads the file that was given for it. Call it only if the key is needed, so that
    /// all other commands work without one.
    pub fn key_source(&self) -> Result<KeySource, SettingError> {
        match (&self.secret_key, &self.secret_key_file, &self.database) {
            (Some(key), _, _) => Ok(KeySource::Given(key.clone())),
            (None, Some(file), _) => read_secret_keys(file).map(KeySource::Given).map_err(|wrong| {
                let wrong = format!("{} {wrong}", file.display());
                self.error("secret_key_file", wrong, &format!("write {KEY_FORMAT} to it"))
            }),
            (None, None, Location::Sqlite(database)) => {
                let mut path = database.clone().into_os_string();
                path.push(".key");
                Ok(KeySource::BesideDatabase(path.into()))
            }
            (None, None, Location::Postgres(_)) => Err(SettingError::new(
                "environment variable USERPROFILE_SECRET_KEY",
                "it is not set, and a key is generated only beside a SQLite file",
                format!("give {KEY_FORMAT}, or name a file that contains them in USERPROFILE_SECRET_KEY_FILE"),
            )),
        }
    }

    /// Where the secret key is given: the setting, or the file that it is stored in.
    pub fn key_place(&self) -> String {
        match (&self.secret_key, &self.secret_key_file, &self.database) {
            (None, Some(file), _) => format!("{} ({})", self.place_of("secret_key_file"), file.display()),
            (None, None, Location::Sqlite(database)) => format!("{}.key", database.display()),
            _ => self.place_of("secret_key").to_owned(),
        }
    }

    /// Where the value of a setting is given: `environment variable DATABASE_URL`.
    pub fn place_of<'a>(&'a self, name: &'a str) -> &'a str {
        let effective = self.settings.iter().find(|effective| effective.setting.name == name);
        effective.map_or(name, |effective| &effective.place)
    }

    /// An error of a setting that appears only when its value is used.
    pub fn error(&self, name: &str, wrong: String, remedy: &str) -> SettingError {
        SettingError::new(self.place_of(name), wrong, remedy)
    }
}

/// Reads the secret keys from a file, or says what is wrong with the file.
pub fn read_secret_keys(file: &Path) -> Result<SecretKeys, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    parse_secret_keys(text.trim()).map_err(|wrong| format!("contains no valid key: {wrong}"))
}
