//! The rows of the larger tables, and their conversion from and to domain types.

use diesel::prelude::*;

use super::error::Error;
use super::schema::{
    domains, role_bindings, roles, sessions, users, workspace_group_users, workspace_groups, workspaces,
};
use super::types::At;
use crate::domain::email::Email;
use crate::domain::ids::{DomainId, RoleBindingId, RoleId, SessionId, UserId, WorkspaceGroupId, WorkspaceId};
use crate::domain::login::LoginId;
use crate::domain::mfa::Mfa;
use crate::domain::profile_text::{Label, Language, Name, Timezone};
use crate::domain::search::search_key;
use crate::domain::session::Session;
use crate::domain::tags::Tags;
use crate::domain::user::{Domain, RequiredAction, User};
use crate::domain::workspace::{GroupMember, Role, RoleBinding, Workspace, WorkspaceGroup};

/// Parses a stored enum value, or returns where the invalid value is.
pub(super) fn stored_enum<E: StoredEnum>(
    text: &str,
    table: &'static str,
    column: &'static str,
    id: &str,
) -> Result<E, Error> {
    E::from_stored(text).ok_or_else(|| Error::Corrupt { table, column, id: id.to_owned() })
}

/// An enum that is stored as its name in capitals.
pub(super) trait StoredEnum: Sized {
    fn from_stored(text: &str) -> Option<Self>;
}

macro_rules! stored {
    ($($name:ty),+ $(,)?) => {
        $(impl StoredEnum for $name {
            fn from_stored(text: &str) -> Option<Self> {
                Self::from_text(text)
            }
        })+
    };
}

stored!(
    crate::domain::code::CodePurpose,
    crate::domain::event::SecurityEventActor,
    crate::domain::event::SecurityEventType,
    crate::domain::mfa::MfaState,
    crate::domain::mfa::MfaType,
    crate::domain::outbox::JobKind,
    crate::domain::user::AuthType,
    crate::domain::user::DomainState,
    crate::domain::user::RequiredAction,
    crate::domain::user::UserRoleType,
    crate::domain::user::UserState,
    crate::domain::workspace::ResourceGroup,
    crate::domain::workspace::RoleState,
    crate::domain::workspace::RoleType,
    crate::domain::workspace::WorkspaceState,
);

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = domains)]
pub(super) struct DomainRow {
    pub domain_id: String,
    pub name: String,
    pub state: String,
    pub tags: String,
}

impl TryFrom<DomainRow> for Domain {
    type Error = Error;

    fn try_from(row: DomainRow) -> Result<Self, Error> {
        Ok(Self {
            state: stored_enum(&row.state, "domains", "state", &row.domain_id)?,
            id: DomainId::from_stored(row.domain_id),
            name: Label::from_stored(row.name),
            tags: Tags::from_stored(row.tags),
        })
    }
}

impl From<&Domain> for DomainRow {
    fn from(domain: &Domain) -> Self {
        Self {
            domain_id: domain.id.to_string(),
            name: domain.name.as_str().to_owned(),
            state: domain.state.as_str().to_owned(),
            tags: domain.tags.as_str().to_owned(),
        }
    }
}

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = roles)]
pub(super) struct RoleRow {
    pub domain_id: String,
    pub role_id: String,
    pub name: String,
    pub role_type: String,
    pub state: String,
}

impl TryFrom<RoleRow> for Role {
    type Error = Error;

    fn try_from(row: RoleRow) -> Result<Self, Error> {
        Ok(Self {
            role_type: stored_enum(&row.role_type, "roles", "role_type", &row.role_id)?,
            state: stored_enum(&row.state, "roles", "state", &row.role_id)?,
            domain_id: DomainId::from_stored(row.domain_id),
            id: RoleId::from_stored(row.role_id),
            name: Label::from_stored(row.name),
        })
    }
}

impl From<&Role> for RoleRow {
    fn from(role: &Role) -> Self {
        Self {
            domain_id: role.domain_id.to_string(),
            role_id: role.id.to_string(),
            name: role.name.as_str().to_owned(),
            role_type: role.role_type.as_str().to_owned(),
            state: role.state.as_str().to_owned(),
        }
    }
}

/// A user without their secrets: what is read for every request.
#[derive(Queryable, Selectable, Debug, Clone)]
#[diesel(table_name = users)]
pub(super) struct UserRow {
    pub id: String,
    pub domain_id: String,
    pub user_id: String,
    pub user_id_key: String,
    pub name: Option<String>,
    pub state: String,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub email_verified: bool,
    pub pending_email: Option<String>,
    pub pending_email_key: Option<String>,
    pub auth_type: String,
    pub role_id: Option<String>,
    pub role_type: String,
    pub mfa_state: String,
    pub mfa_type: Option<String>,
    pub mfa_email: Option<String>,
    pub mfa_email_key: Option<String>,
    pub mfa_enforce: bool,
    pub language: String,
    pub timezone: String,
    pub required_actions: String,
    pub refresh_timeout: Option<i32>,
    pub tags: String,
    pub created_at: At,
    pub last_accessed_at: Option<At>,
}

