//! Prints settings: `docs/configuration.md`, and the effective settings of `userprofile config`.

use toml::Value;

use super::{
    setting::{DefaultValue, EffectiveSetting, Setting},
    table::settings,
    values::Config,
};

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated from the table of settings in src/config/table.rs, and compared with it by a test. -->

A setting can be given in four ways. The first one that is used takes precedence:

1. a flag: `userprofile serve --access-ttl 5m`
2. an environment variable: `USERPROFILE_ACCESS_TTL=5m` (an empty variable counts as unset)
3. the TOML file that `--config FILE` or `USERPROFILE_CONFIG` names: `access_ttl = \"5m\"`
4. its default

`userprofile config` prints the effective settings and where each value is given, with secrets masked as `***`. Its
output is itself a settings file, once the masked values are replaced or removed. If settings are invalid, all errors
are reported at once, and the command does not run. An unknown key in the file is an error; an unknown variable
`USERPROFILE_…` is only a warning.

- Durations are numbers with a unit: `250ms`, `30s`, `10m`, `3h`, `30d`, or a sum: `1h 30m`.
- Sizes are multiples of 1024 with an `i` (`19MiB`, `64Ki`), of 1000 without (`1MB`, `64k`); a plain number is bytes.
- Lists are separated by commas; in the file they can be TOML arrays.
- In a URL, the characters `/ ? # @` of a password are written `%2F %3F %23 %40`.
- An empty text unsets an optional setting: `smtp_url = \"\"`.
";

const EXAMPLE: &str = r#"listen = "0.0.0.0:8080"
database_url = "postgres://userprofile@db.internal/userprofile?sslmode=verify-full"
public_url = "https://id.example.com"
smtp_url = "smtp+starttls://mail.internal:587"
mail_from = "Acme <noreply@example.com>"
secret_key_file = "/run/secrets/userprofile-key"
trusted_proxies = ["10.0.0.0/8"]
access_ttl = "5m"
code_tries = 3
argon2_memory = "32MiB"
"#;

/// The complete text of `docs/configuration.md`.
#[must_use]
pub fn docs_markdown() -> String {
    let groups = settings().chunk_by(|one, next| one.group == next.group).map(|group| {
        let title = group.first().map_or("", |setting| setting.group);
        let rows: String = group.iter().map(row).collect();
        format!(
            "\n## {title}\n\n| setting | environment | flag | default | meaning |\n| --- | --- | --- | --- | --- |\n{rows}"
        )
    });
    format!("{INTRODUCTION}\nA file:\n\n```toml\n{EXAMPLE}```\n{}", groups.collect::<String>())
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
    #[must_use]
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
        let file = ConfigFile::parse(PathBuf::from("example.toml"), EXAMPLE);
        resolve(Sources { file: Some(file), ..Sources::default() }).expect("the example has no errors");
    }
}
