//! Reads settings from their sources, and records their effective values and all errors.

use super::{
    error::SettingError,
    kinds::{Kind, path},
    mask::MASK,
    setting::{DefaultValue, EffectiveSetting, Setting},
    sources::{Given, Sources},
};

/// Reads settings one by one.
pub(super) struct Reader {
    sources: Sources,
    pub(super) errors: Vec<SettingError>,
    /// The settings that were read, in this order.
    pub(super) settings: Vec<EffectiveSetting>,
}

impl Reader {
    pub(super) fn new(sources: Sources) -> Self {
        Self { sources, errors: vec![], settings: vec![] }
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The value of a setting: the given one, the one in its file, or the default. `None` with a recorded error if that
    /// is invalid.
    pub(super) fn read<T: 'static>(&mut self, setting: Setting, kind: &Kind<T>) -> Option<T> {
        let given = self.sources.find(&setting);
        let Some((name, meaning)) = kind.file_setting else {
            let given = given.unwrap_or_else(|| default(&setting));
            return self.record(setting, given, kind, false);
        };
        let file_kind = path().optional();
        let file_setting = Setting::new(name, setting.group, meaning, DefaultValue::unset("not used"), &file_kind);
        let file = self.sources.find(&file_setting).unwrap_or_else(|| default(&file_setting));
        let has_file = !file.text.as_ref().is_ok_and(String::is_empty);
        let is_in_file = has_file && given.is_none();
        let given = match given {
            Some(given) => {
                if has_file {
                    let wrong = format!("{} is given too ({})", setting.environment, given.place);
                    self.errors.push(SettingError::new(&file.place, wrong, "give only one of the two"));
                }
                given
            }
            None if has_file => {
                Given { text: file.text.clone().and_then(|path| read_value(&path)), place: file.place.clone() }
            }
            None => default(&setting),
        };
        let value = self.record(setting, given, kind, is_in_file);
        self.record(file_setting, file, &file_kind, false);
        value
    }

    fn record<T: 'static>(&mut self, setting: Setting, given: Given, kind: &Kind<T>, is_in_file: bool) -> Option<T> {
        let Given { text, place } = given;
        let shown = match &text {
            Ok(text) => kind.mask.map_or_else(|| text.clone(), |mask| mask(text)),
            Err(_) => MASK.to_owned(),
        };
        let is_masked = text.as_ref().is_ok_and(|text| *text != shown);
        let value = text.and_then(|text| {
            // A mask is not a secret: giving back the output of `userprofile config` must be an error, not a lockout.
            if kind.mask.is_some() && text.contains(MASK) {
                return Err(format!("it contains {MASK}, which is printed in place of a secret"));
            }
            kind.parse(&text)
        });
        let value = value.map_err(|wrong| self.errors.push(SettingError::new(&place, wrong, setting.remedy()))).ok();
        self.settings.push(EffectiveSetting { setting, text: shown, is_masked, place, is_in_file });
        value
    }

    /// Where a setting has a text, even if that is the default or invalid.
    pub(super) fn place_of(&self, name: &str) -> Option<&str> {
        let effective = self.settings.iter().find(|effective| effective.setting.name == name)?;
        Some(effective.place.as_str()).filter(|_| !effective.text.is_empty())
    }

    /// Whether a setting is certainly omitted. It may not be if a file that might contain it could not be read.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        !matches!(self.sources.file, Some(Err(_))) && self.place_of(name).is_none()
    }

    /// Records an error if a setting has a text that contradicts another setting.
    pub(super) fn refuse_if_given(&mut self, name: &str, wrong: impl Into<String>, remedy: &str) {
        if let Some(place) = self.place_of(name) {
            let error = SettingError::new(place, wrong, remedy);
            self.errors.push(error);
        }
    }
}

fn default(setting: &Setting) -> Given {
    Given { text: Ok(setting.default.text.clone()), place: setting.default.place() }
}

/// The text is not quoted, because it may contain a password.
fn read_value(path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let text = text.trim();
    if text.is_empty() { Err(format!("{path} is empty")) } else { Ok(text.to_owned()) }
}
