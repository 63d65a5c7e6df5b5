//! The settings file: TOML, keys without tables.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{fault::Fault, nearest::nearest, table::settings};

/// A settings file that was read.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Its path, for errors.
    pub path: PathBuf,
    /// Its TOML text.
    pub text: String,
}

/// Parses the file as TOML.
pub(super) fn table(file: &ConfigFile) -> Result<Table, Fault> {
    file.text.parse().map_err(|error| syntax_fault(file, &error))
}

/// The values of the file at `path` by their keys, each in the text form of its flag. Adds errors to `faults`.
pub(super) fn values(table: Table, path: &Path, faults: &mut Vec<Fault>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (key, value) in table {
        match known(&key).and_then(|()| text_of(value)) {
            Ok(text) => {
                values.insert(key, text);
            }
            Err((wrong, right)) => {
                faults.push(Fault { place: format!("{}: {key}", path.display()), wrong, right });
            }
        }
    }
    values
}

/// The library's own rendering is not used: it quotes the line, which may contain a secret.
fn syntax_fault(file: &ConfigFile, error: &toml::de::Error) -> Fault {
    let before = error.span().and_then(|span| file.text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Fault {
        place: format!("{}: line {line}", file.path.display()),
        wrong: format!("it is not TOML ({})", error.message().replace('\n', ", ")),
        right: "write each setting as `name = value`, texts in quotes, each name once".to_owned(),
    }
}

fn known(key: &str) -> Result<(), (String, String)> {
    if settings().iter().any(|setting| setting.name == key) {
        return Ok(());
    }
    let right = nearest(key, settings().iter().map(|setting| setting.name)).map_or_else(
        || "take it out (`userprofile config` prints all that there are)".to_owned(),
        |name| format!("did you mean {name}?"),
    );
    Err(("there is no such setting".to_owned(), right))
}

fn text_of(value: Value) -> Result<String, (String, String)> {
    match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Array(values) => {
            values.into_iter().map(text_of).collect::<Result<Vec<_>, _>>().map(|texts| texts.join(", "))
        }
        other => Err((
            format!("a value of the type {} fits no setting", other.type_str()),
            "give a text in quotes, a whole number, or a list of texts".to_owned(),
        )),
    }
}