pub(super) fn stored_email(typed: Option<String>, key: Option<String>) -> Option<Email> {
    typed.zip(key).map(|(typed, key)| Email::from_stored(typed, key))
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self, Error> {
        let id = row.id.as_str();
        let required_actions = row
            .required_actions
            .split_terminator(',')
            .map(|action| stored_enum(action, "users", "required_actions", id))
            .collect::<Result<Vec<RequiredAction>, _>>()?;
        Ok(Self {
            state: stored_enum(&row.state, "users", "state", id)?,
            auth_type: stored_enum(&row.auth_type, "users", "auth_type", id)?,
            role_type: stored_enum(&row.role_type, "users", "role_type", id)?,
            mfa: Mfa {
                state: stored_enum(&row.mfa_state, "users", "mfa_state", id)?,
                mfa_type: row.mfa_type.map(|text| stored_enum(&text, "users", "mfa_type", id)).transpose()?,
                email: stored_email(row.mfa_email, row.mfa_email_key),
                enforce: row.mfa_enforce,
            },
            required_actions,
            refresh_timeout: row.refresh_timeout.and_then(|seconds| u32::try_from(seconds).ok()),
            login: LoginId::from_stored(row.user_id, row.user_id_key),
            name: row.name.map(Name::from_stored),
            email: stored_email(row.email, row.email_key),
            email_verified: row.email_verified,
            pending_email: stored_email(row.pending_email, row.pending_email_key),
            role_id: row.role_id.map(RoleId::from_stored),
            language: Language::from_stored(row.language),
            timezone: Timezone::from_stored(row.timezone),
            tags: Tags::from_stored(row.tags),
            created_at: row.created_at.0,
            last_accessed_at: row.last_accessed_at.map(|at| at.0),
            domain_id: DomainId::from_stored(row.domain_id),
            id: UserId::from_stored(row.id),
        })
    }
}

/// All columns of a user, for writing.
#[derive(Insertable, AsChangeset, Debug, Clone)]
#[diesel(table_name = users, treat_none_as_null = true, treat_none_as_default_value = false, primary_key(id))]
pub(super) struct NewUserRow {
    pub id: String,
    pub domain_id: String,
    pub user_id: String,
    pub user_id_key: String,
    pub password_hash: Option<String>,
    pub name: Option<String>,
    pub state: String,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub email_verified: bool,
    pub pending_email: Option<String>,
    pub pending_email_key: Option<String>,
    pub auth_type: String,
    pub role_id: Option<String>,
    pub role_type: String,
    pub mfa_state: String,
    pub mfa_type: Option<String>,
    pub mfa_email: Option<String>,
    pub mfa_email_key: Option<String>,
    pub mfa_enforce: bool,
    pub otp_secret: Option<Vec<u8>>,
    pub language: String,
    pub timezone: String,
    pub required_actions: String,
    pub refresh_timeout: Option<i32>,
    pub tags: String,
    pub created_at: At,
    pub last_accessed_at: Option<At>,
}

/// The columns of a user that the user or an operator changes.
#[derive(AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
pub(super) struct ChangedUserRow {
    pub name: Option<String>,
    pub state: String,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub email_verified: bool,
    pub pending_email: Option<String>,
    pub pending_email_key: Option<String>,
    pub mfa_state: String,
    pub mfa_type: Option<String>,
    pub mfa_email: Option<String>,
    pub mfa_email_key: Option<String>,
    pub mfa_enforce: bool,
    pub language: String,
    pub timezone: String,
    pub required_actions: String,
    pub tags: String,
}

impl From<&User> for ChangedUserRow {
    fn from(user: &User) -> Self {
        let row = NewUserRow::new(user, None, None);
        Self {
            name: row.name,
            state: row.state,
            email: row.email,
            email_key: row.email_key,
            email_verified: row.email_verified,
            pending_email: row.pending_email,
            pending_email_key: row.pending_email_key,
            mfa_state: row.mfa_state,
            mfa_type: row.mfa_type,
            mfa_email: row.mfa_email,
            mfa_email_key: row.mfa_email_key,
            mfa_enforce: row.mfa_enforce,
            language: row.language,
            timezone: row.timezone,
            required_actions: row.required_actions,
            tags: row.tags,
        }
    }
}

/// Required actions as stored: comma-separated.
pub(super) fn required_actions_text(actions: &[RequiredAction]) -> String {
    actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(",")
}

