//! Import: a file of lines becomes what is kept, all of it or nothing.
//!
//! The file is read several times, never held: once to find what is wrong in it alone, with a digest of every key; once
//! against what is kept already; once to hash its passwords, if it has any; and once to write, in the transaction in
//! which it was checked.

mod changed_users;
mod check;
mod check_users;
mod faults;
mod hashing;
mod index;
mod lines;
mod pass;
mod survey;
mod write;
mod write_users;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Seek};

use super::{Error, Services};
use crate::domain::record::{Kind, Rules};
use crate::storage::bulk;

use check::Checked;
use hashing::Hashes;
use pass::ImportFile;
use survey::Survey;

pub use faults::{Fault, Faults};

/// How an import is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Check everything, write nothing.
    pub dry_run: bool,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
}

/// What an import does, one after the other. The second and third may come in either order, and more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reads the file; counted in bytes.
    Reading,
    /// Holds it against what is kept; counted in lines.
    Checking,
    /// Hashes passwords; counted in passwords.
    Hashing,
    /// Writes; counted in lines.
    Writing,
}

/// What an import did, or with `dry_run` would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// How many lines there were, blank ones not counted.
    pub lines: u64,
    /// For each kind of thing that they are about, what became of it.
    pub kinds: BTreeMap<Kind, Tally>,
    /// How many users have a new password and cannot be notified of it, as no mail server is set.
    pub not_notified: usize,
}

/// What became of the things of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many were made or replaced.
    pub put: u64,
    /// So many were taken away.
    pub deleted: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// These are wrong.
    #[error("{0}")]
    Faults(Faults),
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// Somebody wrote to the file.
    #[error("the file changed while it was read, and nothing was written; try again when it is complete")]
    Changed,
}

type Result<T> = std::result::Result<T, Error<ImportRefusal>>;

impl Services {
    /// Imports a file, from its beginning: all of it, or nothing. Two imports at once are done one after the other.
    pub async fn import<S>(
        &self,
        source: S,
        options: ImportOptions,
        progress: impl Fn(Progress) + Send + Sync,
    ) -> Result<ImportSummary>
    where
        S: BufRead + Seek + Send + 'static,
    {
        let rules = Rules { now: self.now(), password_min_length: self.policy.password_min_length };
        let mut file = ImportFile::open(source, rules).await?;
        let survey = Survey::take(&mut file, &progress).await?;
        // Whoever is refused or writes nothing holds nobody up; and hashes that take hours are not made in vain.
        if options.dry_run || survey.passwords > 0 || survey.has_faults() {
            let mut tx = bulk::begin_snapshot(&self.db).await?;
            let checked = Checked::take(&mut tx, &mut file, &survey, &progress).await?;
            tx.roll_back().await?;
            let summary = checked.summary(&survey)?;
            if options.dry_run {
                return Ok(summary);
            }
        }
        let mut hashes = Hashes::make(self, &mut file, &survey, &progress).await?;
        let mut tx = bulk::begin(&self.db).await?;
        let checked = Checked::take(&mut tx, &mut file, &survey, &progress).await?;
        let mut summary = match checked.summary(&survey) {
            Ok(summary) => summary,
            Err(refusal) => {
                tx.roll_back().await?;
                return Err(refusal);
            }
        };
        summary.not_notified = self.write(&mut tx, &mut file, &survey, &checked, &mut hashes, &progress).await?;
        bulk::commit(tx).await?;
        Ok(summary)
    }
}

/// Copies what can be read only once, such as standard input, to where it can be read again: a file without a name, that
/// is gone when it is closed.
///
/// # Errors
/// When it cannot be read, or there is no room for it.
pub fn spool(mut source: impl Read) -> io::Result<impl BufRead + Seek + Send + 'static> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut source, &mut file)?;
    file.rewind()?;
    Ok(io::BufReader::new(file))
}
