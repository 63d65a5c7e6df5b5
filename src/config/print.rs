//! Prints settings: `docs/configuration.md`, and the effective settings of `userprofile config`.

use toml::Value;

use super::{
    setting::{DefaultValue, EffectiveSetting, Setting},
    table::settings,
    values::Config,
};

/// The part of `docs/configuration.md` before the tables.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The complete text of `docs/configuration.md`.
pub fn docs_markdown() -> String {
    let groups = settings().chunk_by(|one, next| one.group == next.group).map(|group| {
        let title = group.first().map_or("", |setting| setting.group);
        let rows: String = group.iter().map(row).collect();
        format!(
            "\n## {title}\n\n| setting | environment | flag | default | meaning |\n| --- | --- | --- | --- | --- |\n{rows}"
        )
    });
    format!("{INTRODUCTION}{}", groups.collect::<String>())
}

fn row(setting: &Setting) -> String {
    let Setting { name, environment, flag, value_name, meaning, accepts, default, .. } = setting;
    let default = match default {
        DefaultValue { description: Some(description), .. } => (*description).to_owned(),
        DefaultValue { text, .. } => format!("`{text}`"),
    };
    let cells = [
        format!("`{name}`"),
        format!("`{environment}`"),
        format!("`--{flag} {value_name}`"),
        default,
        format!("{meaning} Accepts {accepts}."),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

impl Config {
    /// All effective settings as a settings file, each with a comment on its source, with all secrets masked. Without
    /// the masked settings, `--config FILE` with it produces the same effective settings.
    pub fn to_masked_toml(&self) -> String {
        let groups = self.settings.chunk_by(|one, next| one.setting.group == next.setting.group).map(|group| {
            let title = group.first().map_or("", |effective| effective.setting.group);
            format!("# {title}\n{}", group.iter().map(line).collect::<String>())
        });
        groups.collect::<Vec<_>>().join("\n")
    }
}

fn line(effective: &EffectiveSetting) -> String {
    let EffectiveSetting { setting, text, is_masked, place, is_in_file } = effective;
    let number = text.parse().ok().filter(|_| setting.value_name == "NUMBER");
    let value = number.map_or_else(|| Value::String(text.clone()), Value::Integer);
    // Given again together with the file that it was read from, it would be given twice.
    let comment = if *is_in_file { "# " } else { "" };
    // A path in the comment must not end the line.
    let place = place.replace(char::is_control, "?");
    let hint = if *is_masked { " (masked)" } else { "" };
    format!("{comment}{:<45} # {place}{hint}\n", format!("{} = {value}", setting.name))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::{
        sources::{ConfigFile, Sources},
        table::resolve,
    };

    #[test]
    fn every_setting_is_documented() {
        let text = docs_markdown();
        for setting in settings() {
            assert!(text.contains(&format!("| `{}` | `{}` | `--{} ", setting.name, setting.environment, setting.flag)));
        }
        assert!(text.contains("| `access_ttl` | `USERPROFILE_ACCESS_TTL` | `--access-ttl DURATION` | `15m` | "));
    }

    #[test]
    fn the_example_is_valid() {
        let (_, example) = INTRODUCTION.split_once("```toml\n").unwrap();
        let file = ConfigFile::parse(PathBuf::from("example.toml"), example.trim_end_matches("```\n"));
        resolve(Sources { file: Some(file), ..Sources::default() }).expect("the example has no errors");
    }
}
