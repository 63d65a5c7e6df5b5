//! The stored data for an export, page by page, in the order of the keys.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::bulk::UserWithSecrets;
use super::db::{Tx, on};
use super::error::Error;
use super::pairs::AfterPair;
use super::schema::{domains, role_bindings, roles, users, workspace_group_users, workspace_groups, workspaces};
use crate::domain::ids::WorkspaceGroupId;
use crate::domain::user::Domain;
use crate::domain::workspace::{GroupMember, Role, RoleBinding, Workspace, WorkspaceGroup};

/// How many entities a page contains.
pub const PAGE: i64 = 1000;

/// A page of entities in the order of one column, after the given value of the column.
macro_rules! page {
    ($tx:expr, $columns:expr, $table:ident, $key:ident, $after:expr) => {
        Ok(on!($tx.conn(), c => {
            let mut query = $table::table.select($columns).order($table::$key).limit(PAGE).into_boxed();
            if let Some(after) = $after {
                query = query.filter($table::$key.gt(after));
            }
            query.load(c).await
        })?)
    };
}

/// A page of entities in the order of two columns, after the given values of the columns.
macro_rules! page_of_pairs {
    ($tx:expr, $columns:expr, $table:ident, $first:ident, $second:ident, $after:expr) => {
        Ok(on!($tx.conn(), c => {
            let order = ($table::$first, $table::$second);
            let mut query = $table::table.select($columns).order(order).limit(PAGE).into_boxed();
            if let Some(after) = $after {
                query = query.filter(AfterPair::columns($table::$first, $table::$second, after));
            }
            query.load(c).await
        })?)
    };
}

/// A page of domains, in the order of their ids.
pub async fn domains(tx: &mut Tx, after: Option<&str>) -> Result<Vec<Domain>, Error> {
    page!(tx, Domain::as_select(), domains, domain_id, after)
}

/// A page of roles, in the order of their domains and ids.
pub async fn roles(tx: &mut Tx, after: Option<(&str, &str)>) -> Result<Vec<Role>, Error> {
    page_of_pairs!(tx, Role::as_select(), roles, domain_id, role_id, after)
}

/// A page of users, in the order of their domains and user ids.
pub async fn users(tx: &mut Tx, after: Option<(&str, &str)>) -> Result<Vec<UserWithSecrets>, Error> {
    page_of_pairs!(tx, UserWithSecrets::as_select(), users, domain_id, user_id_key, after)
}

/// A page of groups, in the order of their ids.
pub async fn groups(tx: &mut Tx, after: Option<&str>) -> Result<Vec<WorkspaceGroup>, Error> {
    page!(tx, WorkspaceGroup::as_select(), workspace_groups, workspace_group_id, after)
}

/// A page of the users of all groups, in the order of the groups' ids and the user ids.
pub async fn members(tx: &mut Tx, after: Option<(&str, &str)>) -> Result<Vec<(WorkspaceGroupId, GroupMember)>, Error> {
    use workspace_group_users as members;
    page_of_pairs!(
        tx,
        (members::workspace_group_id, GroupMember::as_select()),
        members,
        workspace_group_id,
        user_id_key,
        after
    )
}

/// A page of workspaces, in the order of their ids.
pub async fn workspaces(tx: &mut Tx, after: Option<&str>) -> Result<Vec<Workspace>, Error> {
    page!(tx, Workspace::as_select(), workspaces, workspace_id, after)
}

/// A page of bindings, in the order of their ids.
pub async fn bindings(tx: &mut Tx, after: Option<&str>) -> Result<Vec<RoleBinding>, Error> {
    page!(tx, RoleBinding::as_select(), role_bindings, role_binding_id, after)
}
