//! The errors of a file.

use std::fmt;

/// How many errors are kept. The rest are only counted, so that a file with an error in every line does not fill the
/// memory.
const KEPT: usize = 1000;

/// An error in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The number of the line, from 1.
    pub line: u64,
    /// What is wrong and what would be right. A password or a hash is never repeated.
    pub message: String,
}

/// All errors of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first thousand errors that were found, by line.
    pub listed: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Faults {
    pub(super) fn add(&mut self, line: u64, message: impl Into<String>) {
        if self.listed.len() < KEPT {
            self.listed.push(Fault { line, message: message.into() });
        } else {
            self.more += 1;
        }
    }

    /// These errors, followed by `others`.
    pub(super) fn and(mut self, others: &Self) -> Self {
        for fault in &others.listed {
            self.add(fault.line, fault.message.clone());
        }
        self.more += others.more;
        self.listed.sort_by_key(|fault| fault.line);
        self
    }

    /// Whether there are no errors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Fault { line, message } in &self.listed {
            writeln!(f, "line {line}: {message}")?;
        }
        if self.more > 0 {
            writeln!(f, "and {} more", self.more)?;
        }
        write!(f, "nothing was written")
    }
}
