//! Workspace groups, their users, and lists of them.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::connection::{PageArguments, connection};
use super::enums::{ResourceGroup, RoleType, UserState};
use super::scalars::{JsonObject, Time};
use super::workspace::{WorkspaceConnection, WorkspaceFilter};
use crate::domain::ids::{RoleId, WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Cursor, ListKind, Paged};
use crate::domain::profile_text::{Label, Name};
use crate::domain::workspace as domain;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::GroupList;

/// A workspace group that the caller sees.
pub struct WorkspaceGroup(pub(in crate::graphql) domain::WorkspaceGroup);

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
    async fn users(&self, ctx: &Context<'_>) -> Result<Vec<WorkspaceGroupUser>, ApiError> {
        let users = context::loaders(ctx)?.group_users.get(self.0.id.clone()).await?;
        Ok(users.unwrap_or_default().into_iter().map(Into::into).collect())
    }

    /// What was noted about the group.
    async fn tags(&self) -> JsonObject {
        JsonObject::from(&self.0.tags)
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
    async fn workspaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<WorkspaceFilter>,
        #[graphql(desc = "The first so many, from 0 to 500; 50 if neither `first` nor `last` is given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, from 0 to 500; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<WorkspaceConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.parse(ListKind::Workspaces)?;
        let wanted = GroupList { group: self.0.id.clone(), filter: filter.unwrap_or_default().parse()? };
        WorkspaceConnection::through(ctx, wanted, page).await
    }
}

impl WorkspaceGroup {
    /// The group with this id, if the caller sees it.
    pub(in crate::graphql) async fn find(ctx: &Context<'_>, id: WorkspaceGroupId) -> Result<Option<Self>, ApiError> {
        Ok(context::loaders(ctx)?.groups.get(id).await?.map(Self))
    }
}

async fn find_binding(ctx: &Context<'_>, group: &WorkspaceGroupId) -> Result<Option<RoleBindingInfo>, ApiError> {
    Ok(context::loaders(ctx)?.group_bindings.get(group.clone()).await?.map(Into::into))
}

/// A user of a workspace group.
#[derive(SimpleObject)]
pub struct WorkspaceGroupUser {
    /// What the user signs in with.
    user_id: String,
    /// What the user is called. Null where they have no name, or are gone.
    user_name: Option<String>,
    /// Where the user stands. Null where they are gone.
    state: Option<UserState>,
    /// The role the user has through the group.
    role_id: Option<String>,
    /// What that role makes of the user.
    role_type: Option<RoleType>,
}

impl From<domain::GroupUser> for WorkspaceGroupUser {
    fn from(user: domain::GroupUser) -> Self {
        Self {
            user_id: user.login.as_str().to_owned(),
            user_name: user.name.as_ref().map(Name::as_str).map(str::to_owned),
            state: user.state.map(Into::into),
            role_id: user.role_id.as_ref().map(RoleId::as_str).map(str::to_owned),
            role_type: user.role_type.map(Into::into),
        }
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

impl From<domain::RoleBinding> for RoleBindingInfo {
    fn from(binding: domain::RoleBinding) -> Self {
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
    pub(super) node: WorkspaceGroup,
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
    WorkspaceGroupConnection { edge: WorkspaceGroupEdge, node: WorkspaceGroup, total: WorkspaceGroupTotal }
}

/// All groups that the caller sees.
pub(super) struct WorkspaceGroupTotal;

impl WorkspaceGroupTotal {
    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(context::services(ctx)?.count_groups(&context::caller(ctx)?.viewer()).await?)
    }
}

impl WorkspaceGroupConnection {
    pub(super) fn new(page: Paged<domain::WorkspaceGroup>) -> Self {
        let edges = page.items.into_iter().map(|group| WorkspaceGroupEdge { node: WorkspaceGroup(group) });
        Self {
            edges: edges.collect(),
            has_previous: page.has_previous,
            has_next: page.has_next,
            total: WorkspaceGroupTotal,
        }
    }
}
