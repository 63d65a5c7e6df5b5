//! The entities and the columns that they are stored in. A new column of an entity is one line here.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromStaticSqlRow};
use diesel::prelude::*;

use super::columns::{Columns, Holds, row};
use super::schema::{
    codes, domains, outbox, passkeys, password_attempts, role_bindings, roles, security_events, sessions, users,
    workspace_group_users, workspace_groups, workspaces,
};
use super::types::At;
use crate::clock::Timestamp;
use crate::domain::attempts::Attempts;
use crate::domain::code::{Code, CodePurpose};
use crate::domain::event::{SecurityEvent, SecurityEventActor, SecurityEventType};
use crate::domain::ids::{
    CodeId, DomainId, EventId, JobId, PasskeyId, RoleBindingId, RoleId, SessionId, UserId, WorkspaceGroupId,
    WorkspaceId,
};
use crate::domain::mfa::{MfaState, MfaType};
use crate::domain::outbox::{Job, JobKind};
use crate::domain::passkey::Passkey;
use crate::domain::profile_text::{Label, Language, Name, Timezone};
use crate::domain::search::search_key;
use crate::domain::session::Session;
use crate::domain::tags::Tags;
use crate::domain::user::{AuthType, Domain, DomainState, User, UserRoleType, UserState};
use crate::domain::workspace::{
    GroupMember, ListedGroup, ListedWorkspace, ResourceGroup, Role, RoleBinding, RoleState, RoleType, Workspace,
    WorkspaceGroup, WorkspaceState,
};

/// An entity with tags, and the same entity without them, as it is listed.
macro_rules! tagged_row {
    ($row:ident of $table:ident holds $entity:ident, $listed_row:ident holds $listed:ident { $($columns:tt)+ }) => {
        row!($row of $table holds $entity { $($columns)+ tags: Tags => tags, });
        row!($listed_row of $table holds $listed { $($columns)+ });
    };
}

row!(DomainRow of domains holds Domain {
    domain_id: DomainId => id,
    name: Label => name,
    state: DomainState => state,
    tags: Tags => tags,
});

row!(RoleRow of roles holds Role {
    domain_id: DomainId => domain_id,
    role_id: RoleId => id,
    name: Label => name,
    role_type: RoleType => role_type,
    state: RoleState => state,
});

row!(UserRow of users holds User {
    id: UserId => id,
    domain_id: DomainId => domain_id,
    auth_type: AuthType => auth_type,
    role_id: Option<RoleId> => role_id,
    role_type: UserRoleType => role_type,
    refresh_timeout: Option<i32> => refresh_timeout,
    created_at: At => created_at,
    last_accessed_at: Option<Timestamp> => last_accessed_at,
    (user_id: String, user_id_key: String) => login,
} and ChangedUserRow {
    name: Option<Name> => name,
    state: UserState => state,
    email_verified: bool => email_verified,
    language: Language => language,
    timezone: Timezone => timezone,
    required_actions: String => required_actions,
    tags: Tags => tags,
    (email: Option<String>, email_key: Option<String>) => email,
    (pending_email: Option<String>, pending_email_key: Option<String>) => pending_email,
    (mfa_state: MfaState, mfa_type: Option<MfaType>, mfa_email: Option<String>, mfa_email_key: Option<String>,
     mfa_enforce: bool) => mfa,
});

row!(SessionRow of sessions holds Session {
    session_id: SessionId => id,
    owner_id: UserId => owner_id,
    created_at: At => created_at,
    last_used_at: At => last_used_at,
    expires_at: At => expires_at,
    authenticated_at: At => authenticated_at,
    client_address: String => client_address,
    user_agent: Option<String> => user_agent,
    written_at: Option<Timestamp> => written_at,
});

row!(EventRow of security_events holds SecurityEvent {
    event_id: EventId => id,
    owner_id: UserId => owner_id,
    event_type: SecurityEventType => event_type,
    created_at: At => created_at,
    client_address: Option<String> => client_address,
    user_agent: Option<String> => user_agent,
    actor: SecurityEventActor => actor,
});

row!(CodeRow of codes holds Code {
    code_id: CodeId => id,
    owner_id: UserId => owner_id,
    purpose: CodePurpose => purpose,
    session_id: Option<SessionId> => session_id,
    digest: Option<Vec<u8>> => digest,
    otp_secret: Option<Vec<u8>> => otp_secret,
    passkey_state: Option<String> => passkey_state,
    account: Option<Vec<u8>> => account,
    tries: i32 => tries,
    created_at: At => created_at,
    expires_at: At => expires_at,
    (address: Option<String>, address_key: Option<String>) => address,
});

