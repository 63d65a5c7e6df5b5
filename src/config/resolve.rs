//! Resolves the source of each value: flags before environment before file before default.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::PathBuf};

use super::{
    environment,
    fault::{Fault, Faults},
    file::{self, ConfigFile},
    kinds::Kind,
    rules,
    secret::MASK,
    setting::{Declared, flag_of},
    values::Config,
};

/// Resolves all settings from the given sources: flags by [`Setting::name`](super::Setting::name), the environment's
/// variables, and the settings file or the error of reading it. It reads nothing else except the files that settings
/// name for a value.
///
/// # Errors
/// All errors at once.
pub fn resolve(
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    file: Option<Result<ConfigFile, Fault>>,
) -> Result<Config, Faults> {
    let mut reader = Reader::new(flags, environment, file);
    let config = rules::assemble(&mut reader);
    config.filter(|_| reader.faults.is_empty()).ok_or_else(|| Faults::from(reader.faults))
}

/// The source of a value.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Flag(String),
    Environment(String),
    File(PathBuf, &'static str),
    /// A file with the value, and the source that names it.
    ValueFile(Box<Origin>),
    /// The default, with a description if there is one.
    Default(Option<&'static str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag --{flag}"),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::File(path, key) => write!(f, "{}: {key}", path.display()),
            Self::ValueFile(named_by) => named_by.fmt(f),
            Self::Default(None) => write!(f, "default"),
            Self::Default(Some(told)) => write!(f, "default: {told}"),
        }
    }
}

/// An effective value in a form that may be shown.
#[derive(Debug, Clone)]
pub(super) struct InForce {
    pub(super) name: &'static str,
    pub(super) masked: String,
    pub(super) is_masked: bool,
    pub(super) origin: Origin,
}

/// Reads values one by one, and records their errors and sources.
pub(super) struct Reader {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    file: Option<(PathBuf, BTreeMap<String, String>)>,
    is_complete: bool,
    places: BTreeMap<&'static str, String>,
    pub(super) faults: Vec<Fault>,
    pub(super) in_force: Vec<InForce>,
}

impl Reader {
    fn new(
        flags: BTreeMap<&'static str, String>,
        environment: BTreeMap<String, OsString>,
        file: Option<Result<ConfigFile, Fault>>,
    ) -> Self {
        let mut reader = Self {
            flags,
            environment,
            file: None,
            is_complete: true,
            places: BTreeMap::new(),
            faults: vec![],
            in_force: vec![],
        };
        match file.map(|file| file.and_then(|file| Ok((file::table(&file)?, file.path)))) {
            None => {}
            Some(Ok((table, path))) => {
                let values = file::values(table, &path, &mut reader.faults);
                reader.file = Some((path, values));
            }
            Some(Err(unreadable)) => {
                reader.is_complete = false;
                reader.faults.push(unreadable);
            }
        }
        reader
    }

    /// The value of a setting, or `None` with a recorded error.
    pub(super) fn read<K: Kind>(&mut self, setting: &Declared<K>) -> Option<K::Value> {
        let (text, origin) = self.find(setting);
        self.refuse_two_places(setting, &origin);
        if !text.as_ref().is_ok_and(String::is_empty) {
            self.places.insert(setting.name, origin.to_string());
        }
        match text.and_then(|text| Ok((parse(setting, &text)?, setting.kind.mask(&text), text))) {
            Ok((value, masked, text)) => {
                self.in_force.push(InForce { name: setting.name, is_masked: masked != text, masked, origin });
                Some(value)
            }
            Err(wrong) => {
                let right = format!("give {}", setting.accepts_such_as());
                self.faults.push(Fault { place: origin.to_string(), wrong, right });
                None
            }
        }
    }

    /// Whether a setting has a text, even if it is the default or invalid.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Whether a setting is certainly omitted. It is not if a file that might contain it could not be read.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        self.is_complete && !self.is_given(name)
    }

    /// Records an error if a setting has a text, because it contradicts another setting.
    pub(super) fn refuse_if_given(&mut self, name: &str, wrong: &str, right: &str) {
        if let Some(place) = self.places.get(name) {
            self.faults.push(Fault { place: place.clone(), wrong: wrong.to_owned(), right: right.to_owned() });
        }
    }

    /// Unusual variables in the environment that are not errors.
    pub(super) fn warnings(&self) -> Vec<String> {
        environment::warnings(&self.environment)
    }

    /// The text of a setting and its source: where it is given, the file that is named for it, or the default.
    fn find<K: Kind>(&self, setting: &Declared<K>) -> (Result<String, String>, Origin) {
        if let Some(given) = self.given(setting.name, setting.environment()) {
            return given;
        }
        if let Some((path, named_by)) = self.file_of(setting) {
            return (path.and_then(|path| read_value(&path)), Origin::ValueFile(Box::new(named_by)));
        }
        (Ok(setting.fallback.text()), Origin::Default(setting.fallback.told()))
    }

    /// The text of the setting `name` if it is given. An empty environment variable counts as unset, because Compose
    /// files and unit files have no other way to omit one.
    fn given(&self, name: &'static str, variable: String) -> Option<(Result<String, String>, Origin)> {
        if let Some(text) = self.flags.get(name) {
            return Some((Ok(text.trim().to_owned()), Origin::Flag(flag_of(name))));
        }
        if let Some(text) = self.environment.get(&variable).filter(|text| !text.is_empty()) {
            let text = text.to_str().map(|text| text.trim().to_owned()).ok_or_else(|| "it is not UTF-8".to_owned());
            return Some((text, Origin::Environment(variable)));
        }
        let (path, values) = self.file.as_ref()?;
        values.get(name).map(|text| (Ok(text.trim().to_owned()), Origin::File(path.clone(), name)))
    }

    /// The file that is named for the value of a setting, and the source that names it.
    fn file_of<K: Kind>(&self, setting: &Declared<K>) -> Option<(Result<String, String>, Origin)> {
        let file = setting.file?;
        self.given(file, setting.environment_of(file)).filter(|(path, _)| !path.as_ref().is_ok_and(String::is_empty))
    }

    /// Records an error if a value is given at `origin` and a file is named for it, too.
    fn refuse_two_places<K: Kind>(&mut self, setting: &Declared<K>, origin: &Origin) {
        if matches!(origin, Origin::Default(_) | Origin::ValueFile(_)) {
            return;
        }
        if let Some((_, named_by)) = self.file_of(setting) {
            let wrong = format!("{} is given too ({origin})", setting.environment());
            self.faults.push(Fault {
                place: named_by.to_string(),
                wrong,
                right: "give only one of the two".to_owned(),
            });
        }
    }
}

/// The text is not quoted, as it may contain a password.
fn read_value(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let text = text.trim();
    if text.is_empty() { Err(format!("{path} is empty")) } else { Ok(text.to_owned()) }
}

/// A mask is not a secret: giving back the output of `userprofile config` must be an error, not a lockout.
fn parse<K: Kind>(setting: &Declared<K>, text: &str) -> Result<K::Value, String> {
    if setting.kind.is_secret() && text.contains(MASK) {
        return Err(format!("it holds {MASK}, which is printed in place of a secret"));
    }
    setting.kind.parse(text)
}
