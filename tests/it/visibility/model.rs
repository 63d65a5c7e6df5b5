//! The rules, said as plainly as can be, over a domain that is held in memory.

use proptest::prelude::*;
use serde_json::json;

pub const USERS: usize = 4;
const WORKSPACES: usize = 6;
const GROUPS: usize = 3;

/// A made-up domain. Users, workspaces and groups are numbers; one more than there are is one that is gone.
#[derive(Debug, Clone)]
pub struct Company {
    pub is_admin: Vec<bool>,
    /// Of each workspace: its state and its group.
    workspaces: Vec<(&'static str, Option<usize>)>,
    /// Of each group: whether each user is one of its.
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

/// What somebody sees: `(workspace, role of the node, role of the edge)`, a role being the number of its binding.
pub type Listed = Vec<(usize, Option<usize>, Option<usize>)>;

pub fn company() -> impl Strategy<Value = Company> {
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
            // Only a binding of the domain may name no workspace.
            let workspace = workspace.or((resource_group == "WORKSPACE").then_some(0));
            Binding { user, role_type, resource_group, workspace, group, minute }
        });
    (
        prop::collection::vec(prop::bool::weighted(0.3), USERS),
        prop::collection::vec((state, prop::option::of(0..=GROUPS)), WORKSPACES),
        prop::collection::vec(prop::collection::vec(any::<bool>(), USERS), GROUPS),
        prop::collection::vec(binding, 0..16),
    )
        .prop_map(|(is_admin, workspaces, groups, bindings)| Company { is_admin, workspaces, groups, bindings })
}

impl Company {
    /// The domain as lines to import. Names run against ids, so that the order is that of names.
    pub fn lines(&self, domain: &str) -> String {
        let mut lines = crate::support::domain(domain);
        for (number, is_admin) in self.is_admin.iter().enumerate() {
            let role = if *is_admin { r#""role_type":"DOMAIN_ADMIN""# } else { "" };
            lines += &crate::support::user(domain, &format!("user{number}"), role);
        }
        for (number, (state, group)) in self.workspaces.iter().enumerate() {
            let group = group.map(|group| format!("wg-{domain}-{group}"));
            lines += &format!(
                "{}\n",
                json!({ "kind": "workspace", "domain_id": domain, "workspace_id": format!("workspace-{domain}-{number}"),
                "name": format!("{}", WORKSPACES - number), "state": state, "workspace_group_id": group })
            );
        }
        for (number, members) in self.groups.iter().enumerate() {
            let users: Vec<_> = (0..USERS)
                .filter(|user| members[*user])
                .map(
                    |user| json!({ "user_id": format!("user{user}"), "role_id": "r", "role_type": "WORKSPACE_MEMBER" }),
                )
                .collect();
            lines += &format!(
                "{}\n",
                json!({ "kind": "workspace_group", "domain_id": domain, "workspace_group_id": format!("wg-{domain}-{number}"),
                "name": format!("{}", GROUPS - number), "users": users })
            );
        }
        for (number, binding) in self.bindings.iter().enumerate() {
            lines += &format!(
                "{}\n",
                json!({ "kind": "role_binding", "domain_id": domain, "role_binding_id": format!("rb-{domain}-{number:02}"),
                "user_id": format!("user{}", binding.user), "role_id": format!("role-{number}"), "role_type": binding.role_type,
                "resource_group": binding.resource_group, "workspace_id": binding.workspace.map(|number| format!("workspace-{domain}-{number}")),
                "workspace_group_id": binding.group.map(|number| format!("wg-{domain}-{number}")),
                "created_at": format!("2026-01-01T00:0{}:00Z", binding.minute) })
            );
        }
        lines
    }

    /// The bindings of a user that tie him to a workspace, the one that counts first.
    fn ties(&self, user: usize, workspace: usize, through: Option<usize>) -> Vec<usize> {
        let mut ties: Vec<usize> = (0..self.bindings.len())
            .filter(|number| {
                let binding = &self.bindings[*number];
                binding.user == user
                    && binding.workspace == Some(workspace)
                    && binding.resource_group == "WORKSPACE"
                    && binding.role_type.starts_with("WORKSPACE_")
                    && (through.is_none() || binding.group == through)
            })
            .collect();
        ties.sort_by_key(|number| {
            let binding = &self.bindings[*number];
            (binding.role_type != "WORKSPACE_OWNER", binding.minute, *number)
        });
        ties
    }

    /// The list of workspaces that a user sees, of all or through a group.
    pub fn workspaces(&self, user: usize, through: Option<usize>) -> Listed {
        let mut listed = Vec::new();
        // Names run backwards.
        for workspace in (0..WORKSPACES).rev() {
            let (state, group) = self.workspaces[workspace];
            let best = self.ties(user, workspace, None).first().copied();
            let by_list = self.ties(user, workspace, through).first().copied();
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

    /// The groups that a user sees, each with the number of his binding through it.
    pub fn groups(&self, user: usize) -> Vec<(usize, Option<usize>)> {
        let is_seen = |group: &usize| self.is_admin[user] || self.groups[*group][user];
        (0..GROUPS)
            .rev()
            .filter(is_seen)
            .map(|group| {
                let mut through: Vec<usize> = (0..WORKSPACES)
                    .filter(|workspace| self.workspaces[*workspace].0 == "ENABLED")
                    .flat_map(|workspace| self.ties(user, workspace, Some(group)))
                    .collect();
                through.sort_by_key(|number| {
                    let binding = &self.bindings[*number];
                    (binding.role_type != "WORKSPACE_OWNER", binding.minute, *number)
                });
                (group, through.first().copied())
            })
            .collect()
    }

    /// The group that a user is shown as a workspace's.
    pub fn group_of(&self, user: usize, workspace: usize) -> Option<usize> {
        self.workspaces[workspace].1.filter(|group| self.groups(user).iter().any(|(seen, _)| seen == group))
    }
}
