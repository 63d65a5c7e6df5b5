//! Connections: taking them, bounding what one of them may cost, and letting them end in peace.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;
use tower::Service;

use super::{Execute, HttpSettings, Site, router::routes};

/// The largest head of a request, in bytes: room for a long query string and a few proxies' headers.
const HEAD_LIMIT: usize = 64 * 1024;
/// How many requests of one HTTP/2 connection are worked on at once.
const STREAMS: u32 = 100;
/// How often the other end of a silent HTTP/2 connection is asked whether it lives, and how long it may take to say so.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
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
///
/// # Errors
/// See [`BindError`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        io::ErrorKind::PermissionDenied => BindError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs(address),
        _ => BindError::Other { address, source },
    })
}

/// Serves until `shutdown` is ready; then takes nothing new, and returns when all that runs has finished, or after
/// 30 seconds.
pub async fn serve<A: Execute>(listener: TcpListener, site: Site<A>, shutdown: impl Future<Output = ()>) {
    let tasks = TaskTracker::new();
    let connections = GracefulShutdown::new();
    let first_request_within = site.settings.header_timeout;
    let protocol = protocol(&site.settings);
    let router = routes(site, tasks.clone());
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut shutdown => break,
        };
        let is_used = Arc::new(AtomicBool::new(false));
        let service = service(router.clone(), peer, Arc::clone(&is_used));
        let connection = protocol.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // The protocol's own time-out starts only when it is known which protocol it is.
            let ended = match timeout(first_request_within, &mut connection).await {
                Ok(ended) => ended,
                Err(_) if is_used.load(Ordering::Relaxed) => connection.await,
                Err(_) => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error, "a connection broke");
            }
        });
    }
    drop(listener);
    tasks.close();
    let all = async {
        connections.shutdown().await;
        tasks.wait().await;
    };
    if timeout(GRACE, all).await.is_err() {
        tracing::warn!("requests were still running 30 s after the server was told to stop; they are cut off");
    }
}

/// What one connection may cost.
fn protocol(settings: &HttpSettings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_buf_size(HEAD_LIMIT)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

/// The router, told who asks; `is_used` becomes true with the first request.
fn service(
    router: Router,
    peer: SocketAddr,
    is_used: Arc<AtomicBool>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> {
    service_fn(move |mut request: Request<Incoming>| {
        is_used.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    })
}

/// The next connection. What goes wrong with one of them, or for want of files, is no reason to stop.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole; waiting for more to send would only cost 40 ms.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY could not be set");
                }
                return (stream, peer);
            }
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
