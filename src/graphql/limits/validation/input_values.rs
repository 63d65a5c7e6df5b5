//! Checks that values have the types of their positions, whether they are written in a document or given for variables
//! (<https://spec.graphql.org/draft/#sec-Values>). A value itself is never repeated, because it may be a password.

use async_graphql::{
    Name, Value as ConstValue,
    indexmap::IndexMap,
    parser::types::{BaseType, Type},
    registry::{MetaInputValue, MetaType, Registry},
};
use async_graphql_value::Value;

use super::{
    super::{error::Errors, text::Place},
    leaf_types::{self, Shape, Source},
};

/// A value in a document or of a variable.
pub(super) trait InputValue: Sized {
    const SOURCE: Source;

    fn shape(&self) -> Shape<'_, Self>;

    /// Whether a custom scalar accepts the value. `None` if that depends on variables.
    fn satisfies(&self, is_valid: &dyn Fn(&ConstValue) -> bool) -> Option<bool>;
}

impl InputValue for Value {
    const SOURCE: Source = Source::Literal;

    fn shape(&self) -> Shape<'_, Self> {
        self.into()
    }

    fn satisfies(&self, is_valid: &dyn Fn(&ConstValue) -> bool) -> Option<bool> {
        self.clone().into_const().map(|value| is_valid(&value))
    }
}

impl InputValue for ConstValue {
    const SOURCE: Source = Source::Variable;

    fn shape(&self) -> Shape<'_, Self> {
        self.into()
    }

    fn satisfies(&self, is_valid: &dyn Fn(&ConstValue) -> bool) -> Option<bool> {
        Some(is_valid(self))
    }
}

/// The check of one argument, default value, or variable.
pub(super) struct InputCheck<'a, 'e, V> {
    pub(super) registry: &'a Registry,
    pub(super) errors: &'e mut Errors,
    pub(super) place: Place,
    /// The uses of variables outside custom scalars.
    pub(super) uses: Vec<VariableUse>,
    /// The values of custom scalars with variables in them.
    pub(super) open_scalars: Vec<(Place, Type, &'a V)>,
}

/// A position in which a variable is used.
pub(super) struct VariableUse {
    pub(super) variable: Name,
    pub(super) place: Place,
    pub(super) ty: Type,
    /// Whether the position has a default value.
    pub(super) has_default: bool,
}

impl<'a, 'e, V: InputValue> InputCheck<'a, 'e, V> {
    pub(super) fn new(registry: &'a Registry, errors: &'e mut Errors, place: Place) -> Self {
        Self { registry, errors, place, uses: Vec::new(), open_scalars: Vec::new() }
    }

    /// Checks a value in a position of the type `ty`, which may have a default value.
    pub(super) fn value(&mut self, ty: &Type, has_default: bool, value: &'a V) {
        // Messages take longer to write than values to check.
        if self.errors.is_full() {
            return;
        }
        match (&ty.base, value.shape()) {
            (_, Shape::Variable(name)) => {
                let (variable, place, ty) = (name.clone(), self.place.clone(), ty.clone());
                self.uses.push(VariableUse { variable, place, ty, has_default });
            }
            (_, Shape::Null) if ty.nullable => {}
            (_, given @ Shape::Null) => self.wrong_type(&given, ty),
            (BaseType::List(inner), Shape::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.within(&index.to_string(), |check| check.value(inner, false, value));
                }
            }
            // A list of one item may be given without its brackets.
            (BaseType::List(inner), _) => self.value(inner, false, value),
            (BaseType::Named(name), given) => match (self.registry.types.get(name.as_str()), given) {
                (Some(MetaType::InputObject { input_fields, .. }), Shape::Object(given)) => {
                    self.object(name, input_fields, given);
                }
                (Some(MetaType::InputObject { .. }), given) => self.wrong_type(&given, ty),
                (Some(known), given) => self.leaf(known, ty, value, &given),
                // The unknown type is reported where the variable is defined.
                (None, _) => {}
            },
        }
    }

    fn leaf(&mut self, known: &MetaType, ty: &Type, value: &'a V, given: &Shape<'_, V>) {
        let is_valid = match known {
            MetaType::Scalar { name, is_valid: Some(is_valid), .. } if !leaf_types::is_built_in(name) => {
                value.satisfies(&**is_valid)
            }
            _ => Some(leaf_types::is_of_leaf(given, known, V::SOURCE)),
        };
        match is_valid {
            Some(true) => {}
            Some(false) => self.wrong_type(given, ty),
            None => self.open_scalars.push((self.place.clone(), ty.clone(), value)),
        }
    }

    fn object(&mut self, type_name: &str, fields: &'a IndexMap<String, MetaInputValue>, given: &'a IndexMap<Name, V>) {
        for unknown in given.keys().filter(|key| !fields.contains_key(key.as_str())) {
            self.within(unknown, |check| {
                let message = leaf_types::unknown_field(&check.place.to_string(), unknown, type_name);
                let message = check.errors.suggest(message, unknown, fields.keys().map(String::as_str));
                check.errors.input(message, check.place.at);
            });
        }
        for field in fields.values() {
            let Some(ty) = Type::new(&field.ty) else { continue };
            let has_default = field.default_value.is_some();
            self.within(&field.name, |check| match given.get(field.name.as_str()) {
                Some(value) => check.value(&ty, has_default, value),
                None if ty.nullable || has_default => {}
                None => {
                    let message = leaf_types::missing(&check.place.to_string(), &ty, check.registry);
                    check.errors.input(message, check.place.at);
                }
            });
        }
    }

    fn wrong_type(&mut self, given: &Shape<'_, V>, ty: &Type) {
        let message = leaf_types::wrong_type(&self.place.to_string(), given, ty, self.registry);
        self.errors.input(message, self.place.at);
    }

    /// Runs a closure at a place within this one.
    fn within(&mut self, part: &str, work: impl FnOnce(&mut Self)) {
        let outer = self.place.enter(part);
        work(self);
        self.place.leave(outer);
    }
}
