//! The workspaces that a user sees, with their role in each. This module implements the visibility rules in SQL, once
//! for lists, counts, look-ups by id, and the lists of many groups at once.
//!
//! - An admin sees every ENABLED workspace of the domain; any other user sees those to which a binding grants access.
//! - Of several bindings, `WORKSPACE_OWNER` wins over `WORKSPACE_MEMBER`, then the first created, then the smaller id.
//! - A group's list contains, for an admin, all workspaces of the group; for any other user, those to which a binding
//!   *created through it* grants access.
//!
//! The statement is written as text, see [`dialect`](super::dialect).

use diesel::sql_types::{Array, BigInt, Nullable, Record, Text};

use super::columns::{Columns, ColumnsOf, Item};
use super::db::{Db, Fetch};
use super::dialect::{Sql, SqlQuery, one_more_than, page_limit};
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
    let query = page_of(visibility, filter, page);
    let is_scan = visibility.is_admin && *filter != WorkspaceFilter::default();
    let rows: Vec<Row> = db.rows_of(query, is_scan).await?;
    Ok(page.cut(in_order(rows.into_iter().map(|row| to_visible(row).1).collect(), page)))
}

/// The statement of [`list`].
pub(super) fn page_of(visibility: &Visibility, filter: &WorkspaceFilter, page: &Page) -> SqlQuery<RowSql> {
    let visible = Visible { caller: CallerSource::Known(visibility), scope: Scope::All, filter };
    visible.page(page, usize::MAX).query()
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
    let visible = Visible { caller: CallerSource::Known(visibility), scope: Scope::Through(groups), filter };
    let query = visible.page(page, most).query::<RowSql>();
    let is_scan = visibility.is_admin && (groups.len() > 1 || *filter != WorkspaceFilter::default());
    let rows: Vec<Row> = db.rows_of(query, is_scan).await?;
    let rows = rows.into_iter().map(to_visible);
    Ok(in_order(rows.filter_map(|(group, workspace)| Some((group?, workspace))).collect(), page))
}

/// Those of `ids` that `visibility` allows, in no particular order.
pub async fn find_many(db: &Db, visibility: &Visibility, ids: &[WorkspaceId]) -> Result<Vec<VisibleWorkspace>, Error> {
    let filter = &WorkspaceFilter::default();
    let rows =
        load(db, Visible { caller: CallerSource::Known(visibility), scope: Scope::Ids(ids), filter }.all()).await?;
    Ok(rows.into_iter().map(|(_, workspace)| workspace).collect())
}

/// How many workspaces `visibility` allows, over all pages.
pub async fn count(db: &Db, visibility: &Visibility, filter: &WorkspaceFilter) -> Result<i64, Error> {
    let counted = count_in(db, Visible { caller: CallerSource::Known(visibility), scope: Scope::All, filter }).await?;
    Ok(counted.into_iter().map(|(_, count)| count).sum())
}

/// How many workspaces the list of each of `groups` contains, over all pages. Empty lists are omitted.
pub async fn count_through(
    db: &Db,
    visibility: &Visibility,
    groups: &[WorkspaceGroupId],
    filter: &WorkspaceFilter,
) -> Result<Vec<(WorkspaceGroupId, i64)>, Error> {
    let counted =
        count_in(db, Visible { caller: CallerSource::Known(visibility), scope: Scope::Through(groups), filter })
            .await?;
    Ok(counted.into_iter().filter_map(|(group, count)| Some((group?, count))).collect())
}

/// The number of workspaces: of the list of all, or of each list through a group.
async fn count_in(db: &Db, visible: Visible<'_>) -> Result<Vec<(Option<WorkspaceGroupId>, i64)>, Error> {
    let is_through = matches!(visible.scope, Scope::Through(_));
    let mut sql = Sql::new(if is_through { "SELECT g.workspace_group_id, count(*)" } else { "SELECT NULL, count(*)" });
    visible.push_source(&mut sql, Read::Number);
    if is_through {
        sql.push(" GROUP BY g.workspace_group_id");
    }
    let query = sql.query::<(Nullable<Text>, BigInt)>();
    db.rows_of(query, visible.caller.is_admin()).await
}

