//! `doctor`.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::arguments::DoctorOptions;
use super::error::CliError;
use super::table::Table;
use super::{documents, log, secret_key};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, KeySource};
use crate::domain::email::Email;
use crate::domain::ids::JobId;
use crate::entropy;
use crate::graphql;
use crate::mail::{Account, Circumstances, Message, Notification, OutgoingMail, SendError, Smtp};
use crate::services::secret_keys;
use crate::storage::db::Location;
use crate::storage::replica::Replica;
use crate::storage::{Db, PostgresUrl, migrate};
use crate::webauthn::WebauthnSettings;

/// How much the clocks of the server and of the database may differ: less than a step of an authenticator app.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);
/// How long a check of the database may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The results of all checks.
#[derive(Default)]
struct Report {
    rows: Vec<Vec<Value>>,
    failed: usize,
}

impl Report {
    /// Adds a check with what it found, or what is wrong.
    fn add(&mut self, check: &str, outcome: Result<String, String>) -> bool {
        let (is_ok, result, detail) = match outcome {
            Ok(detail) => (true, "ok", detail),
            Err(wrong) => (false, "FAILED", wrong),
        };
        self.rows.push(vec![json!(check), json!(result), json!(detail)]);
        self.failed += usize::from(!is_ok);
        is_ok
    }

    /// Adds a check that does not apply.
    fn skip(&mut self, check: &str, reason: &str) {
        self.rows.push(vec![json!(check), json!("skipped"), json!(reason)]);
    }
}

/// Checks everything that a server needs, changes no data, and prints what is wrong.
pub(super) async fn doctor(config: Config, options: DoctorOptions) -> Result<(), CliError> {
    log::start(&config)?;
    let to = options.send_to.as_deref().map(Email::parse).transpose();
    let to = to.map_err(|invalid| CliError::usage(format!("--send-to: {invalid}")))?;
    let mut report = Report::default();
    check_settings(&config, &mut report);
    check_documents(&config, &mut report);
    check_passkeys(&config, &mut report);
    check_database(&config, &mut report).await;
    check_mail_server(&config, to.as_ref(), &mut report).await;
    let Report { rows, failed } = report;
    let checks = rows.len();
    Table::new(&["check", "result", "detail"], rows).print(options.json)?;
    if failed == 0 { Ok(()) } else { Err(CliError::failed(format!("{failed} of {checks} checks failed"))) }
}

/// Invalid settings end every command before; here are those that are valid and suspicious.
fn check_settings(config: &Config, report: &mut Report) {
    let warnings = config.warnings.join("; ");
    report.add("settings", if warnings.is_empty() { Ok("all are valid".to_owned()) } else { Err(warnings) });
}

fn check_documents(config: &Config, report: &mut Report) {
    let Some(manifest) = &config.documents.manifest else { return };
    let read = documents::documents(config, &graphql::request_limits(config.requests));
    let read = read.map(|_| format!("{} is valid", manifest.display()));
    report.add("trusted documents", read.map_err(|error| error.to_string()));
}

fn check_passkeys(config: &Config, report: &mut Report) {
    let Some(WebauthnSettings { rp_id, origins, .. }) = &config.webauthn else {
        report.skip("passkeys", "USERPROFILE_PUBLIC_URL has an IP address, and passkeys belong to the name of a host");
        return;
    };
    let list = |origins: &[&Url]| -> String {
        origins.iter().map(|origin| origin.as_str().trim_end_matches('/')).collect::<Vec<_>>().join(", ")
    };
    // Browsers offer passkeys only to pages that came by TLS, or from the same machine.
    let is_insecure = |origin: &&Url| origin.scheme() == "http" && origin.domain() != Some("localhost");
    let (insecure, usable): (Vec<&Url>, Vec<&Url>) = origins.iter().partition(is_insecure);
    let without_tls = format!("browsers offer no passkeys without TLS, on pages of {}", list(&insecure));
    match (usable.as_slice(), insecure.as_slice()) {
        ([], _) => report.skip("passkeys", &without_tls),
        (usable, insecure) => {
            let mut detail = format!("of {rp_id}, on pages of {}", list(usable));
            if !insecure.is_empty() {
                detail = format!("{detail}; {without_tls}");
            }
            report.add("passkeys", Ok(detail));
        }
    }
}

async fn check_database(config: &Config, report: &mut Report) {
    if let Location::Sqlite(path) = &config.database
        && !path.exists()
    {
        let reason = format!("{} does not exist yet; `userprofile serve` creates it", path.display());
        report.skip("database", &reason);
        return;
    }
    let began = Instant::now();
    let opened = async {
        let db = Db::open(&config.database, 1).await.map_err(|error| error.to_string())?;
        timeout(PATIENCE, db.ping())
            .await
            .map_err(|_| format!("it does not respond within {} s", PATIENCE.as_secs()))?
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(db)
    };
    let db = match opened.await {
        Ok(db) => db,
        Err(wrong) => {
            report.add("database", Err(format!("{}: {wrong}", config.place_of("database_url"))));
            for check in ["privileges", "migrations", "writes", "secret key", "clock"] {
                report.skip(check, "the database cannot be used");
            }
            return;
        }
    };
    report.add("database", Ok(format!("it responds after {} ms", began.elapsed().as_millis())));
    report.add("privileges", check_privileges(&db).await);
    let is_migrated = report.add("migrations", pending(&config.database).await);
    report.add("writes", db.check_writes().await.map(|()| "accepted".to_owned()).map_err(|error| error.to_string()));
    if is_migrated {
        report.add("secret key", check_secret_key(config, &db).await);
    } else {
        report.skip("secret key", "the tables are not up to date");
    }
    if let Some(url) = &config.replica {
        report.add("replica", check_replica(config, url, &db).await);
    }
    match db.server_time().await {
        Ok(Some(time)) => {
            report.add("clock", compare((SystemClock.now() - time).abs()));
        }
        Ok(None) => report.skip("clock", "SQLite has the clock of this machine"),
        Err(error) => {
            report.add("clock", Err(error.to_string()));
        }
    }
}

