//! The parts together: precedence, errors, masking, rules. The kinds have their own tests.

use std::path::PathBuf;

mod errors;
mod masking;
mod rules;
mod sources;
mod table;
mod unknown;

use super::{
    Config, SettingError,
    sources::{ConfigFile, Sources},
    table::resolve,
};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The given sources, in order of precedence.
#[derive(Default)]
struct Given(Sources);

impl Given {
    fn flag(mut self, name: &'static str, text: &str) -> Self {
        self.0.flags.insert(name, text.to_owned());
        self
    }

    fn env(mut self, variable: &str, text: &str) -> Self {
        self.0.environment.insert(variable.to_owned(), text.into());
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.0.file = Some(ConfigFile::parse(PathBuf::from("up.toml"), text));
        self
    }

    fn resolve(self) -> Result<Config, Vec<SettingError>> {
        resolve(self.0)
    }

    #[track_caller]
    fn config(self) -> Config {
        self.resolve().expect("the settings are valid")
    }

    #[track_caller]
    fn errors(self) -> Vec<String> {
        self.resolve().expect_err("the settings are invalid").iter().map(SettingError::to_string).collect()
    }
}

fn given() -> Given {
    Given::default()
}

/// The line of `config` for the setting `name`.
fn line(config: &Config, name: &str) -> String {
    let text = config.to_masked_toml();
    text.lines().find(|line| line.starts_with(&format!("{name} = "))).expect("every setting is printed").to_owned()
}
