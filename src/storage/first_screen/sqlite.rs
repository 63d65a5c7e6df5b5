//! The statements for SQLite, which has no arrays: one for each list, all of them in one call of a blocking thread.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

use super::super::{groups, sessions, visible};
use crate::clock::Timestamp;
use crate::domain::access::Caller;
use crate::domain::first_screen::{FirstItems, FirstScreen, Selected};
use crate::domain::ids::WorkspaceGroupId;
use crate::domain::page::Page;
use crate::domain::token::TokenDigest;
use crate::domain::workspace::{GroupUser, ListedGroup, WorkspaceFilter};

/// The most users of all groups together.
const MOST_USERS: usize = 512;

pub(super) fn find(
    conn: &mut SqliteConnection,
    digest: &TokenDigest,
    now: Timestamp,
    selected: Selected,
) -> QueryResult<Option<(Caller, FirstScreen)>> {
    let Some(caller) = sessions::find_caller_on_sqlite(conn, digest, now)? else { return Ok(None) };
    let mut first_screen = FirstScreen::default();
    if caller.user.is_admin() {
        return Ok(Some((caller, first_screen)));
    }
    let visibility = caller.visibility();
    if let Some(size) = selected.workspaces.checked_sub(1) {
        let rows: Vec<visible::Row> =
            visible::page_of(&visibility, &WorkspaceFilter::default(), &Page::first(size)).load(conn)?;
        let workspaces = rows.into_iter().take(selected.workspaces).map(|row| visible::to_visible(row).1);
        first_screen.workspaces = Some(FirstItems::new(workspaces.collect(), selected.workspaces));
    }
    if let Some(size) = selected.groups.checked_sub(1) {
        let mut groups: Vec<ListedGroup> = groups::page_of(&visibility, &Page::first(size)).load(conn)?;
        groups.truncate(selected.groups);
        if selected.users {
            let ids: Vec<_> = groups.iter().map(|group| group.id.clone()).collect();
            first_screen.users = read_users(conn, &ids)?;
        }
        first_screen.groups = Some(FirstItems::new(groups, selected.groups));
    }
    Ok(Some((caller, first_screen)))
}

/// The users of groups; none if there are too many.
fn read_users(
    conn: &mut SqliteConnection,
    groups: &[WorkspaceGroupId],
) -> QueryResult<HashMap<WorkspaceGroupId, Arc<Vec<Arc<GroupUser>>>>> {
    let rows: Vec<groups::UserRow> = groups::users_of(groups, MOST_USERS).load(conn)?;
    if rows.len() > MOST_USERS {
        return Ok(HashMap::new());
    }
    let mut users: HashMap<_, Vec<_>> = HashMap::new();
    for (group, user) in rows.into_iter().map(groups::to_group_user) {
        users.entry(group).or_default().push(Arc::new(user));
    }
    Ok(users.into_iter().map(|(group, users)| (group, Arc::new(users))).collect())
}
