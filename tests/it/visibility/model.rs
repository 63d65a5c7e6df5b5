//! An independent, simple implementation of the visibility rules on a domain in memory.

use proptest::prelude::*;

use crate::support::{RoleBinding, User, Workspace, WorkspaceGroup};

pub const USERS: usize = 4;
const WORKSPACES: usize = 6;
const GROUPS: usize = 3;

/// A generated domain. Users, workspaces, and groups are numbers. The number after the last one is a deleted entity.
#[derive(Debug, Clone)]
pub struct DomainModel {
    pub is_admin: Vec<bool>,
    /// The state and group of each workspace.
    workspaces: Vec<(&'static str, Option<usize>)>,
    /// For each group, whether each user belongs to it.
    groups: Vec<Vec<bool>>,
    bindings: Vec<Binding>,
}

#[derive(Debug, Clone)]
struct Binding {
    user: usize,
    role_type: &'static str,
    resource_group: &'static str,
    workspace: Option<usize>,
    group: Option<usize>,
    minute: u32,
}

/// The visible workspaces: `(workspace, role of the node, role of the edge)`. A role is the number of its binding.
pub type Listed = Vec<(usize, Option<usize>, Option<usize>)>;

pub fn domain_model() -> impl Strategy<Value = DomainModel> {
    let state = prop::sample::select(vec!["ENABLED", "ENABLED", "ENABLED", "DISABLED", "DELETED"]);
    let role_type =
        prop::sample::select(vec!["WORKSPACE_OWNER", "WORKSPACE_MEMBER", "WORKSPACE_MEMBER", "DOMAIN_ADMIN"]);
    let resource_group = prop::sample::select(vec!["WORKSPACE", "WORKSPACE", "WORKSPACE", "DOMAIN"]);
    let binding = (
        0..USERS,
        role_type,
        resource_group,
        prop::option::weighted(0.9, 0..=WORKSPACES),
        prop::option::of(0..=GROUPS),
        0_u32..3,
    )
        .prop_map(|(user, role_type, resource_group, workspace, group, minute)| {
            // Only a binding with resource group DOMAIN may have no workspace.
            let workspace = workspace.or((resource_group == "WORKSPACE").then_some(0));
            Binding { user, role_type, resource_group, workspace, group, minute }
        });
    (
        prop::collection::vec(prop::bool::weighted(0.3), USERS),
        prop::collection::vec((state, prop::option::of(0..=GROUPS)), WORKSPACES),
        prop::collection::vec(prop::collection::vec(any::<bool>(), USERS), GROUPS),
        prop::collection::vec(binding, 0..16),
    )
        .prop_map(|(is_admin, workspaces, groups, bindings)| DomainModel {
            is_admin,
            workspaces,
            groups,
            bindings,
        })
}

impl DomainModel {
    /// The import lines of the domain. The order of names is the reverse of that of ids, so that tests can tell them apart.
    pub fn lines(&self, domain: &str) -> String {
        let mut lines = crate::support::domain(domain);
        for (number, is_admin) in self.is_admin.iter().enumerate() {
            let user = User::new(&format!("user{number}")).in_domain(domain);
            lines += &if *is_admin { user.admin() } else { user }.line();
        }
        for (number, (state, group)) in self.workspaces.iter().enumerate() {
            let group = group.map(|group| format!("wg-{domain}-{group}"));
            let workspace = Workspace::new(&format!("workspace-{domain}-{number}")).in_domain(domain);
            let workspace = workspace.name(&(WORKSPACES - number).to_string()).state(state);
            lines += &workspace.with("workspace_group_id", group).line();
        }
        for (number, members) in self.groups.iter().enumerate() {
            let users = (0..USERS).filter(|user| members[*user]).map(|user| format!("user{user}"));
            let group = WorkspaceGroup::new(&format!("wg-{domain}-{number}")).in_domain(domain);
            lines += &group.name(&(GROUPS - number).to_string()).members(users).line();
        }
        for (number, binding) in self.bindings.iter().enumerate() {
            let (id, user_id) = (format!("rb-{domain}-{number:02}"), format!("user{}", binding.user));
            let workspace = binding.workspace.map(|number| format!("workspace-{domain}-{number}"));
            let group = binding.group.map(|number| format!("wg-{domain}-{number}"));
            lines += &RoleBinding::member(&id, &user_id, "")
                .in_domain(domain)
                .role(&format!("role-{number}"), binding.role_type)
                .with("resource_group", binding.resource_group)
                .with("workspace_id", workspace)
                .with("workspace_group_id", group)
                .with("created_at", format!("2026-01-01T00:0{}:00Z", binding.minute))
                .line();
        }
        lines
    }

    /// The bindings that grant a user access to a workspace, by descending precedence.
    fn bindings_to(&self, user: usize, workspace: usize, through: Option<usize>) -> Vec<usize> {
        let mut bindings: Vec<usize> = (0..self.bindings.len())
            .filter(|number| {
                let binding = &self.bindings[*number];
                binding.user == user
                    && binding.workspace == Some(workspace)
                    && binding.resource_group == "WORKSPACE"
                    && binding.role_type.starts_with("WORKSPACE_")
                    && (through.is_none() || binding.group == through)
            })
            .collect();
        bindings.sort_by_key(|number| {
            let binding = &self.bindings[*number];
            (binding.role_type != "WORKSPACE_OWNER", binding.minute, *number)
        });
        bindings
    }

    /// The workspaces that a user sees, all or through a group.
    pub fn workspaces(&self, user: usize, through: Option<usize>) -> Listed {
        let mut listed = Vec::new();
        // In the order of names, which is the reverse of that of ids.
        for workspace in (0..WORKSPACES).rev() {
            let (state, group) = self.workspaces[workspace];
            let best = self.bindings_to(user, workspace, None).first().copied();
            let by_list = self.bindings_to(user, workspace, through).first().copied();
            let is_seen = match through {
                Some(through) if through >= GROUPS => false,
                Some(through) if self.is_admin[user] => group == Some(through),
                None if self.is_admin[user] => true,
                _ => by_list.is_some(),
            };
            if state == "ENABLED" && is_seen {
                listed.push((workspace, best, by_list));
            }
        }
        listed
    }

    /// The groups that a user sees, each with the number of the user's binding through it.
    pub fn groups(&self, user: usize) -> Vec<(usize, Option<usize>)> {
        let is_seen = |group: &usize| self.is_admin[user] || self.groups[*group][user];
        (0..GROUPS)
            .rev()
            .filter(is_seen)
            .map(|group| {
                let mut through: Vec<usize> = (0..WORKSPACES)
                    .filter(|workspace| self.workspaces[*workspace].0 == "ENABLED")
                    .flat_map(|workspace| self.bindings_to(user, workspace, Some(group)))
                    .collect();
                through.sort_by_key(|number| {
                    let binding = &self.bindings[*number];
                    (binding.role_type != "WORKSPACE_OWNER", binding.minute, *number)
                });
                (group, through.first().copied())
            })
            .collect()
    }

    /// The group of a workspace, if the user sees the group.
    pub fn group_of(&self, user: usize, workspace: usize) -> Option<usize> {
        self.workspaces[workspace].1.filter(|group| self.groups(user).iter().any(|(seen, _)| seen == group))
    }
}
