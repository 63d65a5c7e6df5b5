//! Workspaces, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject};

use super::connection::{connection, found};
use super::direct::Direct;
use super::enums::{RoleType, WorkspaceState};
use super::group::WorkspaceGroup;
use super::plain::object;
use super::scalars::{TagsText, Time};
use crate::domain::page::{Cursor, ListKind, Page, Paged};
use crate::domain::profile_text::Label;
use crate::domain::workspace as domain;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::GroupList;

/// A workspace that is visible to the caller.
pub struct Workspace(Arc<domain::VisibleWorkspace>);

impl From<Arc<domain::VisibleWorkspace>> for Workspace {
    fn from(visible: Arc<domain::VisibleWorkspace>) -> Self {
        Self(visible)
    }
}

object! {
    /// A workspace of the domain. It is visible to admins of the domain, and to users to whom a role binding grants access.
    Workspace, self {
        /// The id of the workspace, with the prefix `workspace-`.
        pub(super) id: ID = self.0.workspace.id.as_str().into();

        /// The id of the workspace; the same value as `id`.
        workspace_id: &str = self.0.workspace.id.as_str();

        /// The name of the workspace.
        name: &str = self.0.workspace.name.as_str();

        /// The state of the workspace. Always ENABLED, because no other workspace is visible.
        state: WorkspaceState = self.0.workspace.state.into();

        /// The id of your role in the workspace, over all of your role bindings to it: `WORKSPACE_OWNER` precedes
        /// `WORKSPACE_MEMBER`, then the binding created first. Null for an admin without a binding.
        role_id: Option<&str> = self.0.role.as_ref().map(|role| role.role_id.as_str());

        /// The type of your role in the workspace (see `roleId`). Null for an admin without a role binding.
        role_type: Option<RoleType> = self.0.role.as_ref().map(|role| role.role_type.into());

        /// The name of your role in the workspace (see `roleId`). Null if the role no longer exists, although the binding
        /// stays valid, and for an admin without a role binding.
        role_name: Option<&str> = self.0.role.as_ref().and_then(|role| role.role_name.as_ref()).map(Label::as_str);

        /// The user id of the user who created the workspace. Null if unknown.
        created_by: Option<&str> = self.0.workspace.created_by.as_ref().map(Label::as_str);

        /// The id of the workspace in the external system that manages it. Null if there is none.
        reference_id: Option<&str> = self.0.workspace.reference_id.as_ref().map(Label::as_str);

        /// True if an external system manages the workspace and synchronizes it.
        is_managed: bool = self.0.workspace.is_managed;

        /// True if the workspace is dormant: it is no longer actively used, but still visible.
        is_dormant: bool = self.0.workspace.is_dormant;

        /// The id of the domain that the workspace belongs to.
        domain_id: &str = self.0.workspace.domain_id.as_str();

        /// The time when the workspace was created.
        created_at: Time = Time(self.0.workspace.created_at);

        /// The time of the last synchronization with the external system. Null if there was none.
        last_synced_at: Option<Time> = self.0.workspace.last_synced_at.map(Time);

        /// The time when `isDormant` last changed. Null if it never did.
        dormant_updated_at: Option<Time> = self.0.workspace.dormant_updated_at.map(Time);
    }
    loaded {
        /// The tags of the workspace, a JSON object with sorted keys. Empty if there are none.
        tags: Arc<TagsText> = workspace_tags[Some(self.0.workspace.id.clone())] => Option::unwrap_or_default;
    }
    loaded nullable {
        /// The workspace group that the workspace belongs to. Null if it belongs to none, or to one that is not visible
        /// to you.
        workspace_group: Direct<WorkspaceGroup> = groups[self.0.workspace.workspace_group_id.clone()] => |group| {
            Direct(WorkspaceGroup::from(group))
        };
    }
}

