//! Runs long operations on threads of low priority. The operating system interrupts them whenever another thread of the
//! server has work to do, which cooperative yielding cannot achieve as well.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Handle, Runtime};

/// The niceness of these threads (`nice`), relative to all others.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Whether an operation turned out to be long. All clones share the mark.
#[derive(Debug, Clone, Default)]
pub struct LongOperation(Arc<AtomicBool>);

impl LongOperation {
    /// Makes the operation continue with low priority after it next suspends.
    pub fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was marked.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Threads of low priority for asynchronous operations, as many as there are cores. They start when they are first
/// needed. All clones share the threads.
#[derive(Debug, Clone, Default)]
pub struct LowPriorityThreads(Arc<Threads>);

#[derive(Debug, Default)]
struct Threads(OnceLock<Option<Runtime>>);

impl LowPriorityThreads {
    /// Runs `operation` as part of the calling task until it is marked as `long`, and then on these threads. From then
    /// on it continues even if the calling task is dropped.
    pub async fn continue_if_long<T: Send + 'static>(
        &self,
        long: &LongOperation,
        mut operation: BoxFuture<'static, T>,
    ) -> T {
        let finished = poll_fn(|context| match operation.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if long.is_marked() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(output) = finished.await {
            return output;
        }
        self.run(operation).await
    }

    /// Runs `operation` on these threads. It continues even if the calling task is dropped.
    pub async fn run<T: Send + 'static>(&self, operation: BoxFuture<'static, T>) -> T {
        let Some(threads) = self.handle() else { return operation.await };
        match threads.spawn(operation).await {
            Ok(output) => output,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The process is ending.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// `None` if the operating system grants no threads; then all operations run with the same priority.
    fn handle(&self) -> Option<&Handle> {
        let start =
            || Builder::new_multi_thread().thread_name("long").on_thread_start(lower_priority).enable_all().build();
        self.0.0.get_or_init(|| start().ok()).as_ref().map(Runtime::handle)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take().flatten() {
            // Waiting for it is not allowed in asynchronous code, where this may be dropped.
            runtime.shutdown_background();
        }
    }
}

/// Gives the calling thread a lower priority than all others. If that is not permitted, its priority is unchanged.
pub fn lower_priority() {
    #[cfg(target_os = "linux")]
    // On Linux, this is the niceness of the calling thread only.
    let _ = rustix::process::nice(NICENESS);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn thread() -> String {
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_long_operation_continues_on_a_thread_of_low_priority() {
        let long = LongOperation::default();
        let mark = long.clone();
        let operation = async move {
            tokio::task::yield_now().await;
            let before = thread();
            mark.mark();
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            let blocking = tokio::task::spawn_blocking(thread).await;
            (before, thread(), blocking.unwrap_or_default())
        };
        let ran =
            tokio::spawn(
                async move { LowPriorityThreads::default().continue_if_long(&long, Box::pin(operation)).await },
            );
        let (before, after, blocking) = ran.await.unwrap();
        assert_ne!(before, "long");
        assert_eq!((after.as_str(), blocking.as_str()), ("long", "long"));
    }
}
