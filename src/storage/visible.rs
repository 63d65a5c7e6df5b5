//! The workspaces that a user sees, with their role in each. This module implements the visibility rules in SQL, once
//! for lists, counts, look-ups by id, and the lists of many groups at once.
//!
//! - An admin sees every ENABLED workspace of the domain; any other user sees those to which a binding grants access.
//! - Of several bindings, `WORKSPACE_OWNER` wins over `WORKSPACE_MEMBER`, then the first created, then the smaller id.
//! - A group's list contains, for an admin, all workspaces of the group; for any other user, those to which a binding
//!   *created through it* grants access.
//!
//! The statement is written as text, see [`dialect`](super::dialect).

use diesel::backend::Backend;
use diesel::dsl::SqlTypeOf;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, Nullable, Text};

use super::columns::Columns;
use super::db::{Db, Fetch};
use super::dialect::{Dialect, one_more_than, statement};
use super::error::Error;
use crate::domain::access::Visibility;
use crate::domain::ids::{RoleId, WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Cursor, From, Page, Paged};
use crate::domain::profile_text::Label;
use crate::domain::workspace::{
    ListedWorkspace, RoleBinding, RoleType, VisibleWorkspace, WorkspaceFilter, WorkspaceRole,
};

/// A page of all workspaces that `visibility` allows.
pub async fn list(
    db: &Db,
    visibility: &Visibility,
    filter: &WorkspaceFilter,
    page: &Page,
) -> Result<Paged<VisibleWorkspace>, Error> {
    let rows = load(db, Visible::new(visibility, Scope::All, filter, Slice::Page(page.clone()))).await?;
    Ok(page.cut(in_order(rows.into_iter().map(|(_, workspace)| workspace).collect(), page)))
}

/// The same page of the list of each of `groups`, in one statement: pairs of group and workspace, at most `most` and
/// one over all lists.
pub async fn list_through(
    db: &Db,
    visibility: &Visibility,
    groups: &[WorkspaceGroupId],
    filter: &WorkspaceFilter,
    page: &Page,
    most: usize,
) -> Result<Vec<(WorkspaceGroupId, VisibleWorkspace)>, Error> {
    let visible = Visible::new(visibility, Scope::through(groups), filter, Slice::Page(page.clone()));
    let rows = load(db, Visible { most: one_more_than(most), ..visible }).await?;
    Ok(in_order(rows.into_iter().filter_map(|(group, workspace)| Some((group?, workspace))).collect(), page))
}

/// Those of `ids` that `visibility` allows, in no particular order.
pub async fn find_many(db: &Db, visibility: &Visibility, ids: &[WorkspaceId]) -> Result<Vec<VisibleWorkspace>, Error> {
    let scope = Scope::Ids(ids.iter().map(ToString::to_string).collect());
    let filter = WorkspaceFilter::default();
    let rows = load(db, Visible::new(visibility, scope, &filter, Slice::Everything)).await?;
    Ok(rows.into_iter().map(|(_, workspace)| workspace).collect())
}

/// How many workspaces `visibility` allows, over all pages.
pub async fn count(db: &Db, visibility: &Visibility, filter: &WorkspaceFilter) -> Result<i64, Error> {
    let counted = count_in(db, visibility, Scope::All, filter).await?;
    Ok(counted.into_iter().map(|(_, count)| count).sum())
}

/// How many workspaces the list of each of `groups` contains, over all pages. Empty lists are omitted.
pub async fn count_through(
    db: &Db,
    visibility: &Visibility,
    groups: &[WorkspaceGroupId],
    filter: &WorkspaceFilter,
) -> Result<Vec<(WorkspaceGroupId, i64)>, Error> {
    let counted = count_in(db, visibility, Scope::through(groups), filter).await?;
    Ok(counted.into_iter().filter_map(|(group, count)| Some((group?, count))).collect())
}

async fn count_in(
    db: &Db,
    visibility: &Visibility,
    scope: Scope,
    filter: &WorkspaceFilter,
) -> Result<Vec<(Option<WorkspaceGroupId>, i64)>, Error> {
    let query = Count(Visible::new(visibility, scope, filter, Slice::Everything));
    query.fetch_all(&mut db.conn().await?).await
}

/// For each of `groups`, the caller's binding created through it to an ENABLED workspace, by the same precedence.
/// Groups without one are omitted.
pub async fn bindings_through(
    db: &Db,
    visibility: &Visibility,
    groups: &[WorkspaceGroupId],
) -> Result<Vec<RoleBinding>, Error> {
    let query =
        BestThrough { visibility: visibility.clone(), groups: groups.iter().map(ToString::to_string).collect() };
    query.fetch_all(&mut db.conn().await?).await
}

