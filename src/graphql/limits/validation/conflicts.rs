//! Fields with the same response key that cannot be merged
//! (<https://spec.graphql.org/draft/#FieldsInSetCanMerge()>).

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{Field, Selection, SelectionSet},
    registry::{MetaType, Registry},
};

use super::{super::error::Errors, scope};

/// The search for conflicts in one selection set and its fragments.
pub(super) struct Conflicts<'a, 'e> {
    registry: &'a Registry,
    errors: &'e mut Errors,
    /// The fields so far, one for each response key and type.
    seen: HashMap<&'a str, Vec<Selected<'a>>>,
}

/// A field, and the type that it is selected of, if that is known.
#[derive(Clone, Copy)]
struct Selected<'a> {
    field: &'a Positioned<Field>,
    on: Option<&'a MetaType>,
}

impl<'a, 'e> Conflicts<'a, 'e> {
    pub(super) fn new(registry: &'a Registry, errors: &'e mut Errors) -> Self {
        Self { registry, errors, seen: HashMap::new() }
    }

    /// Reports the conflicts in `set`, which selects from the type `on`.
    pub(super) fn find(&mut self, set: &'a SelectionSet, on: Option<&'a MetaType>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.add(Selected { field, on }),
                Selection::InlineFragment(inline) => {
                    self.find(&inline.node.selection_set.node, scope(inline, on, self.registry));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn add(&mut self, selected: Selected<'a>) {
        let key = selected.field.node.response_key().node.as_str();
        let earlier = self.seen.entry(key).or_default();
        let conflict = earlier.iter().find_map(|first| Some((first.field.pos, first.conflict(selected)?)));
        if let Some((first, why)) = conflict {
            self.errors.conflict(key, &why, [first, selected.field.pos]);
        } else if !earlier.iter().any(|first| first.on.map(MetaType::name) == selected.on.map(MetaType::name)) {
            earlier.push(selected);
        }
    }
}

impl Selected<'_> {
    /// Why this field and another one, with the same response key, cannot be merged.
    fn conflict(self, other: Self) -> Option<String> {
        let (one, two) = (&self.field.node, &other.field.node);
        if !may_overlap(self.on, other.on) {
            None
        } else if one.name.node != two.name.node {
            Some(format!("\"{}\" and \"{}\" are different fields", one.name, two.name))
        } else if !has_same_arguments(one, two) {
            Some("they have differing arguments".to_owned())
        } else {
            None
        }
    }
}

/// Whether an entity may be of both types.
fn may_overlap(one: Option<&MetaType>, other: Option<&MetaType>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    one.is_abstract() || other.is_abstract() || one.name() == other.name()
}

fn has_same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one
            .arguments
            .iter()
            .all(|(name, value)| other.get_argument(&name.node).is_some_and(|other| other.node == value.node))
}