impl NewUserRow {
    pub(super) fn new(user: &User, password_hash: Option<&str>, otp_secret: Option<&[u8]>) -> Self {
        let typed = |email: &Option<Email>| email.as_ref().map(|email| email.as_str().to_owned());
        let key = |email: &Option<Email>| email.as_ref().map(|email| email.key().to_owned());
        Self {
            id: user.id.to_string(),
            domain_id: user.domain_id.to_string(),
            user_id: user.login.as_str().to_owned(),
            user_id_key: user.login.key().to_owned(),
            password_hash: password_hash.map(str::to_owned),
            name: user.name.as_ref().map(|name| name.as_str().to_owned()),
            state: user.state.as_str().to_owned(),
            email: typed(&user.email),
            email_key: key(&user.email),
            email_verified: user.email_verified,
            pending_email: typed(&user.pending_email),
            pending_email_key: key(&user.pending_email),
            auth_type: user.auth_type.as_str().to_owned(),
            role_id: user.role_id.as_ref().map(ToString::to_string),
            role_type: user.role_type.as_str().to_owned(),
            mfa_state: user.mfa.state.as_str().to_owned(),
            mfa_type: user.mfa.mfa_type.map(|kind| kind.as_str().to_owned()),
            mfa_email: typed(&user.mfa.email),
            mfa_email_key: key(&user.mfa.email),
            mfa_enforce: user.mfa.enforce,
            otp_secret: otp_secret.map(<[u8]>::to_vec),
            language: user.language.as_str().to_owned(),
            timezone: user.timezone.as_str().to_owned(),
            required_actions: required_actions_text(&user.required_actions),
            refresh_timeout: user.refresh_timeout.and_then(|seconds| i32::try_from(seconds).ok()),
            tags: user.tags.as_str().to_owned(),
            created_at: At(user.created_at),
            last_accessed_at: user.last_accessed_at.map(At),
        }
    }
}

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = sessions)]
pub(super) struct SessionRow {
    pub session_id: String,
    pub domain_id: String,
    pub owner_id: String,
    pub created_at: At,
    pub last_used_at: At,
    pub expires_at: At,
    pub authenticated_at: At,
    pub client_address: String,
    pub user_agent: Option<String>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId::from_stored(row.session_id),
            owner_id: UserId::from_stored(row.owner_id),
            created_at: row.created_at.0,
            last_used_at: row.last_used_at.0,
            expires_at: row.expires_at.0,
            authenticated_at: row.authenticated_at.0,
            client_address: row.client_address,
            user_agent: row.user_agent,
        }
    }
}

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = workspace_groups, treat_none_as_default_value = false)]
pub(super) struct GroupRow {
    pub workspace_group_id: String,
    pub domain_id: String,
    pub name: String,
    pub tags: String,
    pub created_by: Option<String>,
    pub updated_by: Option<String>,
    pub created_at: At,
    pub updated_at: Option<At>,
}

impl From<GroupRow> for WorkspaceGroup {
    fn from(row: GroupRow) -> Self {
        Self {
            id: WorkspaceGroupId::from_stored(row.workspace_group_id),
            domain_id: DomainId::from_stored(row.domain_id),
            name: Label::from_stored(row.name),
            tags: Tags::from_stored(row.tags),
            created_by: row.created_by.map(Label::from_stored),
            updated_by: row.updated_by.map(Label::from_stored),
            created_at: row.created_at.0,
            updated_at: row.updated_at.map(|at| at.0),
        }
    }
}

impl From<&WorkspaceGroup> for GroupRow {
    fn from(group: &WorkspaceGroup) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
        Self {
            workspace_group_id: group.id.to_string(),
            domain_id: group.domain_id.to_string(),
            name: group.name.as_str().to_owned(),
            tags: group.tags.as_str().to_owned(),
            created_by: text(&group.created_by),
            updated_by: text(&group.updated_by),
            created_at: At(group.created_at),
            updated_at: group.updated_at.map(At),
        }
    }
}

/// A user of a group, as stored in the group's own table.
#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = workspace_group_users, treat_none_as_default_value = false)]
pub(super) struct MemberRow {
    pub workspace_group_id: String,
    pub user_id_key: String,
    pub domain_id: String,
    pub user_id: String,
    pub role_id: Option<String>,
    pub role_type: Option<String>,
}

impl MemberRow {
    pub(super) fn new(group: &WorkspaceGroup, member: &GroupMember) -> Self {
        Self {
            workspace_group_id: group.id.to_string(),
            user_id_key: member.login.key().to_owned(),
            domain_id: group.domain_id.to_string(),
            user_id: member.login.as_str().to_owned(),
            role_id: member.role_id.as_ref().map(ToString::to_string),
            role_type: member.role_type.map(|role_type| role_type.as_str().to_owned()),
        }
    }
}

impl TryFrom<MemberRow> for GroupMember {
    type Error = Error;

