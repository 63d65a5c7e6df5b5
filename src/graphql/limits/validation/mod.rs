//! Validates a document, whose fields are collected, against the schema
//! (<https://spec.graphql.org/draft/#sec-Validation>).
//!
//! The library's rules are not used: they accept a string as an enum value and variables in most positions, do not check
//! `__typename`, repeat values, which may be passwords, and have no error codes.

use std::collections::HashSet;

use async_graphql::{
    Name, Pos, Positioned,
    indexmap::IndexMap,
    parser::types::{
        Directive, ExecutableDocument, Field, InlineFragment, OperationDefinition, OperationType, Selection,
        SelectionSet, Type, VariableDefinition,
    },
    registry::{MetaDirective, MetaInputValue, MetaType, Registry},
};
use async_graphql_value::Value;

use super::{
    document::{name_of, root},
    error::Errors,
    text::Place,
};
use conflicts::Conflicts;
use input_values::InputCheck;
use variable_uses::VariableUses;

mod conflicts;
mod deferred_checks;
mod input_values;
mod leaf_types;
mod variable_uses;
mod variables;

pub(super) use deferred_checks::{DeferredCheck, check_deferred};
pub(super) use leaf_types::{Source, int};
pub(super) use variables::{coerce, with_defaults};

/// Reports the errors of all operations of `document`, and returns the checks that depend on the values of variables.
pub(super) fn validate(document: &ExecutableDocument, registry: &Registry, errors: &mut Errors) -> Vec<DeferredCheck> {
    let mut deferred = Vec::new();
    for (name, operation) in document.operations.iter() {
        let variables = VariableUses::new(name, operation, registry);
        let mut validation = Validation { registry, errors, variables };
        validation.operation(operation);
        deferred.append(&mut validation.variables.finish(errors));
    }
    deferred
}

type Argument = (Positioned<Name>, Positioned<Value>);

struct Validation<'a, 'e> {
    registry: &'a Registry,
    errors: &'e mut Errors,
    variables: VariableUses<'a>,
}

/// A field or directive, as the owner of arguments.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Field { name: &'a str, on: &'a str },
    Directive(&'a str),
}

impl Owner<'_> {
    fn place(self, argument: &str, at: Pos) -> Place {
        match self {
            Self::Field { name, .. } => Place::of_field_argument(argument, name, at),
            Self::Directive(name) => Place::of_directive_argument(argument, name, at),
        }
    }

    fn unknown(self, argument: &str) -> String {
        match self {
            Self::Field { name, on } => {
                format!("Unknown argument \"{argument}\" on field \"{name}\" of type \"{on}\".")
            }
            Self::Directive(name) => format!("Unknown argument \"{argument}\" on directive \"{name}\"."),
        }
    }
}

