//! The root of all queries.

use async_graphql::{Context, ID, MergedObject, Object};
use futures_util::future::try_join_all;

use super::context;
use super::error::ApiError;
use super::types::group::WorkspaceGroup;
use super::types::node::Node;
use super::types::user::User;
use super::types::workspace::Workspace;
use crate::domain::ids::{WorkspaceGroupId, WorkspaceId};
use crate::domain::{Invalid, InvalidKind};

/// How many things can be asked for by their ids at once.
const MAX_IDS: usize = 100;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(QueryFields);

/// The fields of [`Query`], of which a gateway's root has some more.
#[derive(Default)]
pub struct QueryFields;

#[Object]
impl QueryFields {
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
        check_number("ids", ids.len())?;
        try_join_all(ids.iter().map(|id| find_node(ctx, id))).await
    }

    /// The workspaces with these ids, at most 100, in the same order; null in the place of what there is not, or not for
    /// you.
    async fn workspaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of workspaces.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Workspace>>, ApiError> {
        check_number("ids", ids.len())?;
        try_join_all(ids.iter().map(|id| find_workspace(ctx, id))).await
    }

    /// The workspace groups with these ids, at most 100, in the same order; null in the place of what there is not, or
    /// not for you.
    async fn workspace_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids of workspace groups.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<WorkspaceGroup>>, ApiError> {
        check_number("ids", ids.len())?;
        try_join_all(ids.iter().map(|id| find_group(ctx, id))).await
    }
}

/// Checks how many things are asked for at once.
pub(super) fn check_number(argument: &str, asked: usize) -> Result<(), ApiError> {
    if asked <= MAX_IDS {
        return Ok(());
    }
    let message = format!("at most {MAX_IDS} things can be asked for at once; these are {asked}");
    Err(ApiError::bad_input(argument, &Invalid { kind: InvalidKind::TooLong, message }))
}

/// The thing with this id, if the caller sees it.
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

/// What cannot be an id is one that there is not.
async fn find_workspace(ctx: &Context<'_>, id: &str) -> Result<Option<Workspace>, ApiError> {
    let workspaces = &context::loaders(ctx)?.workspaces;
    let Ok(id) = WorkspaceId::parse(id) else { return Ok(None) };
    Ok(workspaces.get(id).await?.map(Workspace::from))
}

async fn find_group(ctx: &Context<'_>, id: &str) -> Result<Option<WorkspaceGroup>, ApiError> {
    context::caller(ctx)?;
    let Ok(id) = WorkspaceGroupId::parse(id) else { return Ok(None) };
    WorkspaceGroup::find(ctx, id).await
}
