//! Checks a file against the stored data, before anything is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::errors::ImportErrors;
use super::file_scan::FileScan;
use super::line_reader::{ImportFile, NumberedLine};
use super::{EntityCounts, ImportRefusal, ImportResult, ImportSummary, Phase, Progress};
use crate::domain::entity::EntityKind;
use crate::domain::ids::{DomainId, UserId};
use crate::services::transfer::format::{Change, EntityRef, Record};
use crate::services::{Error, Failure};
use crate::storage::{Tx, bulk};

/// How many domains are remembered between batches.
const REMEMBERED_DOMAINS: usize = 10_000;
/// In how many domains one statement counts entities.
const COUNTED_DOMAINS: usize = 500;

/// The result of checking a file against the stored data.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) errors: ImportErrors,
    counts: BTreeMap<EntityKind, EntityCounts>,
    /// The deleted domains, with their lines.
    pub(super) deleted_domains: Vec<(u64, DomainId)>,
    /// Users whose verified address goes to another user in this file: it must be released before the other user can
    /// have it.
    pub(super) displaced: Vec<UserId>,
    /// How many entities of these domains are deleted.
    removed: HashMap<(DomainId, EntityKind), i64>,
    /// Whether these domains exist.
    domains: HashMap<DomainId, bool>,
}

/// A valid line.
struct CheckedLine<'a> {
    number: u64,
    entity: &'a EntityRef,
    is_deletion: bool,
}

impl Checked {
    /// Reads the file and looks up all entities that it refers to.
    pub(super) async fn check(
        tx: &mut Tx,
        file: &mut ImportFile,
        scan: &FileScan,
        progress: &impl Fn(Progress),
    ) -> ImportResult<Self> {
        let (mut checked, mut done) = (Self::default(), 0);
        file.start(None)?;
        while let Some(batch) = file.next().await? {
            checked.check_batch(tx, scan, &batch.lines).await?;
            done += u64::try_from(batch.lines.len()).unwrap_or_default();
            progress(Progress { phase: Phase::Checking, done, total: scan.lines });
        }
        checked.check_emptiness(tx).await?;
        Ok(checked)
    }

    /// The summary, if there are no errors.
    pub(super) fn summary(&self, scan: &FileScan) -> ImportResult<ImportSummary> {
        let errors = scan.errors.clone().and(&self.errors);
        if errors.is_empty() {
            return Ok(ImportSummary { lines: scan.lines, kinds: self.counts.clone(), not_notified: 0 });
        }
        Err(Error::Refused(ImportRefusal::Invalid(errors)))
    }

    async fn check_batch(&mut self, tx: &mut Tx, scan: &FileScan, batch: &[NumberedLine]) -> Result<(), Failure> {
        let (mut lines, mut users) = (Vec::with_capacity(batch.len()), Vec::new());
        for NumberedLine { number, line } in batch {
            let Ok(line) = line else { continue };
            let is_deletion = line.change == Change::Delete;
            if !is_deletion {
                self.counts.entry(line.entity.kind).or_default().written += 1;
            }
            lines.push(CheckedLine { number: *number, entity: &line.entity, is_deletion });
            if let Change::Put(Record::User(user)) = &line.change {
                users.push((*number, user.as_ref()));
            }
        }
        self.check_domains(tx, scan, &lines).await?;
        for kind in [EntityKind::WorkspaceGroup, EntityKind::Workspace, EntityKind::RoleBinding] {
            self.check_owners(tx, kind, &lines).await?;
        }
        self.check_users(tx, scan, &users).await?;
        self.count_deletions(tx, &lines).await
    }