impl<'a> Validation<'a, '_> {
    fn operation(&mut self, operation: &'a Positioned<OperationDefinition>) {
        let OperationDefinition { ty, variable_definitions, directives, selection_set } = &operation.node;
        self.unique("variable", "$", variable_definitions.iter().map(|definition| &definition.node.name));
        for definition in variable_definitions {
            self.definition(definition);
        }
        let location = match ty {
            OperationType::Query => "QUERY",
            OperationType::Mutation => "MUTATION",
            OperationType::Subscription => "SUBSCRIPTION",
        };
        self.directives(directives, location);
        match root(self.registry, *ty) {
            Some(root) => {
                self.set(&selection_set.node, Some(root));
                Conflicts::default().find(&selection_set.node, Some(root), self.registry, self.errors);
            }
            None => self.errors.invalid(format!("Schema is not configured for {ty}s."), operation.pos),
        }
    }

    fn definition(&mut self, definition: &'a Positioned<VariableDefinition>) {
        let VariableDefinition { name, var_type, default_value, directives } = &definition.node;
        match self.registry.concrete_type_by_parsed_type(&var_type.node) {
            None => self.unknown_type(name_of(&var_type.node), var_type.pos),
            Some(ty) if !ty.is_input() => {
                let message = format!("Variable \"${name}\" cannot be of non-input type \"{}\"", ty.name());
                self.errors.invalid(message, definition.pos);
            }
            Some(_) => {}
        }
        if let Some(value) = default_value {
            let place = Place::of_default_value(&name.node, value.pos);
            let value = value.node.clone().into_value();
            InputCheck::new(self.registry, self.errors, place).value(&var_type.node, false, &value);
        }
        self.directives(directives, "VARIABLE_DEFINITION");
    }

    /// Validates what `set` selects of a `parent`, or of an entity whose type is unknown.
    fn set(&mut self, set: &'a SelectionSet, parent: Option<&'a MetaType>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(field, parent),
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives, "INLINE_FRAGMENT");
                    self.type_condition(inline, parent);
                    self.set(&inline.node.selection_set.node, scope(inline, parent, self.registry));
                }
                // Fragments are inlined.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn type_condition(&mut self, inline: &'a Positioned<InlineFragment>, parent: Option<&'a MetaType>) {
        let Some(condition) = &inline.node.type_condition else { return };
        let name = condition.node.on.node.as_str();
        match (self.registry.types.get(name), parent) {
            (None, _) => self.unknown_type(name, inline.pos),
            (Some(on), _) if !on.is_composite() => {
                let message = format!("Fragment cannot condition non composite type \"{name}\"");
                self.errors.invalid(message, inline.pos);
            }
            (Some(on), Some(parent)) if !parent.type_overlap(on) => {
                let parent = parent.name();
                let message = format!(
                    "Fragment cannot be spread here as objects of type \"{parent}\" can never be of type \"{name}\""
                );
                self.errors.invalid(message, inline.pos);
            }
            _ => {}
        }
    }

    fn unknown_type(&mut self, name: &str, at: Pos) {
        let known = self.registry.types.keys().map(String::as_str);
        let message = self.errors.suggest(format!("Unknown type \"{name}\""), name, known);
        self.errors.invalid(message, at);
    }

    fn field(&mut self, field: &'a Positioned<Field>, parent: Option<&'a MetaType>) {
        let Field { name, arguments, directives, selection_set, .. } = &field.node;
        let (name, set) = (name.node.as_str(), &selection_set.node);
        self.directives(directives, "FIELD");
        let on = parent.map_or("", MetaType::name);
        let owner = Owner::Field { name, on };
        if name == "__typename" {
            self.arguments(arguments, Some(&IndexMap::new()), owner, field.pos);
            self.is_leaf(field, "String!");
            return;
        }
        let known = parent.and_then(|parent| parent.field_by_name(name));
        self.arguments(arguments, known.map(|known| &known.args), owner, field.pos);
        if let (None, Some(parent)) = (known, parent) {
            let known = parent.fields().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
            let message = self.errors.suggest(format!("Unknown field \"{name}\" on type \"{on}\"."), name, known);
            self.errors.invalid(message, field.pos);
        }
        let ty = known.and_then(|known| self.registry.concrete_type_by_name(&known.ty));
        match ty {
            Some(ty) if ty.is_leaf() => self.is_leaf(field, ty.name()),
            Some(ty) if set.items.is_empty() => {
                let ty = ty.name();
                let message = format!("Field \"{name}\" of type \"{ty}\" must have a selection of subfields");
                self.errors.invalid(message, field.pos);
            }
            ty => self.set(set, ty),
        }
    }

    fn is_leaf(&mut self, field: &Positioned<Field>, ty: &str) {
        if !field.node.selection_set.node.items.is_empty() {
            let name = &field.node.name;
            let message = format!("Field \"{name}\" must not have a selection since type \"{ty}\" has no subfields");
            self.errors.invalid(message, field.pos);
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>], location: &str) {
        let mut seen = HashSet::new();
        for Positioned { pos, node: Directive { name, arguments } } in directives {
            let name = name.node.as_str();
            let known = self.registry.directives.get(name);
            self.arguments(arguments, known.map(|known| &known.args), Owner::Directive(name), *pos);
            match known {
                None => self.errors.invalid(format!("Unknown directive \"{name}\""), *pos),
                Some(known) if !is_allowed_on(known, location) => {
                    let message = format!("Directive \"{name}\" may not be used on \"{location}\"");
                    self.errors.invalid(message, *pos);
                }
                Some(known) if !known.is_repeatable && !seen.insert(name) => {
                    self.errors.invalid(format!("Duplicate directive \"{name}\""), *pos);
                }
                Some(_) => {}
            }
        }
    }

    /// Validates the arguments that are given at `at`. Those of an unknown owner are not `known`.
    fn arguments(
        &mut self,
        given: &'a [Argument],
        known: Option<&IndexMap<String, MetaInputValue>>,
        owner: Owner<'_>,
        at: Pos,
    ) {
        self.unique("argument", "", given.iter().map(|(name, _)| name));
        for (_, value) in given {
            self.variables.add(&value.node, value.pos);
        }
        let Some(known) = known else { return };
        for (name, value) in given {
            if let Some(argument) = known.get(name.node.as_str()) {
                self.argument(argument, value, owner.place(&name.node, value.pos));
            } else {
                let names = known.keys().map(String::as_str);
                let message = self.errors.suggest(owner.unknown(&name.node), &name.node, names);
                self.errors.invalid(message, name.pos);
            }
        }
        for required in known.values().filter(|argument| argument.default_value.is_none()) {
            if let Some(ty) = Type::new(&required.ty).filter(|ty| !ty.nullable)
                && !given.iter().any(|(name, _)| name.node == required.name)
            {
                let place = owner.place(&required.name, at).to_string();
                self.errors.invalid(leaf_types::missing(&place, &ty, self.registry), at);
            }
        }
    }

    fn argument(&mut self, known: &MetaInputValue, value: &'a Positioned<Value>, place: Place) {
        let Some(ty) = Type::new(&known.ty) else { return };
        let mut check = InputCheck::new(self.registry, self.errors, place);
        check.value(&ty, known.default_value.is_some(), &value.node);
        let InputCheck { uses, open_scalars, .. } = check;
        self.variables.check(uses, self.errors);
        self.variables.defer(open_scalars);
    }

    /// Names that must be unique in their place.
    fn unique<'n>(&mut self, what: &str, sigil: &str, names: impl Iterator<Item = &'n Positioned<Name>>) {
        let mut seen = HashSet::new();
        for name in names.filter(|name| !seen.insert(&name.node)) {
            self.errors.invalid(format!("There can be only one {what} named \"{sigil}{}\"", name.node), name.pos);
        }
    }
}

/// The type that an inline fragment selects from.
fn scope<'a>(
    inline: &'a Positioned<InlineFragment>,
    parent: Option<&'a MetaType>,
    registry: &'a Registry,
) -> Option<&'a MetaType> {
    let on = inline.node.type_condition.as_ref();
    on.map_or(parent, |condition| registry.types.get(condition.node.on.node.as_str()))
}

/// Whether a directive may be used on a location, such as `FIELD`.
fn is_allowed_on(directive: &MetaDirective, location: &str) -> bool {
    directive.locations.iter().any(|allowed| format!("{allowed:?}") == location)
}
