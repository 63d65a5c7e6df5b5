//! The loaders of workspace groups, of their users, and of their workspaces.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    GROUP_FIELDS, GroupBindings, GroupPages, GroupTotal, GroupTotals, GroupUsers, GroupWorkspaces, Groups, ITEM_FIELDS,
    Reader, USER_FIELDS, WORKSPACE_FIELDS, gather,
};
use crate::domain::ids::WorkspaceGroupId;
use crate::domain::page::{Page, Paged};
use crate::domain::workspace::{GroupUser, ListedGroup, RoleBinding, VisibleWorkspace, WorkspaceFilter};
use crate::graphql::dataloader::Load;
use crate::graphql::error::ApiError;

impl Load for Groups {
    type Key = WorkspaceGroupId;
    type Value = ListedGroup;

    /// If the list of groups is complete, no other group is visible.
    fn available(&self, id: &WorkspaceGroupId) -> Option<Option<Arc<ListedGroup>>> {
        let all = self.0.first_screen.groups.as_ref()?.all()?;
        Some(all.iter().find(|group| group.id == *id).cloned())
    }

    async fn load(&self, ids: &[WorkspaceGroupId]) -> Result<HashMap<WorkspaceGroupId, Self::Value>, ApiError> {
        let Reader { services, visibility, .. } = &*self.0;
        let found = self.0.settle(services.find_groups(visibility, ids).await)?;
        self.0.charge_rows(found.len(), GROUP_FIELDS)?;
        Ok(found.into_iter().map(|group| (group.id.clone(), group)).collect())
    }
}

impl Load for GroupPages {
    type Key = Page;
    type Value = Paged<Arc<ListedGroup>>;

    fn available(&self, page: &Page) -> Option<Option<Arc<Self::Value>>> {
        Some(Some(Arc::new(self.0.first_screen.groups.as_ref()?.page(page)?)))
    }

    async fn load(&self, pages: &[Page]) -> Result<HashMap<Page, Self::Value>, ApiError> {
        let Reader { services, visibility, .. } = &*self.0;
        let mut loaded = HashMap::with_capacity(pages.len());
        for page in pages {
            let read = self.0.settle(services.list_groups(visibility, page).await)?;
            self.0.charge_rows(read.items.len(), GROUP_FIELDS)?;
            loaded.insert(page.clone(), read.map(Arc::new));
        }
        Ok(loaded)
    }
}

impl Load for GroupTotal {
    type Key = ();
    type Value = i64;

    fn available(&self, (): &()) -> Option<Option<Arc<i64>>> {
        Some(Some(Arc::new(self.0.first_screen.groups.as_ref()?.total()?)))
    }

    async fn load(&self, _: &[()]) -> Result<HashMap<(), i64>, ApiError> {
        let Reader { services, visibility, .. } = &*self.0;
        Ok(HashMap::from([((), self.0.settle(services.count_groups(visibility).await)?)]))
    }
}

type UserOfGroup = (WorkspaceGroupId, GroupUser);

impl Load for GroupUsers {
    type Key = WorkspaceGroupId;
    type Value = Vec<Arc<GroupUser>>;

    fn available(&self, group: &WorkspaceGroupId) -> Option<Option<Arc<Self::Value>>> {
        Some(Some(self.0.first_screen.users.get(group)?.clone()))
    }

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
        let Reader { services, visibility, .. } = &*self.0;
        let found = self.0.settle(services.find_bindings_through(visibility, groups).await)?;
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
        let Reader { services, visibility, .. } = &*self.0;
        let mut loaded = HashMap::with_capacity(keys.len());
        let asked = keys.iter().map(|(list, page)| ((&list.filter, page), list.group.clone()));
        for ((filter, page), groups) in gather(asked) {
            let most = self.0.rows_left(WORKSPACE_FIELDS);
            let asked = groups.len().saturating_mul(page.size);
            self.0.work.expect(asked.saturating_mul(WORKSPACE_FIELDS + ITEM_FIELDS)).await;
            let read =
                self.0.settle(services.list_workspaces_through(visibility, &groups, filter, page, most).await)?;
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
        let Reader { services, visibility, .. } = &*self.0;
        let mut loaded = HashMap::with_capacity(lists.len());
        for (filter, groups) in gather(lists.iter().map(|list| (&list.filter, list.group.clone()))) {
            let counted = self.0.settle(services.count_workspaces_through(visibility, &groups, filter).await)?;
            loaded
                .extend(counted.into_iter().map(|(group, total)| (GroupList { group, filter: filter.clone() }, total)));
        }
        Ok(loaded)
    }
}
