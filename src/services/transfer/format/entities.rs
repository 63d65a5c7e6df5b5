//! Lines about domains, roles, workspace groups, workspaces, and role bindings.

use std::collections::HashSet;

use super::fields::{Field, Fields, LineErrors, Object, object};
use super::{EntityLine, EntityRef, Record, Rules};
use crate::clock::Timestamp;
use crate::domain::entity::EntityKind;
use crate::domain::ids::{DomainId, RoleBindingId, RoleId, WorkspaceGroupId, WorkspaceId};
use crate::domain::login::LoginId;
use crate::domain::profile_text::Label;
use crate::domain::tags::Tags;
use crate::domain::user::{Domain, DomainState};
use crate::domain::workspace::{
    GroupMember, MAX_GROUP_USERS, ResourceGroup, Role, RoleBinding, RoleState, RoleType, Workspace, WorkspaceGroup,
    WorkspaceState,
};
use crate::storage::bulk::{Dated, GroupWithUsers};

object! {
    /// A domain.
    #[serde(tag = "kind", rename = "domain")]
    DomainLine {
        domain_id: DomainId,
        name: Label,
        state: DomainState,
        tags: Tags,
    }
}

impl EntityLine for DomainLine {
    const ID: &'static str = "domain_id";

    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
        let id = errors.require(Self::ID, &self.domain_id)?;
        Some(EntityRef::new(EntityKind::Domain, Some(id), id.as_str()))
    }

    fn into_record(self, _: &Rules, errors: &mut LineErrors) -> Option<Record> {
        errors.require("name", &self.name);
        Some(Record::Domain(Domain {
            id: self.domain_id.ok()?,
            name: self.name.ok()?,
            state: self.state.or(DomainState::Enabled),
            tags: self.tags.or_default(),
        }))
    }
}

impl From<Domain> for DomainLine {
    fn from(domain: Domain) -> Self {
        Self {
            domain_id: Field::Given(domain.id),
            name: Field::Given(domain.name),
            state: Field::Given(domain.state),
            tags: Field::unless_default(domain.tags),
        }
    }
}

object! {
    /// A role.
    #[serde(tag = "kind", rename = "role")]
    RoleLine {
        domain_id: DomainId,
        role_id: RoleId,
        name: Label,
        role_type: RoleType,
        state: RoleState,
    }
}

impl EntityLine for RoleLine {
    const ID: &'static str = "role_id";

    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
        let domain_id = errors.require("domain_id", &self.domain_id);
        let id = errors.require(Self::ID, &self.role_id);
        Some(EntityRef::new(EntityKind::Role, Some(domain_id?), id?.as_str()))
    }

    fn into_record(self, _: &Rules, errors: &mut LineErrors) -> Option<Record> {
        errors.require("name", &self.name);
        errors.require("role_type", &self.role_type);
        Some(Record::Role(Role {
            domain_id: self.domain_id.ok()?,
            id: self.role_id.ok()?,
            name: self.name.ok()?,
            role_type: self.role_type.ok()?,
            state: self.state.or(RoleState::Enabled),
        }))
    }
}

impl From<Role> for RoleLine {
    fn from(role: Role) -> Self {
        Self {
            domain_id: Field::Given(role.domain_id),
            role_id: Field::Given(role.id),
            name: Field::Given(role.name),
            role_type: Field::Given(role.role_type),
            state: Field::Given(role.state),
        }
    }
}

object! {
    /// A workspace group with its users.
    #[serde(tag = "kind", rename = "workspace_group")]
    GroupLine {
        domain_id: DomainId,
        workspace_group_id: WorkspaceGroupId,
        name: Label,
        users: Vec<Field<MemberObject>>,
        tags: Tags,
        created_by: Label,
        updated_by: Label,
        created_at: Timestamp,
        updated_at: Timestamp,
    }
}

object! {
    /// A user of a group.
    MemberObject {
        user_id: LoginId,
        role_id: RoleId,
        role_type: RoleType,
    }
}

