//! `session`.

use serde_json::json;

use super::arguments::SessionVerb;
use super::error::CliError;
use super::set_up::SetUp;
use super::table::Table;
use super::user_list::{parse_domain, session_row};
use super::{log, output, set_up};
use crate::config::Config;

/// Runs a `session` command.
pub(super) async fn session(config: Config, verb: SessionVerb) -> Result<(), CliError> {
    log::start(&config)?;
    let services = set_up::services(&config, SetUp::default()).await?;
    match verb {
        SessionVerb::List(options) => {
            let domain = parse_domain(&options.domain.domain_id, "DOMAIN_ID")?;
            let (sessions, has_more) = services.list_domain_sessions(&domain, options.list.limit.into()).await?;
            let rows = sessions
                .iter()
                .map(|(session, user_id)| std::iter::once(json!(user_id)).chain(session_row(session)).collect());
            let columns = &["user_id", "session_id", "last_used_at", "expires_at", "client_address", "user_agent"];
            Table::new(columns, rows).print(options.list.json)?;
            output::note_more(has_more);
            Ok(())
        }
        SessionVerb::RevokeAll(name) => {
            let domain = parse_domain(&name.domain_id, "DOMAIN_ID")?;
            output::print(&format!("{} sessions revoked\n", services.revoke_domain_sessions(&domain).await?))
        }
    }
}
