//! The size of a parsed document with its fragments expanded.
//!
//! A fragment that spreads another one twice doubles it. Thirty such lines are a billion fields, and both the library's
//! validation and its execution would visit all of them. Here every fragment is measured once and then only added, so
//! the time depends on the length of the document, not on its expanded size. Fragments that form a cycle are refused
//! here, before the library follows them.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, FragmentSpread, Selection, SelectionSet,
    },
};

use super::{
    Limits,
    error::{Limit, RequestError},
    values::Weights,
};

/// The maximum number of nested lists of `__Type`: the same as in graphql-js, whose rule this is. Types lead to fields,
/// and these to types again, so without the rule a short query would request billions of them.
const INTROSPECTION_LISTS: usize = 2;

/// Checks that every operation of `document` is within `limits`, and all of them together too.
///
/// # Errors
/// If one exceeds them, or if fragments form a cycle.
pub(super) fn measure(document: &ExecutableDocument, weights: &Weights, limits: &Limits) -> Result<(), RequestError> {
    let mut measure =
        Measure { fragments: &document.fragments, weights, limits, known: HashMap::new(), used: HashSet::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let at = Some(operation.pos);
        let size = measure.selection_set(&operation.node.selection_set, 1)?;
        let directives = measure.directives(&operation.node.directives);
        let all = size.directives.saturating_add(directives.directives);
        Limit::Directives.check(all, limits.directives, at)?;
        Limit::Depth.check(size.depth, limits.depth, at)?;
        Limit::Aliases.check(size.aliases, limits.aliases, at)?;
        Limit::RootFields.check(size.width, limits.root_fields, at)?;
        total = total.beside(size).beside(directives);
    }
    let mut fragments = Vec::new();
    for (name, fragment) in &document.fragments {
        fragments.push((name.as_str(), measure.fragment(name, fragment, 0, fragment.pos)?));
    }
    // A fragment that nothing spreads is not executed, but it is validated, so it counts.
    for (name, size) in fragments {
        if !measure.used.contains(name) {
            total = total.beside(size);
        }
    }
    Limit::Selections.check(total.selections, limits.tokens, None)?;
    Limit::Values.check(total.values, limits.values(), None)
}

/// The size of a part of a document, with all fragments expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Fields, fragments, arguments and directives.
    selections: usize,
    /// Units of values, see [`Weights`].
    values: usize,
    aliases: usize,
    directives: usize,
    /// Fields of the outermost level.
    width: usize,
    /// Nested fields. Introspection counts as one.
    depth: usize,
    /// Nested selection sets and fragments.
    nesting: usize,
    /// Nested lists of the introspection.
    lists: usize,
}

impl Size {
    /// The size of this part and another one next to it.
    fn beside(self, other: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            values: self.values.saturating_add(other.values),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            width: self.width.saturating_add(other.width),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            lists: self.lists.max(other.lists),
        }
    }
}

/// The state of a fragment while the document is visited.
enum Progress {
    /// It is being measured. A spread of it is a cycle.
    Open,
    Measured(Size),
}

struct Measure<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    weights: &'a Weights,
    limits: &'a Limits,
    known: HashMap<&'a str, Progress>,
    /// The fragments that something spreads.
    used: HashSet<&'a str>,
}

impl<'a> Measure<'a> {
    /// Measures a selection set that is nested in `level - 1` others. Every recursion passes through here, so the check
    /// at the beginning limits it.
    fn selection_set(&mut self, set: &'a Positioned<SelectionSet>, level: usize) -> Result<Size, RequestError> {
        Limit::Nesting.check(level, self.limits.nesting, Some(set.pos))?;
        let mut size = Size::default();
        for selection in &set.node.items {
            let part = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => self.selection_set(&inline.node.selection_set, level + 1)?,
                Selection::FragmentSpread(spread) => self.spread(spread, level)?,
            };
            size = size.beside(part).beside(self.directives(selection.node.directives()));
            size.selections = size.selections.saturating_add(1);
        }
        size.nesting += 1;
        Ok(size)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Size, RequestError> {
        let inner = match field.selection_set.node.items.as_slice() {
            [] => Size::default(),
            _ => self.selection_set(&field.selection_set, level + 1)?,
        };
        let is_introspection = matches!(field.name.node.as_str(), "__schema" | "__type");
        if is_introspection {
            Limit::IntrospectionLists.check(inner.lists, INTROSPECTION_LISTS, Some(field.name.pos))?;
        }
        let is_list = matches!(field.name.node.as_str(), "fields" | "inputFields" | "interfaces" | "possibleTypes");
        Ok(Size {
            selections: inner.selections.saturating_add(field.arguments.len()),
            values: inner.values.saturating_add(self.weights.of_arguments(&field.arguments)),
            aliases: inner.aliases.saturating_add(usize::from(field.alias.is_some())),
            directives: inner.directives,
            width: 1,
            depth: if is_introspection { 1 } else { inner.depth + 1 },
            nesting: inner.nesting,
            lists: inner.lists + usize::from(is_list),
        })
    }

    fn spread(&mut self, spread: &'a Positioned<FragmentSpread>, level: usize) -> Result<Size, RequestError> {
        let name = spread.node.fragment_name.node.as_str();
        self.used.insert(name);
        // The validation reports an unknown fragment, with all other errors.
        let Some(fragment) = self.fragments.get(name) else {
            return Ok(Size::default());
        };
        self.fragment(name, fragment, level, spread.pos)
    }

    /// Measures a fragment that is spread at `level`, or looks up its size.
    fn fragment(
        &mut self,
        name: &'a str,
        fragment: &'a Positioned<FragmentDefinition>,
        level: usize,
        at: Pos,
    ) -> Result<Size, RequestError> {
        match self.known.get(name) {
            Some(Progress::Measured(size)) => {
                Limit::Nesting.check(level.saturating_add(size.nesting), self.limits.nesting, Some(at))?;
                return Ok(*size);
            }
            Some(Progress::Open) => {
                let message = format!("Fragment \"{name}\" is spread within itself");
                return Err(RequestError::Invalid { message, at: Some(at) });
            }
            None => {}
        }
        self.known.insert(name, Progress::Open);
        let directives = self.directives(&fragment.node.directives);
        let size = self.selection_set(&fragment.node.selection_set, level + 1)?.beside(directives);
        self.known.insert(name, Progress::Measured(size));
        Ok(size)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Size {
        let arguments: usize = directives.iter().map(|directive| directive.node.arguments.len()).sum();
        Size {
            selections: directives.len() + arguments,
            values: self.weights.of_directives(directives),
            directives: directives.len(),
            ..Size::default()
        }
    }
}
