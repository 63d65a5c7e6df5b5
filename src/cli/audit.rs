//! The commands of operators in the audit log.

use std::future::Future;

use super::arguments::Reason;
use super::error::CliError;

/// A command that is an entry in the audit log when it ends.
pub(super) struct Audited {
    command: &'static str,
    subject: Option<String>,
    reason: Option<String>,
}

impl Audited {
    /// A command about `subject`.
    pub(super) fn new(command: &'static str, subject: Option<String>, reason: &Reason) -> Self {
        Self { command, subject, reason: reason.reason.clone() }
    }

    /// Runs the command. A command whose settings are invalid starts no log, and does nothing.
    pub(super) async fn run(self, command: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
        let outcome = command.await;
        let Self { command, subject, reason } = self;
        let error = outcome.as_ref().err().map(ToString::to_string);
        tracing::info!(
            target: "userprofile::audit",
            command,
            subject,
            actor = "OPERATOR",
            operator = whoami::username().ok(),
            host = whoami::hostname().ok(),
            reason,
            result = if error.is_none() { "done" } else { "failed" },
            error,
            "operator command"
        );
        outcome
    }
}