/// For each of `groups`, the caller's binding created through it to an ENABLED workspace, by the same precedence.
/// Groups without one are omitted.
pub async fn bindings_through(
    db: &Db,
    visibility: &Visibility,
    groups: &[WorkspaceGroupId],
) -> Result<Vec<RoleBinding>, Error> {
    let columns = RoleBinding::COLUMNS.join(", ");
    let qualified = RoleBinding::COLUMNS.join(", b.");
    let mut sql = Sql::new(format!("SELECT {columns} FROM (SELECT b.{qualified}, row_number() OVER ("));
    sql.push("PARTITION BY b.workspace_group_id ORDER BY ");
    sql.push("b.role_type DESC, b.created_at, b.role_binding_id) AS place FROM role_bindings b ");
    push_workspace_of(&mut sql, "b");
    sql.push(" WHERE ");
    push_access(&mut sql, CallerSource::Known(visibility), "b");
    sql.push(" AND b.workspace_group_id").is_any(groups);
    sql.push(" AND w.state = 'ENABLED') AS bindings WHERE place = 1");
    sql.query::<ColumnsOf<RoleBinding>>().fetch_all(&mut db.conn().await?).await
}

/// The SQL types of the columns that [`push_first_of_joined_user`] selects.
pub(super) type JoinedSql =
    Array<Record<(Record<ColumnsOf<ListedWorkspace>>, Nullable<Text>, Nullable<Text>, Nullable<Text>)>>;

/// The values of these columns.
pub(super) type JoinedRow = (Item<ListedWorkspace>, Option<RoleId>, Option<RoleType>, Option<Label>);

/// Selects the first `limit` workspaces of the user that the statement has joined, as one array of rows. Without
/// `role_names`, these are null.
pub(super) fn push_first_of_joined_user(sql: &mut Sql, limit: &str, role_names: bool) {
    let visible = Visible { caller: CallerSource::Joined, scope: Scope::All, filter: &WorkspaceFilter::default() };
    sql.push(format!("ARRAY(SELECT ROW(ROW(w.{}), ", ListedWorkspace::COLUMNS.join(", w.")));
    let (name, read) = if role_names { ("best_role.name", Read::Rows) } else { ("NULL::text", Read::Unnamed) };
    sql.push(format!("best.role_id, best.role_type, {name})"));
    visible.push_source(sql, read);
    sql.push(format!(" ORDER BY w.name, w.workspace_id LIMIT {limit})"));
}

/// The workspace in a row of these.
pub(super) fn from_joined((Item(workspace), role_id, role_type, role_name): JoinedRow) -> VisibleWorkspace {
    let role = to_role((role_id, role_type, role_name));
    VisibleWorkspace { workspace, listed_role: role.clone(), role }
}

/// Restores the order of the list, from whichever end the page was read.
fn in_order<T>(mut read: Vec<T>, page: &Page) -> Vec<T> {
    if page.from == From::End {
        read.reverse();
    }
    read
}

pub(super) type RoleSql = (Nullable<Text>, Nullable<Text>, Nullable<Text>);

pub(super) type RoleColumns = (Option<RoleId>, Option<RoleType>, Option<Label>);
pub(super) type Row = (ListedWorkspace, RoleColumns, RoleColumns, Option<WorkspaceGroupId>);
pub(super) type RowSql = (ColumnsOf<ListedWorkspace>, RoleSql, RoleSql, Nullable<Text>);

async fn load(db: &Db, sql: Sql) -> Result<Vec<(Option<WorkspaceGroupId>, VisibleWorkspace)>, Error> {
    let rows: Vec<Row> = sql.query::<RowSql>().fetch_all(&mut db.conn().await?).await?;
    Ok(rows.into_iter().map(to_visible).collect())
}

/// The workspace in a row, and the group whose list it is in.
pub(super) fn to_visible((workspace, role, listed_role, group): Row) -> (Option<WorkspaceGroupId>, VisibleWorkspace) {
    (group, VisibleWorkspace { workspace, role: to_role(role), listed_role: to_role(listed_role) })
}

fn to_role((role_id, role_type, role_name): RoleColumns) -> Option<WorkspaceRole> {
    let (role_id, role_type) = role_id.zip(role_type)?;
    Some(WorkspaceRole { role_id, role_type, role_name })
}

/// The workspaces to select from.
#[derive(Clone, Copy)]
enum Scope<'a> {
    All,
    Ids(&'a [WorkspaceId]),
    Through(&'a [WorkspaceGroupId]),
}

/// What is read of the workspaces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Rows,
    /// Rows without the names of the roles.
    Unnamed,
    Number,
}

/// Whose workspaces are selected.
#[derive(Clone, Copy)]
pub(super) enum CallerSource<'a> {
    /// A known caller.
    Known(&'a Visibility),
    /// The user in the row of `users` that the statement has joined, who is not an admin.
    Joined,
}

