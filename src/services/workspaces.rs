//! The workspaces and groups that a caller sees. The storage layer applies the visibility rules; this module only
//! queries it, for many entities at once.

use super::{Failure, Services};
use crate::domain::access::Visibility;
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Page, Paged};
use crate::domain::workspace::{GroupUser, ListedGroup, RoleBinding, VisibleWorkspace, WorkspaceFilter};
use crate::storage::{groups, tags, visible};

pub use tags::Found as FoundTags;

impl Services {
    /// A page of the workspaces that `visibility` allows.
    pub async fn list_workspaces(
        &self,
        visibility: &Visibility,
        filter: &WorkspaceFilter,
        page: &Page,
    ) -> Result<Paged<VisibleWorkspace>, Failure> {
        Ok(visible::list(&self.db, visibility, filter, page).await?)
    }

    /// The same page of the workspaces of each of `groups`, as pairs of group and workspace, each group's in list
    /// order, and one more than the page holds if there are more. If there are more than `most` pairs in total, `most`
    /// + one.
    pub async fn list_workspaces_through(
        &self,
        visibility: &Visibility,
        groups: &[WorkspaceGroupId],
        filter: &WorkspaceFilter,
        page: &Page,
        most: usize,
    ) -> Result<Vec<(WorkspaceGroupId, VisibleWorkspace)>, Failure> {
        Ok(visible::list_through(&self.db, visibility, groups, filter, page, most).await?)
    }

    /// How many workspaces `visibility` allows.
    pub async fn count_workspaces(&self, visibility: &Visibility, filter: &WorkspaceFilter) -> Result<i64, Failure> {
        Ok(visible::count(&self.db, visibility, filter).await?)
    }

    /// How many workspaces `visibility` allows through each of `groups`. Groups without any are omitted.
    pub async fn count_workspaces_through(
        &self,
        visibility: &Visibility,
        groups: &[WorkspaceGroupId],
        filter: &WorkspaceFilter,
    ) -> Result<Vec<(WorkspaceGroupId, i64)>, Failure> {
        Ok(visible::count_through(&self.db, visibility, groups, filter).await?)
    }

    /// Those of `ids` that `visibility` allows.
    pub async fn find_workspaces(
        &self,
        visibility: &Visibility,
        ids: &[WorkspaceId],
    ) -> Result<Vec<VisibleWorkspace>, Failure> {
        Ok(visible::find_many(&self.db, visibility, ids).await?)
    }

    /// A page of the groups that `visibility` allows.
    pub async fn list_groups(&self, visibility: &Visibility, page: &Page) -> Result<Paged<ListedGroup>, Failure> {
        Ok(groups::list_visible(&self.db, visibility, page).await?)
    }

    /// How many groups `visibility` allows.
    pub async fn count_groups(&self, visibility: &Visibility) -> Result<i64, Failure> {
        Ok(groups::count_visible(&self.db, visibility).await?)
    }

    /// Those of `ids` that `visibility` allows.
    pub async fn find_groups(
        &self,
        visibility: &Visibility,
        ids: &[WorkspaceGroupId],
    ) -> Result<Vec<ListedGroup>, Failure> {
        Ok(groups::find_visible(&self.db, visibility, ids).await?)
    }

    /// The users of groups that were returned to the caller. If there are more than `most`, `most` + one.
    pub async fn list_group_users(
        &self,
        groups: &[WorkspaceGroupId],
        most: usize,
    ) -> Result<Vec<(WorkspaceGroupId, GroupUser)>, Failure> {
        Ok(groups::list_users(&self.db, groups, most).await?)
    }

    /// How many users the groups that were returned to the caller have in total. If there are more than `most`, `most`
    /// + one.
    pub async fn count_group_users(&self, groups: &[WorkspaceGroupId], most: usize) -> Result<usize, Failure> {
        Ok(groups::count_users(&self.db, groups, most).await?)
    }

    /// The tags of workspaces that were returned to the caller, up to `bytes` bytes in total.
    pub async fn find_workspace_tags(&self, ids: &[WorkspaceId], bytes: usize) -> Result<Vec<FoundTags>, Failure> {
        Ok(tags::of_workspaces(&self.db, ids, bytes).await?)
    }

    /// The tags of groups that were returned to the caller, up to `bytes` bytes in total.
    pub async fn find_group_tags(&self, ids: &[WorkspaceGroupId], bytes: usize) -> Result<Vec<FoundTags>, Failure> {
        Ok(tags::of_groups(&self.db, ids, bytes).await?)
    }

    /// The caller's own binding through each of `groups`, if any.
    pub async fn find_bindings_through(
        &self,
        visibility: &Visibility,
        groups: &[WorkspaceGroupId],
    ) -> Result<Vec<RoleBinding>, Failure> {
        Ok(visible::bindings_through(&self.db, visibility, groups).await?)
    }
}
