//! Domains, roles, groups, workspaces and bindings, many at once.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::insert_rows;
use crate::domain::ids::DomainId;
use crate::domain::record::{GroupRecord, Kind};
use crate::domain::user::Domain;
use crate::domain::workspace::{Role, RoleBinding, Workspace};
use crate::storage::db::{Conn, Tx, on};
use crate::storage::error::Error;
use crate::storage::pairs::Two;
use crate::storage::rows::{BindingRow, DomainRow, GroupRow, MemberRow, RoleRow, WorkspaceRow};
use crate::storage::schema::{
    domains, role_bindings, roles, users, workspace_group_users, workspace_groups, workspaces,
};

/// Those of these domains that exist.
///
/// # Errors
/// When the database fails.
pub async fn find_domains(tx: &mut Tx, ids: &[&str]) -> Result<Vec<DomainId>, Error> {
    let found: Vec<String> = on!(tx.conn(), c => {
        domains::table.filter(domains::domain_id.eq_any(ids)).select(domains::domain_id).load(c).await
    })?;
    Ok(found.into_iter().map(DomainId::from_stored).collect())
}

/// Those of these roles that exist, as pairs of domain and role.
///
/// # Errors
/// When the database fails.
pub async fn find_roles(tx: &mut Tx, keys: &[(&str, &str)]) -> Result<Vec<(String, String)>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(tx.conn(), c => {
        let is_wanted = Two::columns(roles::domain_id, roles::role_id).matching(keys.iter().copied());
        roles::table.filter(is_wanted).select((roles::domain_id, roles::role_id)).load(c).await
    })?)
}

/// Those of these groups, workspaces or bindings that exist, each with its domain. Kinds that have no id of their own
/// have none.
///
/// # Errors
/// When the database fails.
pub async fn find_domains_of(tx: &mut Tx, kind: Kind, ids: &[&str]) -> Result<Vec<(String, DomainId)>, Error> {
    macro_rules! find {
        ($table:ident, $id:ident) => {
            on!(tx.conn(), c => {
                $table::table.filter($table::$id.eq_any(ids)).select(($table::$id, $table::domain_id)).load(c).await
            })?
        };
    }
    let found: Vec<(String, String)> = match kind {
        _ if ids.is_empty() => Vec::new(),
        Kind::Domain | Kind::Role | Kind::User => Vec::new(),
        Kind::WorkspaceGroup => find!(workspace_groups, workspace_group_id),
        Kind::Workspace => find!(workspaces, workspace_id),
        Kind::RoleBinding => find!(role_bindings, role_binding_id),
    };
    Ok(found.into_iter().map(|(id, domain)| (id, DomainId::from_stored(domain))).collect())
}

/// How many things of a kind each of these domains holds; those that hold none are left out.
///
/// # Errors
/// When the database fails.
pub async fn count_in_domains(tx: &mut Tx, kind: Kind, ids: &[&str]) -> Result<Vec<(DomainId, i64)>, Error> {
    macro_rules! count {
        ($table:ident) => {
            on!(tx.conn(), c => {
                $table::table
                    .filter($table::domain_id.eq_any(ids))
                    .group_by($table::domain_id)
                    .select(($table::domain_id, diesel::dsl::count_star()))
                    .load(c)
                    .await
            })?
        };
    }
    let counts: Vec<(String, i64)> = match kind {
        Kind::Domain => Vec::new(),
        Kind::Role => count!(roles),
        Kind::User => count!(users),
        Kind::WorkspaceGroup => count!(workspace_groups),
        Kind::Workspace => count!(workspaces),
        Kind::RoleBinding => count!(role_bindings),
    };
    Ok(counts.into_iter().map(|(domain, count)| (DomainId::from_stored(domain), count)).collect())
}

/// Keeps domains, in place of those with the same ids. Everything in them stays.
///
/// # Errors
/// When the database fails.
pub async fn put_domains(tx: &mut Tx, domains: &[Domain]) -> Result<(), Error> {
    macro_rules! upsert {
        ($rows:expr) => {
            diesel::insert_into(domains::table).values($rows).on_conflict(domains::domain_id).do_update().set((
                domains::name.eq(excluded(domains::name)),
                domains::state.eq(excluded(domains::state)),
                domains::tags.eq(excluded(domains::tags)),
            ))
        };
    }
    let rows: Vec<DomainRow> = domains.iter().map(DomainRow::from).collect();
    match tx.conn() {
        Conn::Pg(c) => {
            for some in rows.chunks(super::ROWS_PER_STATEMENT) {
                upsert!(some).execute(c).await?;
            }
        }
        Conn::Sqlite(c) => {
            c.spawn_blocking(move |c| {
                rows.iter().try_for_each(|row| diesel::RunQueryDsl::execute(upsert!(row), c).map(|_| ()))
            })
            .await?;
        }
    }
    Ok(())
}

