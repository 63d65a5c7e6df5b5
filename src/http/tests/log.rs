//! What the log contains about a request, and what it does not.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::domain::token::AccessToken;
use crate::metrics::{Format, Readings};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// With only one subscriber, tracing asks at a callsite whether the thread that comes first has one, and caches the
/// result for all threads. With two, it asks each time.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// What is logged during `work`.
async fn logged_during(work: impl Future<Output = ()>) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .finish();
    LazyLock::force(&SECOND);
    let _guard = tracing::subscriber::set_default(subscriber);
    work.await;
    log.text()
}

async fn logged(request: Request<Body>) -> String {
    logged_during(async { drop(call(request).await) }).await
}

#[tokio::test]
async fn a_request_is_logged_without_its_secrets() {
    let body = Body::from(r#"{"query":"{ echo(text: \"in-the-body\") }"}"#);
    let token = format!("upa_in-the-token{}A", "-".repeat(30));
    assert!(AccessToken::parse(&token).is_some());
    let authorization = format!("Bearer {token}");
    let headers = [JSON, ("authorization", &authorization), ("x-request-id", "r-7")];
    let log = logged(build("POST", "/graphql?x=in-the-query", &headers, body)).await;
    for part in ["request_id=r-7", "method=\"POST\"", "route=\"/graphql\"", "status=200", "duration="] {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert!(!log.contains("in-the-"), "{log}");
}

#[tokio::test]
async fn a_masked_error_is_logged_with_its_request_id() {
    let headers = [JSON, ("x-request-id", "r-8")];
    let log = logged(build("POST", "/graphql", &headers, Body::from(r#"{"query":"{ escapes }"}"#))).await;
    let line = log.lines().find(|line| line.contains("masked")).expect("nothing was logged");
    assert!(line.contains("path=escapes") && line.contains("r-8") && line.contains("ERROR"), "{line}");
    // The text's author is unknown; it may repeat the input.
    assert!(!log.contains("invalid digit"), "{log}");
}

/// Its operation continues, and must not be hidden because the client disconnects.
#[tokio::test]
async fn a_request_whose_client_disconnects_is_logged_and_counted() {
    let toy = Toy::default();
    let options = options(&toy);
    let (metrics, app) = (options.metrics.clone(), App::new(options));
    let body = Body::from(r#"{"query":"{ slow(milliseconds: 1) }"}"#);
    let request = build("POST", "/graphql", &[JSON, ("x-request-id", "r-9")], body);
    let log = logged_during(async {
        tokio::select! {
            biased;
            () = toy.begins(1) => {}
            _ = app.respond(request) => panic!("it must not be responded to"),
        }
    })
    .await;
    let line = log.lines().find(|line| line.contains("request completed")).expect("nothing was logged");
    assert!(line.contains("status=499") && line.contains("r-9") && line.contains("route=\"/graphql\""), "{line}");
    let text = metrics.encode(&Readings::default(), Format::Prometheus);
    let counted = "http_request_method=\"POST\",http_route=\"/graphql\",http_response_status_code=\"499\"} 1";
    assert!(text.contains(counted) && text.contains("\nhttp_server_active_requests 0\n"), "{text}");
    toy.finishes(1).await;
}
