//! Fields that are written into the response without a future.
//!
//! The library resolves each field in a boxed future of its own, which takes longer than everything else that a server
//! does for a list. Most fields need none: their values are available once their object is, or once a loader has read
//! them. [`object`] defines an object with such fields, and [`Direct`](super::direct::Direct) and
//! [`List`](super::direct::List) write them.

use std::sync::Arc;

use async_graphql::{
    ID, OutputType, Positioned,
    parser::types::{Field, Selection, SelectionSet},
};

use crate::graphql::dataloader::{DataLoader, Load};
use crate::graphql::error::ApiError;
use crate::graphql::json;
use crate::graphql::limits::response_size;
use crate::graphql::loaders::Loaders;

/// An object whose fields may be available.
pub trait WriteFields: OutputType {
    /// Whether all of its fields always are.
    const IS_PLAIN: bool;

    /// Writes the value of a field; `None` if the field, or one that is selected below it, is not available.
    fn write_field(&self, field: &Field, writer: &mut Writer<'_>) -> Option<()>;
}

/// A value that may be available.
pub trait Write {
    /// Whether it always is, with all fields that may be selected below it.
    const IS_PLAIN: bool = true;

    /// Writes the value, with the selected fields; `None` if one of them is not available.
    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()>;
}

/// What is written.
pub struct Writer<'a> {
    /// What was read before; `None` without a caller.
    pub loaders: Option<&'a Loaders>,
    /// The size of what was written, as the limits count it.
    pub size: usize,
    /// The text.
    pub json: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// A writer that has written nothing.
    pub fn new(loaders: Option<&'a Loaders>) -> Self {
        Self { loaders, size: 0, json: Vec::new() }
    }

    /// The place where something is about to be written.
    pub fn mark(&self) -> Mark {
        Mark { length: self.json.len(), size: self.size }
    }

    /// Discards what was written since.
    pub fn reset(&mut self, mark: Mark) {
        self.json.truncate(mark.length);
        self.size = mark.size;
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        self.size += response_size::of_text(text);
        json::write_scalar(text, &mut self.json);
    }

    /// Writes the key of a field.
    pub fn key(&mut self, index: usize, field: &Field) {
        json::separate(index, &mut self.json);
        self.text(&field.response_key().node);
        self.json.push(b':');
    }
}

/// A place in what is written.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// The length of the text before it.
    pub length: usize,
    size: usize,
}

/// The value of a key of a loader, if it is available.
pub fn available<L: Load>(loader: &DataLoader<L>, key: Option<L::Key>) -> Option<Option<Arc<L::Value>>> {
    key.map_or(Some(None), |key| loader.available(&key))
}

/// The value of a key of a loader.
pub async fn load<L: Load>(loader: &DataLoader<L>, key: Option<L::Key>) -> Result<Option<Arc<L::Value>>, ApiError> {
    match key {
        Some(key) => loader.get(key).await,
        None => Ok(None),
    }
}

/// Writes an object; `None` if one of its selected fields is not available.
pub fn write_object(object: &impl WriteFields, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
    writer.size += selected.items.len();
    writer.json.push(b'{');
    for (index, selection) in selected.items.iter().enumerate() {
        let field = only_field(&selection.node)?;
        writer.key(index, &field.node);
        write_field(object, &field.node, writer)?;
    }
    writer.json.push(b'}');
    Some(())
}

/// Writes the value of a selected field, if it is available.
pub fn write_field<T: WriteFields>(object: &T, field: &Field, writer: &mut Writer<'_>) -> Option<()> {
    if field.name.node == "__typename" {
        writer.text(&T::type_name());
        return Some(());
    }
    object.write_field(field, writer)
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

/// Writes a list, each item with `write`.
pub fn write_items<T>(
    items: impl IntoIterator<Item = T>,
    writer: &mut Writer<'_>,
    mut write: impl FnMut(T, &mut Writer<'_>) -> Option<()>,
) -> Option<()> {
    writer.json.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        json::separate(index, &mut writer.json);
        writer.size += 1;
        write(item, writer)?;
    }
    writer.json.push(b']');
    Some(())
}

impl Write for &str {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        writer.text(self);
        Some(())
    }
}

impl Write for String {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        writer.text(&self);
        Some(())
    }
}

impl Write for ID {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        writer.text(&self);
        Some(())
    }
}

impl Write for bool {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        json::write_scalar(&self, &mut writer.json);
        Some(())
    }
}

impl Write for u32 {
    fn write(self, _: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        json::write_scalar(&self, &mut writer.json);
        Some(())
    }
}

