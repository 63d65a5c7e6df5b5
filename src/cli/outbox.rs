//! `outbox`.

use serde_json::{Value, json};

use super::arguments::OutboxVerb;
use super::error::CliError;
use super::set_up::SetUp;
use super::table::Table;
use super::user_list::text_of;
use super::{log, output, set_up};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::domain::ids::JobId;
use crate::storage::outbox::JobState;

/// Runs an `outbox` command.
pub(super) async fn outbox(config: Config, verb: OutboxVerb) -> Result<(), CliError> {
    log::start(&config)?;
    let services = set_up::services(&config, SetUp::default()).await?;
    match verb {
        OutboxVerb::List(options) => {
            let columns =
                &["job_id", "kind", "state", "tries", "created_at", "due_at", "expires_at", "failed_at", "last_error"];
            let (jobs, has_more) = services.list_jobs(options.limit.into()).await?;
            Table::new(columns, jobs.iter().map(row)).print(options.json)?;
            output::note_more(has_more);
            Ok(())
        }
        OutboxVerb::Retry { job_id: None } => {
            output::print(&format!("{} messages are due now\n", services.retry_all_jobs().await?))
        }
        OutboxVerb::Retry { job_id: Some(id) } => Ok(services.retry_job(&parse(&id)?).await?),
        OutboxVerb::Drop { job_id } => Ok(services.drop_job(&parse(&job_id)?).await?),
    }
}

fn row(job: &JobState) -> Vec<Value> {
    let state = match (job.failed_at, job.leased_until) {
        (Some(_), _) => "FAILED",
        (None, Some(until)) if until > SystemClock.now() => "SENDING",
        (None, _) => "WAITING",
    };
    vec![
        json!(job.id.as_str()),
        json!(job.kind.as_str()),
        json!(state),
        json!(job.tries),
        json!(text_of(job.created_at)),
        json!(job.failed_at.is_none().then(|| text_of(job.due_at))),
        json!(text_of(job.expires_at)),
        json!(job.failed_at.map(text_of)),
        json!(job.last_error),
    ]
}

fn parse(text: &str) -> Result<JobId, CliError> {
    JobId::parse(text).map_err(|invalid| CliError::usage(format!("JOB_ID: {invalid}")))
}
