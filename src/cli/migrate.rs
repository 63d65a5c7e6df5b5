//! `migrate`.

use super::error::CliError;
use super::{log, output, set_up};
use crate::config::Config;
use crate::storage::migrate;

/// Applies migrations and prints their names.
pub(super) async fn migrate(config: Config) -> Result<(), CliError> {
    log::start(&config)?;
    let applied = migrate::apply(&config.database).await.map_err(|error| set_up::unusable(&config, &error))?;
    match applied.as_slice() {
        [] => output::print("The database is up to date.\n"),
        names => output::print(&names.iter().map(|name| format!("Applied {name}\n")).collect::<String>()),
    }
}
