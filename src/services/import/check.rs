//! Checks a file against the stored data, before anything is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, Seek};

use super::faults::Faults;
use super::pass::{ImportFile, Numbered, Which};
use super::survey::Survey;
use super::{ImportRefusal, ImportSummary, Phase, Progress, Result, Tally};
use crate::domain::ids::{DomainId, UserId};
use crate::domain::record::{Deletion, Key, Kind, Line, Record};
use crate::services::{Error, Failure};
use crate::storage::{Tx, bulk};

/// How many domains are remembered between batches.
const REMEMBERED_DOMAINS: usize = 10_000;
/// In how many domains one statement counts entities.
const COUNTED_DOMAINS: usize = 500;

/// The result of checking a file against the stored data.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) faults: Faults,
    tallies: BTreeMap<Kind, Tally>,
    /// The deleted domains, with their lines.
    pub(super) deleted_domains: Vec<(u64, DomainId)>,
    /// Users whose verified address goes to another user in this file: it must be released before the other user can
    /// have it.
    pub(super) displaced: Vec<UserId>,
    /// How many entities of these domains are deleted.
    removed: HashMap<(DomainId, Kind), i64>,
    domains: HashMap<DomainId, bool>,
}

impl Checked {
    /// Reads the file and looks up all entities that it refers to.
    pub(super) async fn take<S>(
        tx: &mut Tx,
        file: &mut ImportFile<S>,
        survey: &Survey,
        progress: &impl Fn(Progress),
    ) -> Result<Self>
    where
        S: BufRead + Seek + Send + 'static,
    {
        let (mut checked, mut done) = (Self::default(), 0);
        let mut pass = file.start(Which::All)?;
        while let Some(batch) = pass.next().await {
            checked.add(tx, survey, &batch.lines).await?;
            done += u64::try_from(batch.lines.len()).unwrap_or_default();
            progress(Progress { phase: Phase::Checking, done, total: survey.lines });
        }
        file.finish(pass).await?;
        checked.check_emptiness(tx).await?;
        Ok(checked)
    }

    /// The summary, if there are no errors.
    pub(super) fn summary(&self, survey: &Survey) -> Result<ImportSummary> {
        let faults = survey.faults.clone().and(&self.faults);
        if faults.is_empty() {
            return Ok(ImportSummary { lines: survey.lines, kinds: self.tallies.clone(), not_notified: 0 });
        }
        Err(Error::Refused(ImportRefusal::Faults(faults)))
    }

    async fn add(&mut self, tx: &mut Tx, survey: &Survey, lines: &[Numbered]) -> std::result::Result<(), Failure> {
        let (mut puts, mut deletions) = (Vec::new(), Vec::new());
        for Numbered { number, line } in lines {
            match line {
                Ok(Line::Put(record)) => puts.push((*number, record)),
                Ok(Line::Delete(deletion)) => deletions.push((*number, deletion)),
                Err(_) => {}
            }
        }
        for (_, record) in &puts {
            self.tallies.entry(record.key().kind()).or_default().put += 1;
        }
        self.check_domains(tx, survey, &puts, &deletions).await?;
        for kind in [Kind::WorkspaceGroup, Kind::Workspace, Kind::RoleBinding] {
            self.check_owners(tx, kind, &puts, &deletions).await?;
        }
        self.check_role_deletions(tx, &deletions).await?;
        let users = puts.iter().filter_map(|(line, record)| match record {
            Record::User(user) => Some((*line, user.as_ref())),
            _ => None,
        });
        self.check_users(tx, survey, &users.collect::<Vec<_>>(), &deletions).await
    }

    /// Checks that every domain of a written entity exists, or is created by the file, and is not deleted by it.
    async fn check_domains(
        &mut self,
        tx: &mut Tx,
        survey: &Survey,
        puts: &[(u64, &Record)],
        deletions: &[(u64, &Deletion)],
    ) -> std::result::Result<(), Failure> {
        let of_puts = puts.iter().map(|(line, record)| (*line, record.domain_id(), false));
        let of_deletions = deletions.iter().filter_map(|(line, deletion)| match &deletion.key {
            Key::Role(domain, _) | Key::User(domain, _) => Some((*line, domain, true)),
            _ => deletion.domain_id.as_ref().map(|domain| (*line, domain, true)),
        });
        let named: Vec<(u64, &DomainId, bool)> = of_puts.chain(of_deletions).collect();
        let taken_away = deletions.iter().filter_map(|(line, deletion)| match &deletion.key {
            Key::Domain(domain) => Some((*line, domain)),
            _ => None,
        });
        let taken_away: Vec<(u64, &DomainId)> = taken_away.collect();
        let asked = named.iter().map(|(_, domain, _)| *domain).chain(taken_away.iter().map(|(_, domain)| *domain));
        self.look_up_domains(tx, asked.collect()).await?;
        for (line, domain, is_deletion) in named {
            match survey.find(&Key::Domain(domain.clone())) {
                Some(place) if place.is_deletion && !is_deletion => {
                    self.faults.add(line, format!("line {} takes the domain {domain} away", place.line));
                }
                Some(_) => {}
                None if self.domains.get(domain) == Some(&true) => {}
                None => self.faults.add(line, format!("there is no domain {domain}; a line for it may stand anywhere")),
            }
        }
        for (line, domain) in taken_away {
            if self.domains.get(domain) == Some(&true) {
                self.tallies.entry(Kind::Domain).or_default().deleted += 1;
                self.deleted_domains.push((line, domain.clone()));
            }
        }
        Ok(())
    }

