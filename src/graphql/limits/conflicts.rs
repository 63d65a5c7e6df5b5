//! Different fields with the same response name. The library reports them, but if their arguments differ, it names an
//! argument instead of the fields, and reports each argument.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, ServerError,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// Makes the errors about differing arguments name the response name of the fields.
pub(super) fn name_fields(errors: &mut [ServerError], document: &ExecutableDocument) {
    if !errors.iter().any(is_of_arguments) {
        return;
    }
    let mut keys = HashMap::new();
    selection_sets(document).for_each(|set| collect(set, &mut keys));
    for error in errors.iter_mut().filter(|error| is_of_arguments(error)) {
        if let Some(key) = error.locations.first().and_then(|at| keys.get(at)) {
            error.message = format!(
                "Fields \"{key}\" conflict because they have differing arguments. Use different aliases on the fields to \
                 fetch both if this was intentional."
            );
        }
    }
}

fn is_of_arguments(error: &ServerError) -> bool {
    error.message.starts_with("Fields \"") && error.message.contains("they have differing arguments")
}

/// The response keys of all fields, by their positions.
fn collect<'a>(set: &'a SelectionSet, keys: &mut HashMap<Pos, &'a Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                keys.insert(field.pos, &field.node.response_key().node);
                collect(&field.node.selection_set.node, keys);
            }
            Selection::InlineFragment(inline) => collect(&inline.node.selection_set.node, keys),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// The outermost selection sets of a document.
pub(super) fn selection_sets(document: &ExecutableDocument) -> impl Iterator<Item = &SelectionSet> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    operations.chain(document.fragments.values().map(|fragment| &fragment.node.selection_set.node))
}
