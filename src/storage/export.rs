//! The stored data for an export, page by page, in the order of the keys.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::bulk::UserWithSecrets;
use super::columns::columns_of;
use super::db::{Tx, on};
use super::error::Error;
use super::pairs::after_pair;
use super::schema::{domains, role_bindings, roles, users, workspace_group_users, workspace_groups, workspaces};
use crate::domain::ids::WorkspaceGroupId;
use crate::domain::user::Domain;
use crate::domain::workspace::{GroupMember, Role, RoleBinding, Workspace, WorkspaceGroup};

/// How many entities a page contains.
pub const PAGE: i64 = 1000;

/// A page of entities in the order of their keys. If it follows a key, `$is_after` is the condition.
macro_rules! page {
    ($tx:expr, $columns:expr, $table:ident, $order:expr, $after:expr, |$key:ident| $is_after:expr) => {
        Ok(on!($tx.conn(), c => {
            let mut query = $table::table.select($columns).order($order).limit(PAGE).into_boxed();
            if let Some($key) = $after {
                query = query.filter($is_after);
            }
            query.load(c).await
        })?)
    };
    ($tx:expr, $columns:expr, $table:ident, $key:ident, $after:expr) => {
        page!($tx, $columns, $table, $table::$key, $after, |key| $table::$key.gt(key))
    };
    ($tx:expr, $columns:expr, $table:ident, $first:ident, $second:ident, $after:expr) => {
        page!($tx, $columns, $table, ($table::$first, $table::$second), $after, |key| {
            after_pair($table::$first, $table::$second, key)
        })
    };
}

/// A page of domains, in the order of their ids.
pub async fn domains(tx: &mut Tx, after: Option<&str>) -> Result<Vec<Domain>, Error> {
    page!(tx, columns_of::<Domain>(), domains, domain_id, after)
}

/// A page of roles, in the order of their domains and ids.
pub async fn roles(tx: &mut Tx, after: Option<(&str, &str)>) -> Result<Vec<Role>, Error> {
    page!(tx, columns_of::<Role>(), roles, domain_id, role_id, after)
}

/// A page of users, in the order of their domains and user ids.
pub async fn users(tx: &mut Tx, after: Option<(&str, &str)>) -> Result<Vec<UserWithSecrets>, Error> {
    page!(tx, columns_of::<UserWithSecrets>(), users, domain_id, user_id_key, after)
}

/// A page of groups, in the order of their ids.
pub async fn groups(tx: &mut Tx, after: Option<&str>) -> Result<Vec<WorkspaceGroup>, Error> {
    page!(tx, columns_of::<WorkspaceGroup>(), workspace_groups, workspace_group_id, after)
}

/// A page of the users of all groups, in the order of the groups' ids and the user ids.
pub async fn members(tx: &mut Tx, after: Option<(&str, &str)>) -> Result<Vec<(WorkspaceGroupId, GroupMember)>, Error> {
    use workspace_group_users as members;
    page!(
        tx,
        (members::workspace_group_id, columns_of::<GroupMember>()),
        members,
        workspace_group_id,
        user_id_key,
        after
    )
}

/// A page of workspaces, in the order of their ids.
pub async fn workspaces(tx: &mut Tx, after: Option<&str>) -> Result<Vec<Workspace>, Error> {
    page!(tx, columns_of::<Workspace>(), workspaces, workspace_id, after)
}

/// A page of bindings, in the order of their ids.
pub async fn bindings(tx: &mut Tx, after: Option<&str>) -> Result<Vec<RoleBinding>, Error> {
    page!(tx, columns_of::<RoleBinding>(), role_bindings, role_binding_id, after)
}