    async fn look_up_domains(&mut self, tx: &mut Tx, asked: BTreeSet<&DomainId>) -> std::result::Result<(), Failure> {
        if self.domains.len() > REMEMBERED_DOMAINS {
            self.domains.clear();
        }
        let unknown = asked.into_iter().filter(|domain| !self.domains.contains_key(*domain)).collect::<Vec<_>>();
        if unknown.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = unknown.iter().map(|domain| domain.as_str()).collect();
        let found: BTreeSet<DomainId> = bulk::find_domains(tx, &ids).await?.into_iter().collect();
        self.domains.extend(unknown.into_iter().map(|domain| (domain.clone(), found.contains(domain))));
        Ok(())
    }

    /// Checks that an entity with an existing id belongs to the domain that the line names.
    async fn check_owners(
        &mut self,
        tx: &mut Tx,
        kind: Kind,
        puts: &[(u64, &Record)],
        deletions: &[(u64, &Deletion)],
    ) -> std::result::Result<(), Failure> {
        let of_puts = puts.iter().map(|(line, record)| (*line, record.key(), Some(record.domain_id()), false));
        let of_deletions =
            deletions.iter().map(|(line, deletion)| (*line, deletion.key.clone(), deletion.domain_id.as_ref(), true));
        let touched: Vec<_> = of_puts.chain(of_deletions).filter(|(_, key, ..)| key.kind() == kind).collect();
        let ids: Vec<&str> = touched.iter().map(|(_, key, ..)| key.parts().0).collect();
        let owners: HashMap<String, DomainId> = bulk::find_domains_of(tx, kind, &ids).await?.into_iter().collect();
        for (line, key, domain, is_deletion) in &touched {
            let Some(owner) = owners.get(key.parts().0) else {
                continue;
            };
            if domain.is_some_and(|domain| domain != owner) {
                self.faults.add(*line, format!("`{}_id`: this id belongs to another domain", kind.as_str()));
            } else if *is_deletion {
                self.note_removed(owner, kind);
            }
        }
        Ok(())
    }

    async fn check_role_deletions(
        &mut self,
        tx: &mut Tx,
        deletions: &[(u64, &Deletion)],
    ) -> std::result::Result<(), Failure> {
        let keys = deletions.iter().filter(|(_, deletion)| deletion.key.kind() == Kind::Role);
        let keys: Vec<(&str, &str)> = keys.map(|(_, deletion)| deletion.key.parts()).collect();
        for (domain, _) in bulk::find_roles(tx, &keys).await? {
            self.note_removed(&DomainId::from_stored(domain), Kind::Role);
        }
        Ok(())
    }

    /// Notes that a stored entity is deleted.
    pub(super) fn note_removed(&mut self, domain: &DomainId, kind: Kind) {
        self.tallies.entry(kind).or_default().deleted += 1;
        *self.removed.entry((domain.clone(), kind)).or_default() += 1;
    }

    /// Checks that the deleted domains are empty afterwards.
    async fn check_emptiness(&mut self, tx: &mut Tx) -> std::result::Result<(), Failure> {
        let mut left: BTreeMap<DomainId, Vec<String>> = BTreeMap::new();
        for some in self.deleted_domains.chunks(COUNTED_DOMAINS) {
            let ids: Vec<&str> = some.iter().map(|(_, domain)| domain.as_str()).collect();
            for kind in Kind::ALL {
                for (domain, count) in bulk::count_in_domains(tx, kind, &ids).await? {
                    let removed = self.removed.get(&(domain.clone(), kind)).copied().unwrap_or_default();
                    if count > removed {
                        let rest = format!("{} {}", count - removed, kind.plural());
                        left.entry(domain).or_default().push(rest);
                    }
                }
            }
        }
        for (line, domain) in &self.deleted_domains {
            if let Some(rest) = left.get(domain) {
                let rest = rest.join(", ");
                self.faults.add(*line, format!("the domain still holds {rest}; take them away in the same file"));
            }
        }
        Ok(())
    }
}
