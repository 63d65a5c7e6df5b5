//! The loaders of one request. They live as long as the request, and read only what its caller may see. Everything that
//! a query reads, it reads through them.
//!
//! Rows count as fields of the response, before they are read if their number is known, otherwise directly after. A
//! single statement never reads more than the response may still have.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::dataloader::{DataLoader, Load};
use super::error::ApiError;
use super::limits::ExecutionBudget;
use crate::domain::access::{Caller, Viewer};
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Page, Paged};
use crate::domain::workspace::{GroupUser, ListedGroup, RoleBinding, VisibleWorkspace, WorkspaceFilter};
use crate::services::{Failure, Services};

pub use account::{Account, EventPage};
pub use tags::{GroupTags, WorkspaceTags};

mod account;
mod tags;

/// The number of fields, of some 300 bytes each, that a row counts as: a workspace with the caller's role takes about
/// 700 bytes, and more than 2,000 while it is read from SQLite.
const WORKSPACE_FIELDS: usize = 5;
/// A group.
const GROUP_FIELDS: usize = 2;
/// A user of a group.
const USER_FIELDS: usize = 2;
/// The minimum that an item of a list counts in addition to its row: itself and one field.
const ITEM_FIELDS: usize = 2;

/// The shared state that a loader reads with.
#[derive(Clone)]
struct Reader {
    services: Arc<Services>,
    caller: Arc<Caller>,
    viewer: Arc<Viewer>,
    work: ExecutionBudget,
}

impl Reader {
    /// A loader that reads with this state.
    fn loader<L: Load>(&self, make: impl FnOnce(Self) -> L) -> DataLoader<L> {
        DataLoader::new(make(self.clone())).within(&self.work)
    }

    /// The result of a statement. A request that has no statements left is aborted.
    fn settle<T>(&self, read: Result<T, Failure>) -> Result<T, ApiError> {
        read.map_err(|failure| {
            if let Failure::TooManyStatements(allowed) = failure {
                self.work.refuse_statements(usize::try_from(allowed).unwrap_or(usize::MAX));
            }
            failure.into()
        })
    }

    /// The maximum number of rows to read, if each counts as so many fields and becomes an item of a list.
    fn rows_left(&self, fields: usize) -> usize {
        self.work.left() / (fields + ITEM_FIELDS)
    }

    /// Counts rows that were read.
    fn charge_rows(&self, rows: usize, fields: usize) -> Result<(), ApiError> {
        self.work.charge(rows.saturating_mul(fields))
    }

    /// Counts rows, of which at most `most` may be read.
    fn charge_bounded(&self, rows: usize, most: usize, fields: usize) -> Result<(), ApiError> {
        // If there are more rows than may be read, only that fact is known, not their number.
        let fields = if rows > most { fields + ITEM_FIELDS } else { fields };
        self.charge_rows(rows, fields)
    }
}

/// The loaders of one request.
pub struct Loaders {
    /// Workspaces by id.
    pub workspaces: DataLoader<Workspaces>,
    /// Groups by id.
    pub groups: DataLoader<Groups>,
    /// Pages of the workspaces that are visible to the caller.
    pub workspace_pages: DataLoader<WorkspacePages>,
    /// The number of workspaces that are visible to the caller.
    pub workspace_totals: DataLoader<WorkspaceTotals>,
    /// Pages of the groups that are visible to the caller.
    pub group_pages: DataLoader<GroupPages>,
    /// The number of groups that are visible to the caller.
    pub group_total: DataLoader<GroupTotal>,
    /// The users of a group.
    pub group_users: DataLoader<GroupUsers>,
    /// The caller's binding through a group.
    pub group_bindings: DataLoader<GroupBindings>,
    /// A page of the workspaces through a group.
    pub group_workspaces: DataLoader<GroupWorkspaces>,
    /// The number of workspaces through a group.
    pub group_totals: DataLoader<GroupTotals>,
    /// The tags of workspaces.
    pub workspace_tags: DataLoader<WorkspaceTags>,
    /// The tags of groups.
    pub group_tags: DataLoader<GroupTags>,
    /// The loaders of the caller's account.
    pub account: Account,
}

