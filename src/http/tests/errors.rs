//! Errors of the endpoint, and the common form of their responses.

use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::*;

#[tokio::test]
async fn the_body_must_be_json() {
    let body = r#"{"query":"{hello}"}"#;
    post(&[], body).await.assert_error(415, "BAD_USER_INPUT");
    post(&[JSON, ("content-encoding", "gzip")], body).await.assert_error(415, "BAD_USER_INPUT");
    assert_eq!(post(&[JSON, ("content-encoding", "identity")], body).await.status, 200);
    let reply = post(&[("accept", "application/graphql-response+json")], body).await;
    assert_eq!(reply.header("content-type"), "application/graphql-response+json; charset=utf-8");
    assert_eq!(post(&[("content-type", "application/json; charset=\"UTF-8\"")], body).await.status, 200);
}

#[tokio::test]
async fn the_response_is_json() {
    for accept in ["text/plain", "application/xml", "application/json;q=0", "text/html"] {
        post(&[JSON, ("accept", accept)], r#"{"query":"{hello}"}"#).await.assert_error(406, "BAD_USER_INPUT");
    }
    get("/graphql?query=%7Bhello%7D", &[("accept", "image/png")]).await.assert_error(406, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_however_it_is_sent() {
    let large = vec![b'a'; 10 * 1024 * 1024];
    post(&[JSON], large.clone()).await.assert_error(413, "LIMIT_EXCEEDED");
    let chunks = stream::iter(large.chunks(100_000).map(Bytes::copy_from_slice).collect::<Vec<_>>());
    post(&[JSON], Body::from_stream(chunks.map(Ok::<_, std::io::Error>))).await.assert_error(413, "LIMIT_EXCEEDED");

    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 64 * 1024])));
    post(&[JSON], Body::from_stream(endless)).await.assert_error(413, "LIMIT_EXCEEDED");

    let whole = |padding: usize| format!("{{\"query\":\"{{hello}}\"{}}}", " ".repeat(padding));
    assert_eq!(post(&[JSON], whole(1024 * 1024 - 19)).await.status, 200);
    post(&[JSON], whole(1024 * 1024 - 18)).await.assert_error(413, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_body_that_never_ends_is_408() {
    let never = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"{")) }).chain(stream::pending());
    let mut options = options(&Toy::default());
    options.settings.request_timeout = std::time::Duration::from_millis(100);
    let request = build("POST", "/graphql", &[JSON], Body::from_stream(never));
    send(App::new(options), request).await.assert_error(408, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    let broken = stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    post(&[JSON], Body::from_stream(broken)).await.assert_error(400, "BAD_USER_INPUT");
}

#[tokio::test]
async fn a_get_without_a_query_is_400() {
    for address in [
        "/graphql",
        "/graphql?",
        "/graphql?query=",
        "/graphql?query=a&variables=%5B%5D",
        "/graphql?query=%7Bhello%7D&query=x",
    ] {
        get(address, &[]).await.assert_error(400, "BAD_USER_INPUT");
    }
    let long = format!("/graphql?query=%7Bhello%7D{}", "%20".repeat(15_000));
    assert_eq!(get(&long, &[]).await.json(), json!({ "data": { "hello": "world" } }));
}

#[tokio::test]
async fn other_methods_are_405() {
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let reply = call(build(method, "/graphql", &[], Body::empty())).await;
        reply.assert_error(405, "BAD_USER_INPUT");
        assert_eq!(reply.header("allow"), "GET,HEAD,POST");
    }
    for address in ["/", "/healthz", "/readyz", "/schema.graphql"] {
        let reply = call(build("POST", address, &[], Body::empty())).await;
        reply.assert_error(405, "BAD_USER_INPUT");
        assert_eq!(reply.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let reply = call(build("HEAD", "/graphql?query=%7Bhello%7D", &[], Body::empty())).await;
    assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    let length = get("/graphql?query=%7Bhello%7D", &[]).await.body.len();
    assert_eq!(reply.header("content-length"), length.to_string());
}

#[tokio::test]
async fn other_paths_are_404() {
    for address in ["/nothing", "/graphql/", "/graphql/x", "/assets/none.js", "/assets/../Cargo.toml", "/graphiql.html"]
    {
        get(address, &[]).await.assert_error(404, "BAD_USER_INPUT");
    }
}
