//! What is loaded for many at once. Loaders live as long as one request and read through its caller's eyes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::dataloader::{DataLoader, Load};
use super::error::ApiError;
use crate::domain::access::Viewer;
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Page, Paged};
use crate::domain::workspace::{GroupUser, RoleBinding, VisibleWorkspace, WorkspaceFilter, WorkspaceGroup};
use crate::services::Services;

/// What a loader reads with.
#[derive(Clone)]
struct Reader {
    services: Arc<Services>,
    viewer: Arc<Viewer>,
}

/// The loaders of one request.
pub struct Loaders {
    /// Workspaces by id.
    pub workspaces: DataLoader<Workspaces>,
    /// Groups by id.
    pub groups: DataLoader<Groups>,
    /// The users of a group.
    pub group_users: DataLoader<GroupUsers>,
    /// The caller's binding through a group.
    pub group_bindings: DataLoader<GroupBindings>,
    /// A page of the workspaces through a group.
    pub group_workspaces: DataLoader<GroupWorkspaces>,
    /// How many workspaces there are through a group.
    pub group_totals: DataLoader<GroupTotals>,
}

/// Loads [`Loaders::workspaces`].
pub struct Workspaces(Reader);
/// Loads [`Loaders::groups`].
pub struct Groups(Reader);
/// Loads [`Loaders::group_users`].
pub struct GroupUsers(Reader);
/// Loads [`Loaders::group_bindings`].
pub struct GroupBindings(Reader);
/// Loads [`Loaders::group_workspaces`].
pub struct GroupWorkspaces(Reader);
/// Loads [`Loaders::group_totals`].
pub struct GroupTotals(Reader);

impl Loaders {
    /// Loaders that read through the eyes of `viewer`.
    #[must_use]
    pub fn new(services: &Arc<Services>, viewer: Arc<Viewer>) -> Self {
        let reader = Reader { services: services.clone(), viewer };
        Self {
            workspaces: DataLoader::new(Workspaces(reader.clone())),
            groups: DataLoader::new(Groups(reader.clone())),
            group_users: DataLoader::new(GroupUsers(reader.clone())),
            group_bindings: DataLoader::new(GroupBindings(reader.clone())),
            group_workspaces: DataLoader::new(GroupWorkspaces(reader.clone())),
            group_totals: DataLoader::new(GroupTotals(reader)),
        }
    }
}

impl Load for Workspaces {
    type Key = WorkspaceId;
    type Value = VisibleWorkspace;

    async fn load(&self, ids: &[WorkspaceId]) -> Result<HashMap<WorkspaceId, VisibleWorkspace>, ApiError> {
        let Reader { services, viewer } = &self.0;
        let found = services.find_workspaces(viewer, ids).await?;
        Ok(found.into_iter().map(|visible| (visible.workspace.id.clone(), visible)).collect())
    }
}

impl Load for Groups {
    type Key = WorkspaceGroupId;
    type Value = WorkspaceGroup;

    async fn load(&self, ids: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, WorkspaceGroup>, ApiError> {
        let Reader { services, viewer } = &self.0;
        let found = services.find_groups(viewer, ids).await?;
        Ok(found.into_iter().map(|group| (group.id.clone(), group)).collect())
    }
}

impl Load for GroupUsers {
    type Key = WorkspaceGroupId;
    type Value = Vec<GroupUser>;

    async fn load(&self, groups: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, Vec<GroupUser>>, ApiError> {
        Ok(gather(self.0.services.list_group_users(groups).await?))
    }
}

impl Load for GroupBindings {
    type Key = WorkspaceGroupId;
    type Value = RoleBinding;

    async fn load(&self, groups: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, RoleBinding>, ApiError> {
        let Reader { services, viewer } = &self.0;
        let found = services.find_bindings_through(viewer, groups).await?;
        Ok(found.into_iter().filter_map(|binding| Some((binding.workspace_group_id.clone()?, binding))).collect())
    }
}

/// A group's list of workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupList {
    /// Whose list.
    pub group: WorkspaceGroupId,
    /// Which of it are wanted.
    pub filter: WorkspaceFilter,
}

impl Load for GroupWorkspaces {
    type Key = (GroupList, Page);
    type Value = Paged<VisibleWorkspace>;

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Self::Value>, ApiError> {
        let Reader { services, viewer } = &self.0;
        let mut loaded = HashMap::with_capacity(keys.len());
        let asked = keys.iter().map(|(list, page)| ((&list.filter, page), list.group.clone()));
        for ((filter, page), groups) in gather(asked) {
            let mut read = gather(services.list_workspaces_through(viewer, &groups, filter, page).await?);
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
        let Reader { services, viewer } = &self.0;
        let mut loaded = HashMap::with_capacity(lists.len());
        for (filter, groups) in gather(lists.iter().map(|list| (&list.filter, list.group.clone()))) {
            let counted = services.count_workspaces_through(viewer, &groups, filter).await?;
            loaded
                .extend(counted.into_iter().map(|(group, total)| (GroupList { group, filter: filter.clone() }, total)));
        }
        Ok(loaded)
    }
}

/// What has the same key together: the values of one group; or the groups of which one field asks the same, since only
/// aliases make that several things.
fn gather<K: Eq + Hash, V>(pairs: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut gathered: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        gathered.entry(key).or_default().push(value);
    }
    gathered
}
