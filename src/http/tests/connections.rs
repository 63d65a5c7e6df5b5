//! Connections, byte by byte: slow ones, broken ones, and the shutdown of the server.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::http::{BindError, bind, serve};

struct Running {
    address: SocketAddr,
    toy: Toy,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn start() -> Running {
    start_with(Duration::from_secs(10), Duration::from_secs(10)).await
}

async fn start_with(header_timeout: Duration, request_timeout: Duration) -> Running {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)), "USERPROFILE_LISTEN").await.unwrap();
    let address = listener.local_addr().unwrap();
    let toy = Toy::default();
    let (stop, stopped) = oneshot::channel();
    let mut options = options(&toy);
    options.settings.header_timeout = header_timeout;
    options.settings.request_timeout = request_timeout;
    let served = tokio::spawn(async move { serve(listener, None, options, async { drop(stopped.await) }).await });
    Running { address, toy, stop, served }
}

impl Running {
    /// Sends bytes and reads everything until the connection is closed.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.open(bytes).await;
        read_all(&mut stream).await
    }

    async fn open(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    async fn stop(self) {
        let Self { stop, served, .. } = self;
        stop.send(()).unwrap();
        timeout(Duration::from_secs(5), served).await.expect("the server does not stop").unwrap();
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await.expect("the connection stays open").unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn mutation(milliseconds: u64) -> String {
    let body = format!(r#"{{"query":"mutation {{ bump(milliseconds: {milliseconds}) }}"}}"#);
    format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn an_operation_completes_without_its_client() {
    let server = start().await;
    drop(server.open(mutation(200).as_bytes()).await);
    server.toy.finishes(1).await;
    server.stop().await;
}

#[tokio::test]
async fn a_silent_or_slow_head_ends_the_connection() {
    let server = start_with(Duration::from_millis(100), Duration::from_secs(10)).await;
    for head in
        [&b""[..], b"P", b"PRI * HTTP/2.0\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = server.open(head).await;
        let mut bytes = Vec::new();
        let ended = timeout(Duration::from_secs(2), stream.read_to_end(&mut bytes)).await;
        assert!(ended.is_ok(), "{head:?} holds its connection");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_slow_body_is_408() {
    let server = start_with(Duration::from_secs(10), Duration::from_millis(100)).await;
    let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for rest in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let reply = server.exchange(format!("{head}{rest}").as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
        assert!(reply.contains("BAD_USER_INPUT"), "{reply}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_would_send_too_much_gets_the_error_first() {
    let server = start().await;
    let head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n";
    let mut reply = [0; 12];
    let mut waiting = server.open(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes()).await;
    waiting.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"HTTP/1.1 413");
    server.stop().await;
}

#[tokio::test]
async fn the_size_of_heads_is_limited() {
    let server = start().await;
    let long = format!("GET /graphql?query={} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let reply = server.exchange(long.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 414") || reply.starts_with("HTTP/1.1 431"), "{reply}");
    server.stop().await;
}

#[tokio::test]
async fn invalid_bytes_do_not_stop_the_server() {
    let server = start().await;
    for bytes in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = server.open(bytes).await;
        let mut reply = Vec::new();
        let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut reply)).await.unwrap();
    }
    assert!(server.exchange(mutation(0).as_bytes()).await.contains("200 OK"));
    server.stop().await;
}

#[tokio::test]
async fn a_shutdown_lets_running_requests_finish_and_accepts_no_new_ones() {
    let server = start().await;
    let (address, toy) = (server.address, server.toy.clone());
    let mut waiting = server.open(mutation(300).as_bytes()).await;
    let idle = server.open(b"").await;
    drop(server.open(mutation(450).as_bytes()).await);
    toy.begins(2).await;
    let stopping = tokio::spawn(server.stop());
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(Duration::from_secs(2), refused).await.expect("new connections are accepted");
    assert!(read_all(&mut waiting).await.contains("200 OK"));
    stopping.await.unwrap();
    assert_eq!(toy.finished(), 2, "an operation without a client was cut off");
    drop(idle);
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = bind(taken.local_addr().unwrap(), "USERPROFILE_LISTEN").await.unwrap_err();
    assert!(matches!(error, BindError::InUse(..)));
    assert!(error.to_string().contains("in use by another program"), "{error}");
    assert!(matches!(bind("192.0.2.1:80".parse().unwrap(), "USERPROFILE_LISTEN").await, Err(BindError::NotOurs(..))));
}
