//! Workspace groups, their users, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};

use super::connection::{PageArguments, connection, found};
use super::enums::{ResourceGroup, RoleType, UserState};
use super::in_order::InOrder;
use super::scalars::{TagsText, Time};
use super::workspace::{WorkspaceConnection, WorkspaceFilter, WorkspaceList};
use crate::domain::ids::{RoleId, WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Cursor, ListKind, Page, Paged};
use crate::domain::profile_text::{Label, Name};
use crate::domain::workspace as domain;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::GroupList;

/// A workspace group that the caller sees.
pub struct WorkspaceGroup(Arc<domain::ListedGroup>);

impl From<Arc<domain::ListedGroup>> for WorkspaceGroup {
    fn from(group: Arc<domain::ListedGroup>) -> Self {
        Self(group)
    }
}

/// A group of workspaces, with the users who come into them through it. You see it as an administrator of its domain, or
/// as one of its users.
#[Object]
impl WorkspaceGroup {
    /// The group's id; it begins with `wg-`.
    pub(super) async fn id(&self) -> ID {
        self.0.id.as_str().into()
    }

    /// The same as `id`.
    async fn workspace_group_id(&self) -> &str {
        self.0.id.as_str()
    }

    /// What the group is called.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The users of the group, in the order of their user ids.
    async fn users(&self, ctx: &Context<'_>) -> Result<InOrder<WorkspaceGroupUser>, ApiError> {
        let users = context::loaders(ctx)?.group_users.get(self.0.id.clone()).await?;
        Ok(InOrder(users.iter().flat_map(|users| users.iter()).cloned().map(WorkspaceGroupUser).collect()))
    }

    /// What was noted about the group.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Arc<TagsText>, ApiError> {
        // Where the group was deleted meanwhile, it had none.
        Ok(context::loaders(ctx)?.group_tags.get(self.0.id.clone()).await?.unwrap_or_default())
    }

    /// Your own binding through this group to a workspace in use: OWNER before MEMBER, then the one made first. Null if
    /// you have none.
    async fn role_binding_info(&self, ctx: &Context<'_>) -> Option<Result<RoleBindingInfo, ApiError>> {
        find_binding(ctx, &self.0.id).await.transpose()
    }

    /// The user id of whoever made the group.
    async fn created_by(&self) -> Option<&str> {
        self.0.created_by.as_ref().map(Label::as_str)
    }

    /// The user id of whoever last changed the group.
    async fn updated_by(&self) -> Option<&str> {
        self.0.updated_by.as_ref().map(Label::as_str)
    }

    /// The domain the group belongs to.
    async fn domain_id(&self) -> &str {
        self.0.domain_id.as_str()
    }

    /// When the group was made.
    async fn created_at(&self) -> Time {
        Time(self.0.created_at)
    }

    /// When the group was last changed.
    async fn updated_at(&self) -> Option<Time> {
        self.0.updated_at.map(Time)
    }

    /// The workspaces of the group: for an administrator all of them, for anyone else those that a binding made through
    /// this group ties them to.
    #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
    async fn workspaces(
        &self,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<WorkspaceFilter>,
        #[graphql(desc = "The first so many, from 0 to 500; 50 if neither `first` nor `last` is given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, from 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<WorkspaceConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.parse(ListKind::Workspaces)?;
        let through = GroupList { group: self.0.id.clone(), filter: filter.unwrap_or_default().parse()? };
        Ok(WorkspaceConnection { list: WorkspaceList::Through(through), page })
    }
}

impl WorkspaceGroup {
    /// The group with this id, if the caller sees it.
    pub(in crate::graphql) async fn find(ctx: &Context<'_>, id: WorkspaceGroupId) -> Result<Option<Self>, ApiError> {
        Ok(context::loaders(ctx)?.groups.get(id).await?.map(Self))
    }
}

async fn find_binding(ctx: &Context<'_>, group: &WorkspaceGroupId) -> Result<Option<RoleBindingInfo>, ApiError> {
    Ok(context::loaders(ctx)?.group_bindings.get(group.clone()).await?.map(|binding| (&*binding).into()))
}