impl CallerSource<'_> {
    pub(super) fn is_admin(self) -> bool {
        matches!(self, Self::Known(visibility) if visibility.is_admin)
    }

    pub(super) fn push_domain(self, sql: &mut Sql) {
        match self {
            Self::Known(visibility) => sql.text(visibility.domain_id.as_str()),
            Self::Joined => sql.push("users.domain_id"),
        };
    }

    pub(super) fn push_login_key(self, sql: &mut Sql) {
        match self {
            Self::Known(visibility) => sql.text(&visibility.login_key),
            Self::Joined => sql.push("users.user_id_key"),
        };
    }
}

struct Visible<'a> {
    caller: CallerSource<'a>,
    scope: Scope<'a>,
    filter: &'a WorkspaceFilter,
}

impl Visible<'_> {
    /// All of the workspaces.
    fn all(&self) -> Sql {
        let mut sql = Sql::new("SELECT ");
        self.push_columns(&mut sql);
        self.push_source(&mut sql, Read::Rows);
        sql
    }

    /// A page of each list; of several lists, at most `most` rows and one together.
    fn page(&self, page: &Page, most: usize) -> Sql {
        let direction = if page.from == From::Start { "ASC" } else { "DESC" };
        let is_many = matches!(self.scope, Scope::Through(groups) if groups.len() > 1);
        let mut sql = Sql::new("SELECT ");
        if is_many {
            sql.push(format!("{}, ", ListedWorkspace::COLUMNS.join(", ")));
            sql.push("role_id, role_type, role_name, listed_id, listed_type, listed_name, via FROM (SELECT ");
            sql.push("row_number() OVER (PARTITION BY g.workspace_group_id ORDER BY ");
            sql.push(format!("w.name {direction}, w.workspace_id {direction}) AS place, "));
        }
        self.push_columns(&mut sql);
        self.push_source(&mut sql, Read::Rows);
        for (cursor, comparison) in [(&page.after, ">"), (&page.before, "<")] {
            if let Some(Cursor { sort_key, id }) = cursor {
                sql.push(format!(" AND (w.name, w.workspace_id) {comparison} (")).text(sort_key);
                sql.push(", ").text(id).push(")");
            }
        }
        if is_many {
            // Here the number is a parameter, so that no more rows of many lists are read than needed.
            sql.push(") AS lists WHERE place <= ").number(one_more_than(page.size));
            sql.push(format!(" ORDER BY name {direction}, workspace_id {direction} LIMIT "))
                .number(one_more_than(most));
        } else {
            let limit = page_limit(page.size);
            sql.push(format!(" ORDER BY w.name {direction}, w.workspace_id {direction} LIMIT {limit}"));
        }
        sql
    }

    /// In a group's list, the binding created through the group has its own alias, `listed`; elsewhere it is `best`.
    fn push_columns(&self, sql: &mut Sql) {
        for column in ListedWorkspace::COLUMNS {
            sql.push(format!("w.{column} AS {column}, "));
        }
        let is_through = matches!(self.scope, Scope::Through(_));
        let listed = if is_through { "listed" } else { "best" };
        sql.push("best.role_id AS role_id, best.role_type AS role_type, best_role.name AS role_name, ");
        sql.push(format!("{listed}.role_id AS listed_id, {listed}.role_type AS listed_type, "));
        sql.push(format!("{listed}_role.name AS listed_name, "));
        sql.push(if is_through { "g.workspace_group_id AS via" } else { "NULL AS via" });
    }

    /// FROM and WHERE. The first table decides the speed: for an admin, the index in the order of the list; for any
    /// other user, their bindings. To count workspaces, no roles are joined, and bindings only if they decide.
    fn push_source(&self, sql: &mut Sql, read: Read) {
        match self.scope {
            Scope::Through(groups) => {
                self.push_source_through(sql, read);
                sql.push(" WHERE g.domain_id = ");
                self.caller.push_domain(sql);
                sql.push(" AND g.workspace_group_id");
                match groups {
                    // For the list of one group, the index is in the order of the list.
                    [group] => sql.push(" = ").text(group.as_str()),
                    groups => sql.is_any(groups),
                };
            }
            Scope::All | Scope::Ids(_) if self.caller.is_admin() => {
                sql.push(" FROM workspaces w");
                self.push_best_if_any(sql, read);
                sql.push(" WHERE w.domain_id = ");
                self.caller.push_domain(sql);
            }
            Scope::All | Scope::Ids(_) => {
                sql.push(" FROM role_bindings best ");
                push_workspace_of(sql, "best");
                if read == Read::Rows {
                    push_role(sql, "best");
                }
                sql.push(" WHERE ");
                push_best(sql, self.caller, "best", Through::Any);
            }
        }
        sql.push(" AND w.state = 'ENABLED'");
        self.push_filter(sql);
    }

    fn push_source_through(&self, sql: &mut Sql, read: Read) {
        sql.push(" FROM workspace_groups g ");
        if self.caller.is_admin() {
            sql.push("JOIN workspaces w ON w.domain_id = g.domain_id");
            sql.push(" AND w.workspace_group_id = g.workspace_group_id");
            if read != Read::Number {
                sql.push(" LEFT ");
                push_binding(sql, self.caller, "listed", Through::Group);
            }
        } else {
            push_binding(sql, self.caller, "listed", Through::Group);
            push_workspace_of(sql, "listed");
        }
        if read == Read::Rows {
            push_role(sql, "listed");
        }
        self.push_best_if_any(sql, read);
    }

    /// The caller's binding to `w`, if there is one, and its role.
    fn push_best_if_any(&self, sql: &mut Sql, read: Read) {
        if read != Read::Number || self.filter.role_type.is_some() {
            sql.push(" LEFT ");
            push_binding(sql, self.caller, "best", Through::Any);
        }
        if read == Read::Rows {
            push_role(sql, "best");
        }
    }

    fn push_filter(&self, sql: &mut Sql) {
        if let Scope::Ids(ids) = self.scope {
            sql.push(" AND w.workspace_id").is_any(ids);
        }
        if let Some(part) = self.filter.name_contains.as_ref().filter(|part| !part.is_empty()) {
            sql.push(" AND ").contains("w.name_key", part);
        }
        for (column, wanted) in [("is_managed", self.filter.is_managed), ("is_dormant", self.filter.is_dormant)] {
            if let Some(wanted) = wanted {
                sql.push(format!(" AND {}w.{column}", if wanted { "" } else { "NOT " }));
            }
        }
        if let Some(role_type) = self.filter.role_type {
            sql.push(" AND best.role_type = ").text(role_type.as_str());
        }
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

fn push_workspace_of(sql: &mut Sql, binding: &str) {
    let is_bound = format!("w.workspace_id = {binding}.workspace_id AND w.domain_id = {binding}.domain_id");
    sql.look_up("workspaces", "w", is_bound);
}

fn push_role(sql: &mut Sql, binding: &str) {
    let role = format!("{binding}_role");
    let is_bound = format!("{role}.domain_id = {binding}.domain_id AND {role}.role_id = {binding}.role_id");
    sql.look_up_optional("roles", role, is_bound);
}

/// `JOIN` with the caller's binding of the highest precedence: to `w`, if that is already joined.
fn push_binding(sql: &mut Sql, caller: CallerSource<'_>, alias: &str, through: Through) {
    sql.push(format!("JOIN role_bindings {alias} ON "));
    if through == Through::Any || caller.is_admin() {
        sql.push(format!("{alias}.workspace_id = w.workspace_id AND "));
    }
    push_best(sql, caller, alias, through);
    sql.push(" ");
}

/// The binding grants the caller access to a workspace, and no other has a higher precedence.
fn push_best(sql: &mut Sql, caller: CallerSource<'_>, alias: &str, through: Through) {
    push_access(sql, caller, alias);
    if through == Through::Group {
        sql.push(format!(" AND {alias}.workspace_group_id = g.workspace_group_id"));
    }
    sql.push(" AND NOT EXISTS (SELECT 1 FROM role_bindings better WHERE ");
    push_access(sql, caller, "better");
    sql.push(format!(" AND better.workspace_id = {alias}.workspace_id"));
    if through == Through::Group {
        sql.push(format!(" AND better.workspace_group_id = {alias}.workspace_group_id"));
    }
    // `WORKSPACE_OWNER` is greater than `WORKSPACE_MEMBER`.
    sql.push(format!(" AND (better.role_type > {alias}.role_type OR (better.role_type = {alias}.role_type"));
    sql.push(" AND (better.created_at, better.role_binding_id)");
    sql.push(format!(" < ({alias}.created_at, {alias}.role_binding_id))))"));
}

/// The binding is the caller's and of a type that grants access to a workspace.
fn push_access(sql: &mut Sql, caller: CallerSource<'_>, alias: &str) {
    sql.push(format!("{alias}.domain_id = "));
    caller.push_domain(sql);
    sql.push(format!(" AND {alias}.user_id_key = "));
    caller.push_login_key(sql);
    sql.push(format!(" AND {alias}.resource_group = 'WORKSPACE'"));
    sql.push(format!(" AND {alias}.role_type IN ('WORKSPACE_OWNER', 'WORKSPACE_MEMBER')"));
}
