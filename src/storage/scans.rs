//! Scans: statements that only read, and that read as much as the domain is large. A scan takes a processor for as long
//! as it runs, so few run at the same time, with pauses between them. On SQLite, it has low priority.

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
/// The longest pause after a scan.
const MAX_PAUSE: Duration = Duration::from_millis(250);
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

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        match timeout(WAIT_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(permit) => Ok(Turn { permit: permit.ok(), runtime: Handle::current() }),
            Err(_) => Err(Error::Unavailable("too many large lists are being counted or searched".to_owned())),
        }
    }

    /// Runs a scan with low priority, to its end even if its request is dropped: a database continues anyway.
    pub(super) async fn run<T: Send + 'static>(&self, scan: BoxFuture<'static, T>) -> T {
        self.threads.run(scan).await
    }
}

/// The permit to scan, until it is dropped.
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    runtime: Handle,
}

impl Turn {
    /// Begins the scan, which lasts until the result is dropped. The next one waits for a pause as long as this one was,
    /// so that scans take half of a processor, however many are requested.
    pub(super) fn begin(self) -> impl Drop {
        let began = Instant::now();
        scopeguard::guard(self, move |Self { permit, runtime }| {
            let pause = began.elapsed().min(MAX_PAUSE);
            runtime.spawn(async move {
                sleep(pause).await;
                drop(permit);
            });
        })
    }
}
