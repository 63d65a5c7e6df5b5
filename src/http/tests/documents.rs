//! Execution of documents, and the form of the responses.

use std::time::Duration;

use serde_json::json;

use super::*;

/// The headers that all responses to `GET` depend on, in one header.
const VARY: &str = "accept, authorization, cookie, x-userprofile-session, origin, access-control-request-headers";

const GET_HELLO: &str = "/graphql?query=%7Bhello%7D";

#[tokio::test]
async fn a_response_has_the_requested_media_type() {
    let body = || json!({ "query": "{ hello }" }).to_string();
    for (accept, form) in [
        ("application/json", "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
    ] {
        let reply = post(&[JSON, ("accept", accept)], body()).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, form));
        assert_eq!(reply.json(), json!({ "data": { "hello": "world" } }));
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-request-id"), "ab".repeat(16));
        let reply = get(GET_HELLO, &[("accept", accept)]).await;
        assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, form));
        assert_eq!(reply.header("vary"), VARY);
    }
}

#[tokio::test]
async fn mutations_require_post() {
    let toy = Toy::default();
    let run = async |method: &str, address: &str| {
        send(App::new(options(&toy)), build(method, address, &[], Body::empty())).await
    };
    for query in [
        "query=mutation%7Bbump(milliseconds:0)%7D",
        "query=query%20A%7Bhello%7Dmutation%20B%7Bbump(milliseconds:0)%7D&operationName=B",
        "query=mutation%20B%7Bbump(milliseconds:0)%7D",
        "query=subscription%7Bhello%7D",
    ] {
        let reply = run("GET", &format!("/graphql?{query}")).await;
        reply.assert_error(405, "BAD_USER_INPUT");
        assert_eq!(reply.header("allow"), "POST");
        assert_eq!(run("HEAD", &format!("/graphql?{query}")).await.status, 405);
    }
    let both = "/graphql?query=query%20A%7Bhello%7Dmutation%20B%7Bbump(milliseconds:0)%7D&operationName=";
    assert_eq!(run("GET", &format!("{both}A")).await.status, 200);
    assert!(run("GET", &format!("{both}C")).await.json()["data"].is_null());
    // It is ambiguous which one is meant: the first must not win by chance.
    for _ in 0..20 {
        let reply = run("GET", both.trim_end_matches("&operationName=")).await;
        assert_eq!((reply.status, &reply.json()["data"]), (StatusCode::OK, &Value::Null));
    }
    assert_eq!(toy.finished(), 0);

    assert_eq!(ask("mutation { bump(milliseconds: 0) }").await.json()["data"]["bump"], 1);
}

#[tokio::test]
async fn the_media_type_decides_the_status_before_execution() {
    for (query, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")] {
        ask(query).await.assert_error(400, code);
        post(&[JSON], json!({ "query": query }).to_string()).await.assert_error(200, code);
    }
}

#[tokio::test]
async fn errors_beside_data_are_200_and_contain_the_request_id() {
    let reply = post(
        &[JSON, ("accept", "application/graphql-response+json"), ("x-request-id", "mine-1")],
        r#"{"query":"{ hello nullable }"}"#,
    )
    .await;
    assert_eq!((reply.status, reply.header("x-request-id")), (StatusCode::OK, "mine-1"));
    let json = reply.json();
    assert_eq!(json["data"], json!({ "hello": "world", "nullable": null }));
    assert_eq!(json["errors"][0]["message"], "a message for clients");
    assert_eq!(json["errors"][0]["extensions"], json!({ "code": "UNAUTHENTICATED", "requestId": "mine-1" }));
    assert_eq!(ask("{ nullable }").await.status, 200);
}

