//! Workspace groups and their users.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db::{Db, on};
use super::error::Error;
use super::rows::{GroupRow, stored_enum};
use super::schema::{users, workspace_group_users, workspace_groups};
use crate::domain::access::Viewer;
use crate::domain::ids::{RoleId, WorkspaceGroupId};
use crate::domain::login::LoginId;
use crate::domain::page::{From, Page, Paged};
use crate::domain::profile_text::Name;
use crate::domain::workspace::{GroupUser, WorkspaceGroup};

/// The groups that the viewer sees: for an admin all of the domain's, for anyone else those that he is a user of.
macro_rules! visible {
    ($viewer:expr) => {{
        let mut query =
            workspace_groups::table.filter(workspace_groups::domain_id.eq($viewer.domain_id.as_str())).into_boxed();
        if !$viewer.is_admin {
            query = query.filter(diesel::dsl::exists(
                workspace_group_users::table
                    .filter(workspace_group_users::workspace_group_id.eq(workspace_groups::workspace_group_id))
                    .filter(workspace_group_users::domain_id.eq($viewer.domain_id.as_str()))
                    .filter(workspace_group_users::user_id_key.eq($viewer.login_key.as_str())),
            ));
        }
        query
    }};
}

/// A page of the groups that `viewer` sees.
///
/// # Errors
/// When the database fails.
pub async fn list_visible(db: &Db, viewer: &Viewer, page: &Page) -> Result<Paged<WorkspaceGroup>, Error> {
    use workspace_groups::{name, workspace_group_id};
    let limit = i64::try_from(page.size).unwrap_or(i64::MAX).saturating_add(1);
    let mut conn = db.conn().await?;
    let rows: Vec<GroupRow> = on!(&mut conn, c => {
        let mut query = visible!(viewer).select(GroupRow::as_select()).limit(limit);
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
    let mut groups: Vec<WorkspaceGroup> = rows.into_iter().map(Into::into).collect();
    if page.from == From::End {
        groups.reverse();
    }
    Ok(page.cut(groups))
}

/// How many groups `viewer` sees.
///
/// # Errors
/// When the database fails.
pub async fn count_visible(db: &Db, viewer: &Viewer) -> Result<i64, Error> {
    let mut conn = db.conn().await?;
    Ok(on!(&mut conn, c => visible!(viewer).count().get_result(c).await)?)
}

/// Those of `ids` that `viewer` sees, in no order.
///
/// # Errors
/// When the database fails.
pub async fn find_visible(db: &Db, viewer: &Viewer, ids: &[WorkspaceGroupId]) -> Result<Vec<WorkspaceGroup>, Error> {
    let ids: Vec<&str> = ids.iter().map(WorkspaceGroupId::as_str).collect();
    let mut conn = db.conn().await?;
    let rows: Vec<GroupRow> = on!(&mut conn, c => {
        visible!(viewer)
            .filter(workspace_groups::workspace_group_id.eq_any(&ids))
            .select(GroupRow::as_select())
            .load(c)
            .await
    })?;
    Ok(rows.into_iter().map(Into::into).collect())
}

type UserRow = (String, String, String, Option<String>, Option<String>, Option<String>, Option<String>);

/// The users of each of `groups`, in the order of what they sign in with. Whether a group may be seen is for the caller
/// to know.
///
/// # Errors
/// When the database fails.
pub async fn list_users(db: &Db, groups: &[WorkspaceGroupId]) -> Result<Vec<(WorkspaceGroupId, GroupUser)>, Error> {
    use workspace_group_users as member;
    let ids: Vec<&str> = groups.iter().map(WorkspaceGroupId::as_str).collect();
    let mut conn = db.conn().await?;
    let rows: Vec<UserRow> = on!(&mut conn, c => {
        member::table
            .left_join(
                users::table
                    .on(users::domain_id.eq(member::domain_id).and(users::user_id_key.eq(member::user_id_key))),
            )
            .filter(member::workspace_group_id.eq_any(&ids))
            .order((member::workspace_group_id, member::user_id, member::user_id_key))
            .select((
                member::workspace_group_id,
                member::user_id,
                member::user_id_key,
                member::role_id,
                member::role_type,
                users::name.nullable(),
                users::state.nullable(),
            ))
            .load(c)
            .await
    })?;
    rows.into_iter().map(to_group_user).collect()
}

fn to_group_user(row: UserRow) -> Result<(WorkspaceGroupId, GroupUser), Error> {
    let (group, user_id, key, role_id, role_type, name, state) = row;
    let user = GroupUser {
        role_type: role_type
            .map(|text| stored_enum(&text, "workspace_group_users", "role_type", &group))
            .transpose()?,
        state: state.map(|text| stored_enum(&text, "users", "state", &user_id)).transpose()?,
        login: LoginId::from_stored(user_id, key),
        role_id: role_id.map(RoleId::from_stored),
        name: name.map(Name::from_stored),
    };
    Ok((WorkspaceGroupId::from_stored(group), user))
}
