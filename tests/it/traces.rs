//! The export of traces by OTLP.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use userprofile::http_client::http_client;

use crate::support::logging::Logging;
use crate::support::{DOMAIN, PASSWORD, TestApp, User, database};

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OTHER_TRACE: &str = "5bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
/// What a server may take to stop although its collector does not answer.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// The spans that a collector has received, with the names of their services.
type Collected = Arc<Mutex<Vec<(String, Span)>>>;

async fn collect(State(collected): State<Collected>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for resource_spans in request.resource_spans {
        let resource = resource_spans.resource.unwrap();
        let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
        let Some(OtlpValue::StringValue(service)) = service.value.clone().unwrap().value else { panic!() };
        let spans = resource_spans.scope_spans.into_iter().flat_map(|scope| scope.spans);
        collected.lock().unwrap().extend(spans.map(|span| (service.clone(), span)));
    }
}

fn serve(database_url: &str, collector: &str) -> Logging {
    let mut command = Command::new(env!("CARGO_BIN_EXE_userprofile"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env_clear();
    command.env("DATABASE_URL", database_url).env("USERPROFILE_SECRET_KEY", KEY);
    command.env("USERPROFILE_OTLP_ENDPOINT", collector).env("USERPROFILE_LOG_FORMAT", "json").env("RUST_LOG", "info");
    Logging::start(command)
}

/// Sends a sign-in with this `traceparent`.
async fn sign_in(address: &str, traceparent: &str) -> reqwest::Response {
    let query = "mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }";
    let input = json!({ "domainId": DOMAIN, "userId": "wonny", "password": PASSWORD });
    let client = http_client(Duration::from_secs(30)).unwrap();
    let request = client.post(format!("http://{address}/graphql")).header("content-type", "application/json");
    let body = json!({ "query": query, "variables": { "input": input } }).to_string();
    request.header("traceparent", traceparent).body(body).send().await.unwrap()
}

fn attributes(span: &Span) -> HashMap<String, OtlpValue> {
    let of = |value: &opentelemetry_proto::tonic::common::v1::AnyValue| value.value.clone().unwrap();
    span.attributes.iter().map(|one| (one.key.clone(), of(one.value.as_ref().unwrap()))).collect()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_exported_with_the_ids_of_the_log_and_its_parts() {
    let database = database::create().await;
    TestApp::on(&database).await.import_users(&[User::new("wonny")]).await;
    let collected = Collected::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(collect)).with_state(collected.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let mut server = serve(&database.url(), &collector);
    let listening = server.entry(|entry| entry["message"] == "listening").await;
    let address = listening["address"].as_str().unwrap().to_owned();
    // The caller has not sampled the second one.
    sign_in(&address, &format!("00-{TRACE}-{PARENT}-01")).await;
    sign_in(&address, &format!("00-{OTHER_TRACE}-{PARENT}-00")).await;
    let logged = server.entry(|entry| entry["message"] == "request completed" && entry["trace_id"] == TRACE).await;
    let fields: Vec<&String> = logged.as_object().unwrap().keys().collect();
    assert!(!fields.iter().any(|field| field.contains("otel") || field.contains("db.")), "{fields:?}");
    server.terminate();
    server.entry(|entry| entry["message"] == "stopped").await;

    let spans: Vec<Span> = collected
        .lock()
        .unwrap()
        .iter()
        .map(|(service, span)| {
            assert_eq!(service, "userprofile");
            span.clone()
        })
        .collect();
    assert!(spans.iter().all(|span| hex(&span.trace_id) != OTHER_TRACE));
    let of_request: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let [request] = of_request.iter().filter(|span| span.kind() == SpanKind::Server).collect::<Vec<_>>()[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(
        (hex(&request.span_id), hex(&request.parent_span_id)),
        (logged["span_id"].as_str().unwrap().to_owned(), PARENT.to_owned())
    );
    assert_eq!(request.name, "POST /graphql");
    let text = |value: &str| OtlpValue::StringValue(value.to_owned());
    let expected = HashMap::from([
        ("http.request.method".to_owned(), text("POST")),
        ("http.route".to_owned(), text("/graphql")),
        ("http.response.status_code".to_owned(), OtlpValue::IntValue(200)),
    ]);
    assert_eq!(attributes(request), expected);
    let children = || of_request.iter().filter(|span| span.parent_span_id == request.span_id);
    assert_eq!(children().count(), of_request.len() - 1);
    let mut names = vec!["check document", "hash password"];
    if database::server().is_some() {
        names.extend(["INSERT sessions", "COMMIT"]);
    }
    for name in names {
        assert!(children().any(|span| span.name == name), "{name} is missing in {of_request:?}");
    }
    // Nothing that a client has sent, but its trace, is in the spans.
    let all = format!("{spans:?}");
    assert!(!all.contains("wonny") && !all.contains(PASSWORD) && !all.contains(DOMAIN), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_answer_disturbs_nothing() {
    let database = database::create().await;
    TestApp::on(&database).await.import_users(&[User::new("wonny")]).await;
    // It accepts connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = serve(&database.url(), &format!("http://{}", silent.local_addr().unwrap()));
    let listening = server.entry(|entry| entry["message"] == "listening").await;
    let answer: Value = serde_json::from_slice(
        &sign_in(listening["address"].as_str().unwrap(), &format!("00-{TRACE}-{PARENT}-01"))
            .await
            .bytes()
            .await
            .unwrap(),
    )
    .unwrap();
    assert!(answer["data"]["signIn"]["session"].is_object(), "{answer}");
    server.terminate();
    let began = Instant::now();
    server.entry(|entry| entry["message"] == "stopped").await;
    assert!(began.elapsed() < STOPS_WITHIN, "stopped after {:?}", began.elapsed());
}
