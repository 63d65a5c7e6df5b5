//! Counts what a document selects, with every fragment counted as often as it is spread.

use async_graphql::{
    Pos, Positioned,
    parser::types::{Directive, Field},
};

use super::{
    Limits,
    error::{Limit, RequestError},
    values::Weights,
};

/// The maximum number of nested lists of `__Type`: the same as in graphql-js, whose rule this is. Types lead to fields,
/// and these to types again, so without the rule a short query would request billions of them.
const INTROSPECTION_LISTS: usize = 2;

/// The selections that are counted so far.
pub(super) struct Selections<'a> {
    limits: &'a Limits,
    /// Fields, fragments, arguments, and directives of the document.
    total: usize,
    /// Units of values of the document, see [`Weights`].
    values: usize,
    operation: OfOperation,
    around: Around,
}

/// What the current operation selects.
#[derive(Default)]
struct OfOperation {
    aliases: usize,
    directives: usize,
    root_fields: usize,
    /// Nested fields. Introspection counts as one.
    depth: usize,
}

/// The fields around the current selection set.
#[derive(Clone, Copy, Default)]
pub(super) struct Around {
    depth: usize,
    /// The introspection field, and the number of lists within it.
    introspection: Option<(Pos, usize)>,
}

impl<'a> Selections<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, total: 0, values: 0, operation: OfOperation::default(), around: Around::default() }
    }

    /// Whether so much is selected that the document will be refused, and the rest need not be counted.
    pub(super) fn is_over(&self) -> bool {
        self.total > self.limits.tokens || self.values > self.limits.values()
    }

    /// Counts a field or fragment with these directives.
    pub(super) fn selection(&mut self, directives: &[Positioned<Directive>]) {
        self.total += 1;
        self.directives(directives);
    }

    pub(super) fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.operation.directives += directives.len();
        self.total += directives.iter().map(|directive| 1 + directive.node.arguments.len()).sum::<usize>();
        self.values = self.values.saturating_add(Weights::default().of_directives(directives));
    }

    /// Counts what a selection has if it is a field.
    pub(super) fn field(&mut self, field: &Field) -> Result<(), RequestError> {
        self.total += field.arguments.len();
        self.values = self.values.saturating_add(Weights::default().of_arguments(&field.arguments));
        self.operation.aliases += usize::from(field.alias.is_some());
        self.operation.root_fields += usize::from(self.around.depth == 0);
        let Some((at, lists)) = self.around.introspection else {
            self.operation.depth = self.operation.depth.max(self.around.depth + 1);
            return Ok(());
        };
        let lists = lists + usize::from(is_introspection_list(field));
        Limit::IntrospectionLists.check(lists, INTROSPECTION_LISTS, Some(at))
    }

    /// Enters the selection set of `field`; returns the argument for [`leave`](Self::leave).
    pub(super) fn enter(&mut self, field: &Field) -> Around {
        let outer = self.around;
        self.around.depth += 1;
        self.around.introspection = match outer.introspection {
            Some((at, lists)) => Some((at, lists + usize::from(is_introspection_list(field)))),
            None => matches!(field.name.node.as_str(), "__schema" | "__type").then_some((field.name.pos, 0)),
        };
        outer
    }

    /// Returns to the selection set around.
    pub(super) fn leave(&mut self, outer: Around) {
        self.around = outer;
    }

    /// Checks the operation at `at`, which was counted, and begins the next one.
    pub(super) fn check_operation(&mut self, at: Pos) -> Result<(), RequestError> {
        let OfOperation { aliases, directives, root_fields, depth } = std::mem::take(&mut self.operation);
        Limit::Directives.check(directives, self.limits.directives, Some(at))?;
        Limit::Depth.check(depth, self.limits.depth, Some(at))?;
        Limit::Aliases.check(aliases, self.limits.aliases, Some(at))?;
        Limit::RootFields.check(root_fields, self.limits.root_fields, Some(at))
    }

    /// Checks the whole document.
    pub(super) fn check_document(&self) -> Result<(), RequestError> {
        Limit::Selections.check(self.total, self.limits.tokens, None)?;
        Limit::Values.check(self.values, self.limits.values(), None)
    }
}

fn is_introspection_list(field: &Field) -> bool {
    matches!(field.name.node.as_str(), "fields" | "inputFields" | "interfaces" | "possibleTypes")
}
