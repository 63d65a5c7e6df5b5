//! Export: all stored data, as lines that import reads, in an order that depends only on the keys.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::admin::AdminRefusal;
use super::{Error, Failure, Services};
use crate::domain::ids::{DomainId, WorkspaceGroupId};
use crate::domain::login::LoginId;
use crate::domain::otp_secret::{OTP_SECRET_PURPOSE, OtpSecret};
use crate::domain::record::{self, GroupRecord, Kind, Secrets};
use crate::domain::user::User;
use crate::domain::workspace::GroupMember;
use crate::storage::export::{self as stored};
use crate::storage::{Tx, bulk, users};

/// The number of rendered bytes after which they are handed on.
const CHUNK: usize = 64 * 1024;

/// The options of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Whether to write password hashes and OTP secrets too.
    pub with_secrets: bool,
}

/// How many entities of each kind were written.
pub type ExportSummary = BTreeMap<Kind, u64>;

impl Services {
    /// Writes all data, as of one moment.
    ///
    /// # Errors
    /// If the database fails, a secret cannot be decrypted, or `writer` fails.
    pub async fn export<W>(&self, writer: W, options: ExportOptions) -> Result<ExportSummary, Failure>
    where
        W: Write + Send + 'static,
    {
        let mut tx = bulk::begin_snapshot(&self.db).await?;
        let mut out = Output::to(writer);
        let written = self.export_all(&mut tx, &mut out, options).await;
        // If the writer failed, nothing more could be written for that reason, so its error is reported first.
        let summary = out.close().await?;
        written?;
        tx.roll_back().await?;
        Ok(summary)
    }

