//! A server on a socket, and the two ways to speak to it: bytes, and HTTP/2.

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

use super::{TestApp, site};

/// How long anything is waited for that is to happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a socket.
pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    _app: TestApp,
}

impl Server {
    /// Starts one on an empty database, with changed settings.
    pub async fn start(change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::of(TestApp::start().await, change).await
    }

    /// Starts one on what a [`TestApp`] has.
    pub async fn of(app: TestApp, change: impl FnOnce(&mut HttpSettings)) -> Self {
        let mut site = site(app.api(Settings::default()));
        change(&mut site.settings);
        let listener = http::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move { http::serve(listener, site, async { drop(stopped.await) }).await });
        Self { address, stop, served, _app: app }
    }

    /// Tells it to stop; ready when it has.
    pub fn stop(self) -> impl Future<Output = ()> {
        self.stop.send(()).unwrap();
        async { timeout(PATIENCE, self.served).await.expect("the server does not stop").unwrap() }
    }

    /// Ends it, with all its connections.
    pub fn stop_at_once(self) {
        self.served.abort();
    }

    /// Opens a connection and sends bytes.
    pub async fn open(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Opens a connection of HTTP/2 whose responses may have so many bytes before the client asks for more.
    pub async fn http2(&self, window: u32) -> (SendRequest<Bytes>, Ended) {
        http2(self.address, window).await
    }
}

/// What became of a connection of HTTP/2 in the end.
pub type Ended = JoinHandle<Result<(), h2::Error>>;

/// Opens a connection of HTTP/2, see [`Server::http2`].
pub async fn http2(address: SocketAddr, window: u32) -> (SendRequest<Bytes>, Ended) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    let (client, connection) = builder.initial_window_size(window).handshake(stream).await.unwrap();
    (client, tokio::spawn(connection))
}

/// Sends a request by HTTP/2: a JSON document, where there is one.
pub async fn send(client: &SendRequest<Bytes>, path: &str, body: Option<String>) -> Result<ResponseFuture, h2::Error> {
    send_as(client, path, None, body).await
}

/// The same with an access token.
pub async fn send_as(
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

/// Reads a response of HTTP/2 to its end.
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

/// Reads until the connection is closed, in time.
pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection stays open").unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one response that says how long it is.
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
    timeout(PATIENCE, all).await.expect("there is no response")
}

fn content_length(head: &str) -> usize {
    let value = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    value.map_or(0, |value| value.parse().unwrap())
}
