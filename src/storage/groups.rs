//! Workspace groups and their users.

use diesel::sql_types::{Array, BigInt, Nullable, Record, Text};

use super::columns::{Columns, ColumnsOf, Item};
use super::db::{Db, Fetch};
use super::dialect::{Sql, SqlQuery, one_more_than, page_limit};
use super::error::Error;
use super::visible::CallerSource;
use crate::domain::access::Visibility;
use crate::domain::ids::{RoleId, WorkspaceGroupId};
use crate::domain::login::LoginId;
use crate::domain::page::{Cursor, From, Page, Paged};
use crate::domain::profile_text::Name;
use crate::domain::user::UserState;
use crate::domain::workspace::{GroupUser, ListedGroup, RoleType};

/// A page of the groups that `visibility` allows.
pub async fn list_visible(db: &Db, visibility: &Visibility, page: &Page) -> Result<Paged<ListedGroup>, Error> {
    let mut groups: Vec<ListedGroup> = page_of(visibility, page).fetch_all(&mut db.conn().await?).await?;
    if page.from == From::End {
        groups.reverse();
    }
    Ok(page.cut(groups))
}

/// The statement of [`list_visible`].
pub(super) fn page_of(visibility: &Visibility, page: &Page) -> SqlQuery<ColumnsOf<ListedGroup>> {
    let direction = if page.from == From::Start { "ASC" } else { "DESC" };
    let mut sql = select_visible(visibility);
    for (cursor, comparison) in [(&page.after, ">"), (&page.before, "<")] {
        if let Some(Cursor { sort_key, id }) = cursor {
            sql.push(format!(" AND (g.name, g.workspace_group_id) {comparison} (")).text(sort_key);
            sql.push(", ").text(id).push(")");
        }
    }
    sql.push(format!(" ORDER BY g.name {direction}, g.workspace_group_id {direction} LIMIT {}", page_limit(page.size)));
    sql.query()
}

/// How many groups `visibility` allows.
pub async fn count_visible(db: &Db, visibility: &Visibility) -> Result<i64, Error> {
    let mut sql = Sql::new("SELECT count(*)");
    push_visible(&mut sql, CallerSource::Known(visibility));
    let query = sql.query::<BigInt>();
    let count: Vec<i64> = db.rows_of(query, visibility.is_admin).await?;
    Ok(count.into_iter().sum())
}

/// Those of `ids` that `visibility` allows, in no particular order.
pub async fn find_visible(
    db: &Db,
    visibility: &Visibility,
    ids: &[WorkspaceGroupId],
) -> Result<Vec<ListedGroup>, Error> {
    let mut sql = select_visible(visibility);
    sql.push(if visibility.is_admin { " AND g.workspace_group_id" } else { " AND m.workspace_group_id" }).is_any(ids);
    sql.query::<ColumnsOf<ListedGroup>>().fetch_all(&mut db.conn().await?).await
}

fn select_visible(visibility: &Visibility) -> Sql {
    let mut sql = Sql::new(format!("SELECT g.{}", ListedGroup::COLUMNS.join(", g.")));
    push_visible(&mut sql, CallerSource::Known(visibility));
    sql
}

/// FROM and WHERE. For an admin, all groups of the domain; for any other user, those that they are a user of, which are
/// read from their memberships.
fn push_visible(sql: &mut Sql, caller: CallerSource<'_>) {
    if caller.is_admin() {
        sql.push(" FROM workspace_groups AS g WHERE g.domain_id = ");
        caller.push_domain(sql);
    } else {
        let is_of_member = "g.workspace_group_id = m.workspace_group_id AND g.domain_id = m.domain_id".to_owned();
        sql.push(" FROM workspace_group_users AS m").look_up("workspace_groups", "g", is_of_member);
        sql.push(" WHERE m.domain_id = ");
        caller.push_domain(sql);
        sql.push(" AND m.user_id_key = ");
        caller.push_login_key(sql);
    }
}

/// The SQL types of the columns that [`push_first_of_joined_user`] selects.
pub(super) type JoinedSql = Array<Record<(Record<ColumnsOf<ListedGroup>>, Nullable<Array<Record<JoinedUserSql>>>)>>;
type JoinedUserSql = (Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>);

/// The values of these columns.
pub(super) type JoinedRow = (Item<ListedGroup>, Option<Vec<JoinedUserRow>>);
pub(super) type JoinedUserRow = (String, String, Option<RoleId>, Option<RoleType>, Option<Name>, Option<UserState>);