impl EntityLine for GroupLine {
    const ID: &'static str = "workspace_group_id";

    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
        let id = errors.require(Self::ID, &self.workspace_group_id)?;
        Some(EntityRef::new(EntityKind::WorkspaceGroup, self.domain_id.as_ref(), id.as_str()))
    }

    fn into_record(self, rules: &Rules, errors: &mut LineErrors) -> Option<Record> {
        errors.require("domain_id", &self.domain_id);
        errors.require("name", &self.name);
        let users = errors.in_field("users", |errors| into_members(self.users.or_default(), errors));
        let has_created_at = !self.created_at.is_absent();
        let group = WorkspaceGroup {
            id: self.workspace_group_id.ok()?,
            domain_id: self.domain_id.ok()?,
            name: self.name.ok()?,
            tags: self.tags.or_default(),
            created_by: self.created_by.ok(),
            updated_by: self.updated_by.ok(),
            created_at: self.created_at.or(rules.now),
            updated_at: self.updated_at.ok(),
        };
        Some(Record::WorkspaceGroup(Dated { entity: GroupWithUsers { group, users }, has_created_at }))
    }
}

fn into_members(users: Vec<Field<MemberObject>>, errors: &mut LineErrors) -> Vec<GroupMember> {
    if users.len() > MAX_GROUP_USERS {
        errors.add(format_args!("a group has at most {MAX_GROUP_USERS} users; this one has {}", users.len()));
        return Vec::new();
    }
    let mut seen = HashSet::with_capacity(users.len());
    let members = users.into_iter().enumerate().filter_map(|(index, user)| {
        let MemberObject { user_id, role_id, role_type } = user.ok()?;
        errors.in_item(index, |errors| {
            let login = errors.require("user_id", &user_id)?;
            if !seen.insert(login.key().to_owned()) {
                errors.add_to("user_id", "the list contains this user already");
            }
            Some(GroupMember { login: user_id.ok()?, role_id: role_id.ok(), role_type: role_type.ok() })
        })
    });
    members.collect()
}

impl From<GroupWithUsers> for GroupLine {
    fn from(GroupWithUsers { group, users }: GroupWithUsers) -> Self {
        Self {
            domain_id: Field::Given(group.domain_id),
            workspace_group_id: Field::Given(group.id),
            name: Field::Given(group.name),
            users: Field::unless_default(users.into_iter().map(|user| Field::Given(user.into())).collect()),
            tags: Field::unless_default(group.tags),
            created_by: group.created_by.into(),
            updated_by: group.updated_by.into(),
            created_at: Field::Given(group.created_at),
            updated_at: group.updated_at.into(),
        }
    }
}

impl From<GroupMember> for MemberObject {
    fn from(member: GroupMember) -> Self {
        Self { user_id: Field::Given(member.login), role_id: member.role_id.into(), role_type: member.role_type.into() }
    }
}

object! {
    /// A workspace.
    #[serde(tag = "kind", rename = "workspace")]
    WorkspaceLine {
        domain_id: DomainId,
        workspace_id: WorkspaceId,
        name: Label,
        state: WorkspaceState,
        tags: Tags,
        created_by: Label,
        reference_id: Label,
        is_managed: bool,
        is_dormant: bool,
        workspace_group_id: WorkspaceGroupId,
        created_at: Timestamp,
        last_synced_at: Timestamp,
        dormant_updated_at: Timestamp,
    }
}

