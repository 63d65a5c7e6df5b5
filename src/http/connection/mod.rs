//! Serves one connection: its resource limits, its timeouts, and its end.

mod activity;
mod backlog;
mod outgoing;
mod socket;
mod unread;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Response, Version, header};
use futures_util::future::BoxFuture;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::activity::{Activity, Overdue, Timeouts};
use self::outgoing::{Outgoing, Upload};
use self::socket::Socket;
use self::unread::UnreadResponses;
use super::HttpSettings;

pub(super) use backlog::{Backlog, Held, Unreadable};

/// The largest head of a request, in bytes: room for a long query string and a few proxies' headers.
const HEAD_LIMIT: usize = 64 * 1024;
/// The maximum number of concurrent requests of one HTTP/2 connection.
const STREAMS: u32 = 100;
/// How often a silent HTTP/2 connection is pinged, and how long the reply may take.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How many unsent bytes the operating system buffers for a connection. Without a limit, it buffers several megabytes
/// for a client that reads nothing, and hides for minutes whether a slow client reads.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;

/// The phase of the server's shutdown.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase {
    /// The server was told to stop. It still accepts requests, but asks clients to reconnect elsewhere.
    pub(super) draining: CancellationToken,
    /// The server accepts no more requests.
    pub(super) closing: CancellationToken,
}

/// Responds to requests.
pub(super) type Respond = Arc<dyn Fn(Request<Body>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// Serves connections.
#[derive(Clone)]
pub(super) struct Connections {
    respond: Respond,
    protocol: Arc<Builder<TokioExecutor>>,
    timeouts: Timeouts,
    phase: Phase,
    unread: Arc<UnreadResponses>,
}

impl Connections {
    pub(super) fn new(respond: Respond, settings: &HttpSettings, phase: Phase) -> Self {
        let timeouts = Timeouts {
            head: settings.header_timeout,
            response: settings.response_timeout,
            keep_alive: settings.keep_alive_timeout,
        };
        Self { respond, protocol: Arc::new(protocol()), timeouts, phase, unread: Arc::default() }
    }

    /// Serves a connection to its end.
    pub(super) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        prepare(&stream, &self.timeouts);
        let activity = Arc::new(Activity::new());
        let socket = TokioIo::new(Socket::new(stream, Arc::clone(&activity)));
        let registration = self.unread.register(&activity);
        let backlog = Arc::new(Backlog::new(Arc::clone(&registration.unread)));
        let service = service(self.respond, peer, Arc::clone(&activity), backlog, self.phase.draining.clone());
        let mut connection = pin!(self.protocol.serve_connection(socket, service));
        let (mut is_draining, mut is_closing) = (false, false);
        let mut check_at = Instant::now() + self.timeouts.shortest();
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%peer, error, "a connection broke");
                    }
                    return;
                }
                // Over HTTP/2, no request is lost when a connection ends. Over HTTP/1.1, one may be on its way: the
                // next response announces that it is the last one.
                () = self.phase.draining.cancelled(), if !is_draining => {
                    is_draining = true;
                    if activity.is_http2() {
                        connection.as_mut().graceful_shutdown();
                    }
                }
                () = self.phase.closing.cancelled(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = registration.evicted.cancelled() => {
                    tracing::debug!(%peer, "closed a connection whose responses take too much memory");
                    return;
                }
                () = sleep_until(check_at) => {
                    let now = Instant::now();
                    check_at = now + self.timeouts.shortest();
                    match activity.check(&self.timeouts, now) {
                        Ok(until) => check_at = until.map_or(check_at, |until| until.min(check_at)),
                        Err(Overdue::Idle) if !is_closing => {
                            is_closing = true;
                            connection.as_mut().graceful_shutdown();
                        }
                        Err(overdue) => {
                            tracing::debug!(%peer, ?overdue, "closed a connection whose client takes too long");
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// The resource limits of one connection. [`Timeouts`] limit its time.
fn protocol() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HEAD_LIMIT)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_LIMIT).unwrap_or(u32::MAX))
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

/// Sets the socket options. If one cannot be set, the connection still works.
fn prepare(stream: &TcpStream, timeouts: &Timeouts) {
    // Responses are written whole; waiting for more data would only add 40 ms.
    let mut done = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        done = done.and(socket.set_tcp_notsent_lowat(UNSENT));
        // For data that the operating system still buffers when the server has written all of it.
        done = done.and(socket.set_tcp_user_timeout(Some(timeouts.response)));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = timeouts;
    if let Err(error) = done {
        tracing::debug!(%error, "an option of a connection could not be set");
    }
}

/// The service with the client's address, and with bodies that report what the client reads.
fn service(
    respond: Respond,
    peer: SocketAddr,
    activity: Arc<Activity>,
    backlog: Arc<Backlog>,
    draining: CancellationToken,
) -> impl hyper::service::Service<Request<Incoming>, Response = Response<Outgoing>, Error = Infallible, Future: Send + 'static>
{
    service_fn(move |request: Request<Incoming>| {
        let version = request.version();
        let running = activity.begin(version == Version::HTTP_2);
        let mut request = request.map(|body| Body::new(Upload::new(body, Arc::clone(&activity))));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(&backlog));
        let response = respond(request);
        let draining = draining.clone();
        async move {
            let mut response = response.await;
            if draining.is_cancelled() && version != Version::HTTP_2 {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            let memory = response.extensions_mut().remove::<Arc<Held>>().and_then(Arc::into_inner);
            let waiting = running.responded();
            Ok(response.map(|body| Outgoing::new(body, waiting, memory)))
        }
    })
}
