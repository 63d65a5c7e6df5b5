//! Generates `docs/configuration.md` from the table.

use std::fmt::Write as _;

use super::{
    setting::{Fallback, Setting},
    table::settings,
};

const OPENING: &str = "\
# Configuration

<!-- Made from the table of settings in src/config/table.rs. Change it there; a test compares. -->

A setting can be given in four ways. The first that gives it wins:

1. a flag: `userprofile serve --access-ttl 5m`
2. an environment variable: `USERPROFILE_ACCESS_TTL=5m` (set to nothing, it counts as not set)
3. the TOML file that `--config FILE` or `USERPROFILE_CONFIG` names: `access_ttl = \"5m\"`
4. its default

`userprofile config` prints what is in force and where each value stands, with secrets masked as `***`; with the masks
replaced or taken out, what it prints is itself such a file. Wrong values are all told at once, and nothing starts. An
unknown key in the file is wrong; an unknown variable `USERPROFILE_…` is only warned of.

- Durations are numbers with a unit: `250ms`, `30s`, `10m`, `3h`, `30d`, or a sum: `1h 30m`.
- Sizes count in 1024 with an `i` (`19MiB`, `64Ki`), in 1000 without (`1MB`, `64k`); a plain number is bytes.
- Lists are parted by commas; in the file they may be TOML arrays.
- In a URL, the characters `/ ? # @` of a password are written `%2F %3F %23 %40`.
- An empty text takes an optional setting back: `smtp_url = \"\"`.
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
    let mut text = OPENING.to_owned();
    let _ = write!(text, "\nA file:\n\n```toml\n{EXAMPLE}```\n");
    for group in settings().chunk_by(|one, next| one.group == next.group) {
        let title = group.first().map_or("", |setting| setting.group);
        let _ = write!(text, "\n## {title}\n\n| setting | environment | flag | default | meaning |\n");
        text.push_str("| --- | --- | --- | --- | --- |\n");
        text.extend(group.iter().map(row));
    }
    text
}

fn row(setting: &Setting) -> String {
    let Setting { name, environment, flag, value_name, meaning, accepts, .. } = setting;
    let default = match setting.fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Computed { told, .. } | Fallback::Unset(told) => told.to_owned(),
    };
    let cells = [
        format!("`{name}`"),
        format!("`{environment}`"),
        format!("`--{flag} {value_name}`"),
        default,
        format!("{meaning} Takes {accepts}."),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::*;
    use crate::config::{ConfigFile, resolve};

    #[test]
    fn documents_every_setting() {
        let text = docs_markdown();
        for setting in settings() {
            assert!(text.contains(&format!("| `{}` | `{}` | `--{} ", setting.name, setting.environment, setting.flag)));
        }
        assert!(text.contains("| `access_ttl` | `USERPROFILE_ACCESS_TTL` | `--access-ttl DURATION` | `15m` | "));
    }

    #[test]
    fn the_example_is_right() {
        let file = ConfigFile { path: PathBuf::from("example.toml"), text: EXAMPLE.to_owned() };
        resolve(BTreeMap::new(), BTreeMap::new(), Some(Ok(file))).expect("the example holds no fault");
    }
}
