//! Where each value comes from: flags before environment before file before default.

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

/// Resolves all settings from what is given, reading nothing else but the files that they name for a value: flags by [`Setting::name`](super::Setting::name),
/// the environment's variables, the file or why it cannot be read.
///
/// # Errors
/// Every fault that was found, all at once.
pub fn resolve(
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    file: Option<Result<ConfigFile, Fault>>,
) -> Result<Config, Faults> {
    let mut reader = Reader::new(flags, environment, file);
    let config = rules::assemble(&mut reader);
    config.filter(|_| reader.faults.is_empty()).ok_or_else(|| Faults::from(reader.faults))
}

/// Where a value stands.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    Flag(String),
    Environment(String),
    File(PathBuf, &'static str),
    /// In a file of its own, which is named there.
    ValueFile(Box<Origin>),
    /// Nowhere: the default, with the words for it where there are some.
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

/// A value in force, as it may be shown.
#[derive(Debug, Clone)]
pub(super) struct InForce {
    pub(super) name: &'static str,
    pub(super) masked: String,
    pub(super) is_masked: bool,
    pub(super) origin: Origin,
}

/// Reads values one by one, and notes what is wrong and what came from where.
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

    /// The value of a setting, or `None` with a fault noted.
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

    /// Whether a setting has a text, be it the default, be it wrong.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Whether a setting is surely left out: not so where a file that might give it could not be read.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        self.is_complete && !self.is_given(name)
    }

    /// Notes that a setting, if it has a text, does not go with another.
    pub(super) fn refuse_if_given(&mut self, name: &str, wrong: &str, right: &str) {
        if let Some(place) = self.places.get(name) {
            self.faults.push(Fault { place: place.clone(), wrong: wrong.to_owned(), right: right.to_owned() });
        }
    }

    /// What is odd in the environment, but not wrong.
    pub(super) fn warnings(&self) -> Vec<String> {
        environment::warnings(&self.environment)
    }

    /// The text of a setting, and where it stands: where it is given, in the file that is named for it, or the default.
    fn find<K: Kind>(&self, setting: &Declared<K>) -> (Result<String, String>, Origin) {
        if let Some(given) = self.given(setting.name, setting.environment()) {
            return given;
        }
        if let Some((path, named_by)) = self.file_of(setting) {
            return (path.and_then(|path| read_value(&path)), Origin::ValueFile(Box::new(named_by)));
        }
        (Ok(setting.fallback.text()), Origin::Default(setting.fallback.told()))
    }

    /// The text of the setting `name` where it is given. An empty environment variable is one that is not set, since
    /// that is all that Compose files and unit files can do to leave one out.
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

    /// The file that is named for the value of a setting, and where it is named.
    fn file_of<K: Kind>(&self, setting: &Declared<K>) -> Option<(Result<String, String>, Origin)> {
        let file = setting.file?;
        self.given(file, setting.environment_of(file)).filter(|(path, _)| !path.as_ref().is_ok_and(String::is_empty))
    }

    /// Notes that a value is given, at `origin`, and a file is named for it, too.
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

/// Not quoted, as it may hold a password.
fn read_value(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let text = text.trim();
    if text.is_empty() { Err(format!("{path} is empty")) } else { Ok(text.to_owned()) }
}

/// A mask is no secret: whoever feeds back what `userprofile config` printed must be told, not locked out.
fn parse<K: Kind>(setting: &Declared<K>, text: &str) -> Result<K::Value, String> {
    if setting.kind.is_secret() && text.contains(MASK) {
        return Err(format!("it holds {MASK}, which is printed in place of a secret"));
    }
    setting.kind.parse(text)
}
