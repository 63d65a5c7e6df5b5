//! Limits of connections whose clients read slowly or nothing, or send slowly or too much.

use std::cell::Cell;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::support::server::{Server, TIMEOUT, read_all, read_one, read_to_end, send};

const STREAMS: usize = 100;
const MIB: usize = 1 << 20;

/// A request body that needs no token and has a response of 1.5 MB.
fn large_query() -> String {
    let fields =
        "types{name description fields{name description type{name kind description fields{name description}}}}";
    let all: String = (0..15).map(|number| format!("s{number}:__schema{{{fields}}}")).collect();
    json!({ "query": format!("{{{all}}}") }).to_string()
}

fn large_query_over_http1() -> String {
    let body = large_query();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_http2_responses_are_bounded_and_end_the_connection() {
    let server = Server::start(|settings| settings.response_timeout = Duration::from_secs(2)).await;
    let (client, connection) = server.http2(0).await;
    let mut responses = FuturesUnordered::new();
    for _ in 0..STREAMS {
        responses.push(send(&client, "/graphql", Some(large_query())).await.unwrap());
    }
    let (mut waiting, mut bodies) = (0, Vec::new());
    let all = async {
        while let Some(response) = responses.next().await {
            let Ok(response) = response else { continue };
            let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
            assert!(length > MIB, "the response is too small to prove anything: {length}");
            waiting += length;
            bodies.push(response.into_body());
        }
    };
    timeout(TIMEOUT, all).await.expect("the connection stays open though its client reads nothing");
    assert!((4 * MIB..=16 * MIB).contains(&waiting), "{waiting} bytes wait to be read");
    let _ = timeout(TIMEOUT, connection).await.expect("the connection stays open").unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_gets_all_responses() {
    let server = Server::start(|_| {}).await;
    let (client, _connection) = server.http2(1 << 20).await;
    let mut responses = FuturesUnordered::new();
    for _ in 0..12 {
        responses.push(read_to_end(send(&client, "/graphql", Some(large_query())).await.unwrap()));
    }
    let all = async {
        while let Some(body) = responses.next().await {
            let body = body.unwrap();
            assert!(body.len() > MIB && body.starts_with(b"{\"data\":{\"s0\"") && body.ends_with(b"}}"));
        }
    };
    timeout(TIMEOUT, all).await.expect("responses are missing");
    server.stop().await;
}

/// Many concurrent requests are not delayed if their responses are small.
#[tokio::test(flavor = "multi_thread")]
async fn small_responses_are_not_delayed_by_unread_ones() {
    let server = Server::start(|_| {}).await;
    let (client, _connection) = server.http2(0).await;
    let small = || Some(json!({ "query": "{ __typename }" }).to_string());
    let mut unread = Vec::new();
    for _ in 0..STREAMS {
        let response = send(&client, "/graphql", small()).await.unwrap();
        unread.push(timeout(TIMEOUT, response).await.expect("a request waits").unwrap());
    }
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_not_disconnected() {
    let server = Server::start(|settings| settings.response_timeout = Duration::from_secs(1)).await;
    let (client, _connection) = server.http2(16 * 1024).await;
    let mut body = send(&client, "/graphql", Some(large_query())).await.unwrap().await.unwrap().into_body();
    let mut length = 0;
    // For twice the time after which a client that reads nothing is disconnected.
    for _ in 0..8 {
        let part = timeout(TIMEOUT, body.data()).await.unwrap().unwrap().unwrap();
        length += part.len();
        sleep(Duration::from_millis(250)).await;
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        length += part.len();
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    assert!(length > MIB);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http1_client_that_reads_nothing_is_disconnected() {
    let server = Server::start(|settings| settings.response_timeout = Duration::from_secs(1)).await;
    for request in [large_query_over_http1(), "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000)] {
        let mut stream = server.open(b"").await;
        // The server stops reading while its client does not read, so this ends when the connection is closed.
        let ended = timeout(TIMEOUT, async { while stream.write_all(request.as_bytes()).await.is_ok() {} }).await;
        assert!(ended.is_ok(), "the connection stays open");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_alive_has_its_own_timeout() {
    let server = Server::start(|settings| {
        settings.header_timeout = Duration::from_millis(300);
        settings.keep_alive_timeout = Duration::from_secs(3);
    })
    .await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = server.open(request).await;
    assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 200"));
    // Longer than the header timeout, shorter than the keep-alive timeout.
    sleep(Duration::from_secs(1)).await;
    stream.write_all(request).await.unwrap();
    assert!(read_one(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert_eq!(read_all(&mut stream).await, "", "an idle connection ends");

    let mut slow = server.open(request).await;
    assert!(read_one(&mut slow).await.starts_with("HTTP/1.1 200"));
    slow.write_all(b"GET /healthz HT").await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(2), slow.read_to_end(&mut rest)).await;
    assert!(ended.is_ok() && rest.is_empty(), "a slow head holds its connection");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_http2_connection_ends() {
    let server = Server::start(|settings| settings.keep_alive_timeout = Duration::from_millis(500)).await;
    let (client, connection) = server.http2(65_535).await;
    assert_eq!(read_to_end(send(&client, "/healthz", None).await.unwrap()).await.unwrap(), b"ok");
    let ended = timeout(TIMEOUT, connection).await.expect("an idle connection stays open").unwrap();
    assert!(ended.is_ok(), "the connection did not end by GOAWAY: {ended:?}");
    server.stop().await;
}

/// If the server refused a body before it had arrived and closed the connection at once, the client would lose the
/// response.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_too_much_still_receives_the_response() {
    let server = Server::start(|_| {}).await;
    let large = "x".repeat(16 * MIB);
    let post = |path: &str, more: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: {}\r\n\r\n{large}", large.len())
    };
    for (request, status) in [
        (post("/graphql", "Content-Type: application/json\r\n"), 413),
        (post("/graphql", "Content-Type: text/plain\r\n"), 415),
        (post("/graphql", "Accept: image/png\r\n"), 406),
        (post("/graphql", "Content-Type: application/json\r\nOrigin: https://evil.test\r\n"), 403),
        (post("/nowhere", ""), 404),
        (post("/healthz", ""), 405),
        (format!("GET /{large} HTTP/1.1\r\nHost: localhost\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {large}\r\n\r\n"), 431),
    ] {
        let mut stream = server.open(b"").await;
        timeout(TIMEOUT, stream.write_all(request.as_bytes())).await.unwrap().expect("the connection was reset");
        let response = read_one(&mut stream).await;
        let line = response.lines().next().unwrap_or_default();
        let is_expected = line.starts_with(&format!("HTTP/1.1 {status}")) || (status == 414 && line.contains(" 431"));
        assert!(is_expected, "{line} instead of {status} for {request:.60}");
    }
    server.stop().await;
}

/// Unfinished request bodies occupy memory, too.
#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_of_one_connection_are_bounded() {
    let server = Server::start(|settings| settings.request_timeout = Duration::from_secs(3)).await;
    let (client, _connection) = server.http2(65_535).await;
    let mut uploads = Vec::new();
    // The bytes of unfinished bodies that the server holds, and their maximum.
    let (held, most) = (Cell::new(0), Cell::new(0));
    for _ in 0..STREAMS {
        let mut client = client.clone().ready().await.unwrap();
        let request = axum::http::Request::post("http://localhost/graphql")
            .header("content-type", "application/json")
            .header("content-length", MIB);
        let (response, mut upload) = client.send_request(request.body(()).unwrap(), false).unwrap();
        upload.reserve_capacity(MIB - 1);
        uploads.push((response, upload));
    }
    // The server grants capacity for the bytes that it reads, until it refuses all requests as too slow.
    let mut sending = FuturesUnordered::new();
    for (response, mut upload) in uploads {
        let (held, most) = (&held, &most);
        sending.push(async move {
            let mut sent = 0;
            tokio::pin!(response);
            loop {
                tokio::select! {
                    biased;
                    _ = &mut response => break,
                    capacity = std::future::poll_fn(|context| upload.poll_capacity(context)) => {
                        let Some(Ok(capacity)) = capacity else { break };
                        let part = capacity.min(MIB - 1 - sent);
                        if upload.send_data(vec![b' '; part].into(), false).is_err() { break }
                        sent += part;
                        held.set(held.get() + part);
                        most.set(most.get().max(held.get()));
                    }
                }
            }
            held.set(held.get() - sent);
        });
    }
    timeout(TIMEOUT, async { while sending.next().await.is_some() {} })
        .await
        .expect("the server waits for bodies for ever");
    let most = most.get();
    assert!(most <= 16 * MIB, "{most} bytes of unfinished bodies were held at once");
    server.abort();
}
