//! Hashes the passwords of a file before the transaction, because it takes long and must not block other requests.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Seek, Write};

use futures_util::{StreamExt, stream};

use super::file_scan::FileScan;
use super::line_reader::{Batch, ImportFile};
use super::{ImportRefusal, ImportResult, Phase, Progress};
use crate::domain::password::Password;
use crate::domain::password_hash::PasswordHash;
use crate::services::hasher::{Hasher, Slot};
use crate::services::transfer::format::{Change, Line, Record};
use crate::services::{Error, Failure, Services};
use crate::storage::bulk;

/// How many passwords are handed to the hashing threads at once. The threads decide how many of them are hashed at
/// once.
const IN_FLIGHT: usize = 64;

/// The hashes of a file's passwords in their order, in a file without a name: a million would take too much memory.
pub(super) struct Hashes(Lines<BufReader<File>>);

/// A password, and the stored hash of the one that it replaces.
type Job = (Password, Option<String>);

impl Hashes {
    pub(super) async fn compute(
        services: &Services,
        file: &mut ImportFile,
        scan: &FileScan,
        progress: &impl Fn(Progress),
    ) -> ImportResult<Self> {
        let mut kept = BufWriter::new(tempfile::tempfile().map_err(Failure::from)?);
        if scan.passwords > 0 {
            let mut done = 0;
            file.start(None)?;
            while let Some(batch) = file.next().await? {
                let jobs = services.jobs(&batch).await?;
                let mut hashes = stream::iter(jobs).map(|job| services.hash_unless_same(job)).buffered(IN_FLIGHT);
                while let Some(hash) = hashes.next().await {
                    writeln!(kept, "{}", hash?).map_err(Failure::from)?;
                    done += 1;
                    progress(Progress { phase: Phase::Hashing, done, total: scan.passwords });
                }
            }
        }
        Ok(Self(rewind(kept).map_err(Failure::from)?))
    }

    /// The hash of the next password. There is one for each, unless the file changed.
    pub(super) fn next(&mut self) -> ImportResult<String> {
        let hash = self.0.next().ok_or(Error::Refused(ImportRefusal::Changed))?;
        Ok(hash.map_err(Failure::from)?)
    }
}

fn rewind(kept: BufWriter<File>) -> io::Result<Lines<BufReader<File>>> {
    let mut file = kept.into_inner()?;
    file.rewind()?;
    Ok(BufReader::new(file).lines())
}

impl Services {
    /// The passwords of a batch, each with the stored hash of the same user's current one.
    async fn jobs(&self, batch: &Batch) -> Result<Vec<Job>, Failure> {
        let mut wanted = Vec::new();
        for numbered in &batch.lines {
            if let Ok(Line { change: Change::Put(Record::User(user)), .. }) = &numbered.line
                && let Some(password) = user.password()
            {
                wanted.push(((user.domain_id.as_str(), user.login.key()), password));
            }
        }
        let logins: Vec<(&str, &str)> = wanted.iter().map(|(login, _)| *login).collect();
        let mut tx = bulk::begin_snapshot(&self.db).await?;
        let found = bulk::find_users_by_login(&mut tx, &logins).await?;
        tx.roll_back().await?;
        let current: HashMap<(&str, &str), &String> = found
            .iter()
            .filter_map(|user| Some(((user.domain_id.as_str(), user.login_key.as_str()), user.password_hash.as_ref()?)))
            .collect();
        let jobs = wanted
            .into_iter()
            .map(|(login, password)| (password.clone(), current.get(&login).map(|hash| (*hash).clone())));
        Ok(jobs.collect())
    }

    /// The hash of a password. If the stored hash is of the same password, it is kept, so that importing a file again
    /// changes nothing and ends no session.
    async fn hash_unless_same(&self, (password, current): Job) -> Result<String, Failure> {
        let slot = wait_for_slot(&self.hasher).await;
        if let Some(text) = current
            && let Ok(hash) = PasswordHash::parse(&text)
            && self.hasher.verify(&slot, Some(hash), password.clone()).await?
        {
            return Ok(text);
        }
        self.hasher.hash(&slot, password).await
    }
}

/// Waits for a slot without a time limit: no client is waiting for a response.
async fn wait_for_slot(hasher: &Hasher) -> Slot {
    loop {
        if let Ok(slot) = hasher.slot().await {
            return slot;
        }
    }
}
