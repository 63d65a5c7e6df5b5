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

/// Declares the lines of a kind of entity: for each field, how it is read, its name and type, and the field of the entity
/// that holds it.
///
/// A line needs its `key` fields even to delete the entity, and its `required` ones to write it. Of the others, an omitted
/// one is `None` if it is `optional`; otherwise it has the `default` of its type, which is not written, or the value after
/// `or`.
macro_rules! entity_line {
    (
        $(#[$meta:meta])*
        $kind:ident $name:literal $line:ident of $entity:ident by $id:ident with $rules:tt => $record:expr,
        { $($how:ident $(($default:expr))? $field:ident: $type:ty => $to:ident),+ $(,)? }
    ) => {
        object! {
            $(#[$meta])*
            #[serde(tag = "kind", rename = $name)]
            $line { $($field: $type),+ }
        }

        impl EntityLine for $line {
            const ID: &'static str = stringify!($id);

            fn entity(&self, errors: &mut LineErrors) -> Option<EntityRef> {
                let mut has_key = true;
                $(if stringify!($how) == "key" {
                    has_key &= errors.require(stringify!($field), &self.$field).is_some();
                })+
                let id = self.$id.as_ref().filter(|_| has_key)?;
                Some(EntityRef::new(EntityKind::$kind, self.domain_id.as_ref(), id.as_str()))
            }

            fn into_record(self, $rules: &Rules, errors: &mut LineErrors) -> Option<Record> {
                $(if stringify!($how) == "required" {
                    errors.require(stringify!($field), &self.$field);
                })+
                let has_created_at = [$(stringify!($field) == "created_at" && !self.$field.is_absent()),+].contains(&true);
                let entity = $entity { $($to: read!($how self.$field $(, $default)?)),+ };
                Some($record(entity, has_created_at))
            }
        }

        impl From<$entity> for $line {
            fn from(entity: $entity) -> Self {
                Self { $($field: written!($how entity.$to)),+ }
            }
        }
    };
}

macro_rules! read {
    (optional $field:expr) => {
        $field.ok()
    };
    (default $field:expr) => {
        $field.or_default()
    };
    (or $field:expr, $default:expr) => {
        $field.or($default)
    };
    ($how:ident $field:expr) => {
        $field.ok()?
    };
}

macro_rules! written {
    (optional $value:expr) => {
        $value.into()
    };
    (default $value:expr) => {
        Field::unless_default($value)
    };
    ($how:ident $value:expr) => {
        Field::Given($value)
    };
}

entity_line! {
    /// A domain.
    Domain "domain" DomainLine of Domain by domain_id with _ => |domain, _| Record::Domain(domain),
    {
        key domain_id: DomainId => id,
        required name: Label => name,
        or(DomainState::Enabled) state: DomainState => state,
        default tags: Tags => tags,
    }
}

entity_line! {
    /// A role.
    Role "role" RoleLine of Role by role_id with _ => |role, _| Record::Role(role),
    {
        key domain_id: DomainId => domain_id,
        key role_id: RoleId => id,
        required name: Label => name,
        required role_type: RoleType => role_type,
        or(RoleState::Enabled) state: RoleState => state,
    }
}

entity_line! {
    /// A workspace.
    Workspace "workspace" WorkspaceLine of Workspace by workspace_id with rules
        => |entity, has_created_at| Record::Workspace(Box::new(Dated { entity, has_created_at })),
    {
        required domain_id: DomainId => domain_id,
        key workspace_id: WorkspaceId => id,
        required name: Label => name,
        or(WorkspaceState::Enabled) state: WorkspaceState => state,
        default tags: Tags => tags,
        optional created_by: Label => created_by,
        optional reference_id: Label => reference_id,
        default is_managed: bool => is_managed,
        default is_dormant: bool => is_dormant,
        optional workspace_group_id: WorkspaceGroupId => workspace_group_id,
        or(rules.now) created_at: Timestamp => created_at,
        optional last_synced_at: Timestamp => last_synced_at,
        optional dormant_updated_at: Timestamp => dormant_updated_at,
    }
}

entity_line! {
    /// A role binding.
    RoleBinding "role_binding" BindingLine of RoleBinding by role_binding_id with rules
        => |entity, has_created_at| Record::RoleBinding(Box::new(Dated { entity, has_created_at })),
    {
        required domain_id: DomainId => domain_id,
        key role_binding_id: RoleBindingId => id,
        required user_id: LoginId => login,
        required role_id: RoleId => role_id,
        required role_type: RoleType => role_type,
        required resource_group: ResourceGroup => resource_group,
        optional workspace_id: WorkspaceId => workspace_id,
        optional workspace_group_id: WorkspaceGroupId => workspace_group_id,
        or(rules.now) created_at: Timestamp => created_at,
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