/// Restores the order of the list, from whichever end the page was read.
fn in_order<T>(mut read: Vec<T>, page: &Page) -> Vec<T> {
    if page.from == From::End {
        read.reverse();
    }
    read
}

/// The SQL types of the columns of an entity; they are the same on both databases.
type ColumnsOf<T> = SqlTypeOf<<T as Selectable<Pg>>::SelectExpression>;
type RoleSql = (Nullable<Text>, Nullable<Text>, Nullable<Text>);

type RoleColumns = (Option<RoleId>, Option<RoleType>, Option<Label>);
type Row = (ListedWorkspace, RoleColumns, RoleColumns, Option<WorkspaceGroupId>);

async fn load(db: &Db, query: Visible) -> Result<Vec<(Option<WorkspaceGroupId>, VisibleWorkspace)>, Error> {
    let rows: Vec<Row> = query.fetch_all(&mut db.conn().await?).await?;
    let visible = |(workspace, role, listed_role, group)| {
        (group, VisibleWorkspace { workspace, role: to_role(role), listed_role: to_role(listed_role) })
    };
    Ok(rows.into_iter().map(visible).collect())
}

fn to_role((role_id, role_type, role_name): RoleColumns) -> Option<WorkspaceRole> {
    let (role_id, role_type) = role_id.zip(role_type)?;
    Some(WorkspaceRole { role_id, role_type, role_name })
}

/// The workspaces to select from.
enum Scope {
    All,
    Ids(Vec<String>),
    Through(Vec<String>),
}

impl Scope {
    fn through(groups: &[WorkspaceGroupId]) -> Self {
        Self::Through(groups.iter().map(ToString::to_string).collect())
    }
}

/// The part of them to read.
enum Slice {
    Page(Page),
    Everything,
}

struct Visible {
    visibility: Visibility,
    scope: Scope,
    filter: WorkspaceFilter,
    slice: Slice,
    /// How many rows of a list are read.
    limit: i64,
    /// How many rows of several lists together are read.
    most: i64,
}

/// How many rows are read for a page of this size: at least one more, to see whether there are more. The number is part
/// of the statement, so only a few numbers occur. Each statement is planned once: a planner that does not know the
/// number expects a tenth of the table, and sorts it.
fn limit(size: usize) -> i64 {
    match size {
        0..=50 => 51,
        51..=100 => 101,
        _ => 501,
    }
}

impl Visible {
    fn new(visibility: &Visibility, scope: Scope, filter: &WorkspaceFilter, slice: Slice) -> Self {
        let limit = match &slice {
            Slice::Page(page) => match &scope {
                // Here the number is a parameter, so that no more rows of many lists are read than needed.
                Scope::Through(groups) if groups.len() > 1 => one_more_than(page.size),
                _ => limit(page.size),
            },
            Slice::Everything => i64::MAX,
        };
        Self { visibility: visibility.clone(), scope, filter: filter.clone(), slice, limit, most: i64::MAX }
    }

