//! The cost of an operation: the number of fields that its response may have, from the possible lengths of its lists.
//!
//! A field costs 1. The fields selected of a connection's page are multiplied by `first` or `last`, or by 50 if neither
//! is given; those of any other list by 10, or by the number of `ids` if that is larger. Introspection is free.
//!
//! The same pass checks the length of list arguments.
//!
//! This visits fragments wherever they are spread, which is within the limit that [`complexity`](super::complexity) has
//! checked.

use async_graphql::{
    Name, Positioned, Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
    registry::{MetaField, MetaType, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use super::{
    Limits,
    document::root,
    error::{Limit, RequestError},
};
use crate::domain::page::{DEFAULT_PAGE, MAX_PAGE};

/// The assumed number of items of any other list.
const LIST: usize = 10;

/// The cost of `operation` with these `variables`, including defaults.
///
/// # Errors
/// If it costs too much, or if a list argument is too long.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    registry: &Registry,
    limits: &Limits,
) -> Result<usize, RequestError> {
    let costs = Costs { document, variables, registry, limits };
    let cost = costs.of_set(&operation.selection_set.node, root(registry, operation.ty), false)?;
    Limit::Cost.check(cost, limits.cost, Some(operation.selection_set.pos))?;
    Ok(cost)
}

struct Costs<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    registry: &'a Registry,
    limits: &'a Limits,
}

impl<'a> Costs<'a> {
    /// The cost of the selections of a `parent`, which may be a page. Of an unknown type, only the fields count: the
    /// validation refuses it.
    fn of_set(
        &self,
        set: &'a SelectionSet,
        parent: Option<&'a MetaType>,
        is_page: bool,
    ) -> Result<usize, RequestError> {
        let mut sum = 0_usize;
        for selection in &set.items {
            let cost = match &selection.node {
                Selection::Field(field) => self.of_field(field, parent, is_page)?,
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    let parent = on.map_or(parent, |on| self.registry.types.get(on.as_str()));
                    self.of_set(&inline.node.selection_set.node, parent, is_page)?
                }
                Selection::FragmentSpread(spread) => {
                    let name: &Name = &spread.node.fragment_name.node;
                    match self.document.fragments.get(name) {
                        Some(fragment) => {
                            let on = fragment.node.type_condition.node.on.node.as_str();
                            let parent = self.registry.types.get(on);
                            self.of_set(&fragment.node.selection_set.node, parent, is_page)?
                        }
                        None => 0,
                    }
                }
            };
            sum = sum.saturating_add(cost);
        }
        Ok(sum)
    }

    fn of_field(
        &self,
        field: &'a Positioned<Field>,
        parent: Option<&'a MetaType>,
        is_page: bool,
    ) -> Result<usize, RequestError> {
        let name = field.node.name.node.as_str();
        let known = parent.and_then(|parent| parent.field_by_name(name));
        for (_, value) in &field.node.arguments {
            Limit::ListItems.check(self.length(&value.node), self.limits.list_items, Some(value.pos))?;
        }
        if name.starts_with("__") {
            return Ok(0);
        }
        let ty = known.and_then(|known| self.registry.concrete_type_by_name(&known.ty));
        let begins_page = known.is_some_and(|known| known.args.contains_key("first"));
        let times = match known {
            Some(_) if begins_page => self.page(&field.node),
            // The list of a page's items: the page was already counted.
            Some(known) if is_list(known) && !is_page => self.list(&field.node),
            _ => 1,
        };
        let inner = self.of_set(&field.node.selection_set.node, ty, begins_page)?;
        Ok(inner.saturating_mul(times).saturating_add(1))
    }

    /// The maximum number of items of a page.
    fn page(&self, field: &Field) -> usize {
        let asked = |name| match self.constant(&field.get_argument(name)?.node)? {
            ConstValue::Number(number) => number.as_i64(),
            _ => None,
        };
        let size = asked("first").or_else(|| asked("last")).unwrap_or(DEFAULT_PAGE.into());
        // If the number is too large or negative, the list itself reports the error.
        usize::try_from(size.clamp(0, MAX_PAGE.into())).unwrap_or_default()
    }

    /// The number of items of any other list, as far as it is known.
    fn list(&self, field: &Field) -> usize {
        let longest = field.arguments.iter().map(|(_, value)| self.length(&value.node)).max();
        LIST.max(longest.unwrap_or_default())
    }

    /// The number of items of `value`; 0 if it is not a list.
    fn length(&self, value: &Value) -> usize {
        match value {
            Value::List(items) => items.len(),
            Value::Variable(name) => match self.variables.get(name) {
                Some(ConstValue::List(items)) => items.len(),
                _ => 0,
            },
            _ => 0,
        }
    }

    fn constant(&self, value: &Value) -> Option<ConstValue> {
        match value {
            Value::Variable(name) => self.variables.get(name).cloned(),
            value => value.clone().into_const(),
        }
    }
}

fn is_list(field: &MetaField) -> bool {
    MetaTypeName::create(&field.ty).unwrap_non_null().is_list()
}