async fn pending(database: &Location) -> Result<String, String> {
    let pending = migrate::pending(database).await.map_err(|error| error.to_string())?;
    match pending.len() {
        0 => Ok("all are applied".to_owned()),
        pending => Err(format!("{pending} are not applied; run `userprofile migrate`")),
    }
}

async fn check_privileges(db: &Db) -> Result<String, String> {
    let missing = db.missing_privileges().await.map_err(|error| error.to_string())?;
    if missing.is_empty() {
        return Ok("the role may read and write all tables".to_owned());
    }
    Err(format!("the role lacks {}; grant them as docs/operations.md says", missing.join(", ")))
}

async fn check_secret_key(config: &Config, db: &Db) -> Result<String, String> {
    let source = config.key_source().map_err(|error| error.to_string())?;
    if let KeySource::BesideDatabase(path) = &source
        && !path.exists()
    {
        if !secret_keys::has_secret_key(db).await.map_err(|error| error.to_string())? {
            return Ok(format!("{} does not exist yet; `userprofile serve` creates it", path.display()));
        }
        return Err(format!("{} is missing; put it back, or give the key in USERPROFILE_SECRET_KEY", path.display()));
    }
    let keys = secret_key::load(source, db).await.map_err(|error| error.to_string())?;
    secret_keys::check(db, &keys).await.map_err(|error| format!("{}: {error}", config.key_place()))?;
    let others: Vec<String> = keys.iter().skip(1).map(|key| format!(", {} decrypts", key.id())).collect();
    Ok(format!("{} encrypts{}", keys.first().id(), others.concat()))
}

/// Whether a heartbeat that is written now arrives within the lag that is allowed.
async fn check_replica(config: &Config, url: &PostgresUrl, primary: &Db) -> Result<String, String> {
    let wrong = |error: String| format!("{}: {error}", config.place_of("database_replica_url"));
    let db = Db::open(&Location::Postgres(url.clone()), 1).await.map_err(|error| wrong(error.to_string()))?;
    let missing = db.missing_privileges().await.map_err(|error| wrong(error.to_string()))?;
    let missing: Vec<_> = missing.into_iter().filter(|missing| missing.starts_with("SELECT")).collect();
    if !missing.is_empty() {
        return Err(wrong(format!("the role lacks {}", missing.join(", "))));
    }
    let replica = Replica::new(db, config.replica_max_lag);
    let limit = config.replica_max_lag.min(PATIENCE);
    let deadline = Instant::now() + limit;
    replica.check(primary).await.map_err(|error| wrong(error.to_string()))?;
    // The first heartbeat that is read may be that of another day.
    while !replica.is_current() && Instant::now() < deadline {
        sleep(replica.check_every()).await;
        replica.check(primary).await.map_err(|error| wrong(error.to_string()))?;
    }
    if replica.is_current() {
        Ok("a heartbeat of the database arrives".to_owned())
    } else {
        let limit = limit.as_secs_f64();
        Err(wrong(format!(
            "no heartbeat of the database arrived within {limit} s; it lags behind, or is no replica of it"
        )))
    }
}

fn compare(difference: TimeDelta) -> Result<String, String> {
    let seconds = difference.as_seconds_f64();
    if difference <= CLOCK_TOLERANCE {
        Ok(format!("differs from the database's by {seconds:.3} s"))
    } else {
        Err(format!("differs from the database's by {seconds:.1} s; synchronise both, with NTP for example"))
    }
}

async fn check_mail_server(config: &Config, to: Option<&Email>, report: &mut Report) {
    let Some(settings) = &config.smtp else {
        if to.is_some() {
            report.add("mail server", Err("SMTP_URL is not set, so no message can be sent".to_owned()));
        } else {
            report.skip("mail server", "SMTP_URL is not set; operations that need email return UNAVAILABLE");
        }
        return;
    };
    let smtp = match Smtp::new(settings) {
        Ok(smtp) => smtp,
        Err(error) => {
            report.add("mail server", Err(format!("SMTP_URL, MAIL_FROM: {error}")));
            return;
        }
    };
    let accepts = smtp.check().await.map(|()| format!("{}:{} accepts connections", settings.host, settings.port));
    let can_send = report.add("mail server", accepts.map_err(describe));
    match to {
        Some(to) if can_send => {
            report.add("test message", send(&smtp, to).await);
        }
        Some(_) => report.skip("test message", "the mail server cannot be used"),
        None => {}
    }
}

async fn send(smtp: &Smtp, to: &Email) -> Result<String, String> {
    // An id of its own: mail programs show a message with a known one only once.
    let id = JobId::from_random(entropy::bytes().map_err(|error| error.to_string())?);
    smtp.send(&test_message(to), id.as_str(), SystemClock.now()).await.map_err(describe)?;
    Ok(format!("sent to {}", to.as_str()))
}

fn describe(SendError { reason, advice, .. }: SendError) -> String {
    advice.map_or_else(|| reason.clone(), |advice| format!("{reason}; {advice}"))
}

fn test_message(to: &Email) -> OutgoingMail {
    let circumstances = Circumstances { at: SystemClock.now(), client_address: None, user_agent: None };
    OutgoingMail {
        to: to.as_str().to_owned(),
        language: String::new(),
        account: Account::default(),
        message: Message::Notification { notice: Notification::Test, circumstances },
    }
}