/// Loads [`Loaders::workspaces`].
pub struct Workspaces(Reader);
/// Loads [`Loaders::groups`].
pub struct Groups(Reader);
/// Loads [`Loaders::workspace_pages`].
pub struct WorkspacePages(Reader);
/// Loads [`Loaders::workspace_totals`].
pub struct WorkspaceTotals(Reader);
/// Loads [`Loaders::group_pages`].
pub struct GroupPages(Reader);
/// Loads [`Loaders::group_total`].
pub struct GroupTotal(Reader);
/// Loads [`Loaders::group_users`].
pub struct GroupUsers(Reader);
/// Loads [`Loaders::group_bindings`].
pub struct GroupBindings(Reader);
/// Loads [`Loaders::group_workspaces`].
pub struct GroupWorkspaces(Reader);
/// Loads [`Loaders::group_totals`].
pub struct GroupTotals(Reader);

impl Loaders {
    /// Loaders that read what is visible to `caller`, as part of the request's `work`.
    #[must_use]
    pub fn new(services: &Arc<Services>, caller: &Arc<Caller>, work: &ExecutionBudget) -> Self {
        let viewer = Arc::new(caller.viewer());
        let reader = Reader { services: services.clone(), caller: caller.clone(), viewer, work: work.clone() };
        Self {
            workspaces: reader.loader(Workspaces),
            groups: reader.loader(Groups),
            workspace_pages: reader.loader(WorkspacePages),
            workspace_totals: reader.loader(WorkspaceTotals),
            group_pages: reader.loader(GroupPages),
            group_total: reader.loader(GroupTotal),
            group_users: reader.loader(GroupUsers),
            group_bindings: reader.loader(GroupBindings),
            group_workspaces: reader.loader(GroupWorkspaces),
            group_totals: reader.loader(GroupTotals),
            workspace_tags: reader.loader(WorkspaceTags),
            group_tags: reader.loader(GroupTags),
            account: Account::new(&reader),
        }
    }

    /// Forgets everything that was read.
    pub fn forget(&self) {
        self.workspaces.forget();
        self.groups.forget();
        self.workspace_pages.forget();
        self.workspace_totals.forget();
        self.group_pages.forget();
        self.group_total.forget();
        self.group_users.forget();
        self.group_bindings.forget();
        self.group_workspaces.forget();
        self.group_totals.forget();
        self.workspace_tags.forget();
        self.group_tags.forget();
        self.account.forget();
    }
}

impl Load for Workspaces {
    type Key = WorkspaceId;
    type Value = VisibleWorkspace;

    async fn load(&self, ids: &[WorkspaceId]) -> Result<HashMap<WorkspaceId, Self::Value>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let found = self.0.settle(services.find_workspaces(viewer, ids).await)?;
        self.0.charge_rows(found.len(), WORKSPACE_FIELDS)?;
        Ok(found.into_iter().map(|visible| (visible.workspace.id.clone(), visible)).collect())
    }
}

impl Load for Groups {
    type Key = WorkspaceGroupId;
    type Value = ListedGroup;

    async fn load(&self, ids: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, Self::Value>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let found = self.0.settle(services.find_groups(viewer, ids).await)?;
        self.0.charge_rows(found.len(), GROUP_FIELDS)?;
        Ok(found.into_iter().map(|group| (group.id.clone(), group)).collect())
    }
}

impl Load for WorkspacePages {
    type Key = (WorkspaceFilter, Page);
    type Value = Paged<Arc<VisibleWorkspace>>;

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Self::Value>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let mut loaded = HashMap::with_capacity(keys.len());
        for (filter, page) in keys {
            let read = self.0.settle(services.list_workspaces(viewer, filter, page).await)?;
            self.0.charge_rows(read.items.len(), WORKSPACE_FIELDS)?;
            loaded.insert((filter.clone(), page.clone()), read.map(Arc::new));
        }
        Ok(loaded)
    }
}

impl Load for WorkspaceTotals {
    type Key = WorkspaceFilter;
    type Value = i64;

    async fn load(&self, filters: &[WorkspaceFilter]) -> Result<HashMap<WorkspaceFilter, i64>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let mut loaded = HashMap::with_capacity(filters.len());
        for filter in filters {
            loaded.insert(filter.clone(), self.0.settle(services.count_workspaces(viewer, filter).await)?);
        }
        Ok(loaded)
    }
}

impl Load for GroupPages {
    type Key = Page;
    type Value = Paged<Arc<ListedGroup>>;

    async fn load(&self, pages: &[Page]) -> Result<HashMap<Page, Self::Value>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let mut loaded = HashMap::with_capacity(pages.len());
        for page in pages {
            let read = self.0.settle(services.list_groups(viewer, page).await)?;
            self.0.charge_rows(read.items.len(), GROUP_FIELDS)?;
            loaded.insert(page.clone(), read.map(Arc::new));
        }
        Ok(loaded)
    }
}

