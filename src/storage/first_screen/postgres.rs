//! The statement for PostgreSQL. Its text exists once for each combination of what is selected. Each list is an array of
//! rows.

use std::sync::{Arc, LazyLock};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Nullable};

use super::super::columns::{Columns, ColumnsOf, Item};
use super::super::dialect::{Sql, to_bigint};
use super::super::error::Error;
use super::super::postgres::QuickLane;
use super::super::types::{At, UtcTimestamp};
use super::super::{groups, visible};
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::first_screen::{FirstItems, FirstScreen, MOST_ITEMS, Selected};
use crate::domain::session::Session;
use crate::domain::token::TokenDigest;
use crate::domain::user::{Domain, User};

pub(super) async fn find(
    lane: &QuickLane,
    digest: &TokenDigest,
    now: Timestamp,
    selected: Selected,
) -> Result<Option<(Caller, FirstScreen)>, Error> {
    let limits = [to_bigint(selected.workspaces), to_bigint(selected.groups)];
    let statement = Statement { digest, now: At(now), shape: Shape::of(selected), limits };
    let rows: Vec<Row> = lane.fetch_all(&statement).await?;
    Ok(rows.into_iter().next().map(|row| from_row(row, selected)))
}

type CallerSql = (ColumnsOf<Session>, ColumnsOf<User>, ColumnsOf<Domain>);
type Row = ((Session, User, Domain), Option<Vec<visible::JoinedRow>>, Option<Vec<groups::JoinedRow>>);

fn from_row(((session, user, domain), workspaces, groups): Row, selected: Selected) -> (Caller, FirstScreen) {
    let mut first_screen = FirstScreen {
        workspaces: workspaces
            .map(|rows| FirstItems::new(rows.into_iter().map(visible::from_joined).collect(), selected.workspaces)),
        ..FirstScreen::default()
    };
    if let Some(rows) = groups {
        let mut groups = Vec::with_capacity(rows.len());
        for (Item(group), users) in rows {
            if let Some(users) = users.filter(|users| (1..MOST_ITEMS).contains(&users.len())) {
                let users = users.into_iter().map(|user| Arc::new(groups::from_joined(user))).collect();
                first_screen.users.insert(group.id.clone(), Arc::new(users));
            }
            groups.push(group);
        }
        first_screen.groups = Some(FirstItems::new(groups, selected.groups));
    }
    (Caller { session, user, domain }, first_screen)
}

/// The statement with its parameters.
struct Statement<'a> {
    digest: &'a TokenDigest,
    now: At,
    shape: Shape,
    /// Of workspaces, and of groups.
    limits: [i64; 2],
}

/// What a statement reads of workspaces and of groups.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    workspaces: List,
    groups: List,
}

/// What is read of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Nothing,
    Items,
    /// Workspaces with the names of roles, or groups with their users.
    ItemsAndDetails,
}

impl List {
    const ALL: [Self; 3] = [Self::Nothing, Self::Items, Self::ItemsAndDetails];

    fn of(items: usize, details: bool) -> Self {
        match (items, details) {
            (0, _) => Self::Nothing,
            (_, false) => Self::Items,
            (_, true) => Self::ItemsAndDetails,
        }
    }
}

impl Shape {
    fn of(selected: Selected) -> Self {
        Self {
            workspaces: List::of(selected.workspaces, selected.role_names),
            groups: List::of(selected.groups, selected.users),
        }
    }
}

impl Query for Statement<'_> {
    type SqlType = (CallerSql, Nullable<visible::JoinedSql>, Nullable<groups::JoinedSql>);
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if let Some((_, text)) = TEXTS.iter().find(|(shape, _)| *shape == self.shape) {
            out.push_sql(text);
        }
        out.push_bind_param_value_only::<Binary, [u8]>(self.digest)?;
        out.push_bind_param_value_only::<UtcTimestamp, At>(&self.now)?;
        for limit in &self.limits {
            out.push_bind_param_value_only::<BigInt, i64>(limit)?;
        }
        Ok(())
    }
}

/// The text for each shape.
static TEXTS: LazyLock<Vec<(Shape, String)>> = LazyLock::new(|| {
    let shapes = List::ALL.into_iter().flat_map(|workspaces| List::ALL.map(|groups| Shape { workspaces, groups }));
    shapes.map(|shape| (shape, text(shape))).collect()
});

fn text(shape: Shape) -> String {
    let columns =
        |table: &str, columns: &[&str]| columns.iter().map(|column| format!("{table}.{column}, ")).collect::<String>();
    let mut sql = Sql::new("SELECT ");
    sql.push(columns("sessions", Session::COLUMNS));
    sql.push(columns("users", User::COLUMNS));
    sql.push(columns("domains", Domain::COLUMNS));
    push_list(&mut sql, shape.workspaces, |sql, role_names| {
        visible::push_first_of_joined_user(sql, "$3", role_names);
    });
    sql.push(", ");
    push_list(&mut sql, shape.groups, |sql, users| {
        groups::push_first_of_joined_user(sql, "$4", users.then_some(MOST_ITEMS));
    });
    sql.push(" FROM session_tokens");
    sql.push(" JOIN sessions ON sessions.session_id = session_tokens.session_id");
    sql.push(" JOIN users ON users.id = sessions.owner_id");
    sql.push(" JOIN domains ON domains.domain_id = users.domain_id");
    sql.push(
        " WHERE session_tokens.digest = $1 AND session_tokens.purpose = 'ACCESS' AND session_tokens.expires_at > $2",
    );
    sql.postgres_text()
}

/// Selects a list with `push`, which learns whether to select details, or null: for an admin, too.
fn push_list(sql: &mut Sql, list: List, push: impl FnOnce(&mut Sql, bool)) {
    if list == List::Nothing {
        sql.push("NULL::record[]");
    } else {
        sql.push("CASE WHEN users.role_type <> 'DOMAIN_ADMIN' THEN ");
        push(sql, list == List::ItemsAndDetails);
        sql.push(" END");
    }
}
