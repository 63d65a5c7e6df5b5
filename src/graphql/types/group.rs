//! Workspace groups, their users, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, ID};

use super::connection::{PageArguments, connection, found};
use super::direct::{Direct, List};
use super::enums::{ResourceGroup, RoleType, UserState};
use super::plain::object;
use super::scalars::{TagsText, Time};
use super::workspace::{WorkspaceConnection, WorkspaceFilter, WorkspaceList};
use crate::domain::ids::{RoleId, WorkspaceGroupId, WorkspaceId};
use crate::domain::page::{Cursor, ListKind, Page, Paged};
use crate::domain::profile_text::{Label, Name};
use crate::domain::workspace as domain;
use crate::graphql::context;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::GroupList;

/// A workspace group that is visible to the caller.
pub struct WorkspaceGroup(Arc<domain::ListedGroup>);

impl From<Arc<domain::ListedGroup>> for WorkspaceGroup {
    fn from(group: Arc<domain::ListedGroup>) -> Self {
        Self(group)
    }
}

object! {
    /// A group of workspaces, with the users who have a role through it. It is visible to admins of its domain and to its
    /// users.
    WorkspaceGroup, self {
        /// The id of the workspace group, with the prefix `wg-`.
        pub(super) id: ID = self.0.id.as_str().into();

        /// The id of the workspace group; the same value as `id`.
        workspace_group_id: &str = self.0.id.as_str();

        /// The name of the workspace group.
        name: &str = self.0.name.as_str();

        /// The user id of the user who created the group. Null if unknown.
        created_by: Option<&str> = self.0.created_by.as_ref().map(Label::as_str);

        /// The user id of the user who last changed the group. Null if unknown.
        updated_by: Option<&str> = self.0.updated_by.as_ref().map(Label::as_str);

        /// The id of the domain that the group belongs to.
        domain_id: &str = self.0.domain_id.as_str();

        /// The time when the group was created.
        created_at: Time = Time(self.0.created_at);

        /// The time when the group was last changed. Null if unknown.
        updated_at: Option<Time> = self.0.updated_at.map(Time);
    }
    loaded {
        /// The users of the group, ordered by user id.
        users: List<WorkspaceGroupUser> = group_users[Some(self.0.id.clone())] => to_users;

        /// The tags of the group, a JSON object with sorted keys. Empty if there are none.
        tags: Arc<TagsText> = group_tags[Some(self.0.id.clone())] => Option::unwrap_or_default;
    }
    loaded nullable {
        /// Your role binding through this group to an ENABLED workspace. If there are several, `WORKSPACE_OWNER`
        /// precedes `WORKSPACE_MEMBER`, then the one created first. Null if you have none.
        role_binding_info: Direct<RoleBindingInfo> = group_bindings[Some(self.0.id.clone())] => |binding| {
            Direct(RoleBindingInfo(binding))
        };
    }
    resolved {
        /// The ENABLED workspaces of the group: all of them for an admin; for any other user, those to which a role binding
        /// created through this group grants access. Ordered by name, then id.
        #[expect(clippy::unused_async, reason = "the macro takes nothing else")]
        async fn workspaces(
            &self,
            #[graphql(desc = "The conditions that every workspace in the list must match.")] filter: Option<
                WorkspaceFilter,
            >,
            #[graphql(desc = "The number of items from the start, 0 to 500; 50 if neither `first` nor `last` is given.")]
            first: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items after it are returned.")] after: Option<String>,
            #[graphql(desc = "The number of items from the end, 0 to 500; not together with `first`.")] last: Option<i32>,
            #[graphql(desc = "A cursor of this list; only items before it are returned.")] before: Option<String>,
        ) -> Result<Direct<WorkspaceConnection>, ApiError> {
            let page = PageArguments { first, after, last, before }.parse(ListKind::Workspaces)?;
            let through = GroupList { group: self.0.id.clone(), filter: filter.unwrap_or_default().parse()? };
            Ok(Direct(WorkspaceConnection { list: WorkspaceList::Through(through), page }))
        }
    }
}

