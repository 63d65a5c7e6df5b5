//! Writes values as a line, with every field in a fixed place. A field whose value [`parse`](super::parse) would assume
//! for an omitted field may be omitted; a field with any other value is always written.

use std::ops::Not;

use serde::Serialize;
use serde_json::Value;

use super::{GroupRecord, Kind, Secrets, time};
use crate::domain::mfa::{Mfa, MfaState, MfaType};
use crate::domain::profile_text::{Label, Language, Name, Timezone};
use crate::domain::tags::Tags;
use crate::domain::user::{AuthType, Domain, DomainState, RequiredAction, User, UserRoleType, UserState};
use crate::domain::workspace::{
    GroupMember, ResourceGroup, Role, RoleBinding, RoleState, RoleType, Workspace, WorkspaceState,
};
use crate::domain::{email::Email, ids::RoleId};

#[derive(Serialize)]
struct DomainLine<'a> {
    kind: &'static str,
    domain_id: &'a str,
    name: &'a Label,
    state: DomainState,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Value>,
}

/// Writes a domain.
pub fn write_domain(out: &mut Vec<u8>, domain: &Domain) -> serde_json::Result<()> {
    let line = DomainLine {
        kind: Kind::Domain.as_str(),
        domain_id: domain.id.as_str(),
        name: &domain.name,
        state: domain.state,
        tags: tags(&domain.tags),
    };
    write_line(out, &line)
}

#[derive(Serialize)]
struct RoleLine<'a> {
    kind: &'static str,
    domain_id: &'a str,
    role_id: &'a str,
    name: &'a Label,
    role_type: RoleType,
    state: RoleState,
}

/// Writes a role.
pub fn write_role(out: &mut Vec<u8>, role: &Role) -> serde_json::Result<()> {
    let line = RoleLine {
        kind: Kind::Role.as_str(),
        domain_id: role.domain_id.as_str(),
        role_id: role.id.as_str(),
        name: &role.name,
        role_type: role.role_type,
        state: role.state,
    };
    write_line(out, &line)
}

#[derive(Serialize)]
struct UserLine<'a> {
    kind: &'static str,
    domain_id: &'a str,
    user_id: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a Name>,
    state: UserState,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Not::not")]
    email_verified: bool,
    auth_type: AuthType,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<&'a RoleId>,
    role_type: UserRoleType,
    #[serde(skip_serializing_if = "MfaPart::is_empty")]
    mfa: MfaPart<'a>,
    language: &'a Language,
    timezone: &'a Timezone,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    required_actions: &'a [RequiredAction],
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_timeout: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Value>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_accessed_at: Option<String>,
}

#[derive(Serialize, PartialEq, Eq)]
struct MfaPart<'a> {
    state: MfaState,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_type: Option<MfaType>,
    #[serde(skip_serializing_if = "MfaOptions::is_empty")]
    options: MfaOptions<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_secret: Option<String>,
}

#[derive(Serialize, PartialEq, Eq)]
struct MfaOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Not::not")]
    enforce: bool,
}

impl MfaOptions<'_> {
    fn is_empty(&self) -> bool {
        *self == MfaOptions { email: None, enforce: false }
    }
}

impl<'a> MfaPart<'a> {
    fn new(mfa: &'a Mfa, otp_secret: Option<String>) -> Self {
        let options = MfaOptions { email: mfa.email.as_ref().map(Email::as_str), enforce: mfa.enforce };
        Self { state: mfa.state, mfa_type: mfa.mfa_type, options, otp_secret }
    }

    fn is_empty(&self) -> bool {
        *self == MfaPart::new(&Mfa::default(), None)
    }
}

/// Writes a user, with those secrets that are given.
pub fn write_user(out: &mut Vec<u8>, user: &User, secrets: &Secrets) -> serde_json::Result<()> {
    let line = UserLine {
        kind: Kind::User.as_str(),
        domain_id: user.domain_id.as_str(),
        user_id: user.login.as_str(),
        id: user.id.as_str(),
        password_hash: secrets.password_hash.as_deref(),
        name: user.name.as_ref(),
        state: user.state,
        email: user.email.as_ref().map(Email::as_str),
        email_verified: user.email_verified,
        auth_type: user.auth_type,
        role_id: user.role_id.as_ref(),
        role_type: user.role_type,
        mfa: MfaPart::new(&user.mfa, secrets.otp_secret.as_ref().map(super::super::otp_secret::OtpSecret::reveal)),
        language: &user.language,
        timezone: &user.timezone,
        required_actions: &user.required_actions,
        refresh_timeout: user.refresh_timeout,
        tags: tags(&user.tags),
        created_at: time::format(user.created_at),
        last_accessed_at: user.last_accessed_at.map(time::format),
    };
    write_line(out, &line)
}

