//! The server: where it listens, the connections that it takes, and how it stops.

use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    Execute, Site,
    connection::{Connections, Phase},
    router::routes,
};

/// How long running requests may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// The pause after a connection could not be taken: mostly there are too many open files, and trying at once again
/// would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{0} is in use by another program; stop that one, or choose another address (USERPROFILE_LISTEN)")]
    InUse(SocketAddr),
    /// Ports below 1024 are for those with the right to them.
    #[error("listening on {0} is not permitted; choose a port from 1024 on (USERPROFILE_LISTEN)")]
    NotPermitted(SocketAddr),
    /// No network interface has it.
    #[error("{0} is not an address of this machine; choose one that is, or 0.0.0.0 for all (USERPROFILE_LISTEN)")]
    NotOurs(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Begins to listen. Connections wait from here on until they are [`serve`]d.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        io::ErrorKind::PermissionDenied => BindError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs(address),
        _ => BindError::Other { address, source },
    })
}

/// Serves until `shutdown` is ready. Then, for the time that the settings say, `/readyz` is no longer ready and clients are
/// asked to go elsewhere, while requests are still served; after that it takes nothing new, and returns when all that runs
/// has finished, or after 30 seconds.
pub async fn serve<A: Execute>(listener: TcpListener, site: Site<A>, shutdown: impl Future<Output = ()>) {
    let (running, operations) = (TaskTracker::new(), TaskTracker::new());
    let phase = Phase::default();
    let delay = site.settings.shutdown_delay;
    let settings = site.settings.clone();
    let connections = Connections::new(routes(site, operations.clone(), phase.clone()), &settings, phase.clone());
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
        tracing::warn!("requests were still running 30 s after the server was told to stop; they are cut off");
    }
}

/// Takes connections until `end` is ready.
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

/// The next connection. What goes wrong with one of them, or for want of files, is no reason to stop.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
