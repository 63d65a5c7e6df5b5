//! The size of a parsed document with its fragments expanded, and the rules for fragments
//! (<https://spec.graphql.org/draft/#sec-Validation.Fragments>).
//!
//! A fragment that spreads another one twice doubles it. Thirty such lines are a billion fields, and whatever inlines
//! the fragments would visit all of them. Here every fragment is measured once and then only added, so the time depends
//! on the length of the document, not on its expanded size.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, FragmentSpread, Selection, SelectionSet,
    },
};

use super::{
    Limits,
    error::{Errors, Limit, RequestError},
    values::Weights,
};

/// The maximum number of nested lists of `__Type`: the same as in graphql-js, whose rule this is. Types lead to fields,
/// and these to types again, so without the rule a short query would request billions of them.
const INTROSPECTION_LISTS: usize = 2;

/// Checks that every operation of `document` is within the limits, and all of them together, too. Reports fragments that
/// are unknown, unused, or have directives.
///
/// # Errors
/// If a limit is exceeded, or if fragments form a cycle, so that they cannot be inlined.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits, errors: &mut Errors) -> Result<(), RequestError> {
    let mut measure =
        Measure { fragments: &document.fragments, limits, errors, known: HashMap::new(), spread: HashSet::new() };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let at = Some(operation.pos);
        let own = directives(&operation.node.directives);
        let size = measure.selection_set(&operation.node.selection_set, 1)?.beside(own);
        Limit::Directives.check(size.directives, limits.directives, at)?;
        Limit::Depth.check(size.depth, limits.depth, at)?;
        Limit::Aliases.check(size.aliases, limits.aliases, at)?;
        Limit::RootFields.check(size.width, limits.root_fields, at)?;
        total = total.beside(size);
    }
    let total = measure.unused_fragments(total)?;
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

struct Measure<'a, 'e> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    limits: &'a Limits,
    errors: &'e mut Errors,
    known: HashMap<&'a str, Progress>,
    /// The fragments that something spreads.
    spread: HashSet<&'a str>,
}

impl<'a> Measure<'a, '_> {
    /// Reports the fragments that nothing spreads, and adds their size to `total`.
    fn unused_fragments(&mut self, mut total: Size) -> Result<Size, RequestError> {
        let mut fragments: Vec<_> = self.fragments.iter().collect();
        fragments.sort_unstable_by_key(|(_, fragment)| fragment.pos);
        let mut sizes = Vec::with_capacity(fragments.len());
        for (name, fragment) in fragments {
            sizes.push((name, fragment, self.fragment(name, fragment, 0, fragment.pos)?));
        }
        for (name, fragment, size) in sizes {
            if !self.spread.contains(name.as_str()) {
                self.errors.invalid(format!("Fragment \"{name}\" is never used"), fragment.pos);
                total = total.beside(size);
            }
            for directive in &fragment.node.directives {
                let name = &directive.node.name;
                let message = format!("Directive \"{name}\" may not be used on \"FRAGMENT_DEFINITION\"");
                self.errors.invalid(message, directive.pos);
            }
        }
        Ok(total)
    }

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
            size = size.beside(part).beside(directives(selection.node.directives()));
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
            values: inner.values.saturating_add(Weights::default().of_arguments(&field.arguments)),
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
        self.spread.insert(name);
        let Some(fragment) = self.fragments.get(name) else {
            self.errors.invalid(format!("Unknown fragment: \"{name}\""), spread.pos);
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
                return Err(RequestError::Invalid { message, at: vec![at] });
            }
            None => {}
        }
        self.known.insert(name, Progress::Open);
        let directives = directives(&fragment.node.directives);
        let size = self.selection_set(&fragment.node.selection_set, level + 1)?.beside(directives);
        self.known.insert(name, Progress::Measured(size));
        Ok(size)
    }
}

fn directives(directives: &[Positioned<Directive>]) -> Size {
    let arguments: usize = directives.iter().map(|directive| directive.node.arguments.len()).sum();
    Size {
        selections: directives.len() + arguments,
        values: Weights::default().of_directives(directives),
        directives: directives.len(),
        ..Size::default()
    }
}