impl Load for GroupTotal {
    type Key = ();
    type Value = i64;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), i64>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        Ok(HashMap::from([((), self.0.settle(services.count_groups(viewer).await)?)]))
    }
}

type UserOfGroup = (WorkspaceGroupId, GroupUser);

impl Load for GroupUsers {
    type Key = WorkspaceGroupId;
    type Value = Vec<Arc<GroupUser>>;

    async fn load(&self, groups: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, Self::Value>, ApiError> {
        let users = match self.read_few(groups).await? {
            Some(few) => few,
            None => self.read_all(groups).await?,
        };
        Ok(gather(users.into_iter().map(|(group, user)| (group, Arc::new(user)))))
    }
}

impl GroupUsers {
    /// The users, unless there are more than may be read in one turn.
    async fn read_few(&self, groups: &[WorkspaceGroupId]) -> Result<Option<Vec<UserOfGroup>>, ApiError> {
        let most = self.0.work.one_turn() / (USER_FIELDS + ITEM_FIELDS);
        let users = self.0.settle(self.0.services.list_group_users(groups, most).await)?;
        if users.len() > most {
            return Ok(None);
        }
        self.0.charge_rows(users.len(), USER_FIELDS)?;
        Ok(Some(users))
    }

    /// They are counted first: reading the maximum takes as long as the largest request that is allowed.
    async fn read_all(&self, groups: &[WorkspaceGroupId]) -> Result<Vec<UserOfGroup>, ApiError> {
        let most = self.0.rows_left(USER_FIELDS);
        self.0.work.expect(usize::MAX).await;
        let count = self.0.settle(self.0.services.count_group_users(groups, most).await)?;
        self.0.charge_bounded(count, most, USER_FIELDS)?;
        self.0.settle(self.0.services.list_group_users(groups, most).await)
    }
}

impl Load for GroupBindings {
    type Key = WorkspaceGroupId;
    type Value = RoleBinding;

    async fn load(&self, groups: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, RoleBinding>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let found = self.0.settle(services.find_bindings_through(viewer, groups).await)?;
        self.0.charge_rows(found.len(), GROUP_FIELDS)?;
        Ok(found.into_iter().filter_map(|binding| Some((binding.workspace_group_id.clone()?, binding))).collect())
    }
}

/// A group's list of workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupList {
    /// The group of the list.
    pub group: WorkspaceGroupId,
    /// The conditions that the workspaces must match.
    pub filter: WorkspaceFilter,
}

impl Load for GroupWorkspaces {
    type Key = (GroupList, Page);
    type Value = Paged<Arc<VisibleWorkspace>>;

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Self::Value>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let mut loaded = HashMap::with_capacity(keys.len());
        let asked = keys.iter().map(|(list, page)| ((&list.filter, page), list.group.clone()));
        for ((filter, page), groups) in gather(asked) {
            let most = self.0.rows_left(WORKSPACE_FIELDS);
            let asked = groups.len().saturating_mul(page.size);
            self.0.work.expect(asked.saturating_mul(WORKSPACE_FIELDS + ITEM_FIELDS)).await;
            let read = self.0.settle(services.list_workspaces_through(viewer, &groups, filter, page, most).await)?;
            self.0.charge_bounded(read.len(), most, WORKSPACE_FIELDS)?;
            let mut read = gather(read.into_iter().map(|(group, workspace)| (group, Arc::new(workspace))));
            for group in groups {
                let paged = page.cut(read.remove(&group).unwrap_or_default());
                loaded.insert((GroupList { group, filter: filter.clone() }, page.clone()), paged);
            }
        }
        Ok(loaded)
    }
}

impl Load for GroupTotals {
    type Key = GroupList;
    type Value = i64;

    async fn load(&self, lists: &[GroupList]) -> Result<HashMap<GroupList, i64>, ApiError> {
        let Reader { services, viewer, .. } = &self.0;
        let mut loaded = HashMap::with_capacity(lists.len());
        for (filter, groups) in gather(lists.iter().map(|list| (&list.filter, list.group.clone()))) {
            let counted = self.0.settle(services.count_workspaces_through(viewer, &groups, filter).await)?;
            loaded
                .extend(counted.into_iter().map(|(group, total)| (GroupList { group, filter: filter.clone() }, total)));
        }
        Ok(loaded)
    }
}

/// The items with the same key, grouped: the values of one group; or the groups for which one field has the same
/// arguments, because only aliases make these differ.
fn gather<K: Eq + Hash, V>(pairs: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut gathered: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        gathered.entry(key).or_default().push(value);
    }
    gathered
}
