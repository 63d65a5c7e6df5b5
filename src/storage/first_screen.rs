//! The caller together with the first screen: one statement, which begins with the digest of the access token.
//!
//! On PostgreSQL, its text exists once for each combination of lists, and each list is an array of rows. On SQLite, which
//! has no arrays and is in the same process, only the caller is read, and the lists are read when they are resolved.

use std::sync::{Arc, LazyLock};

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Binary, Nullable};

use super::columns::{Columns, ColumnsOf, Item};
use super::db::Db;
use super::dialect::Sql;
use super::error::Error;
use super::types::{At, UtcTimestamp};
use super::{groups, sessions, visible};
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::first_screen::{FirstItems, FirstScreen, MOST_ITEMS, Selected};
use crate::domain::session::Session;
use crate::domain::token::TokenDigest;
use crate::domain::user::{Domain, User};

/// The caller that an access token identifies, and the selected lists. `None` if the token is unknown or expired. The
/// lists of an admin are not read: they begin with the workspaces of the domain instead of the bindings of a user.
pub async fn find(
    db: &Db,
    digest: &TokenDigest,
    now: Timestamp,
    selected: Selected,
) -> Result<Option<(Caller, FirstScreen)>, Error> {
    let Some(lane) = db.quick_lane()? else {
        return Ok(sessions::find_caller(db, digest, now).await?.map(|caller| (caller, FirstScreen::default())));
    };
    let rows: Vec<Row> = lane.fetch_all(&Statement { digest, now: At(now), selected }).await?;
    Ok(rows.into_iter().next().map(from_row))
}

type CallerSql = (ColumnsOf<Session>, ColumnsOf<User>, ColumnsOf<Domain>);
type Row = ((Session, User, Domain), Option<Vec<visible::JoinedRow>>, Option<Vec<groups::JoinedRow>>);

fn from_row(((session, user, domain), workspaces, groups): Row) -> (Caller, FirstScreen) {
    let mut first_screen = FirstScreen {
        workspaces: workspaces.map(|rows| FirstItems::new(rows.into_iter().map(visible::from_joined).collect())),
        ..FirstScreen::default()
    };
    if let Some(rows) = groups {
        let mut groups = Vec::with_capacity(rows.len());
        for (Item(group), users) in rows {
            if (1..MOST_ITEMS).contains(&users.len()) {
                let users = users.into_iter().map(|user| Arc::new(groups::from_joined(user))).collect();
                first_screen.users.insert(group.id.clone(), Arc::new(users));
            }
            groups.push(group);
        }
        first_screen.groups = Some(FirstItems::new(groups));
    }
    (Caller { session, user, domain }, first_screen)
}

/// The statement with its parameters.
struct Statement<'a> {
    digest: &'a TokenDigest,
    now: At,
    selected: Selected,
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
        if let Some((_, text)) = TEXTS.iter().find(|(selected, _)| *selected == self.selected) {
            out.push_sql(text);
        }
        out.push_bind_param_value_only::<Binary, [u8]>(self.digest)?;
        out.push_bind_param_value_only::<UtcTimestamp, At>(&self.now)
    }
}

/// The text for each combination of lists.
static TEXTS: LazyLock<Vec<(Selected, String)>> = LazyLock::new(|| {
    let lists = [
        (false, false, false),
        (true, false, false),
        (false, true, false),
        (true, true, false),
        (false, true, true),
        (true, true, true),
    ];
    let selections = lists.map(|(workspaces, groups, users)| Selected { workspaces, groups, users });
    selections.into_iter().map(|selected| (selected, text(selected))).collect()
});

fn text(selected: Selected) -> String {
    let columns =
        |table: &str, columns: &[&str]| columns.iter().map(|column| format!("{table}.{column}, ")).collect::<String>();
    let mut sql = Sql::new("SELECT ");
    sql.push(columns("sessions", Session::COLUMNS));
    sql.push(columns("users", User::COLUMNS));
    sql.push(columns("domains", Domain::COLUMNS));
    sql.push("CASE WHEN users.role_type <> 'DOMAIN_ADMIN' THEN ");
    if selected.workspaces {
        visible::push_first_of_joined_user(&mut sql, MOST_ITEMS);
    } else {
        sql.push("NULL::record[]");
    }
    sql.push(" END, CASE WHEN users.role_type <> 'DOMAIN_ADMIN' THEN ");
    if selected.groups {
        groups::push_first_of_joined_user(&mut sql, MOST_ITEMS, selected.users);
    } else {
        sql.push("NULL::record[]");
    }
    sql.push(" END FROM session_tokens");
    sql.push(" JOIN sessions ON sessions.session_id = session_tokens.session_id");
    sql.push(" JOIN users ON users.id = sessions.owner_id");
    sql.push(" JOIN domains ON domains.domain_id = users.domain_id");
    sql.push(
        " WHERE session_tokens.digest = $1 AND session_tokens.purpose = 'ACCESS' AND session_tokens.expires_at > $2",
    );
    sql.postgres_text()
}
