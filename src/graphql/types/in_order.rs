//! Long lists whose items do not wait for a loader.

use std::borrow::Cow;
use std::pin::pin;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, extensions::ResolveInfo, parser::types::Field,
    registry::Registry,
};

/// A list that is resolved item by item. The library starts all items of a list at once, which takes some 2 kB for
/// each. That is useful only if the items wait for a loader together.
pub struct InOrder<T>(pub Vec<T>);

impl<T: OutputType> OutputType for InOrder<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let (list, item_type) = (<Vec<T> as OutputType>::type_name(), T::qualified_type_name());
        let mut values = Vec::with_capacity(self.0.len());
        for (index, item) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            let Some(path_node) = &ctx.path_node else { return Ok(Value::Null) };
            let info = ResolveInfo {
                path_node,
                parent_type: &list,
                return_type: &item_type,
                name: field.node.name.node.as_str(),
                alias: field.node.alias.as_ref().map(|alias| alias.node.as_str()),
                is_for_introspection: false,
                field: &field.node,
            };
            let mut resolved =
                pin!(async { item.resolve(&ctx, field).await.map(Some).map_err(|error| ctx.set_error_path(error)) });
            values.push(ctx.query_env.extensions.resolve(info, &mut resolved).await?.unwrap_or_default());
        }
        Ok(Value::List(values))
    }
}
