//! Fields with the same response key that cannot be merged
//! (<https://spec.graphql.org/draft/#FieldsInSetCanMerge()>).

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{Field, Selection, SelectionSet},
    registry::{MetaType, Registry},
};

use super::{super::error::Errors, scope};

/// The fields of one or more selection sets that are merged: one for each response key and type.
#[derive(Default)]
pub(super) struct Conflicts<'a>(HashMap<&'a str, Vec<Selected<'a>>>);

/// A field, and the type that it is selected of, if that is known.
struct Selected<'a> {
    field: &'a Positioned<Field>,
    on: Option<&'a MetaType>,
    /// What this field selects, and all others with its key and type.
    inner: Conflicts<'a>,
}

impl<'a> Conflicts<'a> {
    /// Reports the conflicts in `set`, at any depth, and with the sets before. It selects from the type `on`.
    pub(super) fn find(
        &mut self,
        set: &'a SelectionSet,
        on: Option<&'a MetaType>,
        registry: &'a Registry,
        errors: &mut Errors,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if let Some(selected) = self.add(field, on, errors) {
                        let set = &field.node.selection_set.node;
                        let known = on.and_then(|on| on.field_by_name(&field.node.name.node));
                        let ty = known.and_then(|known| registry.concrete_type_by_name(&known.ty));
                        selected.inner.find(set, ty, registry, errors);
                    }
                }
                Selection::InlineFragment(inline) => {
                    self.find(&inline.node.selection_set.node, scope(inline, on, registry), registry, errors);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Adds a field, unless it conflicts with an earlier one.
    fn add(
        &mut self,
        field: &'a Positioned<Field>,
        on: Option<&'a MetaType>,
        errors: &mut Errors,
    ) -> Option<&mut Selected<'a>> {
        let key = field.node.response_key().node.as_str();
        let earlier = self.0.entry(key).or_default();
        let mut overlapping = earlier.iter().filter(|first| may_overlap(first.on, on));
        if let Some((first, why)) =
            overlapping.find_map(|first| Some((first, conflict(&first.field.node, &field.node)?)))
        {
            errors.conflict(key, &why, [first.field.pos, field.pos]);
            return None;
        }
        let same = earlier.iter().position(|first| first.on.map(MetaType::name) == on.map(MetaType::name));
        let place = same.unwrap_or_else(|| {
            earlier.push(Selected { field, on, inner: Conflicts::default() });
            earlier.len() - 1
        });
        earlier.get_mut(place)
    }
}

/// Whether an entity may be of both types.
fn may_overlap(one: Option<&MetaType>, other: Option<&MetaType>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    one.is_abstract() || other.is_abstract() || one.name() == other.name()
}

/// Why two fields with one response key cannot be merged.
fn conflict(one: &Field, other: &Field) -> Option<String> {
    if one.name.node != other.name.node {
        Some(format!("\"{}\" and \"{}\" are different fields", one.name, other.name))
    } else if has_same_arguments(one, other) {
        None
    } else {
        Some("they have differing arguments".to_owned())
    }
}

fn has_same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one
            .arguments
            .iter()
            .all(|(name, value)| other.get_argument(&name.node).is_some_and(|other| other.node == value.node))
}