#[tokio::test]
async fn unavailable_is_503_if_no_field_has_a_value() {
    for accept in ["application/json", "application/graphql-response+json"] {
        let reply = post(&[JSON, ("accept", accept)], r#"{"query":"{ gone }"}"#).await;
        assert_eq!(reply.status, 503);
        assert_eq!(reply.json()["errors"][0]["extensions"]["code"], "UNAVAILABLE");
    }
    assert_eq!(ask("{ hello gone }").await.status, 200);
}

#[tokio::test]
async fn an_error_without_a_code_is_masked() {
    let reply = ask("{ escapes }").await;
    let json = reply.json();
    assert_eq!((reply.status, &json["data"]), (StatusCode::OK, &serde_json::Value::Null));
    let error = &json["errors"][0];
    assert!(error["message"].as_str().unwrap().starts_with("An internal error occurred"), "{json}");
    assert_eq!(error["path"], json!(["escapes"]));
    assert_eq!(error["extensions"], json!({ "code": "INTERNAL_SERVER_ERROR", "requestId": "ab".repeat(16) }));
}

#[tokio::test]
async fn a_panic_is_500_and_reveals_nothing() {
    let reply = ask("{ panics(now: true) }").await;
    reply.assert_error(500, "INTERNAL_SERVER_ERROR");
    assert!(!reply.json().to_string().contains("secret"));
}

#[tokio::test]
async fn a_long_operation_continues_with_low_priority() {
    assert_eq!(ask("{ continues(panics: false) }").await.json()["data"]["continues"], "long");
    let reply = ask("{ continues(panics: true) }").await;
    reply.assert_error(500, "INTERNAL_SERVER_ERROR");
}

#[tokio::test]
async fn the_api_gets_the_context_of_a_request() {
    let token = format!("upa_{}", "A".repeat(43));
    let request = build(
        "POST",
        "/graphql",
        &[
            JSON,
            ("authorization", &format!("bearer {token}")),
            ("user-agent", "curl/8"),
            ("x-forwarded-for", "1.1.1.1, 198.51.100.7"),
            ("x-request-id", "r-1"),
        ],
        Body::from(r#"{"query":"{ sender }"}"#),
    );
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(axum::extract::ConnectInfo(std::net::SocketAddr::from(([10, 0, 0, 2], 4711))));
    let reply = call(Request::from_parts(parts, body)).await;
    let context = format!(r#"Some("{token}") 198.51.100.7 Some("curl/8") r-1"#);
    assert_eq!(reply.json()["data"]["sender"], context);
    assert_eq!(ask("{ sender }").await.json()["data"]["sender"], format!("None 0.0.0.0 None {}", "ab".repeat(16)));
}

#[tokio::test]
async fn text_is_returned_unchanged() {
    for text in ["\0", "🏃 Swim", "\u{2028}", "a\"b\\c", "\u{fffd}"] {
        let body = json!({ "query": "query($t: String!) { echo(text: $t) }", "variables": { "t": text } }).to_string();
        assert_eq!(post(&[JSON], body).await.json()["data"]["echo"], text);
    }
}

#[tokio::test]
async fn an_operation_completes_after_the_request_timed_out() {
    let toy = Toy::default();
    let mut options = options(&toy);
    options.settings.request_timeout = Duration::from_millis(100);
    let app = App::new(options);
    let slow = |milliseconds: u64| {
        let query = format!("mutation {{ bump(milliseconds: {milliseconds}) }}");
        build("POST", "/graphql", &[JSON], Body::from(json!({ "query": query }).to_string()))
    };
    send(app.clone(), slow(300)).await.assert_error(503, "UNAVAILABLE");
    assert_eq!(toy.finished(), 0);
    toy.finishes(1).await;
}

#[tokio::test]
async fn a_batch_is_executed_in_order() {
    let batch = async |size: usize, body: &str| {
        let mut options = options(&Toy::default());
        options.settings.batch_size = size;
        send(App::new(options), build("POST", "/graphql", &[JSON], Body::from(body.to_owned()))).await
    };
    let three = r#"[{"query":"mutation{bump(milliseconds:50)}"},{"query":"{slow(milliseconds:0)}"},{"query":"{x}"}]"#;
    let reply = batch(3, three).await;
    assert_eq!(reply.status, 200);
    let json = reply.json();
    assert_eq!((&json[0]["data"]["bump"], &json[1]["data"]["slow"]), (&json!(1), &json!(2)));
    assert_eq!(json[2]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");

    batch(2, three).await.assert_error(400, "LIMIT_EXCEEDED");
    batch(0, three).await.assert_error(400, "BAD_USER_INPUT");
    batch(3, "[]").await.assert_error(400, "BAD_USER_INPUT");
    assert_eq!(batch(3, r#"[{"query":"{gone}"}]"#).await.status, 503);
}
