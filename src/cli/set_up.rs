//! Builds the services from the settings.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::CliError;
use super::secret_key;
use crate::clock::SystemClock;
use crate::config::{Config, KeySource};
use crate::mail::{Smtp, Transport};
use crate::services::hasher::Hasher;
use crate::services::outbox::Mailer;
use crate::services::secret_keys::SecretKeyError;
use crate::services::{RefusalLimit, Services, secret_keys};
use crate::storage::Db;
use crate::storage::db::Location;
use crate::storage::migrate;
use crate::storage::replica::Replica;
use crate::webauthn::RelyingParty;
use crate::webhook::Webhook;

/// The pause between attempts to connect.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// The error that the database cannot be used; it names the setting.
pub(super) fn unusable(config: &Config, error: &dyn Display) -> CliError {
    CliError::failed(format!("{}: the database cannot be used: {error}", config.place_of("database_url")))
}

/// Waits until the database can be reached, for at most `limit`. If it still cannot, its first use says why.
pub(super) async fn wait_for_database(config: &Config, limit: Duration) {
    let deadline = Instant::now() + limit;
    let mut has_waited = false;
    while let Some(reason) = config.database.why_unreachable().await {
        if Instant::now() + RETRY_EVERY > deadline {
            return;
        }
        let seconds_left = (deadline - Instant::now()).as_secs();
        tracing::warn!(reason, seconds_left, "the database cannot be reached yet; waiting for it");
        has_waited = true;
        sleep(RETRY_EVERY).await;
    }
    if has_waited {
        tracing::info!("the database can be reached");
    }
}

/// Checks that the tables are up to date: applies migrations if allowed, otherwise says what to do. If there is nothing
/// to apply, it only reads, so that a read-only database can be read.
async fn prepare_tables(config: &Config, may_migrate: bool) -> Result<(), CliError> {
    let pending = migrate::pending(&config.database).await.map_err(|error| unusable(config, &error))?;
    if pending.is_empty() {
        return Ok(());
    }
    if may_migrate {
        let applied = migrate::apply(&config.database).await.map_err(|error| unusable(config, &error))?;
        tracing::info!(applied = applied.join(", "), "migrations applied");
        return Ok(());
    }
    let message = format!(
        "{} migrations have not been applied to the database; run `userprofile migrate` or `userprofile serve --migrate`",
        pending.len()
    );
    Err(CliError::failed(message))
}

/// How the services are set up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SetUp {
    /// Whether missing migrations are applied; on SQLite they always are.
    pub(super) may_migrate: bool,
    /// Whether anything is encrypted. If so, all servers must have the first key from now on.
    pub(super) encrypts: bool,
    /// Whether a SQLite file is created if there is none. Most commands would find nothing in a new one.
    pub(super) may_create: bool,
}

/// The services, with a database whose tables are up to date and whose secret key is correct. Messages are sent as the
/// settings say.
pub(super) async fn services(config: &Config, set_up: SetUp) -> Result<Services, CliError> {
    services_with(config, config.key_source()?, set_up, transport(config)?).await
}

/// The same, with the secret keys of `key_source`, and with `transport` for messages.
pub(super) async fn services_with(
    config: &Config,
    key_source: KeySource,
    SetUp { may_migrate, encrypts, may_create }: SetUp,
    transport: Option<Transport>,
) -> Result<Services, CliError> {
    let is_sqlite = match &config.database {
        Location::Sqlite(file) if !may_create && !file.exists() => return Err(no_database(config, file)),
        Location::Sqlite(_) => true,
        Location::Postgres(_) => false,
    };
    prepare_tables(config, may_migrate || is_sqlite).await?;
    let db = Db::open(&config.database, config.database_connections).await.map_err(|error| unusable(config, &error))?;
    let replica = replica(config, &db).await?;
    let hasher = Hasher::start(config.hashing).map_err(|error| CliError::usage(error.to_string()))?;
    let keys = secret_key::load(key_source, &db).await?;
    let keyring = secret_keys::open(&db, keys).await.map_err(|error| wrong_key(config, error))?;
    if encrypts {
        secret_keys::announce(&db, keyring.keys()).await?;
    }
    Ok(Services {
        keyring: Arc::new(keyring),
        clock: Arc::new(SystemClock),
        hasher: hasher.observed_by(db.metrics().clone()),
        links: config.links.clone(),
        mail: transport.map(Mailer::new),
        webhook: webhook(config)?,
        relying_party: relying_party(config)?,
        policy: config.policy,
        refusals: RefusalLimit::default(),
        replica,
        db,
    })
}

fn no_database(config: &Config, file: &Path) -> CliError {
    CliError::failed(format!(
        "{}: {} does not exist; set DATABASE_URL to the database of the server, or create it with `userprofile serve`, \
         `migrate`, or `import`",
        config.place_of("database_url"),
        file.display()
    ))
}

/// The replica, if one is set. It is not used before its first check.
async fn replica(config: &Config, primary: &Db) -> Result<Option<Replica>, CliError> {
    let Some(url) = &config.replica else { return Ok(None) };
    let db = primary.open_replica(&Location::Postgres(url.clone()), config.database_connections).await;
    let db = db.map_err(|error| {
        CliError::failed(format!("{}: the replica cannot be used: {error}", config.place_of("database_replica_url")))
    })?;
    Ok(Some(Replica::new(db, config.replica_max_lag)))
}

fn relying_party(config: &Config) -> Result<Option<RelyingParty>, CliError> {
    let relying_party = config.webauthn.as_ref().map(RelyingParty::new).transpose();
    relying_party.map_err(|error| CliError::usage(format!("{}: {error}", config.place_of("webauthn_rp_id"))))
}

fn webhook(config: &Config) -> Result<Option<Webhook>, CliError> {
    config.webhook.clone().map(Webhook::new).transpose().map_err(CliError::failed)
}

fn wrong_key(config: &Config, error: SecretKeyError) -> CliError {
    match error {
        SecretKeyError::Failed(failure) => failure.into(),
        error => CliError::usage(format!("{}: {error}", config.key_place())),
    }
}

/// The mail server, if one is set.
pub(super) fn transport(config: &Config) -> Result<Option<Transport>, CliError> {
    let smtp = config.smtp.as_ref().map(Smtp::new).transpose();
    Ok(smtp.map_err(|error| CliError::usage(format!("SMTP_URL, MAIL_FROM: {error}")))?.map(Transport::Smtp))
}