/// The conditions of a list of workspaces. A workspace must match all conditions that are given.
#[derive(InputObject, Default)]
pub struct WorkspaceFilter {
    /// A part of the name. Compared by full Unicode case folding; `%` and `_` match themselves.
    name_contains: Option<String>,
    /// The required value of `Workspace.isManaged`.
    is_managed: Option<bool>,
    /// The required value of `Workspace.isDormant`.
    is_dormant: Option<bool>,
    /// The required value of `Workspace.roleType`.
    role_type: Option<RoleType>,
}

impl WorkspaceFilter {
    pub(super) fn parse(self) -> Result<domain::WorkspaceFilter, ApiError> {
        let part = self.name_contains.map(|part| domain::WorkspaceFilter::name_part(&part)).transpose();
        Ok(domain::WorkspaceFilter {
            name_contains: part.map_err(|invalid| ApiError::bad_input("filter.nameContains", &invalid))?,
            is_managed: self.is_managed,
            is_dormant: self.is_dormant,
            role_type: self.role_type.map(Into::into),
        })
    }
}

/// A workspace and its position in a list.
pub struct WorkspaceEdge(Arc<domain::VisibleWorkspace>);

object! {
    /// A workspace and its position in a list. On a list for one workspace group, the role fields describe your role
    /// through that group; on any other list, they have the same values as those of the workspace.
    WorkspaceEdge, self {
        /// The workspace at this position.
        node: Direct<Workspace> = Direct(self.0.clone().into());

        /// An opaque cursor of this position, for `after` or `before`.
        cursor: String = cursor(&self.0);

        /// The id of your role in the workspace, through the group if the list is for one group. Null if you have none.
        role_id: Option<&str> = self.0.listed_role.as_ref().map(|role| role.role_id.as_str());

        /// The type of your role in the workspace, through the group if the list is for one group. Null if you have none.
        role_type: Option<RoleType> = self.0.listed_role.as_ref().map(|role| role.role_type.into());

        /// The name of the role in `roleId`. Null if you have none, or if the role no longer exists.
        role_name: Option<&str> =
            self.0.listed_role.as_ref().and_then(|role| role.role_name.as_ref()).map(Label::as_str);
    }
}

impl From<Arc<domain::VisibleWorkspace>> for WorkspaceEdge {
    fn from(visible: Arc<domain::VisibleWorkspace>) -> Self {
        Self(visible)
    }
}

fn cursor(visible: &Arc<domain::VisibleWorkspace>) -> String {
    let workspace = &visible.workspace;
    let cursor = Cursor { sort_key: workspace.name.as_str().to_owned(), id: workspace.id.to_string() };
    cursor.encode(ListKind::Workspaces)
}

connection! {
    /// A page of a list of workspaces, ordered by name, then id, compared byte by byte.
    WorkspaceConnection { edge: WorkspaceEdge, node: Workspace, cursor: cursor, list: WorkspaceList }
}

/// The list of workspaces that a connection reads.
pub(super) enum WorkspaceList {
    /// All workspaces that are visible to the caller.
    Visible(domain::WorkspaceFilter),
    /// Those that are visible through a group.
    Through(GroupList),
    /// No workspaces: the id of the group is malformed.
    Empty,
}

impl WorkspaceList {
    async fn read(
        &self,
        ctx: &Context<'_>,
        page: &Page,
    ) -> Result<Arc<Paged<Arc<domain::VisibleWorkspace>>>, ApiError> {
        let loaders = context::loaders(ctx)?;
        let read = match self {
            Self::Visible(filter) => loaders.workspace_pages.get((filter.clone(), page.clone())).await?,
            Self::Through(list) => loaders.group_workspaces.get((list.clone(), page.clone())).await?,
            Self::Empty => None,
        };
        Ok(found(read))
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        let loaders = context::loaders(ctx)?;
        let total = match self {
            Self::Visible(filter) => loaders.workspace_totals.get(filter.clone()).await?,
            Self::Through(list) => loaders.group_totals.get(list.clone()).await?,
            Self::Empty => None,
        };
        Ok(total.map_or(0, |total| *total))
    }
}
