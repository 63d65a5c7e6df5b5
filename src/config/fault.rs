//! Errors of settings, worded so that the operator knows what to change and where.

use std::fmt;

/// One error. It never contains a secret or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {wrong}; {right}")]
pub struct Fault {
    /// Where the value is given: `flag --access-ttl`, `environment variable USERPROFILE_ACCESS_TTL`, `file.toml:
    /// access_ttl`.
    pub place: String,
    /// What is wrong, such as `"soon" is not a duration`.
    pub wrong: String,
    /// What to do about it.
    pub right: String,
}

/// All errors, at least one [`Fault`]; displayed one per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The errors, in the order of the table of settings, after those of the file and of the environment as a whole.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self(faults)
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Fault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}
