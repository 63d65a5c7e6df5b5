//! Errors of commands.

use std::fmt::Display;
use std::process::ExitCode;

use crate::config::SettingError;
use crate::services::{Error, Failure};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// Settings are invalid or contradict each other. Exit status 2.
    #[error("invalid settings:{}", .0.iter().map(|error| format!("\n{error}")).collect::<String>())]
    Settings(Vec<SettingError>),
    /// The command was used incorrectly. Exit status 2.
    #[error("{0}")]
    Usage(String),
    /// The command was refused or failed. Exit status 1.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Usage(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

impl From<Vec<SettingError>> for CliError {
    fn from(errors: Vec<SettingError>) -> Self {
        Self::Settings(errors)
    }
}

impl From<SettingError> for CliError {
    fn from(error: SettingError) -> Self {
        Self::Settings(vec![error])
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl<R: Display> From<Error<R>> for CliError {
    fn from(error: Error<R>) -> Self {
        match error {
            Error::Refused(refusal) => Self::Failed(refusal.to_string()),
            Error::Failed(failure) => failure.into(),
        }
    }
}
