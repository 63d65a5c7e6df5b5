//! The errors of a file.

use std::fmt;

/// How many errors are kept. The rest are only counted, so that a file with an error in every line does not fill the
/// memory.
const MAX_LISTED: usize = 1000;

/// An error in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// The number of the line, from 1.
    pub line: u64,
    /// What is wrong and what is accepted. It never contains a password or a hash.
    pub message: String,
}

/// All errors of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportErrors {
    /// The first thousand errors that were found, by line.
    pub listed: Vec<ImportError>,
    /// How many more there are.
    pub more: u64,
}

impl ImportErrors {
    pub(super) fn add(&mut self, line: u64, message: impl Into<String>) {
        if self.listed.len() < MAX_LISTED {
            self.listed.push(ImportError { line, message: message.into() });
        } else {
            self.more += 1;
        }
    }

    /// These errors, followed by `others`.
    pub(super) fn and(mut self, others: &Self) -> Self {
        for error in &others.listed {
            self.add(error.line, error.message.clone());
        }
        self.more += others.more;
        self.listed.sort_by_key(|error| error.line);
        self
    }

    /// Whether there are no errors.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ImportError { line, message } in &self.listed {
            writeln!(f, "line {line}: {message}")?;
        }
        if self.more > 0 {
            writeln!(f, "and {} more", self.more)?;
        }
        write!(f, "nothing was written")
    }
}
