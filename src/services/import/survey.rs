//! The contents of a file, and the errors that do not depend on stored data.

use super::faults::Faults;
use super::index::{Duplicate, Index, KeyDigest, Place, Sorted};
use super::pass::{ImportFile, Numbered, Which};
use super::{Phase, Progress, Result};
use crate::domain::record::{Deletion, Key, Kind, Line, NewPassword, Record, UserRecord};
use std::io::{BufRead, Seek};

/// The contents of a file.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// How many lines it has, without blank ones.
    pub(super) lines: u64,
    /// How many passwords have to be hashed.
    pub(super) passwords: u64,
    /// The errors.
    pub(super) faults: Faults,
    keys: Sorted,
    user_ids: Sorted,
    emails: Sorted,
}

#[derive(Default)]
struct Collector {
    survey: Survey,
    keys: Index,
    user_ids: Index,
    emails: Index,
}

impl Survey {
    /// Reads the file for the first time.
    pub(super) async fn take<S>(file: &mut ImportFile<S>, progress: &impl Fn(Progress)) -> Result<Self>
    where
        S: BufRead + Seek + Send + 'static,
    {
        let mut collector = Collector::default();
        let mut pass = file.start(Which::All)?;
        while let Some(batch) = pass.next().await {
            batch.lines.iter().for_each(|line| collector.add(line));
            progress(Progress { phase: Phase::Reading, done: batch.bytes, total: file.size() });
        }
        file.finish(pass).await?;
        Ok(collector.finish())
    }

    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The line about the entity with this key.
    pub(super) fn find(&self, key: &Key) -> Option<Place> {
        let (first, second) = key.parts();
        self.keys.find(key_digest(key.kind(), first, second))
    }

    /// The line about the user with this user id, given as its comparison key.
    pub(super) fn find_user(&self, domain: &str, login_key: &str) -> Option<Place> {
        self.keys.find(key_digest(Kind::User, domain, login_key))
    }

    /// The line that gives this `id` to a user.
    pub(super) fn find_user_id(&self, id: &str) -> Option<Place> {
        self.user_ids.find(KeyDigest::of(&[id]))
    }

    /// The lines that have to be processed before others, in order.
    pub(super) fn early_lines(&self) -> Vec<u64> {
        self.keys.early_lines()
    }
}

fn key_digest(kind: Kind, first: &str, second: &str) -> KeyDigest {
    KeyDigest::of(&[kind.as_str(), first, second])
}

impl Collector {
    fn add(&mut self, Numbered { number, line }: &Numbered) {
        self.survey.lines += 1;
        match line {
            Ok(Line::Put(record)) => {
                self.add_key(*number, &record.key(), false);
                if let Record::User(user) = record {
                    self.add_user(*number, user);
                }
            }
            Ok(Line::Delete(Deletion { key, .. })) => self.add_key(*number, key, true),
            Err(bad) => {
                // Its key counts, so that one error in a domain does not invalidate everything in it.
                bad.key.iter().for_each(|key| self.add_key(*number, key, false));
                bad.faults.iter().for_each(|fault| self.survey.faults.add(*number, fault));
            }
        }
    }

    fn add_key(&mut self, line: u64, key: &Key, is_deletion: bool) {
        let (first, second) = key.parts();
        let is_early = is_deletion || key.kind() == Kind::Domain;
        self.keys.add(key_digest(key.kind(), first, second), Place { line, is_deletion, is_early });
    }

    fn add_user(&mut self, line: u64, user: &UserRecord) {
        let place = Place { line, is_deletion: false, is_early: false };
        if let Some(id) = &user.id {
            self.user_ids.add(KeyDigest::of(&[id.as_str()]), place);
        }
        if let Some(email) = user.verified_email() {
            self.emails.add(KeyDigest::of(&[user.domain_id.as_str(), email.key()]), place);
        }
        if let Some(NewPassword::Plain(_)) = user.password {
            self.survey.passwords += 1;
        }
    }

    fn finish(self) -> Survey {
        let Self { mut survey, keys, user_ids, emails } = self;
        let faults = &mut survey.faults;
        survey.keys = keys.sort(|Duplicate { line, first }| {
            faults.add(line, format!("line {first} is about the same thing: a key may stand in a file once"));
        });
        survey.user_ids = user_ids.sort(|Duplicate { line, first }| {
            faults.add(line, format!("`id`: the user on line {first} has this id; leave it out to have one made"));
        });
        survey.emails = emails.sort(|Duplicate { line, first }| {
            faults.add(
                line,
                format!("`email`: the user on line {first} has this verified address; only one in a domain may"),
            );
        });
        survey
    }
}