impl WorkspaceGroup {
    /// The group with this id, if it is visible to the caller.
    pub(in crate::graphql) async fn find(ctx: &Context<'_>, id: WorkspaceGroupId) -> Result<Option<Self>, ApiError> {
        Ok(context::loaders(ctx)?.groups.get(id).await?.map(Self))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what a loader found")]
fn to_users(users: Option<Arc<Vec<Arc<domain::GroupUser>>>>) -> List<WorkspaceGroupUser> {
    List(users.iter().flat_map(|users| users.iter()).cloned().map(WorkspaceGroupUser).collect())
}

/// A user of a workspace group.
pub struct WorkspaceGroupUser(Arc<domain::GroupUser>);

object! {
    /// A user of a workspace group, with the role that the user has through the group.
    WorkspaceGroupUser, self {
        /// The user id, which is the login name.
        user_id: &str = self.0.login.as_str();

        /// The name of the user. Null if the user has no name or no longer exists.
        user_name: Option<&str> = self.0.name.as_ref().map(Name::as_str);

        /// The state of the user's account. Null if the user no longer exists.
        state: Option<UserState> = self.0.state.map(Into::into);

        /// The id of the role that the user has through the group. Null if none is stored.
        role_id: Option<&str> = self.0.role_id.as_ref().map(RoleId::as_str);

        /// The type of the role that the user has through the group. Null if none is stored.
        role_type: Option<RoleType> = self.0.role_type.map(Into::into);
    }
}

/// A role binding of the caller.
pub struct RoleBindingInfo(Arc<domain::RoleBinding>);

object! {
    /// A role binding: a record that grants a user a role in a workspace or domain.
    RoleBindingInfo, self {
        /// The id of the role binding, with the prefix `rb-`.
        id: ID = self.0.id.as_str().into();

        /// The id of the role binding; the same value as `id`.
        role_binding_id: &str = self.0.id.as_str();

        /// The user id of the user who has the role.
        user_id: &str = self.0.login.as_str();

        /// The id of the role that the binding grants.
        role_id: &str = self.0.role_id.as_str();

        /// The role type of the binding. It decides what the binding grants.
        role_type: RoleType = self.0.role_type.into();

        /// The scope of the binding: a workspace or the domain.
        resource_group: ResourceGroup = self.0.resource_group.into();

        /// The id of the workspace that the binding grants access to. Null for a binding to the domain.
        workspace_id: Option<&str> = self.0.workspace_id.as_ref().map(WorkspaceId::as_str);

        /// The id of the workspace group through which the binding was created. Null if it was created directly.
        workspace_group_id: Option<&str> = self.0.workspace_group_id.as_ref().map(WorkspaceGroupId::as_str);

        /// The id of the domain that the binding belongs to.
        domain_id: &str = self.0.domain_id.as_str();

        /// The time when the binding was created.
        created_at: Time = Time(self.0.created_at);
    }
}

/// A workspace group and its position in a list.
pub struct WorkspaceGroupEdge(Arc<domain::ListedGroup>);

object! {
    /// A workspace group and its position in a list.
    WorkspaceGroupEdge, self {
        /// The workspace group at this position.
        node: Direct<WorkspaceGroup> = Direct(self.0.clone().into());

        /// An opaque cursor of this position, for `after` or `before`.
        cursor: String = cursor(&self.0);
    }
}

impl From<Arc<domain::ListedGroup>> for WorkspaceGroupEdge {
    fn from(group: Arc<domain::ListedGroup>) -> Self {
        Self(group)
    }
}

fn cursor(group: &Arc<domain::ListedGroup>) -> String {
    let cursor = Cursor { sort_key: group.name.as_str().to_owned(), id: group.id.to_string() };
    cursor.encode(ListKind::WorkspaceGroups)
}

connection! {
    /// A page of a list of workspace groups, ordered by name, then id, compared byte by byte.
    WorkspaceGroupConnection { edge: WorkspaceGroupEdge, node: WorkspaceGroup, cursor: cursor, list: WorkspaceGroupList }
}

/// All groups that are visible to the caller.
pub(super) struct WorkspaceGroupList;

impl WorkspaceGroupList {
    async fn read(&self, ctx: &Context<'_>, page: &Page) -> Result<Arc<Paged<Arc<domain::ListedGroup>>>, ApiError> {
        Ok(found(context::loaders(ctx)?.group_pages.get(page.clone()).await?))
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i64, ApiError> {
        Ok(context::loaders(ctx)?.group_total.get(()).await?.map_or(0, |total| *total))
    }
}
