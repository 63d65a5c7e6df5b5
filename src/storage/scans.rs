//! Scans: statements that only read, and that read as much as the domain is large. A scan takes a processor for as long
//! as it runs, so few run at the same time, with pauses between them, and on SQLite with low priority.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::error::Error;
use crate::low_priority::LowPriorityThreads;

/// For each scan that may run at the same time, so many of the connections.
const CONNECTIONS_PER_SCAN: u32 = 16;
/// How long a scan waits for others.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

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

    /// Waits for a turn, which lasts until it is dropped.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        match timeout(WAIT_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(permit) => Ok(Turn { permit: permit.ok(), began: Instant::now() }),
            Err(_) => Err(Error::Unavailable("too many large lists are being counted or searched".to_owned())),
        }
    }

    /// Runs a scan that takes a processor of this machine.
    pub(super) async fn run<T: Send + 'static>(&self, scan: BoxFuture<'static, T>) -> T {
        self.threads.run(scan).await
    }
}

/// The permit to scan. The next scan waits for a pause as long as this scan was, so that scans take half of a processor,
/// however many are requested.
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    began: Instant,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (permit, pause) = (self.permit.take(), self.began.elapsed());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                sleep(pause).await;
                drop(permit);
            });
        }
    }
}
