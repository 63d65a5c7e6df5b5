//! Fields that are selected more than once.
//!
//! To the specification they are one field, whose selections are merged
//! (<https://spec.graphql.org/draft/#CollectFields()>); the library executes each, so that a few bytes more make
//! it do everything once more, mutations included. So a document is rewritten: fragments stand where they are spread, and
//! in a selection set every field stands once for each type that it is selected of, where it stood first.
//!
//! What the validation would find wrong it finds in the rewritten document, too: nothing is moved out of a type condition
//! that decides over it, fields that differ in anything but what is selected of them stay as they are, and so does
//! whatever has a directive, of which there are few ([`Limits::directives`](super::Limits::directives)).

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        ExecutableDocument, Field, FragmentDefinition, InlineFragment, Selection, SelectionSet, TypeCondition,
    },
    registry::{MetaType, Registry},
};

use super::document::{operations_mut, root};

/// Merges what is selected more than once in `document`, whose fragments do not lead back to themselves.
pub(super) fn merge(document: &mut ExecutableDocument, registry: &Registry) {
    let ExecutableDocument { operations, fragments } = document;
    if fragments.values().any(|fragment| !fragment.node.directives.is_empty()) {
        return; // There are none for fragments: the validation will say so.
    }
    let mut merge = Merge { fragments, registry, spread: HashSet::new() };
    for operation in operations_mut(operations) {
        let set = std::mem::take(&mut operation.selection_set.node);
        operation.selection_set.node = merge.set(set, root(registry, operation.ty));
    }
    let spread = merge.spread;
    fragments.retain(|name, _| !spread.contains(name));
}

/// The type conditions around a field, the outermost first.
type Path = Vec<Positioned<Name>>;

struct Merge<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    registry: &'a Registry,
    /// The fragments that were spread.
    spread: HashSet<Name>,
}

impl<'a> Merge<'a> {
    /// What is selected of a `parent` by `set`, each field once.
    fn set(&mut self, set: SelectionSet, parent: Option<&'a MetaType>) -> SelectionSet {
        let mut collected = Collected::default();
        self.collect(set, parent, &Path::new(), &mut collected);
        let mut items = Vec::with_capacity(collected.selections.len());
        let mut selections = collected.selections.into_iter().peekable();
        while let Some((path, selection)) = selections.next() {
            let pos = selection.pos;
            let own = path.last().map_or(parent, |on| self.registry.types.get(on.node.as_str()));
            let mut set = SelectionSet { items: vec![self.inner(selection, own)] };
            while let Some((_, next)) = selections.next_if(|(next, _)| is_same(next, &path)) {
                set.items.push(self.inner(next, own));
            }
            for on in path.into_iter().rev() {
                set = SelectionSet { items: vec![fragment(on, set, pos)] };
            }
            items.append(&mut set.items);
        }
        SelectionSet { items }
    }

