//! The lines of import and export: one JSON object each, `kind` first. A line is parsed into typed values, with all of
//! its errors reported at once, and values are written as a line. Rules that depend on other lines or on stored data
//! are not checked here.

mod fields;
mod json;
mod read;
#[cfg(test)]
mod tests;
mod time;
mod user;
mod write;

use super::Timestamp;
use super::ids::{DomainId, RoleBindingId, RoleId, WorkspaceGroupId, WorkspaceId};
use super::login::LoginId;
use super::user::Domain;
use super::workspace::{GroupMember, Role, RoleBinding, Workspace, WorkspaceGroup};

pub use read::parse;
pub use user::{HashText, NewPassword, Secrets, UserRecord};
pub use write::{write_binding, write_domain, write_group, write_role, write_user, write_workspace};

/// The maximum length of a line in bytes, without its end.
pub const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// The kind of entity that a line describes, in export order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A domain.
    Domain,
    /// A role.
    Role,
    /// A user.
    User,
    /// A workspace group with its users.
    WorkspaceGroup,
    /// A workspace.
    Workspace,
    /// A role binding.
    RoleBinding,
}

impl Kind {
    /// All kinds, in export order.
    pub const ALL: [Self; 6] =
        [Self::Domain, Self::Role, Self::User, Self::WorkspaceGroup, Self::Workspace, Self::RoleBinding];

    /// The value of `kind` in a line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Role => "role",
            Self::User => "user",
            Self::WorkspaceGroup => "workspace_group",
            Self::Workspace => "workspace",
            Self::RoleBinding => "role_binding",
        }
    }

    /// The plural name for messages.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Domain => "domains",
            Self::Role => "roles",
            Self::User => "users",
            Self::WorkspaceGroup => "workspace groups",
            Self::Workspace => "workspaces",
            Self::RoleBinding => "role bindings",
        }
    }
}

/// A line that is valid in itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// Create this entity, or replace the one with the same key.
    Put(Record),
    /// Delete the entity with this key.
    Delete(Deletion),
}

/// An entity as a line describes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A domain.
    Domain(Domain),
    /// A role.
    Role(Role),
    /// A user.
    User(Box<UserRecord>),
    /// A workspace group.
    WorkspaceGroup(Dated<GroupRecord>),
    /// A workspace.
    Workspace(Box<Dated<Workspace>>),
    /// A role binding.
    RoleBinding(Box<Dated<RoleBinding>>),
}

/// An entity that has a time of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// The entity. If the line omits the time of its creation, it is the current time.
    pub entity: T,
    /// Whether the line gives the time of creation. If not, an entity that it replaces keeps its time.
    pub has_created_at: bool,
}

/// A workspace group together with its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// The group.
    pub group: WorkspaceGroup,
    /// Its users, without duplicates.
    pub users: Vec<GroupMember>,
}

/// An entity to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Its key.
    pub key: Key,
    /// The domain that it belongs to, if the line says so.
    pub domain_id: Option<DomainId>,
}

/// The key that identifies an entity among all others of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Of a domain.
    Domain(DomainId),
    /// Of a role.
    Role(DomainId, RoleId),
    /// Of a user, who also has an id.
    User(DomainId, LoginId),
    /// Of a workspace group.
    WorkspaceGroup(WorkspaceGroupId),
    /// Of a workspace.
    Workspace(WorkspaceId),
    /// Of a role binding.
    RoleBinding(RoleBindingId),
}

/// The context for parsing a line.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The current time, used if a line gives no time of creation.
    pub now: Timestamp,
    /// The minimum length of a password in code points.
    pub password_min_length: usize,
}

/// An invalid line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The key of the entity, if it can be read.
    pub key: Option<Key>,
    /// All errors; no text repeats a value.
    pub faults: Vec<String>,
}

impl Record {
    /// The key of the entity.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Domain(domain) => Key::Domain(domain.id.clone()),
            Self::Role(role) => Key::Role(role.domain_id.clone(), role.id.clone()),
            Self::User(user) => Key::User(user.domain_id.clone(), user.login.clone()),
            Self::WorkspaceGroup(record) => Key::WorkspaceGroup(record.entity.group.id.clone()),
            Self::Workspace(workspace) => Key::Workspace(workspace.entity.id.clone()),
            Self::RoleBinding(binding) => Key::RoleBinding(binding.entity.id.clone()),
        }
    }

    /// The domain that it belongs to; a domain belongs to itself.
    #[must_use]
    pub fn domain_id(&self) -> &DomainId {
        match self {
            Self::Domain(domain) => &domain.id,
            Self::Role(role) => &role.domain_id,
            Self::User(user) => &user.domain_id,
            Self::WorkspaceGroup(record) => &record.entity.group.domain_id,
            Self::Workspace(workspace) => &workspace.entity.domain_id,
            Self::RoleBinding(binding) => &binding.entity.domain_id,
        }
    }
}

impl Key {
    /// The kind of the entity.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Domain(_) => Kind::Domain,
            Self::Role(..) => Kind::Role,
            Self::User(..) => Kind::User,
            Self::WorkspaceGroup(_) => Kind::WorkspaceGroup,
            Self::Workspace(_) => Kind::Workspace,
            Self::RoleBinding(_) => Kind::RoleBinding,
        }
    }

    /// The parts that are compared; the last is empty if there is only one.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        match self {
            Self::Domain(id) => (id.as_str(), ""),
            Self::Role(domain, id) => (domain.as_str(), id.as_str()),
            Self::User(domain, login) => (domain.as_str(), login.key()),
            Self::WorkspaceGroup(id) => (id.as_str(), ""),
            Self::Workspace(id) => (id.as_str(), ""),
            Self::RoleBinding(id) => (id.as_str(), ""),
        }
    }
}
