//! The server: its listener, its connections, and its shutdown.

use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::connection::{Connections, Phase};
use super::{App, HttpSettings, ServerOptions};

/// How long running requests may take to finish after the shutdown began.
const GRACE: Duration = Duration::from_secs(30);
/// The pause after a connection could not be accepted: usually there are too many open files, and retrying immediately
/// would only waste CPU time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// The server cannot listen on the address.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error("{0} is in use by another program; stop that one, or choose another address ({1})")]
    InUse(SocketAddr, &'static str),
    /// Ports below 1024 require permission.
    #[error("listening on {0} is not permitted; choose a port from 1024 on ({1})")]
    NotPermitted(SocketAddr, &'static str),
    /// No network interface has this address.
    #[error("{0} is not an address of this machine; choose one that is, or 0.0.0.0 for all ({1})")]
    NotOurs(SocketAddr, &'static str),
    /// Any other error.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

/// Starts to listen on the address of a `setting`. Connections wait until they are [`serve`]d.
pub async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address, setting),
        io::ErrorKind::PermissionDenied => BindError::NotPermitted(address, setting),
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs(address, setting),
        _ => BindError::Other { address, source },
    })
}

/// Serves until `shutdown` is ready. Then, for the time in the settings, `/readyz` is no longer ready and clients are
/// asked to reconnect elsewhere, while requests are still served. After that it accepts no new requests, and returns
/// when all running operations have finished, or after 30 seconds. Metrics and health checks are served until then.
pub async fn serve(
    listener: TcpListener,
    for_operators: Option<TcpListener>,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) {
    let (running, operations) = (TaskTracker::new(), TaskTracker::new());
    let phase = Phase::default();
    let delay = options.settings.shutdown_delay;
    let settings = options.settings.clone();
    let app = Arc::new(App::with(options, operations.clone(), phase.clone()));
    let respond = {
        let app = Arc::clone(&app);
        move |request| {
            let app = Arc::clone(&app);
            async move { app.respond(request).await }.boxed()
        }
    };
    let connections = Connections::new(Arc::new(respond), &settings, phase.clone());
    let operators = for_operators.map(|listener| tokio::spawn(serve_operators(listener, app, settings.clone())));
    accept_until(shutdown, &listener, &connections, &running).await;
    phase.draining.cancel();
    accept_until(sleep(delay), &listener, &connections, &running).await;
    drop(listener);
    phase.closing.cancel();
    running.close();
    operations.close();
    let all = async {
        running.wait().await;
        operations.wait().await;
    };
    if timeout(GRACE, all).await.is_err() {
        tracing::warn!("aborted the requests that were still running 30 s after the shutdown began");
    }
    if let Some(operators) = operators {
        operators.abort();
    }
}

/// Serves metrics and health checks until it is aborted.
async fn serve_operators(listener: TcpListener, app: Arc<App>, settings: HttpSettings) {
    let respond = move |request| {
        let app = Arc::clone(&app);
        async move { app.respond_to_operator(request).await }.boxed()
    };
    let connections = Connections::new(Arc::new(respond), &settings, Phase::default());
    accept_until(pending(), &listener, &connections, &TaskTracker::new()).await;
}

/// Accepts connections until `end` is ready.
async fn accept_until(
    end: impl Future<Output = ()>,
    listener: &TcpListener,
    connections: &Connections,
    running: &TaskTracker,
) {
    let mut end = pin!(end);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut end => return,
            accepted = accept(listener) => accepted,
        };
        running.spawn(connections.clone().serve(stream, peer));
    }
}

/// The next connection. A failed connection, or a lack of file descriptors, does not stop the server.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection; the next attempt follows in 0.5 s");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
