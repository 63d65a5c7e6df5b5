//! The effective settings, as `userprofile config` prints them.

use std::fmt::Write as _;

use toml::Value;

use super::{
    resolve::{InForce, Origin},
    setting::Setting,
    table::settings,
    values::Config,
};

impl Config {
    /// All effective settings as a settings file, each with a comment on its source, with all secrets masked. Without
    /// the masked settings, `--config FILE` with it produces the same effective settings.
    #[must_use]
    pub fn to_masked_toml(&self) -> String {
        let mut text = String::new();
        let mut group = "";
        for (setting, in_force) in settings().iter().zip(&self.in_force) {
            if group != setting.group {
                group = setting.group;
                let gap = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}# {group}");
            }
            let _ = writeln!(text, "{}", line(setting, in_force));
        }
        text
    }
}

fn line(setting: &Setting, in_force: &InForce) -> String {
    let InForce { name, masked, is_masked, origin } = in_force;
    let assignment = format!("{name} = {}", value(setting, masked));
    let is_in_file = matches!(origin, Origin::ValueFile(_));
    // A path in the comment must not end the line.
    let origin = origin.to_string().replace(char::is_control, "?");
    let hint = if *is_masked { " (masked)" } else { "" };
    // If it were given again together with the file that it came from, it would be given twice.
    let comment = if is_in_file { "# " } else { "" };
    format!("{comment}{assignment:<45} # {origin}{hint}")
}

fn value(setting: &Setting, text: &str) -> Value {
    let number = text.parse().ok().filter(|_| setting.value_name == "NUMBER");
    number.map_or_else(|| Value::String(text.to_owned()), Value::Integer)
}
