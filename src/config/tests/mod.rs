//! The parts together: precedence, errors, masking, rules. The kinds have their own tests.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

mod faults;
mod masking;
mod rules;
mod sources;
mod table;

use super::{Config, ConfigFile, Faults, resolve};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The given sources, in order of precedence.
#[derive(Default)]
struct Given {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    file: Option<ConfigFile>,
}

impl Given {
    fn flag(mut self, name: &'static str, text: &str) -> Self {
        self.flags.insert(name, text.to_owned());
        self
    }

    fn env(mut self, variable: &str, text: &str) -> Self {
        self.environment.insert(variable.to_owned(), text.into());
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.file = Some(ConfigFile { path: PathBuf::from("up.toml"), text: text.to_owned() });
        self
    }

    fn resolve(self) -> Result<Config, Faults> {
        resolve(self.flags, self.environment, self.file.map(Ok))
    }

    #[track_caller]
    fn config(self) -> Config {
        self.resolve().expect("the settings are right")
    }

    #[track_caller]
    fn faults(self) -> Vec<String> {
        self.resolve().expect_err("the settings are wrong").to_string().lines().map(str::to_owned).collect()
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
