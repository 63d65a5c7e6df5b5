//! The tags of workspaces and groups. They take up to 16 KiB each, so they are read only where they are selected, and
//! only up to the limit of the request.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, Nullable, Text};

use super::db::{Db, Fetch};
use super::dialect::{Dialect, statement, to_bigint};
use super::error::Error;
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::tags::Tags;

/// The tags of one entity.
pub struct Found {
    /// The entity's id.
    pub id: String,
    /// The size of the tags in bytes.
    pub bytes: usize,
    /// The tags; `None` if they and those before them exceed the limit.
    pub tags: Option<Tags>,
}

/// The tags of `workspaces`, up to `bytes` bytes in total. The calling code must check that the workspaces are visible.
pub async fn of_workspaces(db: &Db, workspaces: &[WorkspaceId], bytes: usize) -> Result<Vec<Found>, Error> {
    let ids = workspaces.iter().map(ToString::to_string).collect();
    read(db, Bounded { table: "workspaces", key: "workspace_id", ids, bytes: to_bigint(bytes) }).await
}

/// The tags of `groups`, up to `bytes` bytes in total. The calling code must check that the groups are visible.
pub async fn of_groups(db: &Db, groups: &[WorkspaceGroupId], bytes: usize) -> Result<Vec<Found>, Error> {
    let ids = groups.iter().map(ToString::to_string).collect();
    read(db, Bounded { table: "workspace_groups", key: "workspace_group_id", ids, bytes: to_bigint(bytes) }).await
}

async fn read(db: &Db, query: Bounded) -> Result<Vec<Found>, Error> {
    let rows: Vec<(String, i64, Option<Tags>)> = query.fetch_all(&mut db.conn().await?).await?;
    let found =
        rows.into_iter().map(|(id, bytes, tags)| Found { id, bytes: usize::try_from(bytes).unwrap_or_default(), tags });
    Ok(found.collect())
}

/// Adds up the sizes from row to row, and omits the tags that make the sum exceed `bytes`: they stay in the database.
struct Bounded {
    table: &'static str,
    key: &'static str,
    ids: Vec<String>,
    bytes: i64,
}

statement!(Bounded: (Text, BigInt, Nullable<Text>));

impl<DB: Dialect> QueryFragment<DB> for Bounded {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Self { table, key, .. } = self;
        out.push_sql(&format!("SELECT {key}, CAST(octet_length(tags) AS BIGINT), "));
        out.push_sql(&format!("CASE WHEN sum(octet_length(tags)) OVER (ORDER BY {key} ROWS UNBOUNDED PRECEDING) <= "));
        DB::push_number(&mut out, &self.bytes)?;
        out.push_sql(&format!(" THEN tags END FROM {table} WHERE {key}"));
        DB::push_is_any(&mut out, &self.ids)
    }
}
