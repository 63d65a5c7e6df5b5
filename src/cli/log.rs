//! The log: on standard error, as text where a person reads it, as JSON elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::error::CliError;
use crate::config::{Config, LogFormat};

/// Begins to log.
///
/// # Errors
/// When the filter cannot be understood.
pub(super) fn start(config: &Config) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(&config.log.filter)
        .map_err(|error| CliError::usage(format!("RUST_LOG cannot be understood: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_terminal = std::io::stderr().is_terminal();
    let default = if is_terminal { LogFormat::Text } else { LogFormat::Json };
    match config.log.format.unwrap_or(default) {
        LogFormat::Text => log.with_ansi(is_terminal).with_target(false).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}
