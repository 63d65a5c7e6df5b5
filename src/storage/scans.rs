//! Scans: statements that only read, and that read as much as the domain is large. A scan takes a processor for as long
//! as it runs, so few run at the same time, and on SQLite with low priority.

use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::db::{ACQUIRE_TIMEOUT, Conn, Db, Fetch};
use super::error::Error;
use crate::low_priority::LowPriorityThreads;

/// For each scan that may run at the same time, so many of the connections.
const CONNECTIONS_PER_SCAN: u32 = 16;

/// What scans share. Its clones share it too.
#[derive(Clone)]
pub(super) struct Scans {
    permits: Arc<Semaphore>,
    threads: LowPriorityThreads,
}

impl Scans {
    /// For a database with so many connections.
    pub(super) fn new(connections: u32) -> Self {
        let permits = usize::try_from(connections / CONNECTIONS_PER_SCAN).unwrap_or_default().max(1);
        Self { permits: Arc::new(Semaphore::new(permits)), threads: LowPriorityThreads::default() }
    }
}

impl Db {
    /// The rows of a scan. [`Error::Unavailable`] if too many others are waiting.
    pub(super) async fn scan<Q, U>(&self, query: Q) -> Result<Vec<U>, Error>
    where
        Q: for<'c> Fetch<'c, U> + 'static,
        U: Send + 'static,
    {
        let quota = self.permit_to_read().await?;
        let Ok(permit) = timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.scans.permits).acquire_owned()).await else {
            return Err(Error::Unavailable("too many large lists are being counted or searched".to_owned()));
        };
        let mut conn = self.connect([quota, permit.ok()]).await?;
        match conn {
            Conn::Pg(_) => query.fetch_all(&mut conn).await,
            // Here the scan runs in this process.
            Conn::Sqlite(_) => {
                let scan = async move { query.fetch_all(&mut conn).await };
                self.scans.threads.run(scan.boxed()).await
            }
        }
    }
}
