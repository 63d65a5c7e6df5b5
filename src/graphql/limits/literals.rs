//! Checks that the literals of a document have the right type, and that variables are used only where their types allow
//! it (<https://spec.graphql.org/draft/#sec-Validation>: 5.6.1 to 5.6.4 and 5.8.5).
//!
//! The library has rules for these, but they accept a string as an enum value and variables anywhere, and do not check
//! `__typename`. Their errors about values are therefore dropped (`error::is_of_value`), and this module reports
//! them.

use std::collections::HashSet;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        BaseType, Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
        VariableDefinition,
    },
    registry::{MetaInputValue, MetaType, Registry},
};
use async_graphql_value::{ConstValue, Value};

use super::{
    deferred_checks::{DeferredCheck, What},
    document::{name_of, root},
    error::RequestError,
    place::Place,
    value_errors::{self, Shape, Source},
};

/// The result of checking a document.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// The errors.
    pub(super) errors: Vec<RequestError>,
    /// The checks that depend on the values of variables.
    pub(super) later: Vec<DeferredCheck>,
}

/// Checks the values of all operations of `document`, and of the fragments that they spread, which do not lead back to
/// themselves. At most `most` errors are found.
pub(super) fn check(document: &ExecutableDocument, registry: &Registry, most: usize) -> Findings {
    let mut findings = Findings::default();
    for (_, operation) in document.operations.iter() {
        let mut check = Check {
            document,
            registry,
            most,
            operation,
            spread: HashSet::new(),
            place: Place::default(),
            findings: &mut findings,
        };
        check.variables();
        check.directives(&operation.node.directives);
        check.set(&operation.node.selection_set.node, root(registry, operation.node.ty));
    }
    findings
}

const ARGUMENT: &str = "argument";
const VARIABLE: &str = "variable";

struct Check<'a, 'f> {
    document: &'a ExecutableDocument,
    registry: &'a Registry,
    most: usize,
    operation: &'a Positioned<OperationDefinition>,
    /// The fragments that were checked.
    spread: HashSet<&'a str>,
    place: Place,
    findings: &'f mut Findings,
}

