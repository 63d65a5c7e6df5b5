//! Objects and lists that write their plain fields themselves, see [`plain`](super::plain). The other fields are
//! resolved as the library does it: together, each with its turn.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, Context, ContextBase, ContextSelectionSet, Name, OutputType, Pos, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, SelectionSet},
    registry::Registry,
    resolver_utils::resolve_container,
};
use futures_util::future::{BoxFuture, FutureExt, TryFutureExt, try_join_all};

use super::plain::{Plain, PlainFields, Size, only_field, write_field, write_object};
use crate::graphql::limits::ExecutionBudget;

/// An object.
pub struct Direct<T>(pub T);

/// A list of objects.
pub struct List<T>(pub Vec<T>);

/// What is written between two turns.
const CHUNK: usize = 256;

impl<T: PlainFields + ContainerType> OutputType for Direct<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_object(ctx, &self.0).await
    }
}

impl<T: PlainFields> Plain for Direct<T> {
    fn write(self, selected: &SelectionSet, size: &mut Size) -> Option<Value> {
        write_object(&self.0, selected, size)
    }
}

impl<T: PlainFields + ContainerType> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if let Some(values) = write_list(ctx, &self.0).await? {
            return Ok(Value::List(values));
        }
        let items = self.0.iter().enumerate().map(|(index, item)| resolve_item(ctx, field, index, item));
        if T::IS_COMPLETE {
            // Nothing waits for a loader. Started together, items take some 2 kB each.
            let mut values = Vec::with_capacity(self.0.len());
            for item in items {
                values.push(item.await?);
            }
            return Ok(Value::List(values));
        }
        Ok(Value::List(try_join_all(items).await?))
    }
}

/// The items of a list, if all of their selected fields are plain.
async fn write_list<T: PlainFields>(ctx: &ContextSelectionSet<'_>, items: &[T]) -> ServerResult<Option<Vec<Value>>> {
    let budget = budget(ctx)?;
    let mut values = Vec::with_capacity(items.len());
    let mut size = Size::default();
    for item in items {
        let Some(value) = write_object(item, &ctx.item.node, &mut size) else { return Ok(None) };
        values.push(value);
        size.0 += 1;
        if size.0 >= CHUNK {
            budget.count_in_turns(std::mem::take(&mut size.0)).await;
        }
    }
    budget.count_in_turns(size.0).await;
    Ok(Some(values))
}

async fn resolve_item<T: PlainFields + ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    index: usize,
    item: &T,
) -> ServerResult<Value> {
    let ctx = ctx.with_index(index);
    // On the heap: the future is large, and passed on a few times.
    let resolved = budget(&ctx)?.resolve_item(&field.node, resolve_object(&ctx, item).map_ok(Some).boxed()).await;
    Ok(resolved.map_err(|error| ctx.set_error_path(error))?.unwrap_or_default())
}

/// The value of an object, of whose fields each that is not plain is resolved by the library.
async fn resolve_object<'a, T: PlainFields + ContainerType>(
    ctx: &ContextSelectionSet<'a>,
    object: &'a T,
) -> ServerResult<Value> {
    let selections = &ctx.item.node.items;
    let mut size = Size::default();
    let mut fields = IndexMap::with_capacity(selections.len());
    let mut others: Vec<BoxFuture<'_, ServerResult<(&Name, Value)>>> = Vec::new();
    for selection in selections {
        // The library merges what fragments select.
        let Some(field) = only_field(&selection.node) else { return resolve_container(ctx, object).await };
        let key = &field.node.response_key().node;
        let value = write_field(object, &field.node, &mut size).unwrap_or_else(|| {
            others.push(resolve_field(ctx, object, field).map_ok(move |value| (key, value)).boxed());
            Value::Null // It keeps the place.
        });
        fields.insert(key.clone(), value);
    }
    budget(ctx)?.count(size.0);
    for (key, value) in try_join_all(others).await? {
        fields.insert(key.clone(), value);
    }
    Ok(Value::Object(fields))
}

async fn resolve_field<'a, T: ContainerType>(
    ctx: &ContextSelectionSet<'a>,
    object: &'a T,
    field: &'a Positioned<Field>,
) -> ServerResult<Value> {
    let ctx: Context<'_> = ctx.with_field(field);
    Ok(budget(&ctx)?.resolve_field(&field.node, object.resolve_field(&ctx).boxed()).await?.unwrap_or_default())
}

fn budget<'a, T>(ctx: &ContextBase<'a, T>) -> ServerResult<&'a ExecutionBudget> {
    ctx.data().map_err(|error| error.into_server_error(Pos::default()))
}