    /// The line of a user, without their secrets.
    ///
    /// # Errors
    /// [`AdminRefusal::NoUser`].
    pub async fn show_user(&self, domain: &DomainId, login: &LoginId) -> Result<String, Error<AdminRefusal>> {
        let found = users::find_credentials(&self.db, domain, login).await?;
        let user = found.ok_or_else(|| Error::Refused(AdminRefusal::NoUser(domain.clone(), login.clone())))?.user;
        let mut line = Vec::new();
        record::write_user(&mut line, &user, &Secrets::default()).map_err(|error| Failure::File(error.into()))?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    async fn export_all(&self, tx: &mut Tx, out: &mut Output, options: ExportOptions) -> Result<(), Failure> {
        let mut page = stored::domains(tx, None).await?;
        while let Some(last) = page.last() {
            for domain in &page {
                out.line(Kind::Domain, |line| record::write_domain(line, domain)).await?;
            }
            page = stored::domains(tx, Some(last.id.as_str())).await?;
        }
        let mut page = stored::roles(tx, None).await?;
        while let Some(last) = page.last() {
            for role in &page {
                out.line(Kind::Role, |line| record::write_role(line, role)).await?;
            }
            page = stored::roles(tx, Some((last.domain_id.as_str(), last.id.as_str()))).await?;
        }
        self.export_users(tx, out, options).await?;
        export_groups(tx, out).await?;
        let mut page = stored::workspaces(tx, None).await?;
        while let Some(last) = page.last() {
            for workspace in &page {
                out.line(Kind::Workspace, |line| record::write_workspace(line, workspace)).await?;
            }
            page = stored::workspaces(tx, Some(last.id.as_str())).await?;
        }
        let mut page = stored::bindings(tx, None).await?;
        while let Some(last) = page.last() {
            for binding in &page {
                out.line(Kind::RoleBinding, |line| record::write_binding(line, binding)).await?;
            }
            page = stored::bindings(tx, Some(last.id.as_str())).await?;
        }
        Ok(())
    }

    async fn export_users(&self, tx: &mut Tx, out: &mut Output, options: ExportOptions) -> Result<(), Failure> {
        let mut page = stored::users(tx, None).await?;
        while let Some(User { domain_id, login, .. }) = page.last().map(|last| &last.user) {
            for stored::UserWithSecrets { user, password_hash, otp_secret } in &page {
                let mut secrets = Secrets::default();
                if options.with_secrets {
                    secrets.password_hash.clone_from(password_hash);
                    secrets.otp_secret = otp_secret.as_ref().map(|sealed| self.open_otp_secret(sealed)).transpose()?;
                }
                out.line(Kind::User, |line| record::write_user(line, user, &secrets)).await?;
            }
            page = stored::users(tx, Some((domain_id.as_str(), login.key()))).await?;
        }
        Ok(())
    }

    fn open_otp_secret(&self, sealed: &[u8]) -> Result<OtpSecret, Failure> {
        Ok(OtpSecret::from_stored(self.secret_key.decrypt(OTP_SECRET_PURPOSE, sealed)?))
    }
}

async fn export_groups(tx: &mut Tx, out: &mut Output) -> Result<(), Failure> {
    let mut members = Members::default();
    let mut page = stored::groups(tx, None).await?;
    while let Some(last) = page.last().map(|group| group.id.clone()) {
        for group in page {
            let record = GroupRecord { users: members.of(tx, &group.id).await?, group };
            out.line(Kind::WorkspaceGroup, |line| record::write_group(line, &record)).await?;
        }
        page = stored::groups(tx, Some(last.as_str())).await?;
    }
    Ok(())
}

/// The users of all groups, read in parallel with the groups: both are in the order of the groups' ids.
#[derive(Default)]
struct Members {
    read: VecDeque<(WorkspaceGroupId, GroupMember)>,
    last: Option<(WorkspaceGroupId, String)>,
    is_end: bool,
}

impl Members {
    /// The users of the next group.
    async fn of(&mut self, tx: &mut Tx, group: &WorkspaceGroupId) -> Result<Vec<GroupMember>, Failure> {
        let mut members = Vec::new();
        loop {
            while let Some((of, member)) = self.read.pop_front_if(|(of, _)| *of <= *group) {
                // A smaller id belongs to a group that no longer exists.
                if of == *group {
                    members.push(member);
                }
            }
            if self.is_end || !self.read.is_empty() {
                return Ok(members);
            }
            let after = self.last.as_ref().map(|(group, login)| (group.as_str(), login.as_str()));
            self.read = stored::members(tx, after).await?.into();
            self.last = self.read.back().map(|(group, member)| (group.clone(), member.login.key().to_owned()));
            self.is_end = self.read.is_empty();
        }
    }
}

/// The output, written on a thread of its own, one chunk at a time. That thread sets the pace.
struct Output {
    buffer: Vec<u8>,
    chunks: mpsc::Sender<Vec<u8>>,
    thread: JoinHandle<io::Result<()>>,
    summary: ExportSummary,
}

impl Output {
    fn to(mut writer: impl Write + Send + 'static) -> Self {
        let (chunks, mut received) = mpsc::channel::<Vec<u8>>(2);
        let thread = spawn_blocking(move || {
            while let Some(chunk) = received.blocking_recv() {
                writer.write_all(&chunk)?;
            }
            writer.flush()
        });
        Self { buffer: Vec::new(), chunks, thread, summary: ExportSummary::new() }
    }

    async fn line(
        &mut self,
        kind: Kind,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), Failure> {
        write(&mut self.buffer).map_err(io::Error::from)?;
        *self.summary.entry(kind).or_default() += 1;
        if self.buffer.len() >= CHUNK { self.hand_on().await } else { Ok(()) }
    }

    async fn hand_on(&mut self) -> Result<(), Failure> {
        let chunk = std::mem::take(&mut self.buffer);
        Ok(self.chunks.send(chunk).await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?)
    }

    async fn close(mut self) -> Result<ExportSummary, Failure> {
        let handed_on = self.hand_on().await;
        drop(self.chunks);
        self.thread.await.map_err(io::Error::other)??;
        handed_on.map(|()| self.summary)
    }
}
