//! Anything with an id of its own (the Relay global object identification specification).

#![expect(missing_docs, reason = "the derive of an interface makes methods without documentation")]

use async_graphql::{ID, Interface};

use super::group::WorkspaceGroup;
use super::user::User;
use super::workspace::Workspace;

/// Something that can be asked for by its id alone, with `node`.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The thing's own id."))]
pub enum Node {
    /// A user: only yourself.
    User(User),
    /// A workspace.
    Workspace(Workspace),
    /// A workspace group.
    WorkspaceGroup(WorkspaceGroup),
}