/// Selects the first `limit` groups of the user that the statement has joined, as one array of rows. With each, selects
/// the array of its users, at most `users`, or null.
pub(super) fn push_first_of_joined_user(sql: &mut Sql, limit: &str, users: Option<usize>) {
    let columns = ListedGroup::COLUMNS.join(", g.");
    sql.push(format!("ARRAY(SELECT ROW(ROW(g.{columns}), "));
    if let Some(users) = users {
        sql.push("ARRAY(SELECT ROW(m.user_id, m.user_id_key, m.role_id, m.role_type, u.name, u.state) FROM (");
        sql.push("SELECT * FROM workspace_group_users WHERE workspace_group_id = g.workspace_group_id");
        sql.push(format!(" LIMIT {users}) AS m"));
        push_account_of_member(sql);
        sql.push(" ORDER BY m.user_id, m.user_id_key)");
    } else {
        sql.push("NULL::record[]");
    }
    sql.push(format!(") FROM (SELECT g.{columns}"));
    push_visible(sql, CallerSource::Joined);
    sql.push(format!(
        " ORDER BY g.name, g.workspace_group_id LIMIT {limit}) AS g ORDER BY g.name, g.workspace_group_id)"
    ));
}

/// The user in a row of these.
pub(super) fn from_joined((user_id, key, role_id, role_type, name, state): JoinedUserRow) -> GroupUser {
    GroupUser { login: LoginId::from_stored(user_id, key), role_id, role_type, name, state }
}

fn push_account_of_member(sql: &mut Sql) {
    let is_member = "u.domain_id = m.domain_id AND u.user_id_key = m.user_id_key".to_owned();
    sql.look_up_optional("users", "u", is_member);
}

/// A number of users up to which the limit is a part of the statement: SQLite prepares a statement again when a
/// parameter of its limit changes.
const FEW: usize = 512;

pub(super) type UserColumns = (Text, Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>);
pub(super) type UserRow =
    (WorkspaceGroupId, String, String, Option<RoleId>, Option<RoleType>, Option<Name>, Option<UserState>);

/// The users of all of `groups`, in the order of their user ids; if there are more than `most`, any `most` and one. The
/// calling code must check that the groups are visible.
pub async fn list_users(
    db: &Db,
    groups: &[WorkspaceGroupId],
    most: usize,
) -> Result<Vec<(WorkspaceGroupId, GroupUser)>, Error> {
    let rows: Vec<UserRow> = users_of(groups, most).fetch_all(&mut db.conn().await?).await?;
    Ok(rows.into_iter().map(to_group_user).collect())
}

/// The statement of [`list_users`].
pub(super) fn users_of(groups: &[WorkspaceGroupId], most: usize) -> SqlQuery<UserColumns> {
    let mut sql = Sql::new(
        "SELECT m.workspace_group_id, m.user_id, m.user_id_key, m.role_id, m.role_type, u.name, u.state FROM ",
    );
    push_members(&mut sql, groups, most);
    push_account_of_member(&mut sql);
    sql.push(" ORDER BY m.workspace_group_id, m.user_id, m.user_id_key");
    sql.query()
}

/// How many users all of `groups` have together; if there are more than `most`, `most` and one.
pub async fn count_users(db: &Db, groups: &[WorkspaceGroupId], most: usize) -> Result<usize, Error> {
    let mut sql = Sql::new("SELECT count(*) FROM ");
    push_members(&mut sql, groups, most);
    let count: i64 = sql.query::<BigInt>().fetch_one(&mut db.conn().await?).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The members of groups, which are users or the user ids of unknown users, up to the limit. It applies before users are
/// looked up and rows are sorted, so that it bounds the time of both.
fn push_members(sql: &mut Sql, groups: &[WorkspaceGroupId], most: usize) {
    sql.push("(SELECT * FROM workspace_group_users WHERE workspace_group_id").is_any(groups);
    match most {
        ..=FEW => sql.push(format!(" LIMIT {}", FEW + 1)),
        _ => sql.push(" LIMIT ").number(one_more_than(most)),
    };
    sql.push(") AS m");
}

pub(super) fn to_group_user(
    (group, user_id, key, role_id, role_type, name, state): UserRow,
) -> (WorkspaceGroupId, GroupUser) {
    (group, from_joined((user_id, key, role_id, role_type, name, state)))
}
