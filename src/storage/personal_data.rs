//! What is stored about a user apart from the user: what is deleted with them, and what refers to them by their user id,
//! which stays.

use diesel::prelude::*;

use super::columns::columns_of;
use super::db::{Db, Fetch, Tx, Unlimited};
use super::error::Error;
use super::schema::{role_bindings, workspace_group_users};
use super::{codes, outbox, recovery_codes, sessions};
use crate::domain::ids::WorkspaceGroupId;
use crate::domain::user::User;
use crate::domain::workspace::{GroupMember, RoleBinding};

/// Deletes the sessions, codes, recovery codes, and messages of all of `owners`. Passkeys are deleted with the user.
pub async fn delete_of_owners(tx: &mut Tx, owners: &[&str]) -> Result<(), Error> {
    if owners.is_empty() {
        return Ok(());
    }
    sessions::delete_of_owners(tx, owners).await?;
    codes::delete_of_owners(tx, owners).await?;
    recovery_codes::delete_of_owners(tx, owners).await?;
    outbox::delete_of_owners(tx, owners).await
}

/// The first `limit` role bindings of a user, in the order of their ids.
pub async fn list_bindings(db: &Db, user: &User, limit: i64) -> Result<Vec<RoleBinding>, Error> {
    role_bindings::table
        .filter(role_bindings::domain_id.eq(&user.domain_id))
        .filter(role_bindings::user_id_key.eq(user.login.key()))
        .order(role_bindings::role_binding_id)
        .select(columns_of::<RoleBinding>())
        .rows(0, limit)
        .fetch_all(&mut db.conn().await?)
        .await
}

/// The first `limit` groups that a user belongs to, and their roles there, in the order of the groups' ids.
pub async fn list_memberships(db: &Db, user: &User, limit: i64) -> Result<Vec<(WorkspaceGroupId, GroupMember)>, Error> {
    workspace_group_users::table
        .filter(workspace_group_users::domain_id.eq(&user.domain_id))
        .filter(workspace_group_users::user_id_key.eq(user.login.key()))
        .order(workspace_group_users::workspace_group_id)
        .select((workspace_group_users::workspace_group_id, columns_of::<GroupMember>()))
        .rows(0, limit)
        .fetch_all(&mut db.conn().await?)
        .await
}
