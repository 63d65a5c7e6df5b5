//! Workspaces, the groups they come in, and the bindings that tie users to them.

use super::ids::{DomainId, RoleBindingId, RoleId, WorkspaceGroupId, WorkspaceId};
use super::login::LoginId;
use super::profile_text::{Label, MAX_LABEL_LENGTH, Name};
use super::search::search_part;
use super::tags::Tags;
use super::user::UserState;
use super::{Invalid, Timestamp, capital_enum};

capital_enum! {
    /// Where a workspace stands.
    WorkspaceState {
        /// It is in use; only such ones are ever shown.
        Enabled = "ENABLED",
        /// It is switched off.
        Disabled = "DISABLED",
        /// It is gone, and kept for the record.
        Deleted = "DELETED",
    }
}

capital_enum! {
    /// Whether a role is in use; it changes nothing about the bindings made with it.
    RoleState {
        /// It is.
        Enabled = "ENABLED",
        /// It is not.
        Disabled = "DISABLED",
    }
}

capital_enum! {
    /// What a role, or a binding, makes of a user.
    RoleType {
        /// An administrator of the domain; as the type of a binding it ties to no workspace.
        DomainAdmin = "DOMAIN_ADMIN",
        /// Owns the workspace.
        WorkspaceOwner = "WORKSPACE_OWNER",
        /// Works in the workspace.
        WorkspaceMember = "WORKSPACE_MEMBER",
    }
}

capital_enum! {
    /// What a binding reaches.
    ResourceGroup {
        /// The domain; such a binding ties to no workspace.
        Domain = "DOMAIN",
        /// One workspace.
        Workspace = "WORKSPACE",
    }
}

/// A role: what a binding can make of a user, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Its key within the domain.
    pub id: RoleId,
    /// What it is called.
    pub name: Label,
    /// What it makes of a user.
    pub role_type: RoleType,
    /// Whether it is in use.
    pub state: RoleState,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its key.
    pub id: WorkspaceId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// What it is called.
    pub name: Label,
    /// Where it stands.
    pub state: WorkspaceState,
    /// What was noted about it.
    pub tags: Tags,
    /// Who made it.
    pub created_by: Option<Label>,
    /// What it is called elsewhere.
    pub reference_id: Option<Label>,
    /// Whether it is kept in step with something elsewhere.
    pub is_managed: bool,
    /// Whether nobody uses it any more.
    pub is_dormant: bool,
    /// The group it came in.
    pub workspace_group_id: Option<WorkspaceGroupId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last brought in step with what it is managed by.
    pub last_synced_at: Option<Timestamp>,
    /// When it became, or ceased to be, dormant.
    pub dormant_updated_at: Option<Timestamp>,
}

/// A workspace as lists show it. Its tags may take many times as much as all the rest; they are read by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWorkspace {
    /// Its key.
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

/// What the caller is in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRole {
    /// The role's key, looked up in the domain.
    pub role_id: RoleId,
    /// The type of the binding, which counts whatever the role's own type is.
    pub role_type: RoleType,
    /// What the role is called; `None` where the role is gone.
    pub role_name: Option<Label>,
}

/// A workspace together with what the caller is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleWorkspace {
    /// The workspace.
    pub workspace: ListedWorkspace,
    /// What the caller is in it over all his bindings; `None` for an admin without one.
    pub role: Option<WorkspaceRole>,
    /// What he is in it by way of the list that it was read from: through the group, on a group's list.
    pub listed_role: Option<WorkspaceRole>,
}

/// A workspace group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceGroup {
    /// Its key.
    pub id: WorkspaceGroupId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// What it is called.
    pub name: Label,
    /// What was noted about it.
    pub tags: Tags,
    /// Who made it.
    pub created_by: Option<Label>,
    /// Who last changed it.
    pub updated_by: Option<Label>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// A workspace group as lists show it, without its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its key.
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

/// How many users a workspace group has at most.
pub const MAX_GROUP_USERS: usize = 10_000;

/// A user of a workspace group, as the group itself knows him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// What he signs in with.
    pub login: LoginId,
    /// The role he has through the group.
    pub role_id: Option<RoleId>,
    /// What that makes of him.
    pub role_type: Option<RoleType>,
}

/// A user of a workspace group, and what is known of him elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUser {
    /// What he signs in with.
    pub login: LoginId,
    /// The role he has through the group.
    pub role_id: Option<RoleId>,
    /// What that makes of him.
    pub role_type: Option<RoleType>,
    /// What he is called; `None` where he has no name or is gone.
    pub name: Option<Name>,
    /// Where he stands; `None` where he is gone.
    pub state: Option<UserState>,
}

/// A role binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleBinding {
    /// Its key.
    pub id: RoleBindingId,
    /// The domain it belongs to.
    pub domain_id: DomainId,
    /// Whom it ties.
    pub login: LoginId,
    /// With which role.
    pub role_id: RoleId,
    /// What it makes of him.
    pub role_type: RoleType,
    /// What it reaches.
    pub resource_group: ResourceGroup,
    /// To which workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Through which group it was made.
    pub workspace_group_id: Option<WorkspaceGroupId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Which workspaces of a list are wanted; all of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct WorkspaceFilter {
    /// Part of the name, in the form in which case does not matter.
    pub name_contains: Option<String>,
    /// Whether it is managed.
    pub is_managed: Option<bool>,
    /// Whether it is dormant.
    pub is_dormant: Option<bool>,
    /// What the caller is in it, over all his bindings.
    pub role_type: Option<RoleType>,
}

impl WorkspaceFilter {
    /// Takes the part of a name that is searched for, as somebody typed it.
    ///
    /// # Errors
    /// When it is longer than any name, or holds a NUL.
    pub fn name_part(text: &str) -> Result<String, Invalid> {
        if text.chars().count() > MAX_LABEL_LENGTH {
            return Err(Invalid::too_long(format!("no name is longer than {MAX_LABEL_LENGTH} characters")));
        }
        if text.contains('\0') {
            return Err(Invalid::malformed("no name holds a NUL character"));
        }
        Ok(search_part(text))
    }
}
