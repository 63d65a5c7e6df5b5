//! Builds the services from the settings.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::error::CliError;
use super::{mail, secret_key};
use crate::clock::SystemClock;
use crate::config::{Codes, Config, DatabaseUrl, Sends};
use crate::domain::attempts::Throttle;
use crate::domain::rate_limit::Window;
use crate::domain::session::Lifetimes;
use crate::mail::Transport;
use crate::services::hasher::{HashSettings, Hasher};
use crate::services::installation::SecretKeyError;
use crate::services::outbox::Post;
use crate::services::{CodePolicy, Policy, RefusalLimit, SendPolicy, Services};
use crate::storage::Db;
use crate::storage::UrlError;
use crate::storage::db::Location;
use crate::storage::migrate;

/// The location of the database.
pub(super) fn location(config: &Config) -> Result<Location, CliError> {
    Ok(match &config.database.url {
        DatabaseUrl::Sqlite(path) => Location::Sqlite(path.clone()),
        DatabaseUrl::Postgres(url) => {
            let right = "write it as PostgreSQL's documentation writes connection URIs";
            let wrong = |error: UrlError| config.fault("database_url", error.to_string(), right);
            Location::Postgres(url.expose().parse().map_err(wrong)?)
        }
    })
}

/// The error that the database cannot be used; it names the setting.
pub(super) fn unusable(config: &Config, error: &dyn Display) -> CliError {
    CliError::failed(format!("{}: the database cannot be used: {error}", config.place_of("database_url")))
}

/// Checks that the tables are up to date: applies migrations if allowed, otherwise says what to do. If there is nothing
/// to apply, it only reads, so that a read-only database can be read.
async fn prepare_tables(config: &Config, location: &Location, may_migrate: bool) -> Result<(), CliError> {
    let pending = migrate::pending(location).await.map_err(|error| unusable(config, &error))?;
    if pending.is_empty() {
        return Ok(());
    }
    if may_migrate {
        let applied = migrate::apply(location).await.map_err(|error| unusable(config, &error))?;
        tracing::info!(applied = applied.join(", "), "migrations applied");
        return Ok(());
    }
    let message = format!(
        "{} migrations have not been applied to the database; run `userprofile migrate`, or `serve --migrate`",
        pending.len()
    );
    Err(CliError::failed(message))
}

/// The services, with a database whose tables are up to date and whose secret key is correct. Messages are sent as the
/// settings say.
pub(super) async fn services(config: &Config, may_migrate: bool) -> Result<Services, CliError> {
    services_with(config, may_migrate, mail::transport(config)?).await
}

/// The same, with `transport` for messages.
pub(super) async fn services_with(
    config: &Config,
    may_migrate: bool,
    transport: Option<Transport>,
) -> Result<Services, CliError> {
    let location = location(config)?;
    let is_sqlite = matches!(location, Location::Sqlite(_));
    let key_source = config.key_source()?;
    prepare_tables(config, &location, may_migrate || is_sqlite).await?;
    let db = Db::open(&location, config.database.connections).await.map_err(|error| unusable(config, &error))?;
    let services = Services {
        secret_key: secret_key::load(key_source, &db).await?,
        clock: Arc::new(SystemClock),
        hasher: Hasher::start(hash_settings(config)).map_err(|error| CliError::usage(error.to_string()))?,
        links: mail::links(config),
        mail: transport.map(Post::new),
        policy: policy(config),
        refusals: RefusalLimit::default(),
        db,
    };
    services.check_secret_key().await.map_err(|error| match error {
        SecretKeyError::Differs => CliError::usage(format!("{}: {error}", config.key_place())),
        SecretKeyError::Failed(failure) => failure.into(),
    })?;
    Ok(services)
}

fn hash_settings(config: &Config) -> HashSettings {
    let hashing = &config.hashing;
    HashSettings {
        // The setting is in bytes; Argon2 uses KiB.
        memory: hashing.argon2_memory / 1024,
        iterations: hashing.argon2_iterations,
        parallelism: hashing.argon2_parallelism,
        concurrency: hashing.concurrency,
        wait: hashing.wait,
    }
}

fn policy(config: &Config) -> Policy {
    let (tokens, passwords) = (&config.tokens, &config.passwords);
    Policy {
        lifetimes: Lifetimes {
            access: delta(tokens.access_ttl),
            refresh: delta(tokens.refresh_ttl),
            refresh_max_age: delta(tokens.refresh_max_age),
            refresh_grace: delta(tokens.refresh_grace),
            fresh_for: delta(tokens.fresh_for),
        },
        wrong_passwords: Throttle { free: passwords.free_tries, max_wait: delta(passwords.max_wait) },
        wrong_passwords_per_user: Throttle {
            free: passwords.free_tries_per_user,
            max_wait: delta(passwords.max_wait_per_user),
        },
        password_min_length: usize::try_from(passwords.min_length).unwrap_or(usize::MAX),
        codes: code_policy(&config.codes),
        sends: send_policy(&config.sends),
    }
}

fn code_policy(codes: &Codes) -> CodePolicy {
    CodePolicy {
        email_ttl: delta(codes.email_ttl),
        mfa_ttl: delta(codes.mfa_ttl),
        otp_enrolment_ttl: delta(codes.otp_enrolment_ttl),
        reset_ttl: delta(codes.reset_token_ttl),
        tries: codes.tries,
        tries_per_day: Window { limit: codes.tries_per_day, span: TimeDelta::days(1) },
    }
}

fn send_policy(sends: &Sends) -> SendPolicy {
    let hourly = |limit| Window { limit, span: TimeDelta::hours(1) };
    SendPolicy {
        per_minute: Window { limit: sends.per_minute, span: TimeDelta::minutes(1) },
        per_hour: hourly(sends.per_hour),
        per_user: hourly(sends.per_hour_per_user),
        per_client: hourly(sends.per_hour_per_client),
    }
}

/// Converts a duration. The limits of settings are far below the values that do not fit.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
