//! What is wrong with a file.

use std::fmt;

/// How many faults are kept; the rest are counted, so that a file that is wrong in every line does not fill the memory.
const KEPT: usize = 1000;

/// Something is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which line, from 1.
    pub line: u64,
    /// What is wrong and what would be right; a password or a hash is never repeated.
    pub message: String,
}

/// All that is wrong with a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first thousand that were found, by line.
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

    /// These and then `others`.
    pub(super) fn and(mut self, others: &Self) -> Self {
        for fault in &others.listed {
            self.add(fault.line, fault.message.clone());
        }
        self.more += others.more;
        self.listed.sort_by_key(|fault| fault.line);
        self
    }

    /// Whether nothing is wrong.
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
