//! The tags of workspaces and groups. They take up to 16 KiB each, so they are read only where they are selected, and
//! only up to the limit of the request.

use diesel::sql_types::{BigInt, Nullable, Text};

use super::db::{Db, Fetch};
use super::dialect::{Sql, to_bigint};
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
    read(db, "workspaces", "workspace_id", workspaces, bytes).await
}

/// The tags of `groups`, up to `bytes` bytes in total. The calling code must check that the groups are visible.
pub async fn of_groups(db: &Db, groups: &[WorkspaceGroupId], bytes: usize) -> Result<Vec<Found>, Error> {
    read(db, "workspace_groups", "workspace_group_id", groups, bytes).await
}

/// Adds up the sizes from row to row, and omits the tags that make the sum exceed `bytes`: they stay in the database.
async fn read(db: &Db, table: &str, key: &str, ids: &[impl ToString], bytes: usize) -> Result<Vec<Found>, Error> {
    let mut sql = Sql::new(format!("SELECT {key}, CAST(octet_length(tags) AS BIGINT), "));
    sql.push(format!("CASE WHEN sum(octet_length(tags)) OVER (ORDER BY {key} ROWS UNBOUNDED PRECEDING) <= "));
    sql.number(to_bigint(bytes)).push(format!(" THEN tags END FROM {table} WHERE {key}")).is_any(ids);
    let query = sql.query::<(Text, BigInt, Nullable<Text>)>();
    let rows: Vec<(String, i64, Option<Tags>)> = query.fetch_all(&mut db.conn().await?).await?;
    let found =
        rows.into_iter().map(|(id, bytes, tags)| Found { id, bytes: usize::try_from(bytes).unwrap_or_default(), tags });
    Ok(found.collect())
}
