//! Parses a line into typed values.

use std::collections::HashSet;

use super::fields::Fields;
use super::{BadLine, Dated, Deletion, GroupRecord, Key, Kind, Line, Record, Rules, json, user};
use crate::domain::ids::{DomainId, RoleBindingId, RoleId, WorkspaceGroupId, WorkspaceId};
use crate::domain::login::LoginId;
use crate::domain::profile_text::Label;
use crate::domain::user::{Domain, DomainState};
use crate::domain::workspace::{
    GroupMember, MAX_GROUP_USERS, Role, RoleBinding, RoleState, Workspace, WorkspaceGroup, WorkspaceState,
};

/// The message about a number in tags that would lose digits.
const INEXACT: &str = "this number has more digits than are kept; write it as text, in double quotes";

/// Parses a line.
///
/// # Errors
/// All errors of the line in itself.
pub fn parse(line: &str, rules: &Rules) -> Result<Line, BadLine> {
    let wrong = |message: String| BadLine { key: None, faults: vec![message] };
    let object = json::parse(line).map_err(wrong)?;
    let kind = object.get("kind").and_then(|kind| kind.as_str());
    let Some(kind) = Kind::ALL.into_iter().find(|known| Some(known.as_str()) == kind) else {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        return Err(wrong(format!("`kind`: this must be one of {kinds}")));
    };
    let mut faults = Vec::new();
    let mut fields = Fields::new(&object, String::new(), &mut faults);
    fields.value("kind");
    let read = if fields.flag("delete") {
        read_deletion(kind, &mut fields, rules).map(Line::Delete)
    } else {
        read_record(kind, &mut fields, rules).map(Line::Put)
    };
    fields.finish();
    faults.extend(json::inexact_tag(line, &object).map(|place| format!("`{place}`: {INEXACT}")));
    match read {
        Some(line) if faults.is_empty() => Ok(line),
        _ => {
            let key = read_key(kind, &mut Fields::new(&object, String::new(), &mut Vec::new()));
            Err(BadLine { key, faults })
        }
    }
}

fn read_key(kind: Kind, fields: &mut Fields<'_>) -> Option<Key> {
    Some(match kind {
        Kind::Domain => Key::Domain(domain_id(fields)?),
        Kind::Role => {
            let (domain, role) = (domain_id(fields), fields.required("role_id", RoleId::parse));
            Key::Role(domain?, role?)
        }
        Kind::User => {
            let (domain, login) = (domain_id(fields), fields.required("user_id", LoginId::parse));
            Key::User(domain?, login?)
        }
        Kind::WorkspaceGroup => Key::WorkspaceGroup(fields.required("workspace_group_id", WorkspaceGroupId::parse)?),
        Kind::Workspace => Key::Workspace(fields.required("workspace_id", WorkspaceId::parse)?),
        Kind::RoleBinding => Key::RoleBinding(fields.required("role_binding_id", RoleBindingId::parse)?),
    })
}

fn read_deletion(kind: Kind, fields: &mut Fields<'_>, rules: &Rules) -> Option<Deletion> {
    let key = read_key(kind, fields);
    // The other fields are ignored, so that an export with `delete` added to every line deletes all of its entities.
    fields.ignoring(|fields| drop(read_record(kind, fields, rules)));
    let domain_id = match kind {
        Kind::Domain | Kind::Role | Kind::User => None,
        Kind::WorkspaceGroup | Kind::Workspace | Kind::RoleBinding => fields.text("domain_id", DomainId::parse),
    };
    Some(Deletion { key: key?, domain_id })
}

fn read_record(kind: Kind, fields: &mut Fields<'_>, rules: &Rules) -> Option<Record> {
    Some(match kind {
        Kind::Domain => Record::Domain(read_domain(fields)?),
        Kind::Role => Record::Role(read_role(fields)?),
        Kind::User => Record::User(Box::new(user::read(fields, rules)?)),
        Kind::WorkspaceGroup => Record::WorkspaceGroup(read_group(fields, rules)?),
        Kind::Workspace => Record::Workspace(Box::new(read_workspace(fields, rules)?)),
        Kind::RoleBinding => Record::RoleBinding(Box::new(read_binding(fields, rules)?)),
    })
}

pub(super) fn domain_id(fields: &mut Fields<'_>) -> Option<DomainId> {
    fields.required("domain_id", DomainId::parse)
}

fn read_domain(fields: &mut Fields<'_>) -> Option<Domain> {
    let id = domain_id(fields);
    let name = fields.required("name", Label::parse);
    let state = fields.text("state", str::parse).unwrap_or(DomainState::Enabled);
    let tags = fields.tags();
    Some(Domain { id: id?, name: name?, state, tags })
}