impl EntityLine for WorkspaceLine {
    const ID: &'static str = "workspace_id";

    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
        let id = errors.require(Self::ID, &self.workspace_id)?;
        Some(EntityRef::new(EntityKind::Workspace, self.domain_id.as_ref(), id.as_str()))
    }

    fn into_record(self, rules: &Rules, errors: &mut LineErrors) -> Option<Record> {
        errors.require("domain_id", &self.domain_id);
        errors.require("name", &self.name);
        let has_created_at = !self.created_at.is_absent();
        let entity = Workspace {
            id: self.workspace_id.ok()?,
            domain_id: self.domain_id.ok()?,
            name: self.name.ok()?,
            state: self.state.or(WorkspaceState::Enabled),
            tags: self.tags.or_default(),
            created_by: self.created_by.ok(),
            reference_id: self.reference_id.ok(),
            is_managed: self.is_managed.or_default(),
            is_dormant: self.is_dormant.or_default(),
            workspace_group_id: self.workspace_group_id.ok(),
            created_at: self.created_at.or(rules.now),
            last_synced_at: self.last_synced_at.ok(),
            dormant_updated_at: self.dormant_updated_at.ok(),
        };
        Some(Record::Workspace(Box::new(Dated { entity, has_created_at })))
    }
}

impl From<Workspace> for WorkspaceLine {
    fn from(workspace: Workspace) -> Self {
        Self {
            domain_id: Field::Given(workspace.domain_id),
            workspace_id: Field::Given(workspace.id),
            name: Field::Given(workspace.name),
            state: Field::Given(workspace.state),
            tags: Field::unless_default(workspace.tags),
            created_by: workspace.created_by.into(),
            reference_id: workspace.reference_id.into(),
            is_managed: Field::unless_default(workspace.is_managed),
            is_dormant: Field::unless_default(workspace.is_dormant),
            workspace_group_id: workspace.workspace_group_id.into(),
            created_at: Field::Given(workspace.created_at),
            last_synced_at: workspace.last_synced_at.into(),
            dormant_updated_at: workspace.dormant_updated_at.into(),
        }
    }
}

object! {
    /// A role binding.
    #[serde(tag = "kind", rename = "role_binding")]
    BindingLine {
        domain_id: DomainId,
        role_binding_id: RoleBindingId,
        user_id: LoginId,
        role_id: RoleId,
        role_type: RoleType,
        resource_group: ResourceGroup,
        workspace_id: WorkspaceId,
        workspace_group_id: WorkspaceGroupId,
        created_at: Timestamp,
    }
}

impl EntityLine for BindingLine {
    const ID: &'static str = "role_binding_id";

    fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
        let id = errors.require(Self::ID, &self.role_binding_id)?;
        Some(EntityRef::new(EntityKind::RoleBinding, self.domain_id.as_ref(), id.as_str()))
    }

    fn into_record(self, rules: &Rules, errors: &mut LineErrors) -> Option<Record> {
        errors.require("domain_id", &self.domain_id);
        errors.require("user_id", &self.user_id);
        errors.require("role_id", &self.role_id);
        errors.require("role_type", &self.role_type);
        errors.require("resource_group", &self.resource_group);
        let has_created_at = !self.created_at.is_absent();
        let entity = RoleBinding {
            id: self.role_binding_id.ok()?,
            domain_id: self.domain_id.ok()?,
            login: self.user_id.ok()?,
            role_id: self.role_id.ok()?,
            role_type: self.role_type.ok()?,
            resource_group: self.resource_group.ok()?,
            workspace_id: self.workspace_id.ok(),
            workspace_group_id: self.workspace_group_id.ok(),
            created_at: self.created_at.or(rules.now),
        };
        Some(Record::RoleBinding(Box::new(Dated { entity, has_created_at })))
    }
}

impl From<RoleBinding> for BindingLine {
    fn from(binding: RoleBinding) -> Self {
        Self {
            domain_id: Field::Given(binding.domain_id),
            role_binding_id: Field::Given(binding.id),
            user_id: Field::Given(binding.login),
            role_id: Field::Given(binding.role_id),
            role_type: Field::Given(binding.role_type),
            resource_group: Field::Given(binding.resource_group),
            workspace_id: binding.workspace_id.into(),
            workspace_group_id: binding.workspace_group_id.into(),
            created_at: Field::Given(binding.created_at),
        }
    }
}
