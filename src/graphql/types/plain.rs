//! Fields that are written into the response without a future.
//!
//! The library resolves each field in a boxed future of its own, which takes longer than everything else that a server
//! does for a list. Most fields need none: their values are at hand once their object is. [`object`] defines an object
//! with such *plain fields*, and [`Direct`](super::direct::Direct) and [`List`](super::direct::List) write them.

use async_graphql::{
    ID, OutputType, Positioned, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
};

use crate::graphql::limits::response_size;

/// An object with plain fields.
pub trait PlainFields: OutputType {
    /// Whether it has no other fields.
    const IS_COMPLETE: bool;

    /// The value of a plain field; `None` if the field, or one that is selected below it, is not plain.
    fn plain_field(&self, field: &Field, size: &mut Size) -> Option<Value>;
}

/// The size of what was written, as the limits count it.
#[derive(Debug, Default)]
pub struct Size(pub usize);

/// A value that is written at once.
pub trait Plain {
    /// The value in the response, with the selected fields; `None` if one of them is not plain.
    fn write(self, selected: &SelectionSet, size: &mut Size) -> Option<Value>;
}

/// The value of an object all of whose selected fields are plain.
pub fn write_object(object: &impl PlainFields, selected: &SelectionSet, size: &mut Size) -> Option<Value> {
    size.0 += selected.items.len();
    let mut fields = IndexMap::with_capacity(selected.items.len());
    for selection in &selected.items {
        let field = only_field(&selection.node)?;
        fields.insert(field.node.response_key().node.clone(), write_field(object, &field.node, size)?);
    }
    Some(Value::Object(fields))
}

/// The value of a selected field, if it is plain.
pub fn write_field<T: PlainFields>(object: &T, field: &Field, size: &mut Size) -> Option<Value> {
    let value = if field.name.node == "__typename" {
        Value::String(T::type_name().into_owned())
    } else {
        object.plain_field(field, size)?
    };
    size.0 += response_size::of_text(&field.response_key().node);
    if field.selection_set.node.items.is_empty() {
        size.0 += response_size::of_leaf(&value);
    }
    Some(value)
}

/// The field, unless the selection is a fragment: those that are left in a checked document depend on types or have
/// directives.
pub fn only_field(selection: &Selection) -> Option<&Positioned<Field>> {
    if let Selection::Field(field) = selection { Some(field) } else { None }
}

/// Whether `name` is what the library calls the field of a method: `workspace_id` is `workspaceId`.
pub fn is_name_of(method: &str, name: &str) -> bool {
    let mut name = name.bytes();
    let mut is_capital = false;
    for letter in method.strip_prefix("r#").unwrap_or(method).bytes() {
        if letter == b'_' {
            is_capital = true;
            continue;
        }
        let expected = if is_capital { letter.to_ascii_uppercase() } else { letter };
        is_capital = false;
        if name.next() != Some(expected) {
            return false;
        }
    }
    name.next().is_none()
}

impl Plain for &str {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(Value::String(self.to_owned()))
    }
}

impl Plain for String {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(Value::String(self))
    }
}

impl Plain for ID {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(Value::String(self.0))
    }
}

impl Plain for bool {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(Value::Boolean(self))
    }
}

impl Plain for u32 {
    fn write(self, _: &SelectionSet, _: &mut Size) -> Option<Value> {
        Some(Value::from(self))
    }
}

impl<T: Plain> Plain for Option<T> {
    fn write(self, selected: &SelectionSet, size: &mut Size) -> Option<Value> {
        self.map_or(Some(Value::Null), |value| value.write(selected, size))
    }
}

impl<T: Plain> Plain for Vec<T> {
    fn write(self, selected: &SelectionSet, size: &mut Size) -> Option<Value> {
        let written = self.into_iter().map(|value| value.write(selected, size));
        written.collect::<Option<_>>().map(Value::List)
    }
}

/// Defines an object of the schema: its plain fields, each with its type and value, and then the methods of the fields
/// that have arguments or read from the database, as [`async_graphql::Object`] takes them.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $object:ident, $self:ident {
            $($(#[$field_meta:meta])* $vis:vis $field:ident: $type:ty = $value:expr;)*
        }
        $($others:tt)*
    ) => {
        $(#[$meta])*
        #[async_graphql::Object]
        impl $object {
            $(
                $(#[$field_meta])*
                $vis async fn $field(&$self) -> $type {
                    $value
                }
            )*
            $($others)*
        }

        impl $crate::graphql::types::plain::PlainFields for $object {
            const IS_COMPLETE: bool = stringify!($($others)*).is_empty();

            fn plain_field(
                &$self,
                field: &async_graphql::parser::types::Field,
                size: &mut $crate::graphql::types::plain::Size,
            ) -> Option<async_graphql::Value> {
                $(
                    if $crate::graphql::types::plain::is_name_of(stringify!($field), &field.name.node) {
                        let value: $type = $value;
                        return $crate::graphql::types::plain::Plain::write(value, &field.selection_set.node, size);
                    }
                )*
                let _ = (field, size);
                None
            }
        }

        impl $crate::graphql::types::plain::Plain for $object {
            fn write(
                self,
                selected: &async_graphql::parser::types::SelectionSet,
                size: &mut $crate::graphql::types::plain::Size,
            ) -> Option<async_graphql::Value> {
                $crate::graphql::types::plain::write_object(&self, selected, size)
            }
        }
    };
}
pub(super) use object;
