//! The list that `_entities` returns. A gateway sends a representation as often as the other subgraph's list refers to
//! the entity. Each entity is found and resolved once, and its value is copied to the other positions.

use std::borrow::Cow;
use std::collections::HashMap;

use async_graphql::{
    Context, ContextSelectionSet, Error, OutputType, Positioned, ServerError, ServerResult, Value,
    parser::types::Field, registry::Registry,
};
use futures_util::future::try_join_all;

use super::{Entity, Representation};
use crate::graphql::error::ApiError;
use crate::graphql::limits::ExecutionBudget;
use crate::graphql::query;

/// The entities of a list of representations.
pub struct Entities {
    slots: Vec<Slot>,
    /// For each representation, the position of the first one that is equal to it.
    sources: Vec<usize>,
}

enum Slot {
    /// The entity, if it is visible to the caller.
    Entity(Option<Box<Entity>>),
    /// A copy of an entity that is resolved at another position.
    Copy,
}

impl Entities {
    /// Finds the entities, all of them in one batch for each type.
    pub(super) async fn find(ctx: &Context<'_>, representations: &[Representation]) -> Result<Self, ApiError> {
        let mut firsts = HashMap::with_capacity(representations.len());
        let places = representations.iter().enumerate();
        let sources: Vec<usize> = places.map(|(place, equal)| *firsts.entry(equal).or_insert(place)).collect();
        let slots = representations.iter().zip(&sources).enumerate().map(async |(place, (representation, source))| {
            if *source == place { find(ctx, representation).await } else { Ok(Slot::Copy) }
        });
        Ok(Self { slots: try_join_all(slots).await?, sources })
    }
}

async fn find(ctx: &Context<'_>, representation: &Representation) -> Result<Slot, ApiError> {
    let node = query::find_node(ctx, &representation.id).await?;
    let entity = node.map(Entity::from).filter(|entity| entity.type_name() == representation.type_name);
    Ok(Slot::Entity(entity.map(Box::new)))
}

impl OutputType for Entities {
    fn type_name() -> Cow<'static, str> {
        <Vec<Option<Entity>> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<Option<Entity>> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let at_field = |error: ApiError| -> ServerError { Error::from(error).into_server_error(field.pos) };
        let Value::List(mut values) = self.slots.resolve(ctx, field).await? else { return Ok(Value::Null) };
        let work = ctx
            .data::<ExecutionBudget>()
            .map_err(|_| at_field(ApiError::internal("a request has no ExecutionBudget")))?;
        for (place, source) in self.sources.iter().enumerate().filter(|(place, source)| *place != **source) {
            let value = values.get(*source).cloned().unwrap_or_default();
            if let Some(copy) = values.get_mut(place) {
                work.charge_copy(&value).map_err(at_field)?;
                *copy = value;
            }
        }
        Ok(Value::List(values))
    }
}

impl OutputType for Slot {
    fn type_name() -> Cow<'static, str> {
        <Option<Entity> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Option<Entity> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Option<Entity> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match self {
            Self::Entity(entity) => entity.resolve(ctx, field).await,
            Self::Copy => Ok(Value::Null),
        }
    }
}