    fn try_from(row: MemberRow) -> Result<Self, Error> {
        let role_type = row
            .role_type
            .map(|text| stored_enum(&text, "workspace_group_users", "role_type", &row.workspace_group_id))
            .transpose()?;
        Ok(Self {
            login: LoginId::from_stored(row.user_id, row.user_id_key),
            role_id: row.role_id.map(RoleId::from_stored),
            role_type,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = workspaces, treat_none_as_default_value = false)]
pub(super) struct WorkspaceRow {
    pub workspace_id: String,
    pub domain_id: String,
    pub name: String,
    pub name_key: String,
    pub state: String,
    pub tags: String,
    pub created_by: Option<String>,
    pub reference_id: Option<String>,
    pub is_managed: bool,
    pub is_dormant: bool,
    pub workspace_group_id: Option<String>,
    pub created_at: At,
    pub last_synced_at: Option<At>,
    pub dormant_updated_at: Option<At>,
}

impl TryFrom<WorkspaceRow> for Workspace {
    type Error = Error;

    fn try_from(row: WorkspaceRow) -> Result<Self, Error> {
        Ok(Self {
            state: stored_enum(&row.state, "workspaces", "state", &row.workspace_id)?,
            id: WorkspaceId::from_stored(row.workspace_id),
            domain_id: DomainId::from_stored(row.domain_id),
            name: Label::from_stored(row.name),
            tags: Tags::from_stored(row.tags),
            created_by: row.created_by.map(Label::from_stored),
            reference_id: row.reference_id.map(Label::from_stored),
            is_managed: row.is_managed,
            is_dormant: row.is_dormant,
            workspace_group_id: row.workspace_group_id.map(WorkspaceGroupId::from_stored),
            created_at: row.created_at.0,
            last_synced_at: row.last_synced_at.map(|at| at.0),
            dormant_updated_at: row.dormant_updated_at.map(|at| at.0),
        })
    }
}

impl From<&Workspace> for WorkspaceRow {
    fn from(workspace: &Workspace) -> Self {
        let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
        Self {
            workspace_id: workspace.id.to_string(),
            domain_id: workspace.domain_id.to_string(),
            name: workspace.name.as_str().to_owned(),
            name_key: search_key(workspace.name.as_str()),
            state: workspace.state.as_str().to_owned(),
            tags: workspace.tags.as_str().to_owned(),
            created_by: text(&workspace.created_by),
            reference_id: text(&workspace.reference_id),
            is_managed: workspace.is_managed,
            is_dormant: workspace.is_dormant,
            workspace_group_id: workspace.workspace_group_id.as_ref().map(ToString::to_string),
            created_at: At(workspace.created_at),
            last_synced_at: workspace.last_synced_at.map(At),
            dormant_updated_at: workspace.dormant_updated_at.map(At),
        }
    }
}

#[derive(Queryable, Selectable, Insertable, Debug, Clone)]
#[diesel(table_name = role_bindings, treat_none_as_default_value = false)]
pub(super) struct BindingRow {
    pub role_binding_id: String,
    pub domain_id: String,
    pub user_id: String,
    pub user_id_key: String,
    pub role_id: String,
    pub role_type: String,
    pub resource_group: String,
    pub workspace_id: Option<String>,
    pub workspace_group_id: Option<String>,
    pub created_at: At,
}

impl TryFrom<BindingRow> for RoleBinding {
    type Error = Error;

    fn try_from(row: BindingRow) -> Result<Self, Error> {
        let id = row.role_binding_id.as_str();
        Ok(Self {
            role_type: stored_enum(&row.role_type, "role_bindings", "role_type", id)?,
            resource_group: stored_enum(&row.resource_group, "role_bindings", "resource_group", id)?,
            domain_id: DomainId::from_stored(row.domain_id),
            login: LoginId::from_stored(row.user_id, row.user_id_key),
            role_id: RoleId::from_stored(row.role_id),
            workspace_id: row.workspace_id.map(WorkspaceId::from_stored),
            workspace_group_id: row.workspace_group_id.map(WorkspaceGroupId::from_stored),
            created_at: row.created_at.0,
            id: RoleBindingId::from_stored(row.role_binding_id),
        })
    }
}

impl From<&RoleBinding> for BindingRow {
    fn from(binding: &RoleBinding) -> Self {
        Self {
            role_binding_id: binding.id.to_string(),
            domain_id: binding.domain_id.to_string(),
            user_id: binding.login.as_str().to_owned(),
            user_id_key: binding.login.key().to_owned(),
            role_id: binding.role_id.to_string(),
            role_type: binding.role_type.as_str().to_owned(),
            resource_group: binding.resource_group.as_str().to_owned(),
            workspace_id: binding.workspace_id.as_ref().map(ToString::to_string),
            workspace_group_id: binding.workspace_group_id.as_ref().map(ToString::to_string),
            created_at: At(binding.created_at),
        }
    }
}
