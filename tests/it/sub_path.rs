//! Pages below the path of a public URL, behind a proxy that strips the path and behind one that keeps it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use url::Url;

use crate::support::server::{Server, TIMEOUT, read_all};

const PAGES: [&str; 7] =
    ["", "graphql", "reset-password", "undo-email-change", "cancel-deletion", "nowhere", "nowhere/at/all"];

/// Reads the head of a request.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A proxy for paths below `/identity/`, which it removes if it `strips`. Other paths get 502.
async fn proxy(server: SocketAddr, strips: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let head = read_head(&mut client).await;
            if !head.starts_with("GET /identity/") {
                client.write_all(b"HTTP/1.1 502 Not Ours\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                continue;
            }
            let head = if strips { head.replacen("GET /identity/", "GET /", 1) } else { head };
            let mut upstream = TcpStream::connect(server).await.unwrap();
            upstream.write_all(head.as_bytes()).await.unwrap();
            tokio::io::copy(&mut upstream, &mut client).await.unwrap();
        }
    });
    address
}

/// The response that a browser gets for a URL.
async fn get(url: &Url) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).await.unwrap();
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html,*/*;q=0.8\r\nConnection: close\r\n\r\n",
        url.path()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

/// The relative URLs in the attributes of a page.
fn addresses(page: &str) -> impl Iterator<Item = &str> {
    let attributes = ["href=\"", "src=\""];
    attributes.into_iter().flat_map(move |attribute| {
        page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).filter(|address| !address.contains(':'))
    })
}

/// Loads a page, after a redirect if there is one, and all resources that it references.
async fn check_page(url: Url) {
    let mut page = get(&url).await;
    let mut url = url;
    if let Some(location) = page.lines().find_map(|line| line.strip_prefix("location: ")) {
        url = url.join(location).unwrap();
        page = get(&url).await;
    }
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/html"), "{url}: {head}");
    for address in addresses(body) {
        let named = url.join(address).unwrap();
        let loaded = timeout(TIMEOUT, get(&named)).await.unwrap();
        assert!(loaded.starts_with("HTTP/1.1 200"), "{url} names {address}: {loaded:.100}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_behind_a_proxy_that_strips_the_path() {
    let server = Server::start(|settings| settings.public_url = Some("https://x.example/identity".to_owned())).await;
    let base = Url::parse(&format!("http://{}/identity/", proxy(server.address, true).await)).unwrap();
    for page in PAGES {
        check_page(base.join(page).unwrap()).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_behind_a_proxy_that_keeps_the_path() {
    let server = Server::start(|settings| settings.public_url = Some("https://x.example/identity".to_owned())).await;
    let base = Url::parse(&format!("http://{}/identity/", proxy(server.address, false).await)).unwrap();
    for page in PAGES {
        check_page(base.join(page).unwrap()).await;
    }
    server.stop().await;
}
