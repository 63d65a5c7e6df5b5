//! The commands of operators in the audit log.

use std::future::Future;

use super::arguments::{Reason, UserName};
use super::error::CliError;

/// A command that is an entry in the audit log when it ends.
#[derive(Default)]
pub(super) struct Audited {
    command: &'static str,
    reason: Option<String>,
    operator: Option<String>,
    user: Option<(String, String)>,
    domain: Option<String>,
    job: Option<String>,
    options: Vec<String>,
}

impl Audited {
    pub(super) fn new(command: &'static str, reason: &Reason) -> Self {
        let Reason { reason, operator } = reason.clone();
        Self { command, reason, operator, ..Self::default() }
    }

    /// A command about a user.
    pub(super) fn about((command, user): (&'static str, &UserName), reason: &Reason) -> Self {
        Self { user: Some((user.domain_id.clone(), user.user_id.clone())), ..Self::new(command, reason) }
    }

    /// The command is about this domain.
    pub(super) fn of_domain(self, domain: &str) -> Self {
        Self { domain: Some(domain.to_owned()), ..self }
    }

    /// The command is about this job, or about all.
    pub(super) fn of_job(self, job: Option<&str>) -> Self {
        Self { job: job.map(str::to_owned), ..self }
    }

    /// The command has this option, if `is_given`.
    pub(super) fn with(mut self, option: &str, is_given: bool) -> Self {
        if is_given {
            self.options.push(option.to_owned());
        }
        self
    }

    /// Runs the command. A command whose settings are invalid starts no log, and does nothing.
    pub(super) async fn run(self, command: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
        let outcome = command.await;
        let Self { command, reason, operator, user, domain, job, options } = self;
        let mut error = outcome.as_ref().err().map(ToString::to_string);
        // `subject` names the user, unless the log masks it.
        if let (Some(error), Some((_, user_id))) = (&mut error, &user) {
            *error = error.replace(user_id, "…");
        }
        tracing::info!(
            target: "userprofile::audit",
            command,
            subject = user.map(|(domain, user_id)| format!("{domain}/{user_id}")),
            domain,
            job,
            options = Some(options.join(" ")).filter(|options| !options.is_empty()),
            actor = "OPERATOR",
            operator = operator.or_else(user_name),
            host = whoami::hostname().ok(),
            reason,
            result = if error.is_none() { "done" } else { "failed" },
            error,
            "operator command"
        );
        outcome
    }
}

/// The user of the operating system: in a container, which has no names of users, the number.
fn user_name() -> Option<String> {
    whoami::username().ok().or_else(|| Some(format!("uid {}", rustix::process::getuid().as_raw())))
}