row!(PasskeyRow of passkeys holds Passkey {
    passkey_id: PasskeyId => id,
    owner_id: UserId => owner_id,
    user_handle: Vec<u8> => user_handle,
    credential_id: Vec<u8> => credential_id,
    credential: String => credential,
    name: Name => name,
    is_backed_up: bool => is_backed_up,
    transports: String => transports,
    created_at: At => created_at,
    last_used_at: Option<Timestamp> => last_used_at,
});

row!(AttemptsRow of password_attempts holds Attempts {
    failures: i32 => failures,
    failed_at: At => failed_at,
    blocked_until: At => blocked_until,
});

row!(JobRow of outbox holds Job {
    job_id: JobId => id,
    kind: JobKind => kind,
    owner_id: Option<UserId> => owner_id,
    payload: Option<Vec<u8>> => payload,
    created_at: At => created_at,
    expires_at: At => expires_at,
    tries: i32 => tries,
});

tagged_row!(GroupRow of workspace_groups holds WorkspaceGroup, ListedGroupRow holds ListedGroup {
    workspace_group_id: WorkspaceGroupId => id,
    domain_id: DomainId => domain_id,
    name: Label => name,
    created_by: Option<Label> => created_by,
    updated_by: Option<Label> => updated_by,
    created_at: At => created_at,
    updated_at: Option<Timestamp> => updated_at,
});

row!(MemberRow of workspace_group_users holds GroupMember {
    role_id: Option<RoleId> => role_id,
    role_type: Option<RoleType> => role_type,
    (user_id: String, user_id_key: String) => login,
});

tagged_row!(WorkspaceRow of workspaces holds Workspace, ListedWorkspaceRow holds ListedWorkspace {
    workspace_id: WorkspaceId => id,
    domain_id: DomainId => domain_id,
    name: Label => name,
    state: WorkspaceState => state,
    created_by: Option<Label> => created_by,
    reference_id: Option<Label> => reference_id,
    is_managed: bool => is_managed,
    is_dormant: bool => is_dormant,
    workspace_group_id: Option<WorkspaceGroupId> => workspace_group_id,
    created_at: At => created_at,
    last_synced_at: Option<Timestamp> => last_synced_at,
    dormant_updated_at: Option<Timestamp> => dormant_updated_at,
});

row!(BindingRow of role_bindings holds RoleBinding {
    role_binding_id: RoleBindingId => id,
    domain_id: DomainId => domain_id,
    role_id: RoleId => role_id,
    role_type: RoleType => role_type,
    resource_group: ResourceGroup => resource_group,
    workspace_id: Option<WorkspaceId> => workspace_id,
    workspace_group_id: Option<WorkspaceGroupId> => workspace_group_id,
    created_at: At => created_at,
    (user_id: String, user_id_key: String) => login,
});

/// A user of a group to be written.
#[derive(Insertable)]
#[diesel(table_name = workspace_group_users)]
pub(super) struct NewMemberRow {
    workspace_group_id: WorkspaceGroupId,
    domain_id: DomainId,
    #[diesel(embed)]
    member: MemberRow,
}

impl NewMemberRow {
    pub(super) fn new(group: &WorkspaceGroup, member: &GroupMember) -> Self {
        Self { workspace_group_id: group.id.clone(), domain_id: group.domain_id.clone(), member: member.into() }
    }
}

/// A workspace to be written, with the key that searches look in.
#[derive(Insertable)]
#[diesel(table_name = workspaces)]
pub(super) struct NewWorkspaceRow {
    name_key: String,
    #[diesel(embed)]
    workspace: WorkspaceRow,
}

impl From<&Workspace> for NewWorkspaceRow {
    fn from(workspace: &Workspace) -> Self {
        Self { name_key: search_key(workspace.name.as_str()), workspace: workspace.into() }
    }
}

/// A user to be written, with their secrets.
#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(super) struct NewUserRow {
    password_hash: Option<String>,
    otp_secret: Option<Vec<u8>>,
    #[diesel(embed)]
    user: UserRow,
}

impl NewUserRow {
    pub(super) fn new(user: &User, password_hash: Option<&str>, otp_secret: Option<&[u8]>) -> Self {
        let (password_hash, otp_secret) = (password_hash.map(str::to_owned), otp_secret.map(<[u8]>::to_vec));
        Self { password_hash, otp_secret, user: user.into() }
    }
}
