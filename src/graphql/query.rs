//! The root type of all queries.

use async_graphql::{Context, ID, MergedObject, Object};
use futures_util::future::{TryFutureExt, try_join_all};

use super::context;
use super::error::ApiError;
use super::types::direct::Direct;
use super::types::group::WorkspaceGroup;
use super::types::node::Node;
use super::types::user::User;
use super::types::workspace::Workspace;
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::{Invalid, InvalidKind};

/// The maximum number of ids in one lookup.
const MAX_IDS: usize = 100;

/// The queries of the API: what you can read.
#[derive(MergedObject, Default)]
pub struct Query(QueryFields);

/// The fields of [`Query`]. The root type for a gateway has more.
#[derive(Default)]
pub struct QueryFields;

#[Object]
impl QueryFields {
    /// The authenticated user. Null, with a top-level error `UNAUTHENTICATED`, without a valid access token.
    async fn me(&self, ctx: &Context<'_>) -> Option<Result<Direct<User>, ApiError>> {
        Some(context::caller(ctx).map(|caller| Direct(User(caller.clone()))))
    }

    /// The entity with this id: a workspace, a workspace group, or your own user. Null if it does not exist or is not
    /// visible to you.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the entity.")] id: ID,
    ) -> Option<Result<Node, ApiError>> {
        find_node(ctx, &id).await.transpose()
    }

    /// The entities with these ids, in the same order. An item is null if the entity does not exist or is not visible
    /// to you. More than 100 ids are refused with `BAD_USER_INPUT`.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of the entities, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        check_number("ids", ids.len())?;
        try_join_all(ids.iter().map(|id| find_node(ctx, id))).await
    }

    /// The workspaces with these ids, in the same order. An item is null if the workspace does not exist or is not
    /// visible to you. More than 100 ids are refused with `BAD_USER_INPUT`.
    async fn workspaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of workspaces, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Direct<Workspace>>>, ApiError> {
        check_number("ids", ids.len())?;
        try_join_all(ids.iter().map(|id| find_workspace(ctx, id).map_ok(|found| found.map(Direct)))).await
    }

    /// The workspace groups with these ids, in the same order. An item is null if the group does not exist or is not
    /// visible to you. More than 100 ids are refused with `BAD_USER_INPUT`.
    async fn workspace_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of workspace groups, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Direct<WorkspaceGroup>>>, ApiError> {
        check_number("ids", ids.len())?;
        try_join_all(ids.iter().map(|id| find_group(ctx, id).map_ok(|found| found.map(Direct)))).await
    }
}

/// Checks the number of ids in a lookup.
pub(super) fn check_number(argument: &str, asked: usize) -> Result<(), ApiError> {
    if asked <= MAX_IDS {
        return Ok(());
    }
    let message = format!("at most {MAX_IDS} ids are allowed, not {asked}");
    Err(ApiError::bad_input(argument, &Invalid { kind: InvalidKind::TooLong, message }))
}

/// The entity with this id, if it is visible to the caller.
pub(super) async fn find_node(ctx: &Context<'_>, id: &str) -> Result<Option<Node>, ApiError> {
    if id.starts_with(WorkspaceId::PREFIX) {
        Ok(find_workspace(ctx, id).await?.map(Node::Workspace))
    } else if id.starts_with(WorkspaceGroupId::PREFIX) {
        Ok(find_group(ctx, id).await?.map(Node::WorkspaceGroup))
    } else {
        let caller = context::caller(ctx)?;
        Ok((caller.user.id.as_str() == id).then(|| Node::User(User(caller.clone()))))
    }
}

/// A malformed id is treated as unknown.
async fn find_workspace(ctx: &Context<'_>, id: &str) -> Result<Option<Workspace>, ApiError> {
    let loaders = context::loaders(ctx)?;
    let Ok(id) = WorkspaceId::parse(id) else { return Ok(None) };
    Ok(loaders.workspaces.get(id).await?.map(Workspace::from))
}

async fn find_group(ctx: &Context<'_>, id: &str) -> Result<Option<WorkspaceGroup>, ApiError> {
    context::caller(ctx)?;
    let Ok(id) = WorkspaceGroupId::parse(id) else { return Ok(None) };
    WorkspaceGroup::find(ctx, id).await
}
