//! What is loaded for many at once. Loaders live as long as one request and read through its caller's eyes.

use std::collections::HashMap;
use std::sync::Arc;

use super::batch::{Batch, Load};
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
    pub workspaces: Batch<Workspaces>,
    /// Groups by id.
    pub groups: Batch<Groups>,
    /// The users of a group.
    pub group_users: Batch<GroupUsers>,
    /// The caller's binding through a group.
    pub group_bindings: Batch<GroupBindings>,
    /// A page of the workspaces through a group.
    pub group_workspaces: Batch<GroupWorkspaces>,
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

impl Loaders {
    /// Loaders that read through the eyes of `viewer`.
    #[must_use]
    pub fn new(services: &Arc<Services>, viewer: Arc<Viewer>) -> Self {
        let reader = Reader { services: services.clone(), viewer };
        Self {
            workspaces: Batch::new(Workspaces(reader.clone())),
            groups: Batch::new(Groups(reader.clone())),
            group_users: Batch::new(GroupUsers(reader.clone())),
            group_bindings: Batch::new(GroupBindings(reader.clone())),
            group_workspaces: Batch::new(GroupWorkspaces(reader)),
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

/// A page of a group's list of workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupPage {
    /// Whose list.
    pub group: WorkspaceGroupId,
    /// Which of it are wanted.
    pub filter: WorkspaceFilter,
    /// Which part of it.
    pub page: Page,
}

impl Load for GroupWorkspaces {
    type Key = GroupPage;
    type Value = Paged<VisibleWorkspace>;

    async fn load(&self, keys: &[GroupPage]) -> Result<HashMap<GroupPage, Paged<VisibleWorkspace>>, ApiError> {
        let Reader { services, viewer } = &self.0;
        // One field asks the same page of every group; only aliases make it several.
        let mut lists: HashMap<(&WorkspaceFilter, &Page), Vec<WorkspaceGroupId>> = HashMap::new();
        for key in keys {
            lists.entry((&key.filter, &key.page)).or_default().push(key.group.clone());
        }
        let mut loaded = HashMap::with_capacity(keys.len());
        for ((filter, page), groups) in lists {
            let mut read = gather(services.list_workspaces_through(viewer, &groups, filter, page).await?);
            for group in groups {
                let paged = page.cut(read.remove(&group).unwrap_or_default());
                loaded.insert(GroupPage { group, filter: filter.clone(), page: page.clone() }, paged);
            }
        }
        Ok(loaded)
    }
}

fn gather<T>(pairs: Vec<(WorkspaceGroupId, T)>) -> HashMap<WorkspaceGroupId, Vec<T>> {
    let mut gathered: HashMap<WorkspaceGroupId, Vec<T>> = HashMap::new();
    for (group, value) in pairs {
        gathered.entry(group).or_default().push(value);
    }
    gathered
}
