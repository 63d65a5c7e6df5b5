//! `domain`.

use serde_json::json;

use super::arguments::DomainVerb;
use super::error::CliError;
use super::set_up::SetUp;
use super::table::Table;
use super::{log, set_up};
use crate::config::Config;
use crate::domain::user::Domain;

/// Runs a `domain` command.
pub(super) async fn domain(config: Config, verb: DomainVerb) -> Result<(), CliError> {
    log::start(&config)?;
    let services = set_up::services(&config, SetUp::default()).await?;
    let DomainVerb::List { json } = verb;
    let domains = services.list_domains().await?;
    let row =
        |domain: &Domain| vec![json!(domain.id.as_str()), json!(domain.name.as_str()), json!(domain.state.as_str())];
    Table::new(&["domain_id", "name", "state"], domains.iter().map(row)).print(json)
}