impl<'a> Check<'a, '_> {
    fn error(&mut self, error: RequestError) {
        let errors = &mut self.findings.errors;
        // Several operations may spread one fragment.
        if errors.len() < self.most && !errors.contains(&error) {
            errors.push(error);
        }
    }

    fn misfit(&mut self, message: String) {
        let at = Some(self.place.at);
        self.error(RequestError::Input { message, at });
    }

    /// Names that must be unique in their place. The library checks this too, but only after `omitted_variables`
    /// and `collect_fields` have removed some of them.
    fn unique<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n Positioned<Name>>) {
        let mut seen = HashSet::new();
        for name in names.filter(|name| !seen.insert(&name.node)) {
            let sigil = if what == VARIABLE { "$" } else { "" };
            let message = format!("There can be only one {what} named \"{sigil}{}\"", name.node);
            self.error(RequestError::Invalid { message, at: Some(name.pos) });
        }
    }

    fn variables(&mut self) {
        let definitions = &self.operation.node.variable_definitions;
        self.unique(VARIABLE, definitions.iter().map(|definition| &definition.node.name));
        for definition in definitions {
            let VariableDefinition { name, var_type, default_value, directives } = &definition.node;
            if let Some(value) = default_value {
                self.place = Place::of_default_value(&name.node, value.pos);
                self.value(&var_type.node, false, &value.node.clone().into_value());
            }
            self.directives(directives);
        }
    }

    fn set(&mut self, set: &'a SelectionSet, parent: Option<&'a MetaType>) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => self.field(field, parent),
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    let parent = on.map_or(parent, |on| self.registry.types.get(on));
                    self.set(&inline.node.selection_set.node, parent);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        self.directives(&fragment.node.directives);
                        let on = self.registry.types.get(fragment.node.type_condition.node.on.node.as_str());
                        self.set(&fragment.node.selection_set.node, on);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &'a Positioned<Field>, parent: Option<&'a MetaType>) {
        let name = field.node.name.node.as_str();
        self.unique(ARGUMENT, field.node.arguments.iter().map(|(name, _)| name));
        if name == "__typename" {
            self.typename(field, parent);
            return;
        }
        let known = parent.and_then(|parent| parent.field_by_name(name));
        if let Some(known) = known {
            self.required(field, known.args.values());
            let place = |argument: &str, at| Place::of_field_argument(argument, name, at);
            self.arguments(&field.node.arguments, |name| known.args.get(name), place);
        }
        let ty = known.and_then(|known| self.registry.concrete_type_by_name(&known.ty));
        self.set(&field.node.selection_set.node, ty);
    }

    /// The library checks for missing arguments too, but reports the field's type as that of the argument.
    fn required(&mut self, field: &Positioned<Field>, known: impl Iterator<Item = &'a MetaInputValue>) {
        for argument in known.filter(|argument| argument.default_value.is_none()) {
            if let Some(ty) = Type::new(&argument.ty).filter(|ty| !ty.nullable)
                && field.node.get_argument(&argument.name).is_none()
            {
                let place = Place::of_field_argument(&argument.name, &field.node.name.node, field.pos);
                let message = value_errors::missing(&place.to_string(), &ty, self.registry);
                self.error(RequestError::Invalid { message, at: Some(field.pos) });
            }
        }
    }

    /// The library does not check this field at all.
    fn typename(&mut self, field: &'a Positioned<Field>, parent: Option<&'a MetaType>) {
        let invalid = |message: String, at: Pos| RequestError::Invalid { message, at: Some(at) };
        let on = parent.map_or("", MetaType::name);
        for (name, _) in &field.node.arguments {
            let message = format!("Unknown argument \"{name}\" on field \"__typename\" of type \"{on}\".");
            self.error(invalid(message, name.pos));
        }
        if !field.node.selection_set.node.items.is_empty() {
            let message = "Field \"__typename\" must not have a selection since type \"String!\" has no subfields";
            self.error(invalid(message.to_owned(), field.pos));
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        for directive in directives {
            let name = directive.node.name.node.as_str();
            self.unique(ARGUMENT, directive.node.arguments.iter().map(|(name, _)| name));
            if let Some(known) = self.registry.directives.get(name) {
                let place = |argument: &str, at| Place::of_directive_argument(argument, name, at);
                self.arguments(&directive.node.arguments, |name| known.args.get(name), place);
            }
        }
    }

    /// The validation reports unknown arguments.
    fn arguments(
        &mut self,
        arguments: &'a [(Positioned<Name>, Positioned<Value>)],
        known: impl Fn(&str) -> Option<&'a MetaInputValue>,
        place: impl Fn(&str, Pos) -> Place,
    ) {
        for (name, value) in arguments {
            if let Some(known) = known(name.node.as_str())
                && let Some(ty) = Type::new(&known.ty)
            {
                self.place = place(&name.node, value.pos);
                self.value(&ty, known.default_value.is_some(), &value.node);
            }
        }
    }

    /// Checks a value in a position of the type `ty`, which may have a default value.
    fn value(&mut self, ty: &Type, has_default: bool, value: &Value) {
        match (&ty.base, value) {
            (_, Value::Variable(name)) => self.variable(name, ty, has_default),
            (_, Value::Null) if ty.nullable => {}
            (_, Value::Null) => self.wrong_type(Shape::Null, ty),
            (BaseType::List(inner), Value::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.within(&index.to_string(), |check| check.value(inner, false, value));
                }
            }
            // A list of one item may be written without its brackets.
            (BaseType::List(inner), value) => self.value(inner, false, value),
            (BaseType::Named(name), value) => match (self.registry.types.get(name.as_str()), value) {
                (Some(MetaType::InputObject { input_fields, .. }), Value::Object(given)) => {
                    self.object(name, input_fields.values(), given);
                }
                (Some(MetaType::InputObject { .. }), value) => self.wrong_type(value.into(), ty),
                (Some(known), value) => match is_of(known, value) {
                    Some(true) => {}
                    Some(false) => self.wrong_type(value.into(), ty),
                    None => self.later(ty, What::Scalar(value.clone())),
                },
                (None, _) => {}
            },
        }
    }

    fn object(
        &mut self,
        type_name: &str,
        fields: impl Iterator<Item = &'a MetaInputValue> + Clone,
        given: &async_graphql::indexmap::IndexMap<Name, Value>,
    ) {
        for unknown in given.keys().filter(|key| !fields.clone().any(|field| field.name == key.as_str())) {
            let message =
                self.within(unknown, |check| value_errors::unknown_field(&check.place.to_string(), unknown, type_name));
            self.misfit(message);
        }
        for field in fields {
            let Some(ty) = Type::new(&field.ty) else { continue };
            let has_default = field.default_value.is_some();
            self.within(&field.name, |check| match given.get(field.name.as_str()) {
                Some(value) => check.value(&ty, has_default, value),
                None if ty.nullable || has_default => {}
                None => check.misfit(value_errors::missing(&check.place.to_string(), &ty, check.registry)),
            });
        }
    }

    fn wrong_type(&mut self, given: Shape<'_>, ty: &Type) {
        self.misfit(value_errors::wrong_type(&self.place.to_string(), given, ty, self.registry));
    }

    /// Runs a closure at a place within this one.
    fn within<R>(&mut self, part: &str, work: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.place.enter(part);
        let result = work(self);
        self.place.leave(outer);
        result
    }

    fn later(&mut self, ty: &Type, what: What) {
        let (operation, place) = (self.operation.pos, self.place.clone());
        self.findings.later.push(DeferredCheck { operation, place, ty: ty.clone(), what });
    }

    /// Checks a variable in a position of the type `ty`. The validation reports one that is not defined.
    fn variable(&mut self, name: &Name, ty: &Type, has_default: bool) {
        let mut definitions = self.operation.node.variable_definitions.iter();
        let Some(definition) = definitions.find(|definition| definition.node.name.node == *name) else { return };
        let VariableDefinition { var_type: Positioned { node: defined, .. }, default_value, .. } = &definition.node;
        if !self.registry.types.get(name_of(defined)).is_some_and(MetaType::is_input) {
            return;
        }
        let is_defaulted = has_default || default_value.as_ref().is_some_and(|value| value.node != ConstValue::Null);
        if !fits(defined, ty, is_defaulted) {
            let message = format!(
                "Variable \"${name}\" of type \"{defined}\" cannot be used as {}, which is of type \"{ty}\"",
                self.place.in_sentence()
            );
            self.error(RequestError::Invalid { message, at: Some(self.place.at) });
        } else if defined.nullable && !ty.nullable {
            self.later(ty, What::NotNull(name.clone()));
        }
    }
}

/// Whether a variable of the type `defined` is allowed in a position of the type `ty`
/// (<https://spec.graphql.org/draft/#IsVariableUsageAllowed()>).
fn fits(defined: &Type, ty: &Type, is_defaulted: bool) -> bool {
    (ty.nullable || !defined.nullable || is_defaulted)
        && match (&defined.base, &ty.base) {
            (BaseType::Named(defined), BaseType::Named(ty)) => defined == ty,
            (BaseType::List(defined), BaseType::List(ty)) => fits(defined, ty, false),
            _ => false,
        }
}

/// Whether a value is one of a leaf type; `None` for one of a custom scalar that has variables in it.
fn is_of(ty: &MetaType, value: &Value) -> Option<bool> {
    match ty {
        MetaType::Scalar { name, is_valid: Some(is_valid), .. } if !value_errors::is_built_in(name) => {
            value.clone().into_const().map(|value| is_valid(&value))
        }
        _ => Some(value_errors::is_of_leaf(value.into(), ty, Source::Literal)),
    }
}
