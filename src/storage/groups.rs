//! Workspace groups and their users.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::columns::columns_of;
use super::db::{Db, Fetch, on};
use super::dialect::{Sql, one_more_than};
use super::error::Error;
use super::schema::{workspace_group_users, workspace_groups};
use crate::domain::access::Visibility;
use crate::domain::ids::{RoleId, WorkspaceGroupId};
use crate::domain::login::LoginId;
use crate::domain::page::{From, Page, Paged};
use crate::domain::profile_text::Name;
use crate::domain::user::UserState;
use crate::domain::workspace::{GroupUser, ListedGroup, RoleType};

/// The groups that the caller sees: for an admin, all groups of the domain; for any other user, those that they are a
/// user of.
macro_rules! visible {
    ($visibility:expr) => {{
        let mut query =
            workspace_groups::table.filter(workspace_groups::domain_id.eq(&$visibility.domain_id)).into_boxed();
        if !$visibility.is_admin {
            query = query.filter(diesel::dsl::exists(
                workspace_group_users::table
                    .filter(workspace_group_users::workspace_group_id.eq(workspace_groups::workspace_group_id))
                    .filter(workspace_group_users::domain_id.eq(&$visibility.domain_id))
                    .filter(workspace_group_users::user_id_key.eq($visibility.login_key.as_str())),
            ));
        }
        query
    }};
}

/// A page of the groups that `visibility` allows.
pub async fn list_visible(db: &Db, visibility: &Visibility, page: &Page) -> Result<Paged<ListedGroup>, Error> {
    use workspace_groups::{name, workspace_group_id};
    let limit = one_more_than(page.size);
    let mut groups: Vec<ListedGroup> = on!(&mut db.conn().await?, c => {
        let mut query = visible!(visibility).select(columns_of::<ListedGroup>()).limit(limit);
        if let Some(after) = &page.after {
            let (key, id) = (after.sort_key.as_str(), after.id.as_str());
            query = query.filter(name.gt(key).or(name.eq(key).and(workspace_group_id.gt(id))));
        }
        if let Some(before) = &page.before {
            let (key, id) = (before.sort_key.as_str(), before.id.as_str());
            query = query.filter(name.lt(key).or(name.eq(key).and(workspace_group_id.lt(id))));
        }
        match page.from {
            From::Start => query.order((name.asc(), workspace_group_id.asc())).load(c).await,
            From::End => query.order((name.desc(), workspace_group_id.desc())).load(c).await,
        }
    })?;
    if page.from == From::End {
        groups.reverse();
    }
    Ok(page.cut(groups))
}

/// How many groups `visibility` allows.
pub async fn count_visible(db: &Db, visibility: &Visibility) -> Result<i64, Error> {
    Ok(on!(&mut db.conn().await?, c => visible!(visibility).count().get_result(c).await)?)
}

/// Those of `ids` that `visibility` allows, in no particular order.
pub async fn find_visible(
    db: &Db,
    visibility: &Visibility,
    ids: &[WorkspaceGroupId],
) -> Result<Vec<ListedGroup>, Error> {
    let is_wanted = workspace_groups::workspace_group_id.eq_any(ids);
    Ok(on!(&mut db.conn().await?, c => {
        visible!(visibility).filter(is_wanted).select(columns_of::<ListedGroup>()).load(c).await
    })?)
}

type UserColumns = (Text, Text, Text, Nullable<Text>, Nullable<Text>, Nullable<Text>, Nullable<Text>);
type UserRow = (WorkspaceGroupId, String, String, Option<RoleId>, Option<RoleType>, Option<Name>, Option<UserState>);

/// The users of all of `groups`, in the order of their user ids; if there are more than `most`, any `most` and one. The
/// calling code must check that the groups are visible.
pub async fn list_users(
    db: &Db,
    groups: &[WorkspaceGroupId],
    most: usize,
) -> Result<Vec<(WorkspaceGroupId, GroupUser)>, Error> {
    let mut sql = Sql::new(
        "SELECT m.workspace_group_id, m.user_id, m.user_id_key, m.role_id, m.role_type, u.name, u.state FROM ",
    );
    push_members(&mut sql, groups, most);
    sql.push(" LEFT JOIN users u ON u.domain_id = m.domain_id AND u.user_id_key = m.user_id_key");
    sql.push(" ORDER BY m.workspace_group_id, m.user_id, m.user_id_key");
    let rows: Vec<UserRow> = sql.query::<UserColumns>().fetch_all(&mut db.conn().await?).await?;
    Ok(rows.into_iter().map(to_group_user).collect())
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
    sql.push(" LIMIT ").number(one_more_than(most)).push(") AS m");
}

fn to_group_user(row: UserRow) -> (WorkspaceGroupId, GroupUser) {
    let (group, user_id, key, role_id, role_type, name, state) = row;
    (group, GroupUser { login: LoginId::from_stored(user_id, key), role_id, role_type, name, state })
}
