//! The workspaces and groups that a caller sees. The storage layer applies the visibility rules; this module only
//! queries it, for many entities at once.

use super::{Failure, Services};
use crate::domain::access::Visibility;
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Page, Paged};
use crate::domain::workspace::{GroupUser, ListedGroup, RoleBinding, VisibleWorkspace, WorkspaceFilter};
use crate::storage::{groups, tags, visible};

pub use tags::Found as FoundTags;

/// Defines methods of [`Services`] that query the storage layer, each with the function that it queries.
macro_rules! queries {
    ($($(#[$doc:meta])+ $name:ident($($argument:ident: $type:ty),+) -> $result:ty = $query:path;)+) => {
        impl Services {
            $(
                $(#[$doc])+
                pub async fn $name(&self, $($argument: $type),+) -> Result<$result, Failure> {
                    self.read_list(|db| $query(db, $($argument),+)).await
                }
            )+
        }
    };
}

queries! {
    /// A page of the workspaces that `visibility` allows.
    list_workspaces(visibility: &Visibility, filter: &WorkspaceFilter, page: &Page)
        -> Paged<VisibleWorkspace> = visible::list;

    /// The same page of the workspaces of each of `groups`, as pairs of group and workspace, each group's in list
    /// order, and one more than the page holds if there are more. If there are more than `most` pairs in total, `most`
    /// + one.
    list_workspaces_through(
        visibility: &Visibility, groups: &[WorkspaceGroupId], filter: &WorkspaceFilter, page: &Page, most: usize
    ) -> Vec<(WorkspaceGroupId, VisibleWorkspace)> = visible::list_through;

    /// How many workspaces `visibility` allows.
    count_workspaces(visibility: &Visibility, filter: &WorkspaceFilter) -> i64 = visible::count;

    /// How many workspaces `visibility` allows through each of `groups`. Groups without any are omitted.
    count_workspaces_through(visibility: &Visibility, groups: &[WorkspaceGroupId], filter: &WorkspaceFilter)
        -> Vec<(WorkspaceGroupId, i64)> = visible::count_through;

    /// Those of `ids` that `visibility` allows.
    find_workspaces(visibility: &Visibility, ids: &[WorkspaceId]) -> Vec<VisibleWorkspace> = visible::find_many;

    /// A page of the groups that `visibility` allows.
    list_groups(visibility: &Visibility, page: &Page) -> Paged<ListedGroup> = groups::list_visible;

    /// How many groups `visibility` allows.
    count_groups(visibility: &Visibility) -> i64 = groups::count_visible;

    /// Those of `ids` that `visibility` allows.
    find_groups(visibility: &Visibility, ids: &[WorkspaceGroupId]) -> Vec<ListedGroup> = groups::find_visible;

    /// The users of groups that were returned to the caller. If there are more than `most`, `most` + one.
    list_group_users(groups: &[WorkspaceGroupId], most: usize)
        -> Vec<(WorkspaceGroupId, GroupUser)> = groups::list_users;

    /// How many users the groups that were returned to the caller have in total. If there are more than `most`, `most`
    /// + one.
    count_group_users(groups: &[WorkspaceGroupId], most: usize) -> usize = groups::count_users;

    /// The tags of workspaces that were returned to the caller, up to `bytes` bytes in total.
    find_workspace_tags(ids: &[WorkspaceId], bytes: usize) -> Vec<FoundTags> = tags::of_workspaces;

    /// The tags of groups that were returned to the caller, up to `bytes` bytes in total.
    find_group_tags(ids: &[WorkspaceGroupId], bytes: usize) -> Vec<FoundTags> = tags::of_groups;

    /// The caller's own binding through each of `groups`, if any.
    find_bindings_through(visibility: &Visibility, groups: &[WorkspaceGroupId])
        -> Vec<RoleBinding> = visible::bindings_through;
}
