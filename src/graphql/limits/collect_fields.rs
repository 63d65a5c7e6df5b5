//! Inlines fragments, and merges fields that are selected more than once.
//!
//! In the specification, fields with the same response key are one field, whose selections are merged
//! (<https://spec.graphql.org/draft/#CollectFields()>). The library executes each of them, so that a few more bytes
//! make it execute everything again, mutations included. Therefore a document is rewritten: fragments are inlined where
//! they are spread, and a selection set contains every field once for each type that it is selected of, at its first
//! position. Fields that differ in their names or arguments stay as they are, for the validation. So do most selections
//! with directives, of which there are few ([`Limits::directives`](super::Limits::directives)): because the order must
//! not change, nothing is merged across them.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, InlineFragment, OperationDefinition, OperationType,
        Selection, SelectionSet, TypeCondition,
    },
    registry::{MetaType, Registry},
};
use async_graphql_value::Value;

use super::document::{operations_mut, root};

/// The document without fragments, and with each field once, except that inline fragments stay where their type
/// condition or directives matter. Its fragments form no cycle, and its expanded size is within the limits. A spread of
/// an unknown fragment stays.
pub(super) fn collect_fields(document: ExecutableDocument, registry: &Registry) -> ExecutableDocument {
    collect(document, registry, false)
}

/// The same for a valid document whose conditions were applied: those may have left a field without selections.
pub(super) fn collect_selected(document: ExecutableDocument, registry: &Registry) -> ExecutableDocument {
    collect(document, registry, true)
}

fn collect(mut document: ExecutableDocument, registry: &Registry, is_valid: bool) -> ExecutableDocument {
    let fragments = std::mem::take(&mut document.fragments);
    let collect = Collect { fragments: &fragments, registry, is_valid };
    for operation in operations_mut(&mut document.operations) {
        let Positioned { node: OperationDefinition { ty, selection_set, .. }, .. } = operation;
        // That a mutation runs only once is more important than the order of its result.
        let order = if *ty == OperationType::Mutation { Order::Loose } else { Order::Strict };
        let set = std::mem::take(&mut selection_set.node);
        selection_set.node = collect.set(set, root(registry, *ty), order);
    }
    document
}

/// Whether the response must keep the order in which fields are first selected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Strict,
    Loose,
}

/// The type conditions around a field, the outermost first.
type Path = Vec<Positioned<Name>>;

type Argument = (Positioned<Name>, Positioned<Value>);

struct Collect<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    registry: &'a Registry,
    is_valid: bool,
}

impl<'a> Collect<'a> {
    /// The selections of `set`, whose type is `parent`, with each field once.
    fn set(&self, set: SelectionSet, parent: Option<&'a MetaType>, order: Order) -> SelectionSet {
        let mut collected =
            Collected { order, selections: Vec::new(), places: HashMap::new(), fence: 0, is_valid: self.is_valid };
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
                let condition = Some(Positioned::new(TypeCondition { on }, pos));
                set = SelectionSet { items: vec![inline(condition, Vec::new(), set, pos)] };
            }
            items.append(&mut set.items);
        }
        SelectionSet { items }
    }

    /// Adds what `set` selects within the type conditions `within`.
    fn collect(&self, set: SelectionSet, parent: Option<&'a MetaType>, within: &Path, collected: &mut Collected) {
        for Positioned { pos, node } in set.items {
            let inline = match node {
                Selection::Field(field) => {
                    collected.add_field(within, pos, field);
                    continue;
                }
                Selection::InlineFragment(inline) => inline,
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) else {
                        // It is reported, and must not leave an empty set.
                        collected.add(within, pos, Selection::FragmentSpread(spread));
                        continue;
                    };
                    let FragmentDefinition { type_condition, selection_set, .. } = fragment.node.clone();
                    let directives = spread.node.directives;
                    let inline = InlineFragment { type_condition: Some(type_condition), directives, selection_set };
                    Positioned::new(inline, pos)
                }
            };
            let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on);
            match self.path(parent, within, on).filter(|_| inline.node.directives.is_empty()) {
                Some(path) => self.collect(inline.node.selection_set.node, parent, &path, collected),
                None => collected.add_fragment(within, pos, inline),
            }
        }
    }

    /// The shortest path of type conditions that is equivalent to `on` within others. `None` if there may be none.
    fn path(&self, parent: Option<&MetaType>, within: &Path, on: Option<&Positioned<Name>>) -> Option<Path> {
        let Some(on) = on else { return Some(within.clone()) };
        let ty = self.registry.types.get(on.node.as_str())?;
        let outer: Vec<&MetaType> =
            within.iter().map(|on| self.registry.types.get(on.node.as_str())).chain([parent]).collect::<Option<_>>()?;
        // Within an object type, the type of the entity is known: other conditions are always true or never.
        if let Some(object) = outer.iter().find(|ty| !ty.is_abstract()) {
            let settled = within.iter().position(|on| on.node == object.name()).map_or(0, |place| place + 1);
            let mut path: Path = within.iter().take(settled).cloned().collect();
            if on.node != object.name() {
                path.push(on.clone());
            }
            return ty.is_possible_type(object.name()).then_some(path);
        }
        if !ty.is_abstract() {
            return outer.iter().all(|outer| outer.is_possible_type(&on.node)).then(|| vec![on.clone()]);
        }
        let is_parent = within.is_empty() && parent.is_some_and(|parent| parent.name() == on.node);
        let others = within.iter().filter(|other| other.node != on.node);
        Some(if is_parent { Path::new() } else { others.chain([on]).cloned().collect() })
    }

    /// `selection`, which is of the type `parent`, with its own selections merged.
    fn inner(&self, mut selection: Positioned<Selection>, parent: Option<&'a MetaType>) -> Positioned<Selection> {
        let (set, ty) = match &mut selection.node {
            Selection::Field(field) => {
                let known = parent.and_then(|parent| parent.field_by_name(&field.node.name.node));
                let ty = known.and_then(|known| self.registry.concrete_type_by_name(&known.ty));
                (&mut field.node.selection_set.node, ty)
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                (&mut inline.node.selection_set.node, on.map_or(parent, |on| self.registry.types.get(on)))
            }
            Selection::FragmentSpread(_) => return selection,
        };
        *set = self.set(std::mem::take(set), ty, Order::Strict);
        selection
    }
}

