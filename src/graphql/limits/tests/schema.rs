//! A schema with the shapes that matter: nested lists, an interface, inputs, list arguments, and a cycle of types.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use async_graphql::{
    Context, EmptySubscription, Enum, ID, InputObject, Interface, Json, MaybeUndefined, Object, Schema, SimpleObject,
    Value,
};

use super::super::{Limits, RequestLimits, Settings};
use crate::graphql::{
    dataloader::{DataLoader, Load},
    error::ApiError,
};

pub(super) type TestSchema = Schema<Query, Mutation, EmptySubscription>;

/// The schema with these `limits`.
pub(super) fn schema_with(limits: Limits) -> TestSchema {
    schema_of(Settings { limits, ..Settings::default() })
}

/// The schema with these settings. A call of `updateProfile` with a name is an attempt.
pub(super) fn schema_of(settings: Settings) -> TestSchema {
    let limits = RequestLimits::new(settings, |name, given| name == "updateProfile" && given("name"));
    limits.install(Schema::build(Query, Mutation, EmptySubscription)).finish()
}

/// The loader of one request.
pub(super) struct Loader {
    batches: Batches,
    loader: OnceLock<DataLoader<Batches>>,
}

impl Loader {
    pub(super) fn of(batches: &Batches) -> Self {
        Self { batches: batches.clone(), loader: OnceLock::new() }
    }
}

/// Counts the batches of its loader.
#[derive(Clone, Default)]
pub(super) struct Batches(pub(super) Arc<AtomicUsize>);

impl Load for Batches {
    type Key = usize;
    type Value = bool;

    async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, bool>, ApiError> {
        self.0.fetch_add(1, Relaxed);
        Ok(keys.iter().map(|key| (*key, true)).collect())
    }
}

/// The schema with the default limits, without those that would hide the others: the limits for the cost and for list
/// items, which most documents of these tests exceed.
pub(super) fn schema() -> TestSchema {
    schema_with(Limits { cost: usize::MAX, list_items: usize::MAX, ..Limits::default() })
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

    /// The fields of `input` that were given.
    async fn given(&self, input: Given) -> String {
        let text = |value: MaybeUndefined<String>| match value {
            MaybeUndefined::Undefined => "undefined".to_owned(),
            MaybeUndefined::Null => "null".to_owned(),
            MaybeUndefined::Value(value) => value,
        };
        let list = input.list.map_value(|list| serde_json::to_string(&list).unwrap().replace(',', ", "));
        format!("name {}, list {}", text(input.name), text(list))
    }

    async fn echo(&self, text: Option<String>, list: Option<Vec<String>>, json: Option<Json<Value>>) -> usize {
        text.map_or(0, |text| text.len()) + list.map_or(0, |list| list.len()) + usize::from(json.is_some())
    }
}

#[derive(InputObject)]
pub(super) struct Given {
    name: MaybeUndefined<String>,
    list: MaybeUndefined<Vec<Option<String>>>,
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

    async fn large_tags(&self) -> Json<Value> {
        Json(Value::from_json(serde_json::json!({ "list": vec![0; 100] })).unwrap_or_default())
    }

    async fn groups(
        &self,
        #[graphql(default = 50)] first: usize,
        after: Option<String>,
        filter: Option<Filter>,
    ) -> Groups {
        drop((after, filter));
        // Suspends, like a loader.
        tokio::task::yield_now().await;
        Groups { nodes: (0..first).map(|_| Group).collect() }
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

    /// Waits for another task.
    async fn comes_later(&self) -> bool {
        tokio::spawn(tokio::task::yield_now()).await.is_ok()
    }

    /// Waits for a loader.
    async fn is_loaded(&self, context: &Context<'_>) -> Option<bool> {
        let Loader { batches, loader } = context.data_unchecked();
        let loader = loader.get_or_init(|| DataLoader::new(batches.clone(), context.data_unchecked()));
        loader.get(0).await.ok().flatten().map(|found| *found)
    }

    /// Never completes.
    async fn waits(&self) -> bool {
        std::future::pending().await
    }

    async fn users(&self, #[graphql(default = 50)] first: usize) -> Vec<User> {
        tokio::task::yield_now().await;
        (0..first).map(|_| User).collect()
    }
}
