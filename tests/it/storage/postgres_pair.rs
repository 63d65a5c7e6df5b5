//! A PostgreSQL server and its standby, by streaming replication.

use std::path::PathBuf;
use std::process::Command;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;
use userprofile::storage::db::Location;

/// A primary server and its standby, stopped when this is dropped.
pub struct Pair {
    link: PathBuf,
    ports: [String; 2],
    password: String,
    _folder: TempDir,
}

impl Pair {
    /// Starts both. Each commit waits for the standby.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("pair");
        let mut pair = Self { link, ports: Default::default(), password: String::new(), _folder: folder };
        let printed = pair.run("start");
        let [primary, standby, password] = printed.lines().collect::<Vec<_>>().try_into().unwrap();
        pair.ports = [primary.to_owned(), standby.to_owned()];
        password.clone_into(&mut pair.password);
        pair
    }

    /// Runs a command of `scripts/postgres-pair`, and returns what it prints.
    pub fn run(&self, command: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres-pair");
        let output = Command::new(script).arg(command).arg(&self.link).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whichever of the two accepts writes.
    pub fn location(&self) -> Location {
        let [primary, standby] = &self.ports;
        let hosts = format!("127.0.0.1:{primary},127.0.0.1:{standby}");
        Location::Postgres(self.url(&hosts, "?target_session_attrs=read-write").parse().unwrap())
    }

    /// The primary server.
    pub fn primary(&self) -> String {
        self.url(&format!("127.0.0.1:{}", self.ports[0]), "")
    }

    /// The standby.
    pub fn standby(&self) -> String {
        self.url(&format!("127.0.0.1:{}", self.ports[1]), "")
    }

    fn url(&self, hosts: &str, parameters: &str) -> String {
        format!("postgres://userprofile:{}@{hosts}/postgres{parameters}", self.password)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if self.link.exists() {
            self.run("stop");
        }
    }
}

/// Executes statements on a server, as its superuser.
pub async fn administer(url: &str, sql: &str) {
    let mut conn = AsyncPgConnection::establish(url).await.unwrap();
    conn.batch_execute(sql).await.unwrap();
}