impl<T: Write> Write for Option<T> {
    const IS_PLAIN: bool = T::IS_PLAIN;

    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        let Some(value) = self else {
            writer.json.extend_from_slice(b"null");
            return Some(());
        };
        value.write(selected, writer)
    }
}

impl<T: Write> Write for Vec<T> {
    const IS_PLAIN: bool = T::IS_PLAIN;

    fn write(self, selected: &SelectionSet, writer: &mut Writer<'_>) -> Option<()> {
        write_items(self, writer, |item, writer| item.write(selected, writer))
    }
}

/// Defines an object of the schema. Each field is defined once, and can be written at once or resolved by the library:
///
/// - the plain fields, each with its type and value;
/// - `loaded`: those that are read by a loader, each with its key (`None` if nothing is to be read) and the function that
///   makes its value of what was read; then the nullable ones;
/// - the methods of all other fields, as [`async_graphql::Object`] takes them.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $object:ident, $self:ident {
            $($(#[$plain_meta:meta])* $vis:vis $plain:ident: $plain_type:ty = $value:expr;)*
        }
        $(loaded {
            $($(#[$loaded_meta:meta])* $loaded:ident: $loaded_type:ty = $loader:ident[$key:expr] => $make:expr;)*
        })?
        $(loaded nullable {
            $(
                $(#[$nullable_meta:meta])*
                $nullable:ident: $nullable_type:ty = $nullable_loader:ident[$nullable_key:expr] => $nullable_make:expr;
            )*
        })?
        $(resolved { $($resolved:tt)* })?
    ) => {
        $(#[$meta])*
        #[async_graphql::Object]
        impl $object {
            $(
                $(#[$plain_meta])*
                $vis async fn $plain(&$self) -> $plain_type {
                    $value
                }
            )*
            $($(
                $(#[$loaded_meta])*
                async fn $loaded(&$self, ctx: &async_graphql::Context<'_>) -> Result<$loaded_type, $crate::graphql::error::ApiError> {
                    let loaders = $crate::graphql::context::loaders(ctx)?;
                    $crate::graphql::types::plain::load(&loaders.$loader, $key).await.map($make)
                }
            )*)?
            $($(
                $(#[$nullable_meta])*
                async fn $nullable(&$self, ctx: &async_graphql::Context<'_>) -> Option<Result<$nullable_type, $crate::graphql::error::ApiError>> {
                    let loaders = match $crate::graphql::context::loaders(ctx) {
                        Ok(loaders) => loaders,
                        Err(error) => return Some(Err(error)),
                    };
                    let read = $crate::graphql::types::plain::load(&loaders.$nullable_loader, $nullable_key).await;
                    read.map(|read| read.map($nullable_make)).transpose()
                }
            )*)?
            $($($resolved)*)?
        }

        impl $crate::graphql::types::plain::WriteFields for $object {
            const IS_PLAIN: bool = concat!(
                $($(stringify!($loaded),)*)? $($(stringify!($nullable),)*)? $(stringify!($($resolved)*))?
            ).is_empty() $(&& <$plain_type as $crate::graphql::types::plain::Write>::IS_PLAIN)*;

            fn write_field(
                &$self,
                field: &async_graphql::parser::types::Field,
                writer: &mut $crate::graphql::types::plain::Writer<'_>,
            ) -> Option<()> {
                $(
                    if $crate::graphql::types::plain::is_name_of(stringify!($plain), &field.name.node) {
                        let value: $plain_type = $value;
                        return $crate::graphql::types::plain::Write::write(value, &field.selection_set.node, writer);
                    }
                )*
                $($(
                    if $crate::graphql::types::plain::is_name_of(stringify!($loaded), &field.name.node) {
                        let read = $crate::graphql::types::plain::available(&writer.loaders?.$loader, $key)?;
                        let value: $loaded_type = ($make)(read);
                        return $crate::graphql::types::plain::Write::write(value, &field.selection_set.node, writer);
                    }
                )*)?
                $($(
                    if $crate::graphql::types::plain::is_name_of(stringify!($nullable), &field.name.node) {
                        let read = $crate::graphql::types::plain::available(&writer.loaders?.$nullable_loader, $nullable_key)?;
                        let value: Option<$nullable_type> = read.map($nullable_make);
                        return $crate::graphql::types::plain::Write::write(value, &field.selection_set.node, writer);
                    }
                )*)?
                let _ = (field, writer);
                None
            }
        }
    };
}
pub(super) use object;
