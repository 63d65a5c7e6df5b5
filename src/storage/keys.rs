//! Updates the stored keys of user ids, addresses, and names after their rules changed.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel_async::SimpleAsyncConnection;

use super::db::{Conn, Db, Fetch, Location, Run, Tx, on};
use super::error::Error;
use super::schema::{installation, workspaces};
use crate::domain::search::search_key;

/// The fact of the installation that the keys have to be updated.
const DUE: &str = "keys";
/// The name of the update in the list of applied migrations.
pub(super) const NAME: &str = "keys of user ids, addresses and names";
/// How many names one statement reads.
const PAGE: i64 = 1000;
/// How many collisions are named.
const NAMED: usize = 20;

/// The new keys differ from the old ones only in the letter sigma. The rules are otherwise the same.
const SIGMAS: &str = "
    UPDATE users SET user_id_key = replace(user_id_key, 'ς', 'σ') WHERE user_id_key LIKE '%ς%';
    UPDATE users SET email_key = replace(email_key, 'ς', 'σ') WHERE email_key LIKE '%ς%';
    UPDATE users SET pending_email_key = replace(pending_email_key, 'ς', 'σ') WHERE pending_email_key LIKE '%ς%';
    UPDATE users SET mfa_email_key = replace(mfa_email_key, 'ς', 'σ') WHERE mfa_email_key LIKE '%ς%';
    UPDATE workspace_group_users SET user_id_key = replace(user_id_key, 'ς', 'σ') WHERE user_id_key LIKE '%ς%';
    UPDATE role_bindings SET user_id_key = replace(user_id_key, 'ς', 'σ') WHERE user_id_key LIKE '%ς%';
    UPDATE codes SET address_key = replace(address_key, 'ς', 'σ') WHERE address_key LIKE '%ς%';
";

/// The keys that become equal: a place, a key, and two of the user ids that have it.
const COLLISIONS: &str = "
    SELECT 'user id in ' || domain_id AS place, min(user_id) AS one, max(user_id) AS other FROM users
    GROUP BY domain_id, replace(user_id_key, 'ς', 'σ') HAVING count(*) > 1
    UNION ALL
    SELECT 'verified email address in ' || domain_id, min(user_id), max(user_id) FROM users
    WHERE email_verified AND email_key IS NOT NULL GROUP BY domain_id, replace(email_key, 'ς', 'σ') HAVING count(*) > 1
    UNION ALL
    SELECT 'user id in ' || workspace_group_id, min(user_id), max(user_id) FROM workspace_group_users
    GROUP BY workspace_group_id, replace(user_id_key, 'ς', 'σ') HAVING count(*) > 1
    ORDER BY 1, 2
";

/// For PostgreSQL: without a time limit, and one at a time.
const PREPARE: &str = "
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SELECT pg_advisory_xact_lock(8319104478260523617);
";

/// Two users whose keys become equal.
#[derive(QueryableByName)]
struct Collision {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    other: String,
}

/// Why the keys are not updated. Then nothing is changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    /// The user ids of some users differ only in a final sigma.
    #[error(
        "this version treats ς and σ as the same letter, so the following users would become equal:\n{0}\
         nothing was changed; with the previous version, delete one user of each pair, or import it with another \
         user id or address, and migrate again"
    )]
    Collisions(Collisions),
    #[error(transparent)]
    Database(#[from] Error),
    #[error(transparent)]
    Statement(#[from] diesel::result::Error),
}

/// The users whose keys become equal, one line for each collision.
#[derive(Debug)]
pub(super) struct Collisions(Vec<String>);

impl fmt::Display for Collisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.iter().take(NAMED) {
            writeln!(f, "  {line}")?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}

/// Updates all keys, if this is due: all of them or none.
pub(super) async fn bring_up_to_date(location: &Location) -> Result<(), KeysError> {
    let db = Db::open(location, 1).await?;
    if !are_due(&db).await? {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    if let Conn::Pg(c) = tx.conn() {
        c.batch_execute(PREPARE).await?;
    }
    // Of two concurrent runs, the second has nothing left to do.
    let due = diesel::delete(installation::table.find(DUE)).run_counted(tx.conn()).await?;
    if due == 0 {
        return Ok(());
    }
    let collisions: Vec<Collision> = sql_query(COLLISIONS).fetch_all(tx.conn()).await?;
    if !collisions.is_empty() {
        let line = |Collision { place, one, other }| format!("{place}: {one:?} and {other:?}");
        return Err(KeysError::Collisions(Collisions(collisions.into_iter().map(line).collect())));
    }
    on!(tx.conn(), c => c.batch_execute(SIGMAS).await)?;
    fold_names(&mut tx).await?;
    Ok(tx.commit().await?)
}

/// Whether the keys have to be updated. All earlier migrations must have been applied.
pub(super) async fn are_due(db: &Db) -> Result<bool, KeysError> {
    let found: Option<String> =
        installation::table.find(DUE).select(installation::value).fetch_optional(&mut db.conn().await?).await?;
    Ok(found.is_some())
}

async fn fold_names(tx: &mut Tx) -> Result<(), KeysError> {
    let mut last = String::new();
    loop {
        let page: Vec<(String, String, String)> = workspaces::table
            .filter(workspaces::workspace_id.gt(&last))
            .order(workspaces::workspace_id)
            .select((workspaces::workspace_id, workspaces::name, workspaces::name_key))
            .limit(PAGE)
            .fetch_all(tx.conn())
            .await?;
        let Some((id, ..)) = page.last() else { return Ok(()) };
        last.clone_from(id);
        for (id, name, key) in &page {
            let folded = search_key(name);
            if folded != *key {
                diesel::update(workspaces::table.find(id)).set(workspaces::name_key.eq(&folded)).run(tx.conn()).await?;
            }
        }
    }
}
