//! Invalid HTTP requests: each gets its status, its error code, and a message that does not echo input.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{DOMAIN, Response, TestApp};

async fn post(app: &TestApp, content_type: &str, body: impl Into<Body>) -> Response {
    let request = app.client().request(Method::POST, "/graphql").header(header::CONTENT_TYPE, content_type);
    app.client().send(request.body(body.into()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_get_their_status_and_code() {
    let app = TestApp::start().await;
    let json = "application/json";
    let cases = [
        (post(&app, json, "").await, 400, "BAD_USER_INPUT"),
        (post(&app, json, "{").await, 400, "BAD_USER_INPUT"),
        (post(&app, json, "[]").await, 400, "BAD_USER_INPUT"),
        (post(&app, json, r#"{"query": 1}"#).await, 400, "BAD_USER_INPUT"),
        (post(&app, json, r#"{"query": "{ me { id } }", "variables": []}"#).await, 400, "BAD_USER_INPUT"),
        (post(&app, json, vec![0xff, 0xfe]).await, 400, "BAD_USER_INPUT"),
        (post(&app, "text/plain", r#"{"query": "{ __typename }"}"#).await, 415, "BAD_USER_INPUT"),
        (post(&app, json, vec![b' '; 10 * 1024 * 1024]).await, 413, "LIMIT_EXCEEDED"),
        (post(&app, json, format!("{{\"variables\":{}", "[".repeat(500_000))).await, 413, "LIMIT_EXCEEDED"),
    ];
    for (response, status, code) in cases {
        assert_eq!(response.status.as_u16(), status, "{}", response.body);
        assert_eq!(response.error_code(), code);
        assert!(response.body["errors"][0]["extensions"]["requestId"].is_string());
        assert!(response.headers.contains_key("x-request-id"));
    }
    let put = app.client().request(Method::PUT, "/graphql").body(Body::empty()).unwrap();
    let response = app.client().send(put).await;
    assert_eq!((response.status, response.error_code()), (StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn document_errors_and_input_errors_have_different_codes() {
    let app = TestApp::start().await;
    for (document, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ unknown }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ node { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
        (&format!("{{ f(x: {}1{}) }}", "[".repeat(2000), "]".repeat(2000)), "LIMIT_EXCEEDED"),
        (&"{".repeat(1_000_000), "LIMIT_EXCEEDED"),
        (&format!("{{ {} }}", "a: __typename ".repeat(16)), "LIMIT_EXCEEDED"),
    ] {
        let response = app.client().query(document).await;
        assert_eq!(response.error_code(), code, "{document:.60}");
    }
}

/// A link or an image could make a browser send such a request.
#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_by_get_is_refused() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let get = client.request(Method::GET, "/graphql?query=mutation%7BsignOut%7Bok%7D%7D").body(Body::empty()).unwrap();
    let response = client.send(get).await;
    assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(client.is_authenticated().await);
    let query = client.request(Method::GET, "/graphql?query=%7Bme%7BuserId%7D%7D").body(Body::empty()).unwrap();
    assert_eq!(client.send(query).await.data()["me"]["userId"], "wonny");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_and_the_schema_are_served() {
    let app = TestApp::start().await;
    let get = async |path: &str| {
        app.client().send(app.client().request(Method::GET, path).body(Body::empty()).unwrap()).await
    };
    assert_eq!(get("/healthz").await.status, StatusCode::OK);
    assert_eq!(get("/readyz").await.status, StatusCode::OK);
    assert_eq!(get("/schema.graphql").await.body, Value::String(userprofile::graphql::sdl().to_owned()));
    let nowhere = get("/nowhere").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(nowhere.body["errors"][0]["message"].is_string());
}

/// Mutation fields are nullable, so that an error of one does not null the others.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_one_mutation_does_not_affect_the_others() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.client();
    let response = client
        .query("mutation { signOut { ok } refreshSession(input: { refreshToken: \"x\" }) { errors { code } } }")
        .await;
    assert_eq!(response.error_code(), "UNAUTHENTICATED");
    assert_eq!(response.body["data"]["signOut"], Value::Null);
    assert_eq!(response.body["data"]["refreshSession"]["errors"][0]["code"], "INVALID_TOKEN");
}

/// The input may be a password, so neither response nor log may contain it. `scripts/test` searches the log for the inputs
/// of these tests.
#[tokio::test(flavor = "multi_thread")]
async fn input_of_the_wrong_type_is_bad_input_and_never_echoed() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let input = json!({ "userId": "wonny", "password": "a lantern of another kind" });
    for (document, variables) in [
        ("mutation($i: [SignInInput!]!) { signIn(input: $i) { errors { code } } }", json!({ "i": [input] })),
        (
            "mutation($p: [String!]) { signIn(input: { userId: \"w\", password: $p }) { errors { code } } }",
            json!({ "p": ["a lantern of another kind"] }),
        ),
        (
            "mutation { signIn(input: [{ userId: \"w\", password: \"a lantern of another kind\" }]) { errors { code } } }",
            json!({}),
        ),
        (
            "mutation($i: SignInInput = [{ userId: \"w\", password: \"a lantern of another kind\" }]) { signIn(input: $i) { errors { code } } }",
            json!({}),
        ),
        ("mutation { refreshSession(input: \"a lantern of another kind\") { errors { code } } }", json!({})),
        ("mutation { updateProfile(input: { tags: \"x\" }) { errors { code } } }", json!({})),
        ("mutation($t: JSONObject) { updateProfile(input: { tags: $t }) { errors { code } } }", json!({ "t": [1] })),
        ("{ me { workspaces(filter: 5) { totalCount } } }", json!({})),
        ("query($n: Int = 2147483648) { me { workspaces(first: $n) { totalCount } } }", json!({})),
        ("query($v: [ID!] = null) { nodes(ids: $v) { id } }", json!({})),
        (
            "query($v: String = \"b\") { me { workspaces(filter: { nameContains: $v, unknown: 1 }) { totalCount } } }",
            json!({}),
        ),
        (
            "query($v: String = \"b\") { me { workspaces(filter: { nameContains: $v, isManaged: \"x\" }) { totalCount } } }",
            json!({}),
        ),
    ] {
        for _ in 0..2 {
            let response = client.execute(document, variables.clone()).await;
            let code = response.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
            assert!(matches!(code, "BAD_USER_INPUT" | "GRAPHQL_VALIDATION_FAILED"), "{document}: {}", response.body);
            assert!(!response.text.contains("lantern"), "{}", response.body);
        }
    }
}
