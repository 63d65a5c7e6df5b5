//! The fragments of a document: each is known where it is spread, is spread somewhere, and does not spread itself
//! (<https://spec.graphql.org/draft/#sec-Validation.Fragments>).

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Pos, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::{
    Limits,
    error::{Errors, Limit, RequestError},
};

/// Reports fragments that are unknown, unused, or have directives. Returns the unused ones, in the order of the document.
///
/// # Errors
/// If fragments form a cycle, or are nested too deeply: they cannot be inlined.
pub(super) fn check<'a>(
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    errors: &mut Errors,
) -> Result<Vec<&'a Positioned<FragmentDefinition>>, RequestError> {
    let mut visit = Visit { document, limits, errors, visited: HashMap::new(), spread: HashSet::new() };
    for (_, operation) in document.operations.iter() {
        visit.set(&operation.node.selection_set, 1)?;
    }
    let mut fragments: Vec<_> = document.fragments.iter().collect();
    fragments.sort_unstable_by_key(|(_, fragment)| fragment.pos);
    for (name, fragment) in &fragments {
        visit.fragment(name, fragment, 0)?;
    }
    let Visit { spread, .. } = visit;
    for (name, fragment) in &fragments {
        if !spread.contains(name.as_str()) {
            errors.invalid(format!("Fragment \"{name}\" is never used"), fragment.pos);
        }
        for directive in &fragment.node.directives {
            let message = format!("Directive \"{}\" may not be used on \"FRAGMENT_DEFINITION\"", directive.node.name);
            errors.invalid(message, directive.pos);
        }
    }
    fragments.retain(|(name, _)| !spread.contains(name.as_str()));
    Ok(fragments.into_iter().map(|(_, fragment)| fragment).collect())
}

/// The state of a fragment during the visit.
enum Visited {
    /// It is being visited. A spread of it is a cycle.
    Open,
    /// It was visited, and nests so many selection sets.
    Done(usize),
}

struct Visit<'a, 'e> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    errors: &'e mut Errors,
    visited: HashMap<&'a str, Visited>,
    /// The fragments that something spreads.
    spread: HashSet<&'a str>,
}

impl<'a> Visit<'a, '_> {
    /// Visits a selection set that is nested in `level - 1` others, and returns the number of sets that it nests,
    /// including itself. Every recursion passes through here.
    fn set(&mut self, set: &'a Positioned<SelectionSet>, level: usize) -> Result<usize, RequestError> {
        Limit::Nesting.check(level, self.limits.nesting, Some(set.pos))?;
        let mut nested = 0;
        for selection in &set.node.items {
            let inner = match &selection.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => 0,
                Selection::Field(field) => self.set(&field.node.selection_set, level + 1)?,
                Selection::InlineFragment(inline) => self.set(&inline.node.selection_set, level + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.spread(&spread.node.fragment_name.node, level, selection.pos)?
                }
            };
            nested = nested.max(inner);
        }
        Ok(nested + 1)
    }

    fn spread(&mut self, name: &'a str, level: usize, at: Pos) -> Result<usize, RequestError> {
        self.spread.insert(name);
        let Some(fragment) = self.document.fragments.get(name) else {
            self.errors.invalid(format!("Unknown fragment: \"{name}\""), at);
            return Ok(0);
        };
        if let Some(Visited::Open) = self.visited.get(name) {
            let message = format!("Fragment \"{name}\" is spread within itself");
            return Err(RequestError::Invalid { message, at: vec![at] });
        }
        let nested = self.fragment(name, fragment, level)?;
        Limit::Nesting.check(level + nested, self.limits.nesting, Some(at))?;
        Ok(nested)
    }

    fn fragment(
        &mut self,
        name: &'a str,
        fragment: &'a Positioned<FragmentDefinition>,
        level: usize,
    ) -> Result<usize, RequestError> {
        if let Some(Visited::Done(nested)) = self.visited.get(name) {
            return Ok(*nested);
        }
        self.visited.insert(name, Visited::Open);
        let nested = self.set(&fragment.node.selection_set, level + 1)?;
        self.visited.insert(name, Visited::Done(nested));
        Ok(nested)
    }
}