/// A user of a workspace group.
pub struct WorkspaceGroupUser(Arc<domain::GroupUser>);

/// A user of a workspace group.
#[Object]
impl WorkspaceGroupUser {
    /// What the user signs in with.
    async fn user_id(&self) -> &str {
        self.0.login.as_str()
    }

    /// What the user is called. Null where they have no name, or are gone.
    async fn user_name(&self) -> Option<&str> {
        self.0.name.as_ref().map(Name::as_str)
    }

    /// Where the user stands. Null where they are gone.
    async fn state(&self) -> Option<UserState> {
        self.0.state.map(Into::into)
    }

    /// The role the user has through the group.
    async fn role_id(&self) -> Option<&str> {
        self.0.role_id.as_ref().map(RoleId::as_str)
    }

    /// What that role makes of the user.
    async fn role_type(&self) -> Option<RoleType> {
        self.0.role_type.map(Into::into)
    }
}

/// A role binding: what ties a user to a workspace.
#[derive(SimpleObject)]
pub struct RoleBindingInfo {
    /// The binding's id; it begins with `rb-`.
    id: ID,
    /// The same as `id`.
    role_binding_id: String,
    /// What the user it ties signs in with.
    user_id: String,
    /// The role.
    role_id: String,
    /// What the binding makes of the user.
    role_type: RoleType,
    /// What the binding reaches.
    resource_group: ResourceGroup,
    /// The workspace it ties to.
    workspace_id: Option<String>,
    /// The group through which it was made.
    workspace_group_id: Option<String>,
    /// The domain it belongs to.
    domain_id: String,
    /// When it was made.
    created_at: Time,
}

impl From<&domain::RoleBinding> for RoleBindingInfo {
    fn from(binding: &domain::RoleBinding) -> Self {
        Self {
            id: binding.id.as_str().into(),
            role_binding_id: binding.id.to_string(),
            user_id: binding.login.as_str().to_owned(),
            role_id: binding.role_id.to_string(),
            role_type: binding.role_type.into(),
            resource_group: binding.resource_group.into(),
            workspace_id: binding.workspace_id.as_ref().map(WorkspaceId::to_string),
            workspace_group_id: binding.workspace_group_id.as_ref().map(WorkspaceGroupId::to_string),
            domain_id: binding.domain_id.to_string(),
            created_at: Time(binding.created_at),
        }
    }
}

/// A group and its place in a list.
pub struct WorkspaceGroupEdge {
    node: WorkspaceGroup,
}

impl From<Arc<domain::ListedGroup>> for WorkspaceGroupEdge {
    fn from(group: Arc<domain::ListedGroup>) -> Self {
        Self { node: group.into() }
    }
}

impl WorkspaceGroupEdge {
    pub(super) fn cursor(&self) -> String {
        let group = &self.node.0;
        Cursor { sort_key: group.name.as_str().to_owned(), id: group.id.to_string() }.encode(ListKind::WorkspaceGroups)
    }
}

/// A workspace group's place in a list.
#[Object(name = "WorkspaceGroupEdge")]
impl WorkspaceGroupEdge {
    /// The group.
    async fn node(&self) -> &WorkspaceGroup {
        &self.node
    }

    /// Its place, to go on from.
    #[graphql(name = "cursor")]
    async fn encoded_cursor(&self) -> String {
        self.cursor()
    }
}

connection! {
    /// A page of a list of workspace groups, in the order of their names, then ids, byte by byte.
    WorkspaceGroupConnection { edge: WorkspaceGroupEdge, node: WorkspaceGroup, list: WorkspaceGroupList }
}

/// All groups that the caller sees.
pub(super) struct WorkspaceGroupList;

impl WorkspaceGroupList {
    async fn read(&self, ctx: &Context<'_>, page: &Page) -> Result<Arc<Paged<Arc<domain::ListedGroup>>>, ApiError> {
        Ok(found(context::loaders(ctx)?.group_pages.get(page.clone()).await?))
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(context::loaders(ctx)?.group_total.get(()).await?.map_or(0, |total| *total))
    }
}
