//! The result of all settings: the [`Config`], plain data.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;

use super::{
    fault::{Fault, Faults},
    kinds::{DatabaseUrl, Kind as _, Mailbox, SecretKeys, SmtpServer},
    resolve::InForce,
    secret::SecretKey,
    table::{Browsers, Codes, Database, Documents, Hashing, Http, Limits, Log, Passwords, Sends, Tokens},
};

/// All effective settings, checked. Plain values, to be taken apart and passed on.
#[derive(Debug, Clone)]
pub struct Config {
    /// The listen address.
    pub listen: SocketAddr,
    /// The database.
    pub database: Database,
    /// How mail is sent; `None` if it is not.
    pub mail: Option<Mail>,
    /// The file that the address of the mail server is read from, if any.
    pub smtp_url_file: Option<PathBuf>,
    /// The base of the links in messages, without a `/` at its end; always set together with `mail`.
    pub public_url: Option<String>,
    /// The page for a new password, if it is not the product's own; see [`Config::reset_page`].
    pub reset_url: Option<String>,
    /// The application that the page for a new password links to when it is done.
    pub app_url: Option<String>,
    /// The secret key, if it is given directly; see [`Config::key_source`].
    pub secret_key: Option<SecretKey>,
    /// The file with the secret key; never set together with `secret_key`.
    pub secret_key_file: Option<PathBuf>,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// What is logged, and how.
    pub log: Log,
    /// Codes and links sent by mail.
    pub codes: Codes,
    /// How much mail is sent.
    pub sends: Sends,
    /// Passwords: their length, and the backoff for wrong ones.
    pub passwords: Passwords,
    /// Hashing of passwords.
    pub hashing: Hashing,
    /// Tokens and sessions.
    pub tokens: Tokens,
    /// Limits of a GraphQL request.
    pub limits: Limits,
    /// Which documents are executed, and which are cached.
    pub documents: Documents,
    /// The HTTP server.
    pub http: Http,
    /// What browsers are allowed.
    pub browsers: Browsers,
    /// Unusual values that are not errors, one sentence each, to be logged at the start.
    pub warnings: Vec<String>,
    pub(super) in_force: Vec<InForce>,
}

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The mail server.
    pub server: SmtpServer,
    /// The sender.
    pub from: Mailbox,
    /// The name of this server in EHLO.
    pub helo_name: String,
}

/// The source of the secret key.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// It is given.
    Given(SecretKey),
    /// It is stored in this file beside the SQLite file, in base64 and mode 600, and is generated if the file does not
    /// exist.
    BesideDatabase(PathBuf),
}

impl Config {
    /// The page that the reset link opens, to which `#token=…` is added: the given page, or the product's own under
    /// `public_url`. That is a parameter, because a server may know a base that is not set.
    #[must_use]
    pub fn reset_page(&self, public_url: &str) -> String {
        self.reset_url.clone().unwrap_or_else(|| format!("{public_url}/reset-password"))
    }

    /// The source of the secret key; reads the file that was given for it. Call it only if the key is needed, so that
    /// all other commands work without one.
    ///
    /// # Errors
    /// If there is no key and the database is PostgreSQL, or the file cannot be read or contains no key.
    pub fn key_source(&self) -> Result<KeySource, Faults> {
        match (&self.secret_key, &self.secret_key_file, &self.database.url) {
            (Some(key), _, _) => Ok(KeySource::Given(key.clone())),
            (None, Some(file), _) => read_key(file).map(KeySource::Given).map_err(|wrong| {
                let right = format!("put {} into it", SecretKeys.accepts());
                Faults::from(Fault { place: self.place_of("secret_key_file"), wrong, right })
            }),
            (None, None, DatabaseUrl::Sqlite(database)) => {
                let mut path = database.clone().into_os_string();
                path.push(".key");
                Ok(KeySource::BesideDatabase(path.into()))
            }
            (None, None, DatabaseUrl::Postgres(_)) => Err(Faults::from(Fault {
                place: "environment variable USERPROFILE_SECRET_KEY".to_owned(),
                wrong: "it is not set, and PostgreSQL keeps no key for us".to_owned(),
                right: format!(
                    "give {}, or name a file that holds them in USERPROFILE_SECRET_KEY_FILE",
                    SecretKeys.accepts()
                ),
            })),
        }
    }

    /// An error of a setting that appears only when its target is used: what is `wrong`, and what is `right`.
    #[must_use]
    pub fn fault(&self, name: &str, wrong: String, right: &str) -> Faults {
        Fault { place: self.place_of(name), wrong, right: right.to_owned() }.into()
    }

    /// Where the secret key is given: the setting, or the file that it is stored in.
    #[must_use]
    pub fn key_place(&self) -> String {
        match (&self.secret_key, &self.secret_key_file, &self.database.url) {
            (None, Some(file), _) => format!("{} ({})", self.place_of("secret_key_file"), file.display()),
            (None, None, DatabaseUrl::Sqlite(database)) => format!("{}.key", database.display()),
            _ => self.place_of("secret_key"),
        }
    }

    /// Where the value of a setting is given: `environment variable DATABASE_URL`.
    #[must_use]
    pub fn place_of(&self, name: &str) -> String {
        let in_force = self.in_force.iter().find(|in_force| in_force.name == name);
        in_force.map_or_else(|| name.to_owned(), |in_force| in_force.origin.to_string())
    }
}

fn read_key(file: &Path) -> Result<SecretKey, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    SecretKeys.parse(text.trim()).map_err(|wrong| format!("{} holds no key: {wrong}", file.display()))
}