fn read_role(fields: &mut Fields<'_>) -> Option<Role> {
    let domain_id = domain_id(fields);
    let id = fields.required("role_id", RoleId::parse);
    let name = fields.required("name", Label::parse);
    let role_type = fields.required("role_type", str::parse);
    let state = fields.text("state", str::parse).unwrap_or(RoleState::Enabled);
    Some(Role { domain_id: domain_id?, id: id?, name: name?, role_type: role_type?, state })
}

fn read_group(fields: &mut Fields<'_>, rules: &Rules) -> Option<Dated<GroupRecord>> {
    let domain_id = domain_id(fields);
    let id = fields.required("workspace_group_id", WorkspaceGroupId::parse);
    let name = fields.required("name", Label::parse);
    let users = read_members(fields);
    let tags = fields.tags();
    let created_by = fields.text("created_by", Label::parse);
    let updated_by = fields.text("updated_by", Label::parse);
    let created_at = fields.time("created_at");
    let updated_at = fields.time("updated_at");
    let group = WorkspaceGroup {
        id: id?,
        domain_id: domain_id?,
        name: name?,
        tags,
        created_by,
        updated_by,
        created_at: created_at.unwrap_or(rules.now),
        updated_at,
    };
    Some(Dated { entity: GroupRecord { group, users }, has_created_at: created_at.is_some() })
}

fn read_members(fields: &mut Fields<'_>) -> Vec<GroupMember> {
    let items = fields.list("users");
    if items.len() > MAX_GROUP_USERS {
        fields.fault("users", &format!("a group has at most {MAX_GROUP_USERS} users; this one has {}", items.len()));
        return Vec::new();
    }
    let mut members: Vec<GroupMember> = Vec::with_capacity(items.len());
    let mut seen = HashSet::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let Some(mut of_item) = fields.item("users", index, item) else {
            continue;
        };
        let member = read_member(&mut of_item);
        of_item.finish();
        let Some(member) = member else { continue };
        if !seen.insert(member.login.key().to_owned()) {
            fields.fault(&format!("users[{index}].user_id"), "this user stands in the list before");
        }
        members.push(member);
    }
    members
}

fn read_member(fields: &mut Fields<'_>) -> Option<GroupMember> {
    let login = fields.required("user_id", LoginId::parse);
    let role_id = fields.text("role_id", RoleId::parse);
    let role_type = fields.text("role_type", str::parse);
    Some(GroupMember { login: login?, role_id, role_type })
}

fn read_workspace(fields: &mut Fields<'_>, rules: &Rules) -> Option<Dated<Workspace>> {
    let domain_id = domain_id(fields);
    let id = fields.required("workspace_id", WorkspaceId::parse);
    let name = fields.required("name", Label::parse);
    let state = fields.text("state", str::parse).unwrap_or(WorkspaceState::Enabled);
    let tags = fields.tags();
    let created_by = fields.text("created_by", Label::parse);
    let reference_id = fields.text("reference_id", Label::parse);
    let is_managed = fields.flag("is_managed");
    let is_dormant = fields.flag("is_dormant");
    let workspace_group_id = fields.text("workspace_group_id", WorkspaceGroupId::parse);
    let created_at = fields.time("created_at");
    let last_synced_at = fields.time("last_synced_at");
    let dormant_updated_at = fields.time("dormant_updated_at");
    let entity = Workspace {
        id: id?,
        domain_id: domain_id?,
        name: name?,
        state,
        tags,
        created_by,
        reference_id,
        is_managed,
        is_dormant,
        workspace_group_id,
        created_at: created_at.unwrap_or(rules.now),
        last_synced_at,
        dormant_updated_at,
    };
    Some(Dated { entity, has_created_at: created_at.is_some() })
}

fn read_binding(fields: &mut Fields<'_>, rules: &Rules) -> Option<Dated<RoleBinding>> {
    let domain_id = domain_id(fields);
    let id = fields.required("role_binding_id", RoleBindingId::parse);
    let login = fields.required("user_id", LoginId::parse);
    let role_id = fields.required("role_id", RoleId::parse);
    let role_type = fields.required("role_type", str::parse);
    let resource_group = fields.required("resource_group", str::parse);
    let workspace_id = fields.text("workspace_id", WorkspaceId::parse);
    let workspace_group_id = fields.text("workspace_group_id", WorkspaceGroupId::parse);
    let created_at = fields.time("created_at");
    let entity = RoleBinding {
        id: id?,
        domain_id: domain_id?,
        login: login?,
        role_id: role_id?,
        role_type: role_type?,
        resource_group: resource_group?,
        workspace_id,
        workspace_group_id,
        created_at: created_at.unwrap_or(rules.now),
    };
    Some(Dated { entity, has_created_at: created_at.is_some() })
}