    /// In a group's list, the binding created through the group has its own alias, `listed`; elsewhere it is `best`.
    fn listed_alias(&self) -> &'static str {
        if matches!(self.scope, Scope::Through(_)) { "listed" } else { "best" }
    }

    fn push_columns<DB: Backend>(&self, out: &mut AstPass<'_, '_, DB>) {
        for column in ListedWorkspace::COLUMNS {
            out.push_sql(&format!("w.{column} AS {column}, "));
        }
        let listed = self.listed_alias();
        out.push_sql("best.role_id AS role_id, best.role_type AS role_type, best_role.name AS role_name, ");
        out.push_sql(&format!("{listed}.role_id AS listed_id, {listed}.role_type AS listed_type, "));
        out.push_sql(&format!("{listed}_role.name AS listed_name, "));
        out.push_sql(if self.listed_alias() == "listed" { "g.workspace_group_id AS via" } else { "NULL AS via" });
    }

    /// FROM and WHERE. The first table decides the speed: for an admin, the index in the order of the list; for any
    /// other user, their bindings.
    fn push_source<'b, DB: Dialect>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let is_admin = self.visibility.is_admin;
        match &self.scope {
            Scope::Through(groups) => {
                out.push_sql(" FROM workspace_groups g ");
                if is_admin {
                    out.push_sql("JOIN workspaces w ON w.domain_id = g.domain_id");
                    out.push_sql(" AND w.workspace_group_id = g.workspace_group_id LEFT ");
                    push_binding(out, &self.visibility, "listed", Through::Group)?;
                } else {
                    push_binding(out, &self.visibility, "listed", Through::Group)?;
                    push_workspace_of(out, "listed");
                }
                push_role(out, "listed");
                out.push_sql(" LEFT ");
                push_binding(out, &self.visibility, "best", Through::Any)?;
                push_role(out, "best");
                out.push_sql(" WHERE g.domain_id = ");
                DB::push_text(out, self.visibility.domain_id.as_str())?;
                out.push_sql(" AND g.workspace_group_id");
                if let [group] = groups.as_slice() {
                    // For the list of one group, the index is in the order of the list.
                    out.push_sql(" = ");
                    DB::push_text(out, group)?;
                } else {
                    DB::push_is_any(out, groups)?;
                }
            }
            Scope::All | Scope::Ids(_) => {
                if is_admin {
                    out.push_sql(" FROM workspaces w LEFT ");
                    push_binding(out, &self.visibility, "best", Through::Any)?;
                } else {
                    out.push_sql(" FROM role_bindings best ");
                    push_workspace_of(out, "best");
                }
                push_role(out, "best");
                out.push_sql(" WHERE ");
                if is_admin {
                    out.push_sql("w.domain_id = ");
                    DB::push_text(out, self.visibility.domain_id.as_str())?;
                } else {
                    push_best(out, &self.visibility, "best", Through::Any)?;
                }
            }
        }
        out.push_sql(" AND w.state = 'ENABLED'");
        self.push_filter(out)
    }

    fn push_filter<'b, DB: Dialect>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if let Scope::Ids(ids) = &self.scope {
            out.push_sql(" AND w.workspace_id");
            DB::push_is_any(out, ids)?;
        }
        if let Some(part) = self.filter.name_contains.as_ref().filter(|part| !part.is_empty()) {
            out.push_sql(&format!(" AND {}(w.name_key, ", DB::POSITION));
            DB::push_text(out, part)?;
            out.push_sql(") > 0");
        }
        for (column, wanted) in [("is_managed", self.filter.is_managed), ("is_dormant", self.filter.is_dormant)] {
            match wanted {
                Some(true) => out.push_sql(&format!(" AND w.{column}")),
                Some(false) => out.push_sql(&format!(" AND NOT w.{column}")),
                None => {}
            }
        }
        if let Some(role_type) = self.filter.role_type {
            out.push_sql(" AND best.role_type = ");
            DB::push_text(out, role_type.as_str())?;
        }
        Ok(())
    }

    fn push_cursors<'b, DB: Dialect>(page: &'b Page, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (cursor, comparison) in [(&page.after, ">"), (&page.before, "<")] {
            if let Some(Cursor { sort_key, id }) = cursor {
                out.push_sql(&format!(" AND (w.name, w.workspace_id) {comparison} ("));
                DB::push_text(out, sort_key)?;
                out.push_sql(", ");
                DB::push_text(out, id)?;
                out.push_sql(")");
            }
        }
        Ok(())
    }
}

statement!(Visible: (ColumnsOf<ListedWorkspace>, RoleSql, RoleSql, Nullable<Text>));

impl<DB: Dialect> QueryFragment<DB> for Visible {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Slice::Page(page) = &self.slice else {
            out.push_sql("SELECT ");
            self.push_columns(&mut out);
            return self.push_source(&mut out);
        };
        let direction = if page.from == From::Start { "ASC" } else { "DESC" };
        let is_many = matches!(&self.scope, Scope::Through(groups) if groups.len() > 1);
        if is_many {
            out.push_sql(&format!("SELECT {}, ", ListedWorkspace::COLUMNS.join(", ")));
            out.push_sql("role_id, role_type, role_name, listed_id, listed_type, listed_name, via FROM (SELECT ");
            out.push_sql("row_number() OVER (PARTITION BY g.workspace_group_id ORDER BY ");
            out.push_sql(&format!("w.name {direction}, w.workspace_id {direction}) AS place, "));
        } else {
            out.push_sql("SELECT ");
        }
        self.push_columns(&mut out);
        self.push_source(&mut out)?;
        Self::push_cursors(page, &mut out)?;
        if is_many {
            out.push_sql(") AS lists WHERE place <= ");
            DB::push_number(&mut out, &self.limit)?;
            out.push_sql(&format!(" ORDER BY name {direction}, workspace_id {direction} LIMIT "));
            DB::push_number(&mut out, &self.most)?;
        } else {
            out.push_sql(&format!(" ORDER BY w.name {direction}, w.workspace_id {direction} LIMIT {}", self.limit));
        }
        Ok(())
    }
}

/// The number of workspaces: of the list of all, or of each list through a group.
struct Count(Visible);

statement!(Count: (Nullable<Text>, BigInt));

impl<DB: Dialect> QueryFragment<DB> for Count {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let is_through = matches!(self.0.scope, Scope::Through(_));
        out.push_sql(if is_through { "SELECT g.workspace_group_id, count(*)" } else { "SELECT NULL, count(*)" });
        self.0.push_source(&mut out)?;
        if is_through {
            out.push_sql(" GROUP BY g.workspace_group_id");
        }
        Ok(())
    }
}

