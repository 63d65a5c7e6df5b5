//! Errors of settings.

/// An error of one setting. It never contains a secret or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {wrong}; {remedy}")]
pub struct SettingError {
    /// Where the value is given: `flag --access-ttl`, `environment variable USERPROFILE_ACCESS_TTL`, `file.toml:
    /// access_ttl`.
    pub place: String,
    /// What is wrong, such as `"soon" is not a duration`.
    pub wrong: String,
    /// What to do about it.
    pub remedy: String,
}

impl SettingError {
    pub(super) fn new(place: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), wrong: wrong.into(), remedy: remedy.into() }
    }
}