/// Keeps roles, in place of those with the same keys.
///
/// # Errors
/// When the database fails.
pub async fn put_roles(tx: &mut Tx, roles: &[Role]) -> Result<(), Error> {
    let keys: Vec<(&str, &str)> = roles.iter().map(|role| (role.domain_id.as_str(), role.id.as_str())).collect();
    delete(tx, Kind::Role, &keys).await?;
    insert_rows!(tx, roles::table, roles.iter().map(RoleRow::from).collect::<Vec<_>>());
    Ok(())
}

/// Keeps groups with their users, in place of those with the same ids.
///
/// # Errors
/// [`Conflict`](Error::Conflict) when somebody else made one with such an id at the same moment.
pub async fn put_groups(tx: &mut Tx, groups: &[GroupRecord]) -> Result<(), Error> {
    let keys: Vec<(&str, &str)> = groups.iter().map(|record| (record.group.id.as_str(), "")).collect();
    delete(tx, Kind::WorkspaceGroup, &keys).await?;
    let rows = groups.iter().map(|record| GroupRow::from(&record.group)).collect::<Vec<_>>();
    insert_rows!(tx, workspace_groups::table, rows);
    let members = groups.iter().flat_map(|record| record.users.iter().map(|user| MemberRow::new(&record.group, user)));
    insert_rows!(tx, workspace_group_users::table, members.collect::<Vec<_>>());
    Ok(())
}

/// Keeps workspaces, in place of those with the same ids.
///
/// # Errors
/// [`Conflict`](Error::Conflict) when somebody else made one with such an id at the same moment.
pub async fn put_workspaces(tx: &mut Tx, workspaces: &[Workspace]) -> Result<(), Error> {
    let keys: Vec<(&str, &str)> = workspaces.iter().map(|workspace| (workspace.id.as_str(), "")).collect();
    delete(tx, Kind::Workspace, &keys).await?;
    insert_rows!(tx, workspaces::table, workspaces.iter().map(WorkspaceRow::from).collect::<Vec<_>>());
    Ok(())
}

/// Keeps bindings, in place of those with the same ids.
///
/// # Errors
/// [`Conflict`](Error::Conflict) when somebody else made one with such an id at the same moment.
pub async fn put_bindings(tx: &mut Tx, bindings: &[RoleBinding]) -> Result<(), Error> {
    let keys: Vec<(&str, &str)> = bindings.iter().map(|binding| (binding.id.as_str(), "")).collect();
    delete(tx, Kind::RoleBinding, &keys).await?;
    insert_rows!(tx, role_bindings::table, bindings.iter().map(BindingRow::from).collect::<Vec<_>>());
    Ok(())
}

/// Takes roles, groups, workspaces or bindings away, by the parts of their keys. Domains and users, to which more
/// belongs, have functions of their own.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, kind: Kind, keys: &[(&str, &str)]) -> Result<(), Error> {
    let ids: Vec<&str> = keys.iter().map(|(id, _)| *id).collect();
    macro_rules! delete {
        ($table:ident, $id:ident) => {
            on!(tx.conn(), c => diesel::delete($table::table.filter($table::$id.eq_any(&ids))).execute(c).await)?
        };
    }
    match kind {
        _ if keys.is_empty() => 0,
        Kind::Domain | Kind::User => 0,
        Kind::Role => on!(tx.conn(), c => {
            let is_meant = Two::columns(roles::domain_id, roles::role_id).matching(keys.iter().copied());
            diesel::delete(roles::table.filter(is_meant)).execute(c).await
        })?,
        Kind::WorkspaceGroup => {
            delete!(workspace_group_users, workspace_group_id);
            delete!(workspace_groups, workspace_group_id)
        }
        Kind::Workspace => delete!(workspaces, workspace_id),
        Kind::RoleBinding => delete!(role_bindings, role_binding_id),
    };
    Ok(())
}

/// Takes domains away, which must be empty.
///
/// # Errors
/// When the database fails, also because a domain is not empty.
pub async fn delete_domains(tx: &mut Tx, ids: &[&str]) -> Result<(), Error> {
    on!(tx.conn(), c => diesel::delete(domains::table.filter(domains::domain_id.eq_any(ids))).execute(c).await)?;
    Ok(())
}