#[derive(Serialize)]
struct GroupLine<'a> {
    kind: &'static str,
    domain_id: &'a str,
    workspace_group_id: &'a str,
    name: &'a Label,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<MemberPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<&'a Label>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

#[derive(Serialize)]
struct MemberPart<'a> {
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<&'a RoleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_type: Option<RoleType>,
}

impl<'a> From<&'a GroupMember> for MemberPart<'a> {
    fn from(member: &'a GroupMember) -> Self {
        Self { user_id: member.login.as_str(), role_id: member.role_id.as_ref(), role_type: member.role_type }
    }
}

/// Writes a workspace group with its users, in the given order.
pub fn write_group(out: &mut Vec<u8>, record: &GroupRecord) -> serde_json::Result<()> {
    let group = &record.group;
    let line = GroupLine {
        kind: Kind::WorkspaceGroup.as_str(),
        domain_id: group.domain_id.as_str(),
        workspace_group_id: group.id.as_str(),
        name: &group.name,
        users: record.users.iter().map(MemberPart::from).collect(),
        tags: tags(&group.tags),
        created_by: group.created_by.as_ref(),
        updated_by: group.updated_by.as_ref(),
        created_at: time::format(group.created_at),
        updated_at: group.updated_at.map(time::format),
    };
    write_line(out, &line)
}

#[derive(Serialize)]
struct WorkspaceLine<'a> {
    kind: &'static str,
    domain_id: &'a str,
    workspace_id: &'a str,
    name: &'a Label,
    state: WorkspaceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<&'a Label>,
    #[serde(skip_serializing_if = "Not::not")]
    is_managed: bool,
    #[serde(skip_serializing_if = "Not::not")]
    is_dormant: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_group_id: Option<&'a str>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dormant_updated_at: Option<String>,
}

/// Writes a workspace.
pub fn write_workspace(out: &mut Vec<u8>, workspace: &Workspace) -> serde_json::Result<()> {
    let line = WorkspaceLine {
        kind: Kind::Workspace.as_str(),
        domain_id: workspace.domain_id.as_str(),
        workspace_id: workspace.id.as_str(),
        name: &workspace.name,
        state: workspace.state,
        tags: tags(&workspace.tags),
        created_by: workspace.created_by.as_ref(),
        reference_id: workspace.reference_id.as_ref(),
        is_managed: workspace.is_managed,
        is_dormant: workspace.is_dormant,
        workspace_group_id: workspace.workspace_group_id.as_ref().map(super::super::ids::WorkspaceGroupId::as_str),
        created_at: time::format(workspace.created_at),
        last_synced_at: workspace.last_synced_at.map(time::format),
        dormant_updated_at: workspace.dormant_updated_at.map(time::format),
    };
    write_line(out, &line)
}

#[derive(Serialize)]
struct BindingLine<'a> {
    kind: &'static str,
    domain_id: &'a str,
    role_binding_id: &'a str,
    user_id: &'a str,
    role_id: &'a RoleId,
    role_type: RoleType,
    resource_group: ResourceGroup,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_group_id: Option<&'a str>,
    created_at: String,
}

/// Writes a role binding.
pub fn write_binding(out: &mut Vec<u8>, binding: &RoleBinding) -> serde_json::Result<()> {
    let line = BindingLine {
        kind: Kind::RoleBinding.as_str(),
        domain_id: binding.domain_id.as_str(),
        role_binding_id: binding.id.as_str(),
        user_id: binding.login.as_str(),
        role_id: &binding.role_id,
        role_type: binding.role_type,
        resource_group: binding.resource_group,
        workspace_id: binding.workspace_id.as_ref().map(super::super::ids::WorkspaceId::as_str),
        workspace_group_id: binding.workspace_group_id.as_ref().map(super::super::ids::WorkspaceGroupId::as_str),
        created_at: time::format(binding.created_at),
    };
    write_line(out, &line)
}

fn write_line(out: &mut Vec<u8>, line: &impl Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.push(b'\n');
    Ok(())
}

/// Tags, or `None` if there are none. Their keys are sorted.
fn tags(tags: &Tags) -> Option<Value> {
    (*tags != Tags::default()).then(|| tags.to_value())
}
