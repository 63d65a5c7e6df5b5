//! The kinds of entities that import and export transfer.

use super::string_enums;

string_enums! {
    /// The kind of an entity, in export order. Its written form is `kind` in an import file.
    EntityKind {
        /// A domain.
        Domain = "domain",
        /// A role.
        Role = "role",
        /// A user.
        User = "user",
        /// A workspace group with its users.
        WorkspaceGroup = "workspace_group",
        /// A workspace.
        Workspace = "workspace",
        /// A role binding.
        RoleBinding = "role_binding",
    }
}
