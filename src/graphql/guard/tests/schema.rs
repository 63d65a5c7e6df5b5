//! A schema with the shapes that matter here: lists in lists, an interface, inputs, lists as arguments, a cycle.

use async_graphql::{
    EmptySubscription, Enum, ID, InputObject, Interface, Json, Object, Request, Response, Schema, SimpleObject, Value,
};

use super::super::{Limits, RequestGuard};

pub(super) type TestSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema behind a guard with `limits`.
pub(super) fn schema_with(limits: Limits) -> TestSchema {
    RequestGuard::install(Schema::build(Query, Mutation, EmptySubscription), limits).finish()
}

/// The schema behind a guard with the default limits.
pub(super) fn schema() -> TestSchema {
    schema_with(Limits::default())
}

pub(super) struct Query;

#[Object]
impl Query {
    async fn me(&self) -> Option<User> {
        Some(User)
    }

    async fn node(&self, id: ID) -> Option<Node> {
        drop(id);
        Some(Node::User(User))
    }

    async fn nodes(&self, ids: Vec<ID>) -> Vec<Option<Node>> {
        ids.into_iter().map(|_| Some(Node::User(User))).collect()
    }

    async fn echo(&self, text: Option<String>, list: Option<Vec<String>>, json: Option<Json<Value>>) -> usize {
        text.map_or(0, |text| text.len()) + list.map_or(0, |list| list.len()) + usize::from(json.is_some())
    }
}

pub(super) struct Mutation;

#[Object]
impl Mutation {
    async fn update_profile(&self, input: UpdateProfileInput) -> Option<User> {
        drop(input);
        Some(User)
    }
}

#[derive(InputObject)]
pub(super) struct UpdateProfileInput {
    name: Option<String>,
    tags: Option<Json<Value>>,
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
pub(super) enum Node {
    User(User),
    Group(Group),
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum State {
    Enabled,
    Disabled,
}

#[derive(InputObject)]
pub(super) struct Filter {
    name_contains: Option<String>,
    states: Option<Vec<State>>,
}

pub(super) struct User;

#[Object]
impl User {
    async fn id(&self) -> ID {
        "user-1".into()
    }

    async fn name(&self) -> &'static str {
        "Wonny"
    }

    async fn state(&self) -> State {
        State::Enabled
    }

    async fn tags(&self) -> Json<Value> {
        Json(Value::Null)
    }

    async fn groups(
        &self,
        #[graphql(default = 50)] first: usize,
        after: Option<String>,
        filter: Option<Filter>,
    ) -> Groups {
        drop((after, filter));
        // As a loader would: not ready at once.
        tokio::task::yield_now().await;
        Groups {
            nodes: (0..first).map(|_| Group).collect(),
        }
    }
}

#[derive(SimpleObject)]
pub(super) struct Groups {
    nodes: Vec<Group>,
}

#[derive(Clone, Copy)]
pub(super) struct Group;

#[Object]
impl Group {
    async fn id(&self) -> ID {
        "wg-1".into()
    }

    async fn name(&self) -> &'static str {
        "Platform"
    }

    async fn users(&self, #[graphql(default = 50)] first: usize) -> Vec<User> {
        tokio::task::yield_now().await;
        (0..first).map(|_| User).collect()
    }
}

/// Runs a request on one thread.
pub(super) fn run(schema: &TestSchema, request: impl Into<Request>) -> Response {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(schema.execute(request))
}
