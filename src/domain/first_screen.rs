//! The first screen of a front end: the caller, with the first page of their workspaces and of their groups. It is what
//! every page load asks for, so the server reads it together with the caller.

use std::collections::HashMap;
use std::sync::Arc;

use super::ids::WorkspaceGroupId;
use super::page::{DEFAULT_PAGE, From, Page, Paged};
use super::workspace::{GroupUser, ListedGroup, VisibleWorkspace};

/// The most items of a list that are read: one more than a page holds, which shows whether there are more.
pub const MOST_ITEMS: usize = DEFAULT_PAGE as usize + 1;

/// What a request selects of the first screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selected {
    /// How many workspaces to read, at most [`MOST_ITEMS`]; 0 if none are selected.
    pub workspaces: usize,
    /// Whether the names of the caller's roles are selected anywhere. Otherwise they need not be read, and are null.
    pub role_names: bool,
    /// How many groups to read.
    pub groups: usize,
    /// Whether the users of the groups are selected, at most [`MOST_ITEMS`] of each.
    pub users: bool,
}

impl Selected {
    /// The number of lists to read.
    pub fn lists(&self) -> usize {
        [self.workspaces > 0, self.groups > 0, self.users].into_iter().filter(|is_selected| *is_selected).count()
    }
}

/// What was read together with the caller. A list that was not read is `None`.
#[derive(Debug, Default)]
pub struct FirstScreen {
    /// The first workspaces that are visible to the caller, with their roles.
    pub workspaces: Option<FirstItems<VisibleWorkspace>>,
    /// The first groups that are visible to the caller.
    pub groups: Option<FirstItems<ListedGroup>>,
    /// The users of groups, unless a group has too many.
    pub users: HashMap<WorkspaceGroupId, Arc<Vec<Arc<GroupUser>>>>,
}

/// The first items of a list.
#[derive(Debug)]
pub struct FirstItems<T> {
    items: Vec<Arc<T>>,
    /// How many were to be read. If there are fewer, they are all.
    asked: usize,
}

impl<T> FirstItems<T> {
    /// The items that were read, of which there may be as many as `asked`.
    pub fn new(read: Vec<T>, asked: usize) -> Self {
        Self { items: read.into_iter().map(Arc::new).collect(), asked }
    }

    /// All of the list; `None` if it may have more.
    pub fn all(&self) -> Option<&[Arc<T>]> {
        (self.items.len() < self.asked).then_some(&self.items)
    }

    /// The page, if it is among the items.
    pub fn page(&self, page: &Page) -> Option<Paged<Arc<T>>> {
        let is_first = page.from == From::Start && page.after.is_none() && page.before.is_none();
        let is_read = is_first && (page.size < self.asked || self.all().is_some());
        is_read.then(|| page.cut(self.items.iter().take(page.size + 1).cloned().collect()))
    }

    /// The number of items of the list, if all were read.
    pub fn total(&self) -> Option<i64> {
        i64::try_from(self.all()?.len()).ok()
    }

    /// How many were read.
    pub fn number_read(&self) -> usize {
        self.items.len()
    }
}
