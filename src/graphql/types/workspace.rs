//! Workspaces, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use super::connection::{connection, found};
use super::enums::{RoleType, WorkspaceState};
use super::group::WorkspaceGroup;
use super::scalars::{TagsText, Time};
use crate::domain::page::{Cursor, ListKind, Page, Paged};
use crate::domain::profile_text::Label;
use crate::domain::workspace as domain;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::GroupList;

/// A workspace that the caller sees.
pub struct Workspace(Arc<domain::VisibleWorkspace>);

impl From<Arc<domain::VisibleWorkspace>> for Workspace {
    fn from(visible: Arc<domain::VisibleWorkspace>) -> Self {
        Self(visible)
    }
}

/// A workspace. You see it as an administrator of its domain, or because a role binding ties you to it.
#[Object]
impl Workspace {
    /// The workspace's id; it begins with `workspace-`.
    pub(super) async fn id(&self) -> ID {
        self.0.workspace.id.as_str().into()
    }

    /// The same as `id`.
    async fn workspace_id(&self) -> &str {
        self.0.workspace.id.as_str()
    }

    /// What the workspace is called.
    async fn name(&self) -> &str {
        self.0.workspace.name.as_str()
    }

    /// Where the workspace stands; only ENABLED ones are shown.
    async fn state(&self) -> WorkspaceState {
        self.0.workspace.state.into()
    }

    /// The role you have in it, over all your bindings to it: OWNER before MEMBER, then the binding made first. Null for
    /// an administrator who has none.
    async fn role_id(&self) -> Option<&str> {
        self.0.role.as_ref().map(|role| role.role_id.as_str())
    }

    /// What your binding makes of you in it.
    async fn role_type(&self) -> Option<RoleType> {
        self.0.role.as_ref().map(|role| role.role_type.into())
    }

    /// What your role is called. Null where the role is gone, though the binding still counts.
    async fn role_name(&self) -> Option<&str> {
        self.0.role.as_ref().and_then(|role| role.role_name.as_ref()).map(Label::as_str)
    }

    /// What was noted about the workspace.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Arc<TagsText>, ApiError> {
        // Where the workspace was deleted meanwhile, it had none.
        Ok(context::loaders(ctx)?.workspace_tags.get(self.0.workspace.id.clone()).await?.unwrap_or_default())
    }

    /// The user id of whoever made the workspace.
    async fn created_by(&self) -> Option<&str> {
        self.0.workspace.created_by.as_ref().map(Label::as_str)
    }

    /// What the workspace is called in the system that manages it.
    async fn reference_id(&self) -> Option<&str> {
        self.0.workspace.reference_id.as_ref().map(Label::as_str)
    }

    /// Whether the workspace is kept in step with another system.
    async fn is_managed(&self) -> bool {
        self.0.workspace.is_managed
    }

    /// Whether the workspace is no longer in use.
    async fn is_dormant(&self) -> bool {
        self.0.workspace.is_dormant
    }

    /// The domain the workspace belongs to.
    async fn domain_id(&self) -> &str {
        self.0.workspace.domain_id.as_str()
    }

    /// When the workspace was made.
    async fn created_at(&self) -> Time {
        Time(self.0.workspace.created_at)
    }

    /// When the workspace was last brought in step with the system that manages it.
    async fn last_synced_at(&self) -> Option<Time> {
        self.0.workspace.last_synced_at.map(Time)
    }

    /// When the workspace became dormant, or ceased to be.
    async fn dormant_updated_at(&self) -> Option<Time> {
        self.0.workspace.dormant_updated_at.map(Time)
    }

    /// The group the workspace belongs to. Null if it belongs to none, or to one that you do not see.
    async fn workspace_group(&self, ctx: &Context<'_>) -> Option<Result<WorkspaceGroup, ApiError>> {
        let id = self.0.workspace.workspace_group_id.clone()?;
        WorkspaceGroup::find(ctx, id).await.transpose()
    }
}

/// Which workspaces of a list are wanted; all that is given must hold.
#[derive(InputObject, Default)]
pub struct WorkspaceFilter {
    /// Part of the name, compared by full Unicode case folding; `%` and `_` stand for themselves.
    name_contains: Option<String>,
    /// Whether it is managed.
    is_managed: Option<bool>,
    /// Whether it is dormant.
    is_dormant: Option<bool>,
    /// What you are in it (see `Workspace.roleType`).
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

/// A workspace and its place in a list.
pub struct WorkspaceEdge {
    node: Workspace,
}

impl From<Arc<domain::VisibleWorkspace>> for WorkspaceEdge {
    fn from(visible: Arc<domain::VisibleWorkspace>) -> Self {
        Self { node: visible.into() }
    }
}

impl WorkspaceEdge {
    pub(super) fn cursor(&self) -> String {
        let workspace = &self.node.0.workspace;
        let cursor = Cursor { sort_key: workspace.name.as_str().to_owned(), id: workspace.id.to_string() };
        cursor.encode(ListKind::Workspaces)
    }
}

/// A workspace's place in a list. On the list of a group, the role is the one that you have through that group; elsewhere
/// it is the workspace's own.
#[Object(name = "WorkspaceEdge")]
impl WorkspaceEdge {
    /// The workspace.
    async fn node(&self) -> &Workspace {
        &self.node
    }

    /// Its place, to go on from.
    #[graphql(name = "cursor")]
    async fn encoded_cursor(&self) -> String {
        self.cursor()
    }

    /// The role you have in the workspace by way of this list.
    async fn role_id(&self) -> Option<&str> {
        self.node.0.listed_role.as_ref().map(|role| role.role_id.as_str())
    }

    /// What the binding behind it makes of you.
    async fn role_type(&self) -> Option<RoleType> {
        self.node.0.listed_role.as_ref().map(|role| role.role_type.into())
    }

    /// What that role is called. Null where the role is gone.
    async fn role_name(&self) -> Option<&str> {
        self.node.0.listed_role.as_ref().and_then(|role| role.role_name.as_ref()).map(Label::as_str)
    }
}

connection! {
    /// A page of a list of workspaces, in the order of their names, then ids, byte by byte.
    WorkspaceConnection { edge: WorkspaceEdge, node: Workspace, list: WorkspaceList }
}

/// Which list of workspaces it is.
pub(super) enum WorkspaceList {
    /// All that the caller sees.
    Seen(domain::WorkspaceFilter),
    /// Those through a group.
    Through(GroupList),
    /// Those through a group that cannot be.
    Nothing,
}

impl WorkspaceList {
    async fn read(
        &self,
        ctx: &Context<'_>,
        page: &Page,
    ) -> Result<Arc<Paged<Arc<domain::VisibleWorkspace>>>, ApiError> {
        let loaders = context::loaders(ctx)?;
        let read = match self {
            Self::Seen(filter) => loaders.workspace_pages.get((filter.clone(), page.clone())).await?,
            Self::Through(list) => loaders.group_workspaces.get((list.clone(), page.clone())).await?,
            Self::Nothing => None,
        };
        Ok(found(read))
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        let loaders = context::loaders(ctx)?;
        let total = match self {
            Self::Seen(filter) => loaders.workspace_totals.get(filter.clone()).await?,
            Self::Through(list) => loaders.group_totals.get(list.clone()).await?,
            Self::Nothing => None,
        };
        Ok(total.map_or(0, |total| *total))
    }
}