struct BestThrough {
    visibility: Visibility,
    groups: Vec<String>,
}

statement!(BestThrough: ColumnsOf<RoleBinding>);

impl<DB: Dialect> QueryFragment<DB> for BestThrough {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let columns = RoleBinding::COLUMNS.join(", ");
        let qualified = RoleBinding::COLUMNS.join(", b.");
        out.push_sql(&format!("SELECT {columns} FROM (SELECT b.{qualified}, row_number() OVER ("));
        out.push_sql("PARTITION BY b.workspace_group_id ORDER BY ");
        out.push_sql("b.role_type DESC, b.created_at, b.role_binding_id) AS place FROM role_bindings b ");
        push_workspace_of(&mut out, "b");
        out.push_sql(" WHERE ");
        push_access(&mut out, &self.visibility, "b")?;
        out.push_sql(" AND b.workspace_group_id");
        DB::push_is_any(&mut out, &self.groups)?;
        out.push_sql(" AND w.state = 'ENABLED') AS bindings WHERE place = 1");
        Ok(())
    }
}

/// Which bindings are compared with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Through {
    /// All bindings to a workspace.
    Any,
    /// The bindings created through one group, `g`.
    Group,
}

fn push_workspace_of<DB: Backend>(out: &mut AstPass<'_, '_, DB>, binding: &str) {
    out.push_sql(&format!("JOIN workspaces w ON w.workspace_id = {binding}.workspace_id"));
    out.push_sql(&format!(" AND w.domain_id = {binding}.domain_id"));
}

fn push_role<DB: Backend>(out: &mut AstPass<'_, '_, DB>, binding: &str) {
    out.push_sql(&format!(" LEFT JOIN roles {binding}_role ON {binding}_role.domain_id = {binding}.domain_id"));
    out.push_sql(&format!(" AND {binding}_role.role_id = {binding}.role_id"));
}

/// `JOIN` with the caller's binding of the highest precedence: to `w`, if that is already joined.
fn push_binding<'b, DB: Dialect>(
    out: &mut AstPass<'_, 'b, DB>,
    visibility: &'b Visibility,
    alias: &str,
    through: Through,
) -> QueryResult<()> {
    out.push_sql(&format!("JOIN role_bindings {alias} ON "));
    if through == Through::Any || visibility.is_admin {
        out.push_sql(&format!("{alias}.workspace_id = w.workspace_id AND "));
    }
    push_best(out, visibility, alias, through)?;
    out.push_sql(" ");
    Ok(())
}

/// The binding grants the caller access to a workspace, and no other has a higher precedence.
fn push_best<'b, DB: Dialect>(
    out: &mut AstPass<'_, 'b, DB>,
    visibility: &'b Visibility,
    alias: &str,
    through: Through,
) -> QueryResult<()> {
    push_access(out, visibility, alias)?;
    if through == Through::Group {
        out.push_sql(&format!(" AND {alias}.workspace_group_id = g.workspace_group_id"));
    }
    out.push_sql(" AND NOT EXISTS (SELECT 1 FROM role_bindings better WHERE ");
    push_access(out, visibility, "better")?;
    out.push_sql(&format!(" AND better.workspace_id = {alias}.workspace_id"));
    if through == Through::Group {
        out.push_sql(&format!(" AND better.workspace_group_id = {alias}.workspace_group_id"));
    }
    // `WORKSPACE_OWNER` is greater than `WORKSPACE_MEMBER`.
    out.push_sql(&format!(" AND (better.role_type > {alias}.role_type OR (better.role_type = {alias}.role_type"));
    out.push_sql(" AND (better.created_at, better.role_binding_id)");
    out.push_sql(&format!(" < ({alias}.created_at, {alias}.role_binding_id))))"));
    Ok(())
}

/// The binding is the caller's and of a type that grants access to a workspace.
fn push_access<'b, DB: Dialect>(
    out: &mut AstPass<'_, 'b, DB>,
    visibility: &'b Visibility,
    alias: &str,
) -> QueryResult<()> {
    out.push_sql(&format!("{alias}.domain_id = "));
    DB::push_text(out, visibility.domain_id.as_str())?;
    out.push_sql(&format!(" AND {alias}.user_id_key = "));
    DB::push_text(out, &visibility.login_key)?;
    out.push_sql(&format!(" AND {alias}.resource_group = 'WORKSPACE'"));
    out.push_sql(&format!(" AND {alias}.role_type IN ('WORKSPACE_OWNER', 'WORKSPACE_MEMBER')"));
    Ok(())
}
