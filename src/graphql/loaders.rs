//! Loaders: gather the keys that resolvers ask for at the same moment, and ask for all of them at once. They live as
//! long as one request and read through its caller's eyes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};

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
            workspaces: loader(Workspaces(reader.clone())),
            groups: loader(Groups(reader.clone())),
            group_users: loader(GroupUsers(reader.clone())),
            group_bindings: loader(GroupBindings(reader.clone())),
            group_workspaces: loader(GroupWorkspaces(reader)),
        }
    }
}

/// Without the delay that is the default: keys asked for at the same moment are gathered all the same.
fn loader<T>(loader: T) -> DataLoader<T> {
    DataLoader::new(loader, tokio::spawn).delay(Duration::ZERO)
}

impl Loader<WorkspaceId> for Workspaces {
    type Value = VisibleWorkspace;
    type Error = ApiError;

    async fn load(&self, ids: &[WorkspaceId]) -> Result<HashMap<WorkspaceId, VisibleWorkspace>, ApiError> {
        let Reader { services, viewer } = &self.0;
        let found = services.find_workspaces(viewer, ids).await?;
        Ok(found.into_iter().map(|visible| (visible.workspace.id.clone(), visible)).collect())
    }
}

impl Loader<WorkspaceGroupId> for Groups {
    type Value = WorkspaceGroup;
    type Error = ApiError;

    async fn load(&self, ids: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, WorkspaceGroup>, ApiError> {
        let Reader { services, viewer } = &self.0;
        let found = services.find_groups(viewer, ids).await?;
        Ok(found.into_iter().map(|group| (group.id.clone(), group)).collect())
    }
}

impl Loader<WorkspaceGroupId> for GroupUsers {
    type Value = Vec<GroupUser>;
    type Error = ApiError;

    async fn load(&self, groups: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, Vec<GroupUser>>, ApiError> {
        Ok(gather(self.0.services.list_group_users(groups).await?))
    }
}

impl Loader<WorkspaceGroupId> for GroupBindings {
    type Value = RoleBinding;
    type Error = ApiError;

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

impl Loader<GroupPage> for GroupWorkspaces {
    type Value = Paged<VisibleWorkspace>;
    type Error = ApiError;

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
