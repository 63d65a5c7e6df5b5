//! `serve --demo`: a made-up company to look around in.

use std::io::Cursor;

use super::error::CliError;
use crate::config::{Config, DatabaseUrl};
use crate::services::Services;
use crate::services::import::ImportOptions;

/// The company, in the form that `import` reads.
const COMPANY: &str = include_str!("../../demo/company.jsonl");

/// Who to sign in as. The passwords are no secret, which is why a demo is only ever served to this machine.
const GUIDE: &str = include_str!("../../demo/guide.txt");

/// Checks that the demo is served to this machine only, and from SQLite.
///
/// # Errors
/// Which setting stands against it.
pub(super) fn check_place(config: &Config) -> Result<(), CliError> {
    if !config.listen.ip().is_loopback() {
        let message = format!(
            "--demo is for this machine only, as everybody knows its passwords: listen on 127.0.0.1 or [::1], not on {} \
             (USERPROFILE_LISTEN)",
            config.listen
        );
        return Err(CliError::usage(message));
    }
    if !matches!(config.database.url, DatabaseUrl::Sqlite(_)) {
        return Err(CliError::usage("--demo fills a SQLite file of its own; DATABASE_URL must be sqlite:FILE"));
    }
    Ok(())
}

/// Fills an empty database with the company, unless that was done before, and tells who to sign in as.
///
/// # Errors
/// When the database holds anything else.
pub(super) async fn fill(services: &Services) -> Result<&'static str, CliError> {
    if !services.claim_for_demo().await? {
        return Err(CliError::failed(
            "--demo fills only an empty database, and this one holds data of its own; name another file with \
             DATABASE_URL=sqlite:FILE",
        ));
    }
    if !services.has_domains().await? {
        let company = Cursor::new(COMPANY.as_bytes());
        services.import(company, ImportOptions::default(), |_| {}).await?;
    }
    Ok(GUIDE)
}
