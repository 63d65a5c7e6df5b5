//! Objects and lists that write the fields that are available themselves, see [`plain`](super::plain). The other fields are
//! resolved as the library does it: together, each with its turn.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, Context, ContextBase, ContextSelectionSet, OutputType, Pos, Positioned, ServerResult, Value,
    parser::types::{Field, SelectionSet},
    registry::Registry,
    resolver_utils::resolve_container,
};
use futures_util::future::{BoxFuture, FutureExt, TryFutureExt, try_join_all};

use super::plain::{Write, WriteFields, Writer, only_field, write_field, write_items, write_object};
use crate::graphql::context;
use crate::graphql::json;
use crate::graphql::limits::ExecutionBudget;

/// An object.
pub struct Direct<T>(pub T);

/// A list of objects.
pub struct List<T>(pub Vec<T>);

/// What is written between two turns.
const CHUNK: usize = 256;

impl<T: WriteFields + ContainerType> OutputType for Direct<T> {
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

impl<T: WriteFields> Write for Direct<T> {
    const IS_PLAIN: bool = T::IS_PLAIN;

    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        write_object(&self.0, selected, writer)
    }
}

impl<T: WriteFields> Write for List<T> {
    const IS_PLAIN: bool = T::IS_PLAIN;

    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        // A longer one is written in turns.
        if self.0.len() > CHUNK {
            return None;
        }
        write_items(&self.0, writer, |item, writer| write_object(item, selected, writer))
    }
}

impl<T: WriteFields + ContainerType> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let (mut json, written) = write_first(ctx, &self.0).await?;
        let rest = self.0.iter().enumerate().skip(written).map(|(index, item)| resolve_item(ctx, field, index, item));
        if T::IS_PLAIN {
            // Nothing waits for a loader. Started together, items take some 2 kB each.
            for (index, item) in rest.enumerate() {
                json::separate(written + index, &mut json);
                json::write(&item.await?, &mut json);
            }
        } else {
            for (index, value) in try_join_all(rest).await?.iter().enumerate() {
                json::separate(written + index, &mut json);
                json::write(value, &mut json);
            }
        }
        json.push(b']');
        Ok(Value::Binary(json.into()))
    }
}

/// Writes the first items of a list, up to one of whose fields not all are available. Returns the text, without the end of
/// the list, and how many items it has.
async fn write_first<T: WriteFields>(ctx: &ContextSelectionSet<'_>, items: &[T]) -> ServerResult<(Vec<u8>, usize)> {
    let budget = budget(ctx)?;
    let loaders = context::written_loaders(ctx);
    let mut writer = Writer::new(loaders.as_deref());
    let mut written = 0;
    writer.json.push(b'[');
    for (index, item) in items.iter().enumerate() {
        let before = writer.mark();
        json::separate(index, &mut writer.json);
        writer.size += 1;
        if write_object(item, &ctx.item.node, &mut writer).is_none() {
            writer.reset(before);
            break;
        }
        written += 1;
        if writer.size >= CHUNK {
            budget.count_in_turns(std::mem::take(&mut writer.size)).await;
        }
    }
    budget.count_in_turns(writer.size).await;
    Ok((writer.json, written))
}

async fn resolve_item<T: WriteFields + ContainerType>(
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

/// The value of an object, of whose fields each that is not available is resolved by the library.
async fn resolve_object<'a, T: WriteFields + ContainerType>(
    ctx: &ContextSelectionSet<'a>,
    object: &'a T,
) -> ServerResult<Value> {
    let loaders = context::written_loaders(ctx);
    let mut writer = Writer::new(loaders.as_deref());
    let mut gaps = Vec::new();
    let mut values: Vec<BoxFuture<'_, ServerResult<Value>>> = Vec::new();
    writer.json.push(b'{');
    for (index, selection) in ctx.item.node.items.iter().enumerate() {
        let Some(field) = only_field(&selection.node) else { return resolve_container(ctx, object).await };
        writer.key(index, &field.node);
        let before = writer.mark();
        if write_field(object, &field.node, &mut writer).is_none() {
            gaps.push(before.length);
            writer.reset(before);
            values.push(resolve_field(ctx, object, field).boxed());
        }
    }
    writer.json.push(b'}');
    budget(ctx)?.count(writer.size);
    let json = writer.json;
    let values = try_join_all(values).await?;
    Ok(Value::Binary(fill(&json, &gaps, &values).into()))
}

/// The text with values in its gaps.
fn fill(json: &[u8], gaps: &[usize], values: &[Value]) -> Vec<u8> {
    let written = |value: &Value| if let Value::Binary(text) = value { text.len() } else { 0 };
    let mut filled = Vec::with_capacity(json.len() + values.iter().map(written).sum::<usize>());
    let mut copied = 0;
    for (&gap, value) in gaps.iter().zip(values) {
        filled.extend_from_slice(json.get(copied..gap).unwrap_or_default());
        json::write(value, &mut filled);
        copied = gap;
    }
    filled.extend_from_slice(json.get(copied..).unwrap_or_default());
    filled
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
