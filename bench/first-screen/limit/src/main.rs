//! What a hand-written endpoint reaches: one prepared statement for each query checks the access token and returns the
//! finished response. Requests are pipelined over a few connections.
//!
//! usage: limit DATABASE_URL

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::post;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls, Statement};

/// Of 1, 2, 4, and 8, this number reaches the most requests per second on two cores without starving any client.
const CONNECTIONS: usize = 4;

const CALLER: &str = include_str!("../sql/caller.sql");
const VISIBLE: &str = include_str!("../sql/visible.sql");
const QUERIES: [(&str, bool, &str); 5] = [
    ("first-screen", true, include_str!("../sql/first-screen.sql")),
    ("readme", true, include_str!("../sql/readme.sql")),
    ("relay", true, include_str!("../sql/relay.sql")),
    ("navigation", true, include_str!("../sql/navigation.sql")),
    ("name", false, include_str!("../sql/name.sql")),
];

struct Connection {
    client: Client,
    statements: Vec<(&'static str, Statement)>,
    pending: AtomicUsize,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: limit DATABASE_URL")?;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(connect(&url).await?);
    }
    let router = Router::new().route("/{query}", post(answer)).with_state(Arc::new(connections));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Otherwise a response waits for the acknowledgement of the previous one.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn connect(url: &str) -> Result<Connection, Box<dyn Error>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    // Planning takes longer than execution, and the plan does not depend on the token.
    client.batch_execute("SET plan_cache_mode = force_generic_plan; SET jit = off").await?;
    let mut statements = Vec::new();
    for (name, has_lists, select) in QUERIES {
        let visible = if has_lists { VISIBLE } else { "" };
        statements.push((name, client.prepare(&format!("{CALLER}{visible}{select}")).await?));
    }
    Ok(Connection { client, statements, pending: AtomicUsize::new(0) })
}

async fn answer(
    State(connections): State<Arc<Vec<Connection>>>,
    Path(query): Path<String>,
    headers: HeaderMap,
    _body: Bytes,
) -> Response<Body> {
    let Some(connection) = connections.iter().min_by_key(|connection| connection.pending.load(Ordering::Relaxed))
    else {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    };
    let Some((_, statement)) = connection.statements.iter().find(|(name, _)| *name == query) else {
        return status(StatusCode::NOT_FOUND);
    };
    let Some(token) = bearer(&headers) else {
        return status(StatusCode::UNAUTHORIZED);
    };
    let digest = Sha256::digest(token);
    connection.pending.fetch_add(1, Ordering::Relaxed);
    let row = connection.client.query_opt(statement, &[&digest.as_slice()]).await;
    connection.pending.fetch_sub(1, Ordering::Relaxed);
    match row {
        Ok(Some(row)) => {
            let mut response = Response::new(Body::from(row.get::<_, String>(0)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Ok(None) => status(StatusCode::UNAUTHORIZED),
        Err(error) => {
            eprintln!("{error}");
            status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}
