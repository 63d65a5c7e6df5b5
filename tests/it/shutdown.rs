//! Graceful shutdown: readiness and open connections.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::server::{Server, TIMEOUT, read_all, read_one, send};

const READY: &[u8] = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn is_ready(server: std::net::SocketAddr) -> bool {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(READY).await.unwrap();
    read_one(&mut stream).await.starts_with("HTTP/1.1 200")
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_served_until_the_shutdown_delay_is_over() {
    let server = Server::start(|settings| settings.shutdown_delay = Duration::from_secs(3)).await;
    let address = server.address;
    let mut kept = server.open(ALIVE).await;
    let before = read_one(&mut kept).await;
    assert!(before.starts_with("HTTP/1.1 200") && !before.contains("connection: close"), "{before}");
    let (client, connection) = server.http2(65_535).await;
    let alive = send(&client, "/healthz", None).await.unwrap().await.unwrap();
    assert_eq!(alive.status(), 200);
    assert!(is_ready(address).await);

    let stopping = tokio::spawn(server.stop());
    timeout(TIMEOUT, async { while is_ready(address).await {} }).await.expect("the server stays ready");
    // Open and new connections get one more response, and are then closed.
    kept.write_all(ALIVE).await.unwrap();
    let last = read_all(&mut kept).await;
    assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close"), "{last}");
    let mut new = TcpStream::connect(address).await.unwrap();
    new.write_all(ALIVE).await.unwrap();
    let last = read_all(&mut new).await;
    assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close"), "{last}");
    let ended = timeout(TIMEOUT, connection).await.expect("the HTTP/2 connection got no GOAWAY").unwrap();
    assert!(ended.is_ok(), "{ended:?}");
    assert!(!stopping.is_finished(), "the server did not wait for the delay");

    stopping.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the server accepts new connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_delay_the_shutdown() {
    let server = Server::start(|_| {}).await;
    let mut idle = server.open(ALIVE).await;
    read_one(&mut idle).await;
    let silent = server.open(b"").await;
    let (client, _connection) = server.http2(65_535).await;
    send(&client, "/healthz", None).await.unwrap().await.unwrap();
    timeout(Duration::from_secs(5), server.stop()).await.expect("an idle connection delays the shutdown");
    assert_eq!(read_all(&mut idle).await, "");
    drop(silent);
}