    /// Checks that the domain of every entity exists or is created by the file, and is not deleted by it.
    async fn check_domains(&mut self, tx: &mut Tx, scan: &FileScan, lines: &[CheckedLine<'_>]) -> Result<(), Failure> {
        self.look_up_domains(tx, lines.iter().filter_map(|line| line.entity.domain_id.as_ref()).collect()).await?;
        for line in lines {
            let Some(domain) = &line.entity.domain_id else { continue };
            let exists = self.domains.get(domain) == Some(&true);
            if line.is_deletion && line.entity.kind == EntityKind::Domain {
                if exists {
                    self.counts.entry(EntityKind::Domain).or_default().deleted += 1;
                    self.deleted_domains.push((line.number, domain.clone()));
                }
                continue;
            }
            match scan.find_domain(domain) {
                Some(place) if place.is_deletion && !line.is_deletion => {
                    self.errors.add(line.number, format!("line {} deletes the domain {domain}", place.line));
                }
                None if !exists => {
                    let message = "does not exist; create it with a line anywhere in the file";
                    self.errors.add(line.number, format!("the domain {domain} {message}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn look_up_domains(&mut self, tx: &mut Tx, ids: BTreeSet<&DomainId>) -> Result<(), Failure> {
        if self.domains.len() > REMEMBERED_DOMAINS {
            self.domains.clear();
        }
        let unknown = ids.into_iter().filter(|domain| !self.domains.contains_key(*domain)).collect::<Vec<_>>();
        if unknown.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = unknown.iter().map(|domain| domain.as_str()).collect();
        let found: BTreeSet<DomainId> = bulk::find_domains(tx, &ids).await?.into_iter().collect();
        self.domains.extend(unknown.into_iter().map(|domain| (domain.clone(), found.contains(domain))));
        Ok(())
    }

    /// Checks that an entity with an existing id belongs to the domain that the line names.
    async fn check_owners(&mut self, tx: &mut Tx, kind: EntityKind, lines: &[CheckedLine<'_>]) -> Result<(), Failure> {
        let lines: Vec<_> = lines.iter().filter(|line| line.entity.kind == kind).collect();
        let ids: Vec<&str> = lines.iter().map(|line| line.entity.key().0).collect();
        let owners: HashMap<String, DomainId> = bulk::find_domains_of(tx, kind, &ids).await?.into_iter().collect();
        for line in lines {
            let Some(owner) = owners.get(line.entity.key().0) else { continue };
            if line.entity.domain_id.as_ref().is_some_and(|domain| domain != owner) {
                self.errors.add(line.number, format!("`{}_id`: this id belongs to another domain", kind.as_str()));
            } else if line.is_deletion {
                self.count_deletion(owner, kind);
            }
        }
        Ok(())
    }

    /// Counts the roles and users that are deleted.
    async fn count_deletions(&mut self, tx: &mut Tx, lines: &[CheckedLine<'_>]) -> Result<(), Failure> {
        let keys = |kind| -> Vec<(&str, &str)> {
            let deletions = lines.iter().filter(|line| line.is_deletion && line.entity.kind == kind);
            deletions.map(|line| line.entity.key()).collect()
        };
        for (domain, _) in bulk::find_roles(tx, &keys(EntityKind::Role)).await? {
            self.count_deletion(&DomainId::from_stored(domain), EntityKind::Role);
        }
        for user in bulk::find_users_by_login(tx, &keys(EntityKind::User)).await? {
            self.count_deletion(&user.domain_id, EntityKind::User);
        }
        Ok(())
    }

    fn count_deletion(&mut self, domain: &DomainId, kind: EntityKind) {
        self.counts.entry(kind).or_default().deleted += 1;
        *self.removed.entry((domain.clone(), kind)).or_default() += 1;
    }

    /// Checks that the deleted domains are empty afterwards.
    async fn check_emptiness(&mut self, tx: &mut Tx) -> Result<(), Failure> {
        let mut left: BTreeMap<DomainId, Vec<String>> = BTreeMap::new();
        for some in self.deleted_domains.chunks(COUNTED_DOMAINS) {
            let ids: Vec<&str> = some.iter().map(|(_, domain)| domain.as_str()).collect();
            for kind in EntityKind::ALL.iter().copied() {
                for (domain, count) in bulk::count_in_domains(tx, kind, &ids).await? {
                    let removed = self.removed.get(&(domain.clone(), kind)).copied().unwrap_or_default();
                    if count > removed {
                        let rest = format!("{} {}s", count - removed, kind.as_str().replace('_', " "));
                        left.entry(domain).or_default().push(rest);
                    }
                }
            }
        }
        for (line, domain) in &self.deleted_domains {
            if let Some(rest) = left.get(domain) {
                let rest = rest.join(", ");
                self.errors.add(*line, format!("the domain still contains {rest}; delete them in the same file"));
            }
        }
        Ok(())
    }
}
