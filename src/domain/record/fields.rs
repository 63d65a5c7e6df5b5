//! Reads the fields of an object one by one. Every error is recorded, and reading continues.

use serde_json::{Map, Value};

use super::json::quote;
use super::time;
use crate::domain::tags::Tags;
use crate::domain::{Invalid, Timestamp};

/// The fields of an object. `null` is the same as an omitted field.
pub(super) struct Fields<'a> {
    fields: &'a Map<String, Value>,
    /// The prefix of names in messages: `users[3].`
    path: String,
    asked: Vec<&'static str>,
    faults: &'a mut Vec<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(fields: &'a Map<String, Value>, path: String, faults: &'a mut Vec<String>) -> Self {
        Self { fields, path, asked: Vec::new(), faults }
    }

    /// Records an error of a field.
    pub(super) fn fault(&mut self, name: &str, message: &str) {
        self.faults.push(format!("`{}{name}`: {message}", self.path));
    }

    /// A field of any type.
    pub(super) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// Whether a field is given, valid or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// An optional field.
    pub(super) fn text<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        self.value(name).and_then(|value| self.parse_text(name, value, parse))
    }

    /// A required field.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let Some(value) = self.value(name) else {
            self.fault(name, "this field is missing");
            return None;
        };
        self.parse_text(name, value, parse)
    }

    fn parse_text<T>(
        &mut self,
        name: &str,
        value: &Value,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            self.fault(name, "this must be text, in double quotes");
            return None;
        };
        self.note(name, parse(text))
    }

    fn note<T>(&mut self, name: &str, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|invalid| self.fault(name, &invalid.message)).ok()
    }

    /// An optional point in time.
    pub(super) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.text(name, time::parse)
    }

    /// A boolean; false if it is omitted.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        let value = self.value(name);
        value.is_some_and(|value| {
            value.as_bool().unwrap_or_else(|| {
                self.fault(name, "this must be true or false, without quotes");
                false
            })
        })
    }

    /// An optional whole number within bounds.
    pub(super) fn number(&mut self, name: &'static str, least: u32, most: u32) -> Option<u32> {
        let value = self.value(name)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.fault(name, &format!("this must be a whole number from {least} to {most}"));
        }
        number
    }

    /// Tags; none if they are omitted.
    pub(super) fn tags(&mut self) -> Tags {
        let name = "tags";
        self.value(name).and_then(|value| self.note(name, Tags::parse(value))).unwrap_or_default()
    }

    /// A list; empty if it is omitted.
    pub(super) fn list(&mut self, name: &'static str) -> &'a [Value] {
        match self.value(name) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(name, "this must be a list, in square brackets");
                &[]
            }
        }
    }

    /// The fields of a nested object.
    pub(super) fn object(&mut self, name: &'static str) -> Option<Fields<'_>> {
        let path = format!("{}{name}.", self.path);
        if let Value::Object(fields) = self.value(name)? {
            Some(Fields::new(fields, path, self.faults))
        } else {
            self.fault(name, "this must be an object, in curly brackets");
            None
        }
    }

    /// The fields of an object in a list of this object.
    pub(super) fn item(&mut self, list: &str, index: usize, item: &'a Value) -> Option<Fields<'_>> {
        let Value::Object(fields) = item else {
            self.fault(&format!("{list}[{index}]"), "this must be an object, in curly brackets");
            return None;
        };
        Some(Fields::new(fields, format!("{}{list}[{index}].", self.path), self.faults))
    }

    /// Reads fields whose values are ignored.
    pub(super) fn ignoring(&mut self, read: impl FnOnce(&mut Self)) {
        let before = self.faults.len();
        read(self);
        self.faults.truncate(before);
    }

    /// Records the unknown fields.
    pub(super) fn finish(self) {
        let Self { fields, path, asked, faults } = self;
        for unknown in fields.keys().filter(|key| !asked.contains(&key.as_str())) {
            let first = |place: usize, name: &&str| !asked.iter().take(place).any(|earlier| earlier == name);
            let known = asked.iter().enumerate().filter(|(place, name)| first(*place, name)).map(|(_, name)| *name);
            let (name, known) = (quote(unknown), known.collect::<Vec<_>>().join(", "));
            faults.push(if path.is_empty() {
                format!("{name}: there is no such field; there are {known}")
            } else {
                format!("{name}: there is no such field in `{}`; there are {known}", path.trim_end_matches('.'))
            });
        }
    }
}
