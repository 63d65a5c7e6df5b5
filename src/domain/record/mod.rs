//! The lines of import and export: one JSON object each, `kind` first. Here a line becomes typed values, every fault in
//! it told at once, and values become a line. What is right only in view of other lines, or of what is kept already, is
//! not looked at here.

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

/// How many bytes a line may have, its end not counted.
pub const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// What a line is about, in the order in which they are exported.
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
    /// All of them, in their order.
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

    /// What such things are called in a sentence.
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

/// What a line says, when it is right in itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// This is to be there, in place of what has the same key.
    Put(Record),
    /// What has this key is to be gone.
    Delete(Deletion),
}

/// A thing as a line describes it.
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
    /// The entity. If the line does not tell when it was created, it is created now.
    pub entity: T,
    /// Whether the line tells when it was created. Otherwise an entity that it replaces keeps its time.
    pub has_created_at: bool,
}

/// A workspace group together with its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// The group.
    pub group: WorkspaceGroup,
    /// Its users, none of them twice.
    pub users: Vec<GroupMember>,
}

/// What is to be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// What it is.
    pub key: Key,
    /// The domain it is in, where the line says so.
    pub domain_id: Option<DomainId>,
}

/// What tells a thing from all others of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Of a domain.
    Domain(DomainId),
    /// Of a role.
    Role(DomainId, RoleId),
    /// Of a user, who has an id besides.
    User(DomainId, LoginId),
    /// Of a workspace group.
    WorkspaceGroup(WorkspaceGroupId),
    /// Of a workspace.
    Workspace(WorkspaceId),
    /// Of a role binding.
    RoleBinding(RoleBindingId),
}

/// What must be known to read a line.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// When things were made whose line does not tell.
    pub now: Timestamp,
    /// The fewest code points of a password.
    pub password_min_length: usize,
}

/// A line is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// What it is about, where that much can be read.
    pub key: Option<Key>,
    /// All that is wrong; no text repeats a value.
    pub faults: Vec<String>,
}

impl Record {
    /// What tells it from all others.
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

    /// The domain it belongs to; a domain belongs to itself.
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
    /// Of what kind of thing it is.
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

    /// The parts that are compared, the last empty where there is one only.
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
