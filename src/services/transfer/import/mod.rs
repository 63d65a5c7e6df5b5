//! Import: writes all lines of a file to the database, or none.
//!
//! The file is read several times and never held in memory: once to find its own errors, with a digest of every key;
//! once to check it against the stored data; once to hash its passwords, if it has any; and once to write it, in the
//! transaction in which it was checked.

mod check;
mod check_users;
mod errors;
mod file_scan;
mod hashing;
mod index;
mod line_reader;
mod lines;
mod side_effects;
mod write;
mod write_users;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Seek};

use super::format::Rules;
use crate::domain::entity::EntityKind;
use crate::services::{Error, Services};
use crate::storage::bulk;

use check::Checked;
use file_scan::FileScan;
use hashing::Hashes;
use line_reader::ImportFile;

pub use errors::{ImportError, ImportErrors};

/// The options of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Whether to check everything and write nothing.
    pub dry_run: bool,
}

/// The progress of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The current phase.
    pub phase: Phase,
    /// How much of the phase is done.
    pub done: u64,
    /// How much the phase has to do.
    pub total: u64,
}

/// The phases of an import, in order. The second and third may come in either order, and more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reads the file; counted in bytes.
    Reading,
    /// Checks the file against the stored data; counted in lines.
    Checking,
    /// Hashes passwords; counted in passwords.
    Hashing,
    /// Writes; counted in lines.
    Writing,
}

/// What an import did, or would do with `dry_run`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// How many lines there were, without blank ones.
    pub lines: u64,
    /// For each kind of entity, how many were written and deleted.
    pub kinds: BTreeMap<EntityKind, EntityCounts>,
    /// How many users have a new password and cannot be notified of it, because no mail server is configured.
    pub not_notified: usize,
}

/// How many entities of one kind were written and deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntityCounts {
    /// How many were created or replaced.
    pub written: u64,
    /// How many were deleted.
    pub deleted: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// The file has errors.
    #[error("{0}")]
    Invalid(ImportErrors),
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The file was changed during the import.
    #[error("the file changed while it was read, and nothing was written; try again when it is complete")]
    Changed,
}

type ImportResult<T> = Result<T, Error<ImportRefusal>>;

/// A file that can be read several times.
pub trait Source: BufRead + Seek + Send + 'static {}

impl<S: BufRead + Seek + Send + 'static> Source for S {}

impl Services {
    /// Imports a file from its beginning: all of it, or nothing. Two concurrent imports run one after the other.
    pub async fn import(
        &self,
        source: impl Source,
        options: ImportOptions,
        progress: impl Fn(Progress) + Send + Sync,
    ) -> ImportResult<ImportSummary> {
        let rules = Rules { now: self.now(), password_min_length: self.policy.password_min_length };
        let mut file = ImportFile::open(Box::new(source), rules).await?;
        let scan = FileScan::read(&mut file, &progress).await?;
        // A dry run or an import with errors must not block others, and hashes that take hours must not be computed in
        // vain.
        if options.dry_run || scan.passwords > 0 || !scan.errors.is_empty() {
            let mut tx = bulk::begin_snapshot(&self.db).await?;
            let checked = Checked::check(&mut tx, &mut file, &scan, &progress).await?;
            tx.roll_back().await?;
            let summary = checked.summary(&scan)?;
            if options.dry_run {
                return Ok(summary);
            }
        }
        let mut hashes = Hashes::compute(self, &mut file, &scan, &progress).await?;
        let mut tx = bulk::begin(&self.db).await?;
        let checked = Checked::check(&mut tx, &mut file, &scan, &progress).await?;
        let mut summary = match checked.summary(&scan) {
            Ok(summary) => summary,
            Err(refusal) => {
                tx.roll_back().await?;
                return Err(refusal);
            }
        };
        summary.not_notified = self.write(&mut tx, &mut file, &scan, &checked, &mut hashes, &progress).await?;
        bulk::commit(tx).await?;
        Ok(summary)
    }
}

/// Copies a source that can be read only once, such as standard input, to a file without a name that can be read again
/// and is deleted when it is closed.
pub fn spool(mut source: impl Read) -> io::Result<impl Source> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut source, &mut file)?;
    file.rewind()?;
    Ok(io::BufReader::new(file))
}