    /// Adds what `set` selects within the type conditions `within`.
    fn collect(&mut self, set: SelectionSet, parent: Option<&'a MetaType>, within: &Path, collected: &mut Collected) {
        for Positioned { pos, node } in set.items {
            let inline = match node {
                Selection::Field(field) => {
                    collected.add_field(within, pos, field);
                    continue;
                }
                Selection::InlineFragment(inline) => inline,
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) else {
                        // The validation will say so.
                        collected.add(within, pos, Selection::FragmentSpread(spread));
                        continue;
                    };
                    self.spread.insert(spread.node.fragment_name.node);
                    let FragmentDefinition { type_condition, selection_set, .. } = fragment.node.clone();
                    let directives = spread.node.directives;
                    let inline = InlineFragment { type_condition: Some(type_condition), directives, selection_set };
                    Positioned::new(inline, pos)
                }
            };
            let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on);
            match self.path(parent, within, on).filter(|_| inline.node.directives.is_empty()) {
                Some(path) => self.collect(inline.node.selection_set.node, parent, &path, collected),
                None => collected.add(within, pos, Selection::InlineFragment(inline)),
            }
        }
    }

    /// The shortest path that comes to the same as a type condition `on` within others; `None` where there may be none.
    fn path(&self, parent: Option<&MetaType>, within: &Path, on: Option<&Positioned<Name>>) -> Option<Path> {
        let Some(on) = on else { return Some(within.clone()) };
        let ty = self.registry.types.get(on.node.as_str())?;
        let outer: Vec<&MetaType> =
            within.iter().map(|on| self.registry.types.get(on.node.as_str())).chain([parent]).collect::<Option<_>>()?;
        let is_abstract = |ty: &MetaType| ty.is_abstract();
        // Within an object type it is known what the thing is; what other conditions say of it is true or never was.
        if let Some(object) = outer.iter().find(|ty| !is_abstract(ty)) {
            let settled = within.iter().take_while(|on| on.node != object.name()).count();
            let is_in_path = settled < within.len();
            let mut path: Path = within.iter().take(if is_in_path { settled + 1 } else { 0 }).cloned().collect();
            if on.node != object.name() {
                path.push(on.clone());
            }
            return ty.is_possible_type(object.name()).then_some(path);
        }
        if !is_abstract(ty) {
            return outer.iter().all(|outer| outer.is_possible_type(&on.node)).then(|| vec![on.clone()]);
        }
        let is_parent = within.is_empty() && parent.is_some_and(|parent| parent.name() == on.node);
        let others = within.iter().filter(|other| other.node != on.node);
        Some(if is_parent { Path::new() } else { others.chain([on]).cloned().collect() })
    }

    /// `selection`, which is of the type `parent`, with what stands in it merged.
    fn inner(&mut self, mut selection: Positioned<Selection>, parent: Option<&'a MetaType>) -> Positioned<Selection> {
        let types = &self.registry.types;
        let (set, ty) = match &mut selection.node {
            Selection::Field(field) => {
                let known = parent.and_then(|parent| parent.field_by_name(&field.node.name.node));
                let ty = known.and_then(|known| self.registry.concrete_type_by_name(&known.ty));
                (&mut field.node.selection_set.node, ty)
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                (&mut inline.node.selection_set.node, on.map_or(parent, |on| types.get(on)))
            }
            Selection::FragmentSpread(_) => return selection,
        };
        *set = self.set(std::mem::take(set), ty);
        selection
    }
}

/// What a selection set selects, in the order in which it does so first.
#[derive(Default)]
struct Collected {
    selections: Vec<(Path, Positioned<Selection>)>,
    /// Where the fields without directives are, by the conditions around them and the key of the answer.
    places: HashMap<(Vec<Name>, Name), Vec<usize>>,
}

impl Collected {
    fn add(&mut self, path: &Path, pos: Pos, selection: Selection) {
        self.selections.push((path.clone(), Positioned::new(selection, pos)));
    }

    fn add_field(&mut self, path: &Path, pos: Pos, field: Positioned<Field>) {
        if field.node.directives.is_empty() {
            let names = path.iter().map(|on| on.node.clone()).collect();
            let places = self.places.entry((names, field.node.response_key().node.clone())).or_default();
            for place in &*places {
                if let Some((_, Positioned { node: Selection::Field(first), .. })) = self.selections.get_mut(*place)
                    && asks_the_same(&first.node, &field.node)
                {
                    first.node.selection_set.node.items.extend(field.node.selection_set.node.items);
                    return;
                }
            }
            places.push(self.selections.len());
        }
        self.add(path, pos, Selection::Field(field));
    }
}

/// Whether two fields with one key differ at most in what is selected of them.
fn asks_the_same(one: &Field, other: &Field) -> bool {
    one.name.node == other.name.node
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| other.get_argument(&name.node) == Some(value))
        // Where only one of them selects something, one is wrong.
        && one.selection_set.node.items.is_empty() == other.selection_set.node.items.is_empty()
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.iter().map(|on| &on.node).eq(other.iter().map(|on| &on.node))
}

fn fragment(on: Positioned<Name>, set: SelectionSet, pos: Pos) -> Positioned<Selection> {
    let inline = InlineFragment {
        type_condition: Some(Positioned::new(TypeCondition { on }, pos)),
        directives: Vec::new(),
        selection_set: Positioned::new(set, pos),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(inline, pos)), pos)
}
