//! Domains, roles, groups, workspaces, and bindings, many at once.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{insert_rows, upsert_rows};
use crate::domain::entity::EntityKind;
use crate::domain::ids::DomainId;
use crate::domain::user::Domain;
use crate::domain::workspace::{GroupMember, Role, RoleBinding, Workspace, WorkspaceGroup};
use crate::storage::db::{Fetch, Run, Tx};
use crate::storage::error::Error;
use crate::storage::pairs::one_of;
use crate::storage::rows::{BindingRow, DomainRow, GroupRow, NewMemberRow, NewWorkspaceRow, RoleRow};
use crate::storage::schema::{
    domains, role_bindings, roles, users, workspace_group_users, workspace_groups, workspaces,
};

/// An entity that has a time of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// The entity.
    pub entity: T,
    /// Whether its time of creation replaces that of an existing entity.
    pub has_created_at: bool,
}

/// A workspace group together with its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupWithUsers {
    /// The group.
    pub group: WorkspaceGroup,
    /// Its users, without duplicates.
    pub users: Vec<GroupMember>,
}

/// Which of these domains exist.
pub async fn find_domains(tx: &mut Tx, ids: &[&str]) -> Result<Vec<DomainId>, Error> {
    let found: Vec<String> =
        domains::table.filter(one_of(domains::domain_id, ids)).select(domains::domain_id).fetch_all(tx.conn()).await?;
    Ok(found.into_iter().map(DomainId::from_stored).collect())
}

/// Which of these roles exist, as pairs of domain and role.
pub async fn find_roles(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    for (domain, ids) in by_domain(keys) {
        let some: Vec<(String, String)> = roles::table
            .filter(roles::domain_id.eq(domain))
            .filter(one_of(roles::role_id, &ids))
            .select((roles::domain_id, roles::role_id))
            .fetch_all(tx.conn())
            .await?;
        found.extend(some);
    }
    Ok(found)
}

/// Which of these groups, workspaces, or bindings exist, each with its domain. The result is empty for kinds without an
/// id of their own.
pub async fn find_domains_of(tx: &mut Tx, kind: EntityKind, ids: &[&str]) -> Result<Vec<(String, DomainId)>, Error> {
    macro_rules! find {
        ($table:ident, $id:ident) => {
            $table::table
                .filter(one_of($table::$id, ids))
                .select(($table::$id, $table::domain_id))
                .fetch_all(tx.conn())
                .await?
        };
    }
    let found: Vec<(String, String)> = match kind {
        _ if ids.is_empty() => Vec::new(),
        EntityKind::Domain | EntityKind::Role | EntityKind::User => Vec::new(),
        EntityKind::WorkspaceGroup => find!(workspace_groups, workspace_group_id),
        EntityKind::Workspace => find!(workspaces, workspace_id),
        EntityKind::RoleBinding => find!(role_bindings, role_binding_id),
    };
    Ok(found.into_iter().map(|(id, domain)| (id, DomainId::from_stored(domain))).collect())
}

/// How many entities of a kind each of these domains contains. Domains with none are omitted.
pub async fn count_in_domains(tx: &mut Tx, kind: EntityKind, ids: &[&str]) -> Result<Vec<(DomainId, i64)>, Error> {
    macro_rules! count {
        ($table:ident) => {
            $table::table
                .filter(one_of($table::domain_id, ids))
                .group_by($table::domain_id)
                .select(($table::domain_id, diesel::dsl::count_star()))
                .fetch_all(tx.conn())
                .await?
        };
    }
    let counts: Vec<(String, i64)> = match kind {
        EntityKind::Domain => Vec::new(),
        EntityKind::Role => count!(roles),
        EntityKind::User => count!(users),
        EntityKind::WorkspaceGroup => count!(workspace_groups),
        EntityKind::Workspace => count!(workspaces),
        EntityKind::RoleBinding => count!(role_bindings),
    };
    Ok(counts.into_iter().map(|(domain, count)| (DomainId::from_stored(domain), count)).collect())
}

/// Writes domains, in place of those with the same ids. Everything in them stays.
pub async fn put_domains(tx: &mut Tx, domains: &[Domain]) -> Result<(), Error> {
    let rows: Vec<DomainRow> = domains.iter().map(DomainRow::from).collect();
    upsert_rows!(tx, domains, domains::domain_id, [name, state, tags], rows);
    Ok(())
}

/// Writes roles, in place of those with the same keys.
pub async fn put_roles(tx: &mut Tx, roles: &[Role]) -> Result<(), Error> {
    let rows: Vec<RoleRow> = roles.iter().map(RoleRow::from).collect();
    upsert_rows!(tx, roles, (roles::domain_id, roles::role_id), [name, role_type, state], rows);
    Ok(())
}

