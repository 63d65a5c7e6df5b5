//! Export: all stored data, as lines that import reads, in an order that depends only on the keys.

use std::collections::VecDeque;
use std::io::{self, Write};

use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::format::{BindingLine, DomainLine, GroupLine, RoleLine, UserLine, WorkspaceLine};
use crate::domain::ids::{DomainId, WorkspaceGroupId};
use crate::domain::login::LoginId;
use crate::domain::otp_secret::{OTP_SECRET_PURPOSE, OtpSecret};
use crate::domain::workspace::GroupMember;
use crate::services::admin::AdminRefusal;
use crate::services::{Error, Failure, Services};
use crate::storage::bulk::{self, GroupWithUsers, UserWithSecrets};
use crate::storage::export as stored;
use crate::storage::{Tx, users};

/// The number of rendered bytes after which they are handed on.
const CHUNK: usize = 64 * 1024;

/// The options of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Whether to write password hashes and OTP secrets too.
    pub with_secrets: bool,
}

impl Services {
    /// Writes all data, as of one moment.
    pub async fn export<W>(&self, writer: W, options: ExportOptions) -> Result<(), Failure>
    where
        W: Write + Send + 'static,
    {
        let mut tx = bulk::begin_snapshot(&self.db).await?;
        let mut out = Output::to(writer);
        let written = self.export_all(&mut tx, &mut out, options).await;
        // If the writer failed, nothing more could be written for that reason, so its error is reported first.
        out.close().await?;
        written?;
        Ok(tx.roll_back().await?)
    }

    /// The line of a user, without their secrets.
    pub async fn show_user(&self, domain: &DomainId, login: &LoginId) -> Result<String, Error<AdminRefusal>> {
        let found = users::find_credentials(&self.db, domain, login).await?;
        let user = found.ok_or_else(|| Error::Refused(AdminRefusal::NoUser(domain.clone(), login.clone())))?.user;
        let line = serde_json::to_string(&UserLine::new(user, None, None)).map_err(Failure::from)?;
        Ok(line + "\n")
    }

    async fn export_all(&self, tx: &mut Tx, out: &mut Output, options: ExportOptions) -> Result<(), Failure> {
        let mut page = stored::domains(tx, None).await?;
        while let Some(last) = page.last().map(|domain| domain.id.clone()) {
            for domain in page {
                out.write(&DomainLine::from(domain)).await?;
            }
            page = stored::domains(tx, Some(last.as_str())).await?;
        }
        let mut page = stored::roles(tx, None).await?;
        while let Some(last) = page.last().map(|role| (role.domain_id.clone(), role.id.clone())) {
            for role in page {
                out.write(&RoleLine::from(role)).await?;
            }
            page = stored::roles(tx, Some((last.0.as_str(), last.1.as_str()))).await?;
        }
        let mut page = stored::users(tx, None).await?;
        while let Some(last) = page.last().map(|one| (one.user.domain_id.clone(), one.user.login.clone())) {
            for user in page {
                out.write(&self.user_line(user, options)?).await?;
            }
            page = stored::users(tx, Some((last.0.as_str(), last.1.key()))).await?;
        }
        export_groups(tx, out).await?;
        let mut page = stored::workspaces(tx, None).await?;
        while let Some(last) = page.last().map(|workspace| workspace.id.clone()) {
            for workspace in page {
                out.write(&WorkspaceLine::from(workspace)).await?;
            }
            page = stored::workspaces(tx, Some(last.as_str())).await?;
        }
        let mut page = stored::bindings(tx, None).await?;
        while let Some(last) = page.last().map(|binding| binding.id.clone()) {
            for binding in page {
                out.write(&BindingLine::from(binding)).await?;
            }
            page = stored::bindings(tx, Some(last.as_str())).await?;
        }
        Ok(())
    }

    fn user_line(&self, user: UserWithSecrets, options: ExportOptions) -> Result<UserLine, Failure> {
        let UserWithSecrets { user, password_hash, otp_secret } = user;
        if !options.with_secrets {
            return Ok(UserLine::new(user, None, None));
        }
        let decrypt = |secret: Vec<u8>| self.keyring.decrypt(OTP_SECRET_PURPOSE, &secret).map(OtpSecret::from_stored);
        Ok(UserLine::new(user, password_hash, otp_secret.map(decrypt).transpose()?))
    }
}

async fn export_groups(tx: &mut Tx, out: &mut Output) -> Result<(), Failure> {
    let mut members = Members::default();
    let mut page = stored::groups(tx, None).await?;
    while let Some(last) = page.last().map(|group| group.id.clone()) {
        for group in page {
            let users = members.of(tx, &group.id).await?;
            out.write(&GroupLine::from(GroupWithUsers { group, users })).await?;
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
        Self { buffer: Vec::new(), chunks, thread }
    }

    async fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.buffer, line)?;
        self.buffer.push(b'\n');
        if self.buffer.len() >= CHUNK { self.hand_on().await } else { Ok(()) }
    }

    async fn hand_on(&mut self) -> Result<(), Failure> {
        let chunk = std::mem::take(&mut self.buffer);
        Ok(self.chunks.send(chunk).await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?)
    }

    async fn close(mut self) -> Result<(), Failure> {
        let handed_on = self.hand_on().await;
        drop(self.chunks);
        self.thread.await.map_err(io::Error::other)??;
        handed_on
    }
}
