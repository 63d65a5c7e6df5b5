//! Writes a file, after all of it has been checked.

use super::check::Checked;
use super::file_scan::FileScan;
use super::hashing::Hashes;
use super::line_reader::{Batch, ImportFile};
use super::{ImportResult, Phase, Progress};
use crate::domain::entity::EntityKind;
use crate::domain::ids::UserId;
use crate::domain::workspace::{Role, RoleBinding, Workspace};
use crate::services::transfer::format::{Change, EntityRef, Line, Record, UserRecord};
use crate::services::{Failure, Services};
use crate::storage::bulk::{self, Dated, GroupWithUsers};
use crate::storage::{Tx, personal_data, sessions};

/// How many entities one statement names by their ids.
const IDS: usize = 1000;

/// The entities of a batch, by kind. Domains are created before.
#[derive(Default)]
struct Puts {
    roles: Vec<Role>,
    users: Vec<UserRecord>,
    groups: Vec<Dated<GroupWithUsers>>,
    workspaces: Vec<Dated<Workspace>>,
    bindings: Vec<Dated<RoleBinding>>,
}

impl Services {
    /// Writes everything. First the deletions, so that keys and addresses become free, and the domains, so that
    /// entities can be created in them; then everything else; last, the deletion of domains, which are empty by then.
    /// Returns how many users have a new password and cannot be notified of it, because no mail server is configured.
    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        file: &mut ImportFile,
        scan: &FileScan,
        checked: &Checked,
        hashes: &mut Hashes,
        progress: &impl Fn(Progress),
    ) -> ImportResult<usize> {
        for some in checked.displaced.chunks(IDS) {
            let ids: Vec<&str> = some.iter().map(UserId::as_str).collect();
            bulk::unverify(tx, &ids).await?;
        }
        file.start(Some(scan.early_lines()))?;
        while let Some(batch) = file.next().await? {
            write_early(tx, batch).await?;
        }

        file.start(None)?;
        let (mut done, mut growth) = (0, Growth::default());
        let mut not_notified = 0;
        while let Some(batch) = file.next().await? {
            if growth.is_doubled() {
                bulk::refresh_statistics(tx).await?;
            }
            done += u64::try_from(batch.lines.len()).unwrap_or_default();
            let puts = Puts::of(batch);
            growth.add(&puts);
            bulk::put_roles(tx, &puts.roles).await?;
            not_notified += self.put_users(tx, scan, hashes, file.rules.now, puts.users).await?;
            bulk::put_groups(tx, &puts.groups).await?;
            bulk::put_workspaces(tx, &puts.workspaces).await?;
            bulk::put_bindings(tx, &puts.bindings).await?;
            progress(Progress { phase: Phase::Writing, done, total: scan.lines });
        }

        for some in checked.deleted_domains.chunks(IDS) {
            let ids: Vec<&str> = some.iter().map(|(_, domain)| domain.as_str()).collect();
            sessions::delete_of_domains(tx, &ids).await?;
            bulk::delete_domains(tx, &ids).await?;
        }
        Ok(not_notified)
    }
}

/// How many rows of each kind were written in total, and how many when the database last updated its statistics.
/// Whenever a table may have doubled, the statistics are updated again.
#[derive(Default)]
struct Growth {
    written: [usize; 5],
    counted: [usize; 5],
}

impl Growth {
    /// With fewer rows, the query plan does not matter.
    const LEAST: usize = 1000;

    fn add(&mut self, puts: &Puts) {
        let of_batch =
            [puts.roles.len(), puts.users.len(), puts.groups.len(), puts.workspaces.len(), puts.bindings.len()];
        self.written.iter_mut().zip(of_batch).for_each(|(written, more)| *written += more);
    }

    /// Whether the statistics have to be updated. If so, notes that they are.
    fn is_doubled(&mut self) -> bool {
        let grown = self.written.iter().zip(&self.counted);
        let is_doubled = grown.into_iter().any(|(written, counted)| *written >= Self::LEAST.max(2 * counted));
        if is_doubled {
            self.counted = self.written;
        }
        is_doubled
    }
}

async fn write_early(tx: &mut Tx, batch: Batch) -> Result<(), Failure> {
    let mut deleted = Vec::new();
    let mut domains = Vec::new();
    for numbered in batch.lines {
        let Ok(Line { entity, change }) = numbered.line else { continue };
        match change {
            Change::Delete => deleted.push(entity),
            Change::Put(Record::Domain(domain)) => domains.push(domain),
            Change::Put(_) => {}
        }
    }
    let keys = |kind: EntityKind| -> Vec<(&str, &str)> {
        deleted.iter().filter(|entity| entity.kind == kind).map(EntityRef::key).collect()
    };
    let users = bulk::delete_users(tx, &keys(EntityKind::User)).await?;
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    personal_data::delete_of_owners(tx, &users).await?;
    for kind in [EntityKind::RoleBinding, EntityKind::Workspace, EntityKind::WorkspaceGroup, EntityKind::Role] {
        bulk::delete(tx, kind, &keys(kind)).await?;
    }
    Ok(bulk::put_domains(tx, &domains).await?)
}

impl Puts {
    fn of(batch: Batch) -> Self {
        let mut puts = Self::default();
        for numbered in batch.lines {
            let Ok(Line { change: Change::Put(record), .. }) = numbered.line else { continue };
            match record {
                Record::Domain(_) => {}
                Record::Role(role) => puts.roles.push(role),
                Record::User(user) => puts.users.push(*user),
                Record::WorkspaceGroup(group) => puts.groups.push(group),
                Record::Workspace(workspace) => puts.workspaces.push(*workspace),
                Record::RoleBinding(binding) => puts.bindings.push(*binding),
            }
        }
        puts
    }
}