/// The selections of a selection set, in the order of their first occurrence.
struct Collected {
    order: Order,
    selections: Vec<(Path, Positioned<Selection>)>,
    /// The positions of the fields, by their type conditions and response key.
    places: HashMap<(Vec<Name>, Name), Vec<usize>>,
    /// The end of the last fragment with directives. Nothing can be added to the selections before it.
    fence: usize,
    /// Whether fields with the same key are known to be of one kind, with selections or without.
    is_valid: bool,
}

impl Collected {
    fn add(&mut self, path: &Path, pos: Pos, selection: Selection) {
        self.selections.push((path.clone(), Positioned::new(selection, pos)));
    }

    fn add_fragment(&mut self, path: &Path, pos: Pos, fragment: Positioned<InlineFragment>) {
        self.add(path, pos, Selection::InlineFragment(fragment));
        self.fence = self.selections.len();
    }

    fn add_field(&mut self, path: &Path, pos: Pos, mut field: Positioned<Field>) {
        let is_leaf = field.node.selection_set.node.items.is_empty();
        let names = path.iter().map(|on| on.node.clone()).collect();
        let places = self.places.entry((names, field.node.response_key().node.clone())).or_default();
        let last = places.last().copied().filter(|last| *last >= self.fence);
        let can_be_added_to = |place: usize| is_leaf || self.order == Order::Loose || last == Some(place);
        for place in places.iter().filter(|place| can_be_added_to(**place)) {
            if let Some((_, Positioned { node: Selection::Field(first), .. })) = self.selections.get_mut(*place)
                && selects_the_same(&first.node, &field.node)
                && (self.is_valid || has_selections(&first.node) == has_selections(&field.node))
                && let Some(mut items) = within(&first.node, &mut field.node, pos)
            {
                first.node.selection_set.node.items.append(&mut items);
                return;
            }
        }
        places.push(self.selections.len());
        self.add(path, pos, Selection::Field(field));
    }
}

/// Whether two fields with one key have the same name and arguments.
fn selects_the_same(one: &Field, other: &Field) -> bool {
    one.name.node == other.name.node && has_same_arguments(&one.arguments, &other.arguments)
}

/// If only one of two fields has selections, one is invalid.
fn has_selections(field: &Field) -> bool {
    !field.selection_set.node.items.is_empty()
}

/// The selections of `other`, as they may be added to `first`. `None` if its directives prevent it.
fn within(first: &Field, other: &mut Field, pos: Pos) -> Option<Vec<Positioned<Selection>>> {
    let is_condition =
        |directive: &Positioned<Directive>| matches!(directive.node.name.node.as_str(), "skip" | "include");
    if has_same_directives(first, other) {
        Some(std::mem::take(&mut other.selection_set.node.items))
    } else if first.directives.is_empty()
        && other.directives.iter().all(is_condition)
        && !other.selection_set.node.items.is_empty()
    {
        // The field is in the response in any case; only its selections depend on the directive.
        let set = std::mem::take(&mut other.selection_set.node);
        Some(vec![inline(None, std::mem::take(&mut other.directives), set, pos)])
    } else {
        None
    }
}

fn has_same_directives(one: &Field, other: &Field) -> bool {
    one.directives.len() == other.directives.len()
        && one.directives.iter().zip(&other.directives).all(|(one, other)| {
            one.node.name.node == other.node.name.node && has_same_arguments(&one.node.arguments, &other.node.arguments)
        })
}

/// Whether these are the same arguments, in any order.
fn has_same_arguments(one: &[Argument], other: &[Argument]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .all(|(name, value)| other.iter().any(|(other, given)| other.node == name.node && given.node == value.node))
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.iter().map(|on| &on.node).eq(other.iter().map(|on| &on.node))
}

fn inline(
    type_condition: Option<Positioned<TypeCondition>>,
    directives: Vec<Positioned<Directive>>,
    set: SelectionSet,
    pos: Pos,
) -> Positioned<Selection> {
    let inline = InlineFragment { type_condition, directives, selection_set: Positioned::new(set, pos) };
    Positioned::new(Selection::InlineFragment(Positioned::new(inline, pos)), pos)
}
