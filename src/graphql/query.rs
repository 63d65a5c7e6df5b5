//! The root of all queries.

use async_graphql::{Context, ID, Object};

use super::context;
use super::error::ApiError;
use super::types::group::WorkspaceGroup;
use super::types::node::Node;
use super::types::user::User;
use super::types::workspace::Workspace;
use crate::domain::ids::{UserId, WorkspaceGroupId, WorkspaceId};
use crate::domain::{Invalid, InvalidKind};

/// How many ids `nodes` takes.
const MAX_NODES: usize = 100;

/// The root of all queries.
pub struct Query;

/// Everything that can be asked.
#[Object]
impl Query {
    /// Who you are. Null, with an error UNAUTHENTICATED, when nobody is signed in.
    async fn me(&self, ctx: &Context<'_>) -> Option<Result<User, ApiError>> {
        Some(context::caller(ctx).map(|caller| User(caller.clone())))
    }

    /// The thing with this id; null if there is none, or none that you see.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The id.")] id: ID) -> Option<Result<Node, ApiError>> {
        find_node(ctx, &id).await.transpose()
    }

    /// The things with these ids, at most 100, in the same order; null in the place of what there is not, or not for you.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        if ids.len() > MAX_NODES {
            let message = format!("at most {MAX_NODES} ids can be asked for at once; these are {}", ids.len());
            return Err(ApiError::bad_input("ids", &Invalid { kind: InvalidKind::TooLong, message }));
        }
        futures_util::future::try_join_all(ids.iter().map(|id| find_node(ctx, id))).await
    }
}

async fn find_node(ctx: &Context<'_>, id: &str) -> Result<Option<Node>, ApiError> {
    let loaders = context::loaders(ctx)?;
    Ok(if id.starts_with(WorkspaceId::PREFIX) {
        let Ok(id) = WorkspaceId::parse(id) else { return Ok(None) };
        loaders.workspaces.get(id).await?.map(|visible| Node::Workspace(Workspace::from(visible)))
    } else if id.starts_with(WorkspaceGroupId::PREFIX) {
        let Ok(id) = WorkspaceGroupId::parse(id) else { return Ok(None) };
        loaders.groups.get(id).await?.map(|group| Node::WorkspaceGroup(WorkspaceGroup(group)))
    } else if id.starts_with(UserId::PREFIX) {
        let caller = context::caller(ctx)?;
        (caller.user.id.as_str() == id).then(|| Node::User(User(caller.clone())))
    } else {
        None
    })
}
