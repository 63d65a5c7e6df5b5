//! The sources of values: flags, the environment, and the settings file.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{error::SettingError, setting::Setting};

/// Names the settings file if `--config` does not. It is not itself a setting.
pub(super) const CONFIG_FILE: &str = "USERPROFILE_CONFIG";

/// The sources, in order of precedence.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Flags by [`Setting::name`].
    pub(super) flags: BTreeMap<&'static str, String>,
    /// Environment variables whose names are valid Unicode.
    pub(super) environment: BTreeMap<String, OsString>,
    /// The settings file, or the error of reading it.
    pub(super) file: Option<Result<ConfigFile, SettingError>>,
}

/// A settings file: TOML, keys without tables.
#[derive(Debug)]
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    /// Each value in the text form of its flag, or what is wrong with it.
    pub(super) values: BTreeMap<String, Result<String, String>>,
}

/// A given text, or what is wrong with it.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) text: Result<String, String>,
    /// Where it is given: `flag --access-ttl`.
    pub(super) place: String,
}

impl Sources {
    /// The environment of the process, these flags, and the file that `config_file` or the environment names.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub(super) fn of_process(flags: BTreeMap<&'static str, String>, config_file: Option<PathBuf>) -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment: BTreeMap<_, _> = variables.collect();
        let named_by = if config_file.is_some() {
            "flag --config".to_owned()
        } else {
            format!("environment variable {CONFIG_FILE}")
        };
        let in_environment = || environment.get(CONFIG_FILE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let file = config_file.or_else(in_environment).map(|path| ConfigFile::read(path, named_by));
        Self { flags, environment, file }
    }

    /// The text of a setting, if it is given. An empty environment variable counts as unset, because Compose files and
    /// unit files have no other way to omit one.
    pub(super) fn find(&self, setting: &Setting) -> Option<Given> {
        let trim = |text: &str| text.trim().to_owned();
        if let Some(text) = self.flags.get(setting.name) {
            return Some(Given { text: Ok(trim(text)), place: format!("flag --{}", setting.flag) });
        }
        if let Some(text) = self.environment.get(&setting.environment).filter(|text| !text.is_empty()) {
            let text = text.to_str().map(trim).ok_or_else(|| "it is not UTF-8".to_owned());
            return Some(Given { text, place: format!("environment variable {}", setting.environment) });
        }
        let file = self.file.as_ref()?.as_ref().ok()?;
        let text = file.values.get(setting.name)?.clone();
        Some(Given { text: text.map(|text| trim(&text)), place: format!("{}: {}", file.path.display(), setting.name) })
    }
}

impl ConfigFile {
    fn read(path: PathBuf, named_by: String) -> Result<Self, SettingError> {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let wrong = format!("{} cannot be read: {error}", path.display());
            SettingError::new(named_by, wrong, "name a TOML file that this user can read")
        })?;
        Self::parse(path, &text)
    }

    pub(super) fn parse(path: PathBuf, text: &str) -> Result<Self, SettingError> {
        let table: Table = text.parse().map_err(|error| syntax_error(&path, text, &error))?;
        let values = table.into_iter().map(|(key, value)| (key, text_of(value))).collect();
        Ok(Self { path, values })
    }
}

/// The library's own message is not used: it quotes the line, which may contain a secret.
fn syntax_error(path: &Path, text: &str, error: &toml::de::Error) -> SettingError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    SettingError::new(
        format!("{}: line {line}", path.display()),
        format!("it is not TOML ({})", error.message().replace('\n', ", ")),
        "write each setting once, as `name = value`, with texts in quotes",
    )
}

fn text_of(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Array(values) => {
            values.into_iter().map(text_of).collect::<Result<Vec<_>, _>>().map(|texts| texts.join(", "))
        }
        other => Err(format!("a TOML {} is neither a text in quotes, a whole number, nor a list", other.type_str())),
    }
}
