//! Which documents are executed.

/// What is done with the documents of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentsMode {
    /// Nothing.
    Off,
    /// They are executed by their ids, and all others as well.
    Prefer,
    /// They are executed, and no others.
    Require,
}

impl DocumentsMode {
    pub(in super::super) const ALL: &[(&str, Self)] =
        &[("off", Self::Off), ("prefer", Self::Prefer), ("require", Self::Require)];
}
