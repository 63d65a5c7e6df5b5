//! A server on a socket, and clients for it: raw bytes and HTTP/2.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use h2::client::{ResponseFuture, SendRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use userprofile::graphql::limits::Settings;
use userprofile::http::{self, HttpSettings};

use super::{TestApp, server_options};

/// How long tests wait for an expected event.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// A server on a socket.
pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    _app: TestApp,
}

impl Server {
    /// Starts a server on an empty database, with changed settings.
    pub async fn start(change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::with_app(TestApp::start().await, change).await
    }

    /// Starts a server on the services of a [`TestApp`].
    pub async fn with_app(app: TestApp, change: impl FnOnce(&mut HttpSettings)) -> Self {
        let mut options = server_options(app.api(Settings::default()));
        change(&mut options.settings);
        let listener = http::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "USERPROFILE_LISTEN").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served =
            tokio::spawn(async move { http::serve(listener, None, options, async { drop(stopped.await) }).await });
        Self { address, stop, served, _app: app }
    }

    /// Starts the graceful shutdown; the future completes when the server has stopped.
    pub fn stop(self) -> impl Future<Output = ()> {
        self.stop.send(()).unwrap();
        async { timeout(TIMEOUT, self.served).await.expect("the server does not stop").unwrap() }
    }

    /// Ends the server and all its connections at once.
    pub fn abort(self) {
        self.served.abort();
    }

    /// Opens a connection and sends bytes.
    pub async fn open(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Opens an HTTP/2 connection with this initial flow-control window for each response.
    pub async fn http2(&self, window: u32) -> (SendRequest<Bytes>, Ended) {
        http2(self.address, window).await
    }
}

/// The result of an HTTP/2 connection when it ends.
pub type Ended = JoinHandle<Result<(), h2::Error>>;

/// Opens an HTTP/2 connection, see [`Server::http2`].
pub async fn http2(address: SocketAddr, window: u32) -> (SendRequest<Bytes>, Ended) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (client, connection) = builder.initial_window_size(window).handshake(stream).await.unwrap();
    (client, tokio::spawn(connection))
}

/// Sends an HTTP/2 request: `POST` with a JSON body if there is one, otherwise `GET`.
pub async fn send(client: &SendRequest<Bytes>, path: &str, body: Option<String>) -> Result<ResponseFuture, h2::Error> {
    send_with_token(client, path, None, body).await
}

/// Sends an HTTP/2 request with an access token, see [`send`].
pub async fn send_with_token(
    client: &SendRequest<Bytes>,
    path: &str,
    token: Option<&str>,
    body: Option<String>,
) -> Result<ResponseFuture, h2::Error> {
    let mut client = client.clone().ready().await?;
    let mut request = Request::builder().uri(format!("http://localhost{path}"));
    if body.is_some() {
        request = request.method("POST").header("content-type", "application/json");
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let (response, mut stream) = client.send_request(request.body(()).unwrap(), body.is_none())?;
    if let Some(body) = body {
        stream.send_data(body.into(), true)?;
    }
    Ok(response)
}

/// Reads an HTTP/2 response to its end.
pub async fn read_to_end(response: ResponseFuture) -> Result<Vec<u8>, h2::Error> {
    let mut body = response.await?.into_body();
    let mut bytes = Vec::new();
    while let Some(part) = body.data().await {
        let part: Bytes = part?;
        body.flow_control().release_capacity(part.len())?;
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Reads until the connection is closed.
pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(TIMEOUT, stream.read_to_end(&mut bytes)).await.expect("the connection stays open").unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one response with a `Content-Length`.
pub async fn read_one(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let all = async {
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= content_length(head)
            {
                return text;
            }
            let mut part = [0; 4096];
            let length = stream.read(&mut part).await.unwrap();
            assert!(length > 0, "the connection was closed after: {text}");
            bytes.extend_from_slice(&part[..length]);
        }
    };
    timeout(TIMEOUT, all).await.expect("there is no response")
}

fn content_length(head: &str) -> usize {
    let value = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    value.map_or(0, |value| value.parse().unwrap())
}