/// Inserts entities, and updates the listed columns of existing ones. `created_at` is updated only if a line contains
/// it, so there are two statements: one with it, one without.
macro_rules! upsert_dated {
    ($tx:expr, $table:ident, $target:expr, [$($column:ident),+ $(,)?], $entities:expr, $row:expr) => {{
        let (dated, undated): (Vec<_>, Vec<_>) = $entities.iter().partition(|one| one.has_created_at);
        upsert_rows!($tx, $table, $target, [$($column),+, created_at], rows(dated, $row));
        upsert_rows!($tx, $table, $target, [$($column),+], rows(undated, $row));
    }};
}

fn rows<T, R>(entities: Vec<&Dated<T>>, row: impl Fn(&T) -> R) -> Vec<R> {
    entities.into_iter().map(|one| row(&one.entity)).collect()
}

/// Writes groups with their users, in place of those with the same ids.
pub async fn put_groups(tx: &mut Tx, groups: &[Dated<GroupWithUsers>]) -> Result<(), Error> {
    let ids: Vec<&str> = groups.iter().map(|record| record.entity.group.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    upsert_dated!(
        tx,
        workspace_groups,
        workspace_groups::workspace_group_id,
        [name, tags, created_by, updated_by, updated_at],
        groups,
        |record: &GroupWithUsers| GroupRow::from(&record.group)
    );
    delete_members(tx, &ids).await?;
    let groups = groups.iter().map(|record| &record.entity);
    let members = groups.flat_map(|record| record.users.iter().map(|user| NewMemberRow::new(&record.group, user)));
    insert_rows!(tx, workspace_group_users::table, members.collect::<Vec<_>>());
    Ok(())
}

async fn delete_members(tx: &mut Tx, groups: &[&str]) -> Result<(), Error> {
    let is_of_group = one_of(workspace_group_users::workspace_group_id, groups);
    diesel::delete(workspace_group_users::table.filter(is_of_group)).run(tx.conn()).await
}

/// Writes workspaces, in place of those with the same ids.
pub async fn put_workspaces(tx: &mut Tx, workspaces: &[Dated<Workspace>]) -> Result<(), Error> {
    upsert_dated!(
        tx,
        workspaces,
        workspaces::workspace_id,
        [
            name,
            name_key,
            state,
            tags,
            created_by,
            reference_id,
            is_managed,
            is_dormant,
            workspace_group_id,
            last_synced_at,
            dormant_updated_at
        ],
        workspaces,
        |workspace: &Workspace| NewWorkspaceRow::from(workspace)
    );
    Ok(())
}

/// Writes bindings, in place of those with the same ids.
pub async fn put_bindings(tx: &mut Tx, bindings: &[Dated<RoleBinding>]) -> Result<(), Error> {
    upsert_dated!(
        tx,
        role_bindings,
        role_bindings::role_binding_id,
        [user_id, user_id_key, role_id, role_type, resource_group, workspace_id, workspace_group_id],
        bindings,
        |binding: &RoleBinding| BindingRow::from(binding)
    );
    Ok(())
}

/// Deletes roles, groups, workspaces, or bindings, by the parts of their keys. Domains and users, which own more data,
/// have functions of their own.
pub async fn delete(tx: &mut Tx, kind: EntityKind, keys: &[(&str, &str)]) -> Result<(), Error> {
    let ids: Vec<&str> = keys.iter().map(|(id, _)| *id).collect();
    macro_rules! delete {
        ($table:ident, $id:ident) => {
            diesel::delete($table::table.filter(one_of($table::$id, &ids))).run_counted(tx.conn()).await?
        };
    }
    match kind {
        _ if keys.is_empty() => 0,
        EntityKind::Domain | EntityKind::User => 0,
        EntityKind::Role => {
            for (domain, ids) in by_domain(keys) {
                let of_domain = roles::table.filter(roles::domain_id.eq(domain));
                diesel::delete(of_domain.filter(one_of(roles::role_id, &ids))).run(tx.conn()).await?;
            }
            0
        }
        EntityKind::WorkspaceGroup => {
            delete_members(tx, &ids).await?;
            delete!(workspace_groups, workspace_group_id)
        }
        EntityKind::Workspace => delete!(workspaces, workspace_id),
        EntityKind::RoleBinding => delete!(role_bindings, role_binding_id),
    };
    Ok(())
}

/// Deletes domains, which must be empty.
///
/// # Errors
/// If the database fails, for example because a domain is not empty.
pub async fn delete_domains(tx: &mut Tx, ids: &[&str]) -> Result<(), Error> {
    diesel::delete(domains::table.filter(one_of(domains::domain_id, ids))).run(tx.conn()).await
}

/// The second parts of keys, by the first.
fn by_domain<'k>(keys: &[(&'k str, &'k str)]) -> BTreeMap<&'k str, Vec<&'k str>> {
    let mut by_domain: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (domain, id) in keys {
        by_domain.entry(domain).or_default().push(id);
    }
    by_domain
}
