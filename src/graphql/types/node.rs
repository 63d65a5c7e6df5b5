//! The `Node` interface (the Relay global object identification specification).

#![expect(missing_docs, reason = "the derive of an interface makes methods without documentation")]

use async_graphql::{ID, Interface};

use super::group::WorkspaceGroup;
use super::user::User;
use super::workspace::Workspace;

/// An entity that `node` can look up by its id alone.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The entity's own id, with its prefix."))]
pub enum Node {
    /// A user, always the caller.
    User(User),
    /// A workspace.
    Workspace(Workspace),
    /// A workspace group.
    WorkspaceGroup(WorkspaceGroup),
}
