//! What an operation may need, computed from its collected fields and the values of its variables.
//!
//! - Its *cost* is the number of fields that its response may have, from the possible lengths of its lists. Each field
//!   counts once. The fields selected of a connection's page are multiplied by `first` or `last`, or by 50 if neither is
//!   given; those of any other list by 10, or by the number of `ids` if that is larger. Introspection is free.
//! - Its *attempts* are the mutations that submit a secret or send email. They are counted and slowed down for each
//!   request, and aliases must not multiply them.
//! - Its *values* are those that it uses: the library copies a variable for each use of it.

use async_graphql::{
    Positioned, Value as ConstValue, Variables,
    parser::types::{Field, OperationDefinition, OperationType, Selection, SelectionSet},
    registry::{MetaField, MetaType, MetaTypeName, Registry},
};
use async_graphql_value::Value;

use super::{
    Limits,
    document::root,
    error::{Limit, RequestError},
    validation::{Source, int},
    values::Weights,
};
use crate::domain::page::{DEFAULT_PAGE, MAX_PAGE};

/// The assumed number of items of a list that is not a page.
const LIST: usize = 10;

/// Decides whether a mutation is an attempt, by its name and the fields of its `input`, null or not.
pub type IsAttempt = fn(name: &str, given: &dyn Fn(&str) -> bool) -> bool;

/// The needs of an operation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Complexity {
    pub(super) cost: usize,
    /// Units of values, see [`Weights`].
    values: usize,
}

/// Computes the complexity of operations.
pub(super) struct Measure<'a> {
    pub(super) registry: &'a Registry,
    pub(super) limits: &'a Limits,
    /// The variables of the operation, including defaults. They need not be valid.
    pub(super) variables: &'a Variables,
    pub(super) weights: &'a Weights,
}

impl<'a> Measure<'a> {
    /// The complexity of an operation whose fields are collected.
    ///
    /// # Errors
    /// If it exceeds the limits for values, list items, or the cost.
    pub(super) fn operation(&self, operation: &'a OperationDefinition) -> Result<Complexity, RequestError> {
        let set = &operation.selection_set;
        let complexity = self.set(&set.node, root(self.registry, operation.ty), false)?;
        Limit::Values.check(complexity.values, self.limits.values(), None)?;
        Limit::Cost.check(complexity.cost, self.limits.cost, Some(set.pos))?;
        Ok(complexity)
    }

    /// The complexity of the selections of a `parent`, which may be a page, whose size was already counted. Of an unknown
    /// one, only the fields count.
    fn set(
        &self,
        set: &'a SelectionSet,
        parent: Option<&'a MetaType>,
        is_page: bool,
    ) -> Result<Complexity, RequestError> {
        let mut sum = Complexity::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => self.field(field, parent, is_page)?,
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    let parent = on.map_or(parent, |on| self.registry.types.get(on.as_str()));
                    self.set(&inline.node.selection_set.node, parent, is_page)?
                }
                // Fragments are inlined.
                Selection::FragmentSpread(_) => Complexity::default(),
            };
            sum.cost = sum.cost.saturating_add(part.cost);
            let of_directives = self.weights.of_directives(selection.node.directives());
            sum.values = sum.values.saturating_add(part.values).saturating_add(of_directives);
        }
        Ok(sum)
    }

    fn field(
        &self,
        field: &'a Positioned<Field>,
        parent: Option<&'a MetaType>,
        is_page: bool,
    ) -> Result<Complexity, RequestError> {
        let Positioned { node: field, .. } = field;
        for (_, value) in &field.arguments {
            Limit::ListItems.check(self.length(&value.node), self.limits.list_items, Some(value.pos))?;
        }
        let known = parent.and_then(|parent| parent.field_by_name(&field.name.node));
        let begins_page = known.is_some_and(|known| known.args.contains_key("first"));
        let ty = known.and_then(|known| self.registry.concrete_type_by_name(&known.ty));
        let inner = self.set(&field.selection_set.node, ty, begins_page)?;
        let times = match known {
            Some(_) if begins_page => self.page(field),
            Some(known) if is_list(known) && !is_page => self.list(field),
            _ => 1,
        };
        let is_free = field.name.node.starts_with("__");
        Ok(Complexity {
            cost: if is_free { 0 } else { inner.cost.saturating_mul(times).saturating_add(1) },
            values: inner.values.saturating_add(self.weights.of_arguments(&field.arguments)),
        })
    }

    /// The maximum number of items of a page.
    fn page(&self, field: &Field) -> usize {
        let number = |value: &Value| match value {
            Value::Number(number) => int(number, Source::Literal),
            Value::Variable(name) => match self.variables.get(name)? {
                ConstValue::Number(number) => int(number, Source::Variable),
                _ => None,
            },
            _ => None,
        };
        let given = |name| number(&field.get_argument(name)?.node);
        let size = given("first").or_else(|| given("last")).map_or(DEFAULT_PAGE.into(), i64::from);
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
}

/// The number of attempts of an operation whose fields are collected, with these `variables`, including defaults.
pub(super) fn attempts(operation: &OperationDefinition, variables: &Variables, is_attempt: IsAttempt) -> usize {
    fn in_set(set: &SelectionSet, is_counted: &impl Fn(&Field) -> bool) -> usize {
        let attempts = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => usize::from(is_counted(&field.node)),
            Selection::InlineFragment(inline) => in_set(&inline.node.selection_set.node, is_counted),
            Selection::FragmentSpread(_) => 0,
        });
        attempts.sum()
    }
    let is_mutation = operation.ty == OperationType::Mutation;
    in_set(&operation.selection_set.node, &|field| {
        is_mutation && is_attempt(&field.name.node, &|key| gives(field, key, variables))
    })
}

/// Whether the input of `field` contains `key`, null or not. Only an omitted key is not given.
fn gives(field: &Field, key: &str, variables: &Variables) -> bool {
    match field.get_argument("input").map(|input| &input.node) {
        Some(Value::Object(fields)) => match fields.get(key) {
            Some(Value::Variable(name)) => variables.contains_key(name),
            given => given.is_some(),
        },
        Some(Value::Variable(name)) => match variables.get(name) {
            Some(ConstValue::Object(fields)) => fields.contains_key(key),
            _ => false,
        },
        _ => false,
    }
}

fn is_list(field: &MetaField) -> bool {
    MetaTypeName::create(&field.ty).unwrap_non_null().is_list()
}
