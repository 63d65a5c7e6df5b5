//! The documents that are executed.

/// How the documents of a manifest are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentsMode {
    /// They are not used.
    Off,
    /// Clients may execute them by their ids; all other documents are executed as well.
    Prefer,
    /// Only they are executed.
    Require,
}

impl DocumentsMode {
    pub(in super::super) const ALL: &[(&str, Self)] =
        &[("off", Self::Off), ("prefer", Self::Prefer), ("require", Self::Require)];
}
