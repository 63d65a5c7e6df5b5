//! Workspaces, workspace groups, and the role bindings that grant users access to them.

use super::ids::{DomainId, RoleBindingId, RoleId, WorkspaceGroupId, WorkspaceId};
use super::login::LoginId;
use super::profile_text::{Label, MAX_LABEL_LENGTH, Name};
use super::search::search_part;
use super::tags::Tags;
use super::user::UserState;
use super::{Invalid, Timestamp, string_enums};

string_enums! {
    /// The state of a workspace.
    WorkspaceState {
        /// It is in use; only ENABLED workspaces are visible.
        Enabled = "ENABLED",
        /// It is disabled.
        Disabled = "DISABLED",
        /// It is deleted: the record is kept but never visible.
        Deleted = "DELETED",
    }

    /// Whether a role is in use; existing bindings with it are not affected.
    RoleState {
        /// The role is in use.
        Enabled = "ENABLED",
        /// The role is not in use.
        Disabled = "DISABLED",
    }

    /// The type of a role or role binding.
    RoleType {
        /// An admin of the domain; a binding of this type grants access to no workspace.
        DomainAdmin = "DOMAIN_ADMIN",
        /// An owner of the workspace.
        WorkspaceOwner = "WORKSPACE_OWNER",
        /// A member of the workspace.
        WorkspaceMember = "WORKSPACE_MEMBER",
    }

    /// The scope of a role binding.
    ResourceGroup {
        /// The domain; such a binding grants access to no workspace.
        Domain = "DOMAIN",
        /// One workspace.
        Workspace = "WORKSPACE",
    }
}

/// A role, which role bindings grant to users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Its id, unique within the domain.
    pub id: RoleId,
    /// Its name.
    pub name: Label,
    /// Its type.
    pub role_type: RoleType,
    /// Whether it is in use.
    pub state: RoleState,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Its name.
    pub name: Label,
    /// Its state.
    pub state: WorkspaceState,
    /// Its tags.
    pub tags: Tags,
    /// The user id of the user who created it.
    pub created_by: Option<Label>,
    /// Its name in another system.
    pub reference_id: Option<Label>,
    /// Whether it is synchronised with another system.
    pub is_managed: bool,
    /// Whether it is no longer used.
    pub is_dormant: bool,
    /// The group it belongs to.
    pub workspace_group_id: Option<WorkspaceGroupId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last synchronised.
    pub last_synced_at: Option<Timestamp>,
    /// When `is_dormant` last changed.
    pub dormant_updated_at: Option<Timestamp>,
}

/// A workspace as lists show it. Its tags can be many times larger than all other fields; they are read separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWorkspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Its name.
    pub name: Label,
    /// Its state.
    pub state: WorkspaceState,
    /// The user id of the user who created it.
    pub created_by: Option<Label>,
    /// Its name in another system.
    pub reference_id: Option<Label>,
    /// Whether it is synchronised with another system.
    pub is_managed: bool,
    /// Whether it is no longer used.
    pub is_dormant: bool,
    /// The group it belongs to.
    pub workspace_group_id: Option<WorkspaceGroupId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last synchronised.
    pub last_synced_at: Option<Timestamp>,
    /// When `is_dormant` last changed.
    pub dormant_updated_at: Option<Timestamp>,
}

/// The caller's role in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRole {
    /// The role's id, looked up in the domain.
    pub role_id: RoleId,
    /// The type of the role binding, which is used whatever the role's own type is.
    pub role_type: RoleType,
    /// The role's name; `None` if the role was deleted.
    pub role_name: Option<Label>,
}

/// A workspace together with the caller's role in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleWorkspace {
    /// The workspace.
    pub workspace: ListedWorkspace,
    /// The caller's role over all of their bindings; `None` for an admin without one.
    pub role: Option<WorkspaceRole>,
    /// The caller's role by way of the list that it was read from: on a group's list, the role through the group.
    pub listed_role: Option<WorkspaceRole>,
}

/// A workspace group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceGroup {
    /// Its id.
    pub id: WorkspaceGroupId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Its name.
    pub name: Label,
    /// Its tags.
    pub tags: Tags,
    /// The user id of the user who created it.
    pub created_by: Option<Label>,
    /// The user id of the user who last changed it.
    pub updated_by: Option<Label>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// A workspace group as lists show it, without its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its id.
    pub id: WorkspaceGroupId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Its name.
    pub name: Label,
    /// The user id of the user who created it.
    pub created_by: Option<Label>,
    /// The user id of the user who last changed it.
    pub updated_by: Option<Label>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// The maximum number of users in a workspace group.
pub const MAX_GROUP_USERS: usize = 10_000;

/// A user of a workspace group, as stored in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The user id.
    pub login: LoginId,
    /// The user's role through the group.
    pub role_id: Option<RoleId>,
    /// The type of that role.
    pub role_type: Option<RoleType>,
}

/// A user of a workspace group, together with their account's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUser {
    /// The user id.
    pub login: LoginId,
    /// The user's role through the group.
    pub role_id: Option<RoleId>,
    /// The type of that role.
    pub role_type: Option<RoleType>,
    /// The user's name; `None` if they have no name or were deleted.
    pub name: Option<Name>,
    /// The account's state; `None` if the user was deleted.
    pub state: Option<UserState>,
}

/// A role binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleBinding {
    /// Its id.
    pub id: RoleBindingId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// The user id of the user that it grants the role to.
    pub login: LoginId,
    /// The role.
    pub role_id: RoleId,
    /// The type of the role that it grants.
    pub role_type: RoleType,
    /// Its scope.
    pub resource_group: ResourceGroup,
    /// The workspace that it grants access to.
    pub workspace_id: Option<WorkspaceId>,
    /// The workspace group that it was created through.
    pub workspace_group_id: Option<WorkspaceGroupId>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The conditions of a workspace list; a workspace must match all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct WorkspaceFilter {
    /// A part of the name, in the form that is compared regardless of case.
    pub name_contains: Option<String>,
    /// Whether it is managed.
    pub is_managed: Option<bool>,
    /// Whether it is dormant.
    pub is_dormant: Option<bool>,
    /// The caller's role type in it, over all of their bindings.
    pub role_type: Option<RoleType>,
}

impl WorkspaceFilter {
    /// Parses a submitted part of a name.
    pub fn name_part(text: &str) -> Result<String, Invalid> {
        if text.chars().count() > MAX_LABEL_LENGTH {
            return Err(Invalid::too_long(format!("must have at most {MAX_LABEL_LENGTH} characters, as names have")));
        }
        if text.contains('\0') {
            return Err(Invalid::malformed("must not contain a NUL character"));
        }
        Ok(search_part(text))
    }
}
