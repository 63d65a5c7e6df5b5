//! Reads JSON objects field by field, so that all errors of a line are reported at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Display};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

/// How many levels of lists and objects are read, the line included: as many as `serde_json` reads.
const MAX_DEPTH: usize = 127;
const TOO_DEEP: &str = "lists and objects are nested too deeply";

/// A field of an object in a line.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Field<T> {
    /// Omitted, or null.
    #[default]
    Absent,
    /// Given with an invalid value; the error is recorded.
    Invalid,
    /// Given with a valid value.
    Given(T),
}

/// A type of values that fields have.
pub trait FromJson: Sized {
    /// Reads a value. Returns why it is invalid, or records errors of the fields in it; no message repeats the value.
    fn from_json(json: &RawValue, errors: &mut LineErrors) -> Result<Self, String>;
}

/// An object with known fields; [`object!`] implements it.
pub trait Object: Sized {
    /// The names of its fields.
    const FIELDS: &'static [&'static str];

    /// Takes its fields out of `fields`.
    fn take(fields: &mut Fields<'_>, errors: &mut LineErrors) -> Self;
}

/// Declares the fields of an object once, for reading and for writing, in the order in which they are written. All of
/// them can be absent, so that an error in one leaves the others readable. Serde's `derive(Deserialize)` would stop at
/// the first error (decision 0045).
macro_rules! object {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? }
    ) => {
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "Field::is_absent")] pub $field: Field<$type>),+
        }

        impl Object for $name {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn take(fields: &mut Fields<'_>, errors: &mut LineErrors) -> Self {
                Self { $($field: fields.take(stringify!($field), errors)),+ }
            }
        }
    };
}
pub(super) use object;

/// The errors of a line.
#[derive(Debug, Default)]
pub struct LineErrors {
    /// The path of the value that is being read, such as `users[3].user_id`; empty for the line.
    path: String,
    depth: usize,
    messages: Vec<String>,
}

/// The fields of an object that have not been taken yet.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    values: BTreeMap<Cow<'a, str>, &'a RawValue>,
    repeated: Vec<String>,
}

/// A JSON string, borrowed unless it contains escape sequences.
#[derive(serde::Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<T> Field<T> {
    /// The value, if it is valid.
    pub fn ok(self) -> Option<T> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }

    /// The value, if it is valid.
    pub fn as_ref(&self) -> Option<&T> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }

    /// The value, or `default`.
    pub fn or(self, default: T) -> T {
        self.ok().unwrap_or(default)
    }

    /// Whether it is omitted.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T: Default + PartialEq> Field<T> {
    /// The value, or the default of its type.
    pub fn or_default(self) -> T {
        self.ok().unwrap_or_default()
    }

    /// The value, omitted if it is the default of its type.
    pub fn unless_default(value: T) -> Self {
        if value == T::default() { Self::Absent } else { Self::Given(value) }
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Given)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

impl LineErrors {
    /// Adds an error of the value that is being read.
    pub fn add(&mut self, message: impl Display) {
        let path = printable(&self.path);
        self.messages.push(if path.is_empty() { message.to_string() } else { format!("`{path}`: {message}") });
    }

    /// Adds an error of a field in the value that is being read.
    pub fn add_to(&mut self, field: &str, message: impl Display) {
        self.in_field(field, |errors| errors.add(message));
    }

    /// The value of a field that must be given, if it is valid.
    pub fn require<'f, T>(&mut self, name: &str, field: &'f Field<T>) -> Option<&'f T> {
        if field.is_absent() {
            self.add_to(name, "this field is missing");
        }
        field.as_ref()
    }

    /// Reads a value that is not null.
    pub fn read<T: FromJson>(&mut self, json: &RawValue) -> Field<T> {
        let result = if self.depth > MAX_DEPTH { Err(TOO_DEEP.to_owned()) } else { T::from_json(json, self) };
        match result {
            Ok(value) => Field::Given(value),
            Err(message) => {
                self.add(message);
                Field::Invalid
            }
        }
    }

    /// Does `work` for a field of the value that is being read.
    pub fn in_field<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.within(&[if self.path.is_empty() { "" } else { "." }, name], work)
    }

    /// Does `work` for an item of the list that is being read.
    pub fn in_item<T>(&mut self, index: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        self.within(&["[", &index.to_string(), "]"], work)
    }

    fn within<T>(&mut self, steps: &[&str], work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.extend(steps.iter().copied());
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        self.path.truncate(length);
        result
    }

    /// The messages, in the order in which they were added.
    pub fn into_messages(self) -> Vec<String> {
        self.messages
    }
}

impl<'a> Fields<'a> {
    /// Parses an object.
    pub fn parse(json: &'a str, errors: &mut LineErrors) -> Result<Self, String> {
        if !json.trim_start().starts_with('{') {
            return Err("this must be an object, in curly brackets".to_owned());
        }
        let fields: Self = serde_json::from_str(json).map_err(|error| match error.classify() {
            Category::Eof => "this is not JSON: the line ends before its object is complete".to_owned(),
            // A line is parsed as a text of its own, so its line number is always 1.
            _ => format!("this is not JSON: {error}").replace(" at line 1 column ", " at column "),
        })?;
        fields.repeated.iter().for_each(|key| errors.add_to(key, "this key occurs twice in one object"));
        Ok(fields)
    }

    /// Takes a field.
    pub fn take<T: FromJson>(&mut self, name: &str, errors: &mut LineErrors) -> Field<T> {
        match self.take_json(name) {
            Some(json) if json.get() != "null" => errors.in_field(name, |errors| errors.read(json)),
            _ => Field::Absent,
        }
    }

    /// Takes the JSON of a field.
    pub fn take_json(&mut self, name: &str) -> Option<&'a RawValue> {
        self.values.remove(name)
    }

    /// Takes the JSON of all fields, by their names.
    pub fn take_all(self) -> BTreeMap<Cow<'a, str>, &'a RawValue> {
        self.values
    }

    /// Records the fields that were not taken as unknown.
    pub fn refuse_rest(self, known: &[&[&str]], errors: &mut LineErrors) {
        for name in self.values.keys() {
            errors.add_to(name, format_args!("unknown field; the fields are {}", known.concat().join(", ")));
        }
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some((Text(key), json)) = map.next_entry()? {
                    match fields.values.entry(key) {
                        Entry::Vacant(free) => drop(free.insert(json)),
                        Entry::Occupied(earlier) => fields.repeated.push(earlier.key().clone().into_owned()),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// A path for messages: truncated, and without characters that would affect a terminal.
fn printable(path: &str) -> String {
    const SHOWN: usize = 200;
    let shown: String = path.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let more = if path.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("{shown}{more}")
}
