//! The first reading of a file: its keys, and the errors that do not depend on stored data.

use super::errors::ImportErrors;
use super::index::{Index, KeyDigest, Place};
use super::line_reader::{ImportFile, NumberedLine};
use super::{ImportResult, Phase, Progress};
use crate::domain::entity::EntityKind;
use crate::domain::ids::DomainId;
use crate::services::transfer::format::{Change, EntityRef, Record, UserRecord};

/// The contents of a file.
#[derive(Debug, Default)]
pub(super) struct FileScan {
    /// How many lines it has, without blank ones.
    pub(super) lines: u64,
    /// How many passwords have to be hashed.
    pub(super) passwords: u64,
    /// The errors.
    pub(super) errors: ImportErrors,
    keys: Index,
    user_ids: Index,
    emails: Index,
}

impl FileScan {
    /// Reads the file for the first time.
    pub(super) async fn read(file: &mut ImportFile, progress: &impl Fn(Progress)) -> ImportResult<Self> {
        let mut scan = Self::default();
        file.start(None)?;
        while let Some(batch) = file.next().await? {
            batch.lines.iter().for_each(|line| scan.add(line));
            progress(Progress { phase: Phase::Reading, done: batch.bytes, total: file.size });
        }
        scan.find_duplicates();
        Ok(scan)
    }

    /// The line about this domain.
    pub(super) fn find_domain(&self, id: &DomainId) -> Option<Place> {
        self.keys.find(key_digest(EntityKind::Domain, (id.as_str(), "")))
    }

    /// The line about the user with this user id, given as its comparison key.
    pub(super) fn find_user(&self, domain: &str, login_key: &str) -> Option<Place> {
        self.keys.find(key_digest(EntityKind::User, (domain, login_key)))
    }

    /// The line that gives this `id` to a user.
    pub(super) fn find_user_id(&self, id: &str) -> Option<Place> {
        self.user_ids.find(KeyDigest::of(&[id]))
    }

    /// The lines that have to be processed before others, in order.
    pub(super) fn early_lines(&self) -> Vec<u64> {
        self.keys.early_lines()
    }

    fn add(&mut self, NumberedLine { number, line }: &NumberedLine) {
        self.lines += 1;
        match line {
            Ok(line) => {
                self.add_key(*number, &line.entity, line.change == Change::Delete);
                if let Change::Put(Record::User(user)) = &line.change {
                    self.add_user(*number, user);
                }
            }
            Err(invalid) => {
                // Its key counts, so that one error in a domain does not invalidate everything in it.
                invalid.entity.iter().for_each(|entity| self.add_key(*number, entity, false));
                invalid.errors.iter().for_each(|error| self.errors.add(*number, error));
            }
        }
    }

    fn add_key(&mut self, line: u64, entity: &EntityRef, is_deletion: bool) {
        let is_early = is_deletion || entity.kind == EntityKind::Domain;
        self.keys.add(key_digest(entity.kind, entity.key()), Place { line, is_deletion, is_early });
    }

    fn add_user(&mut self, line: u64, user: &UserRecord) {
        let place = Place { line, is_deletion: false, is_early: false };
        if let Some(id) = user.id() {
            self.user_ids.add(KeyDigest::of(&[id.as_str()]), place);
        }
        if let Some(email) = user.verified_email() {
            self.emails.add(KeyDigest::of(&[user.domain_id.as_str(), email.key()]), place);
        }
        if user.password().is_some() {
            self.passwords += 1;
        }
    }

    fn find_duplicates(&mut self) {
        let errors = &mut self.errors;
        self.keys.sort(|line, first| {
            errors.add(line, format!("line {first} has the same key; a file may contain a key once"));
        });
        self.user_ids.sort(|line, first| {
            errors.add(line, format!("`id`: the user on line {first} has this id; omit it to have one generated"));
        });
        self.emails.sort(|line, first| {
            let message = "has this verified address; only one user of a domain may";
            errors.add(line, format!("`email`: the user on line {first} {message}"));
        });
    }
}

fn key_digest(kind: EntityKind, (first, second): (&str, &str)) -> KeyDigest {
    KeyDigest::of(&[kind.as_str(), first, second])
}
