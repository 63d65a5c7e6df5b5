//! Trusted documents, automatic persisted queries, batches, and errors of request limits, by `GET` and `POST`.

use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use userprofile::domain::event;
use userprofile::graphql::credentials::RequestCredentials;
use userprofile::graphql::documents::{Documents, Mode};
use userprofile::graphql::limits::{Limits, Settings};
use userprofile::graphql::{self, Api, TrustedCheck};
use userprofile::metrics::{Format, Readings};

use crate::support::{self, Client, DOMAIN, PASSWORD, Response, TestApp};

const ME: &str = "query Me { me { userId } }";
const ID: &str = "1f2e3d";

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn persisted(digest: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": digest } })
}

/// A server with a manifest that contains [`ME`] under [`ID`], and a signed-in client.
async fn with_manifest(mode: Mode) -> (TestApp, Client) {
    let app = TestApp::with_users(&["wonny"]).await;
    let limits = graphql::request_limits(Settings::default());
    let manifest = json!({ ID: ME }).to_string();
    let check = TrustedCheck::new(&limits);
    let documents = Documents::trusted(&manifest, mode, 1 << 20, |text| check.check(text)).unwrap();
    let client = app.signed_in(DOMAIN, "wonny").await;
    let client = client.with_http_app(support::http_app(Api::new(app.services.clone(), limits, documents), 0));
    (app, client)
}

async fn post(client: &Client, body: Value) -> Response {
    let request = client.request(Method::POST, "/graphql").header(header::CONTENT_TYPE, "application/json");
    client.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn get(client: &Client, parameters: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mut request = client.request(Method::GET, &format!("/graphql?{query}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request.body(Body::empty()).unwrap()).await
}

/// Metrics contain the name that the operator's manifest gives to a document, and no name that a client has chosen.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_name_trusted_documents_only() {
    for (mode, named) in [(Mode::Prefer, 1), (Mode::Require, 2)] {
        let (app, client) = with_manifest(mode).await;
        for body in
            [json!({ "documentId": ID }), json!({ "query": ME }), json!({ "query": "query Other { me { name } }" })]
        {
            post(&client, body).await;
        }
        let text = app.services.metrics().encode(&Readings::default(), Format::Prometheus);
        let count = |name: &str| {
            let of_name = format!("_seconds_count{{graphql_operation_type=\"query\",graphql_document=\"{name}\"}} ");
            text.lines().find_map(|line| line.split_once(&of_name)?.1.parse::<u32>().ok()).unwrap_or_default()
        };
        assert_eq!(count("Me"), named, "{mode:?} {text}");
        assert!(!text.contains("Other"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_document_is_executed_by_its_id() {
    for mode in [Mode::Prefer, Mode::Require] {
        let (_app, client) = with_manifest(mode).await;
        for body in [
            json!({ "documentId": ID }),
            json!({ "doc_id": ID, "variables": {} }),
            json!({ "documentId": format!("sha256:{}", digest(ME)) }),
            json!({ "extensions": persisted(ID) }),
            json!({ "extensions": persisted(&digest(ME).to_uppercase()) }),
            json!({ "query": ME }),
        ] {
            assert_eq!(post(&client, body.clone()).await.data()["me"]["userId"], "wonny", "{mode:?} {body}");
        }
        let extensions = persisted(ID).to_string();
        for parameters in [("documentId", ID), ("doc_id", ID), ("extensions", extensions.as_str())] {
            assert_eq!(get(&client, &[parameters], &[]).await.data()["me"]["userId"], "wonny", "{parameters:?}");
        }
    }
}

/// Valid documents pass without values for their variables. Invalid ones get the error that a request would get.
#[test]
fn trusted_documents_are_validated_against_the_schema() {
    let check = TrustedCheck::new(&graphql::request_limits(Settings::default()));
    for right in [
        ME,
        "query A($first: Int!, $id: ID!) { me { workspaces(first: $first) { nodes { id } } } node(id: $id) { id } }",
        "query A { me { id } } query B($after: String) { me { workspaces(after: $after) { totalCount } } }",
        "query($these: [_Any!]!) { _entities(representations: $these) { __typename } }",
        "mutation($input: SignInInput!) { signIn(input: $input) { session { expiresAt } errors { message } } }",
    ] {
        assert_eq!(check.check(right), Ok(()), "{right}");
    }
    for (wrong, message) in [
        ("query A { me { userid } }", "Unknown field \"userid\" on type \"User\""),
        ("query A { me { userId } } query B { nothing }", "Unknown field \"nothing\" on type \"Query\""),
        ("query A($first: String) { me { workspaces(first: $first) { totalCount } } }", "cannot be used as argument"),
        ("query A($a: Int, $a: Int) { me { workspaces(first: $a) { totalCount } } }", "only one variable named \"$a\""),
        ("query A { me { workspaces(first: \"1\") { totalCount } } }", "Argument \"first\""),
        ("{ _entities(representations: 1) { __typename } }", "_Any"),
        ("{ me { ", "Syntax error"),
    ] {
        let error = check.check(wrong).expect_err(wrong);
        assert!(error.message.contains(message), "{wrong}: {}", error.message);
    }
    let tight = Settings { limits: Limits { depth: 1, ..Limits::default() }, ..Settings::default() };
    assert!(TrustedCheck::new(&graphql::request_limits(tight)).check(ME).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_document_id_is_an_error() {
    for mode in [Mode::Off, Mode::Prefer, Mode::Require] {
        let (_app, client) = with_manifest(mode).await;
        let unknown = if mode == Mode::Off { ID } else { "nonsense" };
        let response = post(&client, json!({ "documentId": unknown })).await;
        assert_eq!((response.status, response.error_code()), (StatusCode::OK, "PERSISTED_QUERY_NOT_FOUND"), "{mode:?}");
        assert!(response.body["errors"][0]["message"].as_str().unwrap().contains("no document with this id"));
        let response = post(&client, json!({ "extensions": persisted(unknown) })).await;
        assert_eq!(response.error_code(), "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(response.body["errors"][0]["message"], "PersistedQueryNotFound");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_require_executes_only_trusted_documents() {
    let (_app, client) = with_manifest(Mode::Require).await;
    let other = "{ me { id } }";
    for body in [
        json!({ "query": other }),
        json!({ "query": other, "extensions": persisted(&digest(other)) }),
        json!({ "query": other, "documentId": digest(other) }),
        json!({ "query": "mutation { signOut { ok } }" }),
        json!({ "query": "{ __schema { queryType { name } } }" }),
    ] {
        let response = post(&client, body.clone()).await;
        assert_eq!(response.error_code(), "PERSISTED_QUERY_NOT_FOUND", "{body}");
    }
    assert_eq!(post(&client, json!({ "documentId": ID })).await.data()["me"]["userId"], "wonny");
    let (_app, client) = with_manifest(Mode::Prefer).await;
    assert!(post(&client, json!({ "query": other })).await.data()["me"]["id"].is_string());
}

/// The pages behind emailed links also work in mode `require`.
#[tokio::test(flavor = "multi_thread")]
async fn documents_of_the_products_own_pages_are_trusted() {
    let (_app, client) = with_manifest(Mode::Require).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/plain");
    let mut sent = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let code = std::fs::read_to_string(path).unwrap();
            let texts = code.split('`').skip(1).step_by(2).filter(|text| text.trim_start().starts_with("mutation"));
            sent.extend(texts.map(str::to_owned));
        }
    }
    assert_eq!(sent.len(), 3);
    for document in sent {
        let response =
            post(&client, json!({ "query": document, "variables": { "input": { "token": "", "newPassword": "" } } }))
                .await;
        let body = response.body.to_string();
        assert!(!body.contains("PERSISTED_QUERY_NOT_FOUND"), "{document}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automatic_persisted_query_is_sent_once() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let by_digest = persisted(&digest(ME));
    let miss = post(&client, json!({ "extensions": by_digest })).await;
    assert_eq!((miss.status, miss.error_code()), (StatusCode::OK, "PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(miss.body["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(miss.headers[header::CACHE_CONTROL], "no-store");
    let sent = post(&client, json!({ "query": ME, "extensions": by_digest })).await;
    assert_eq!(sent.data()["me"]["userId"], "wonny");
    assert_eq!(post(&client, json!({ "extensions": by_digest })).await.data()["me"]["userId"], "wonny");
    let extensions = by_digest.to_string();
    let got = get(&client, &[("extensions", &extensions), ("operationName", "Me")], &[]).await;
    assert_eq!(got.data()["me"]["userId"], "wonny");
    // A persisted document is executed with the rights of the client that names it, not of the one that sent it.
    assert_eq!(post(&app.client(), json!({ "extensions": by_digest })).await.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_a_wrong_digest_is_not_stored() {
    let client = TestApp::start().await.client();
    let other = "{ __typename }";
    let extensions = persisted(&digest(ME));
    assert_eq!(post(&client, json!({ "query": other, "extensions": extensions })).await.error_code(), "BAD_USER_INPUT");
    assert_eq!(post(&client, json!({ "extensions": extensions })).await.error_code(), "PERSISTED_QUERY_NOT_FOUND");
    for wrong in [
        json!({ "persistedQuery": { "version": 2, "sha256Hash": digest(ME) } }),
        json!({ "persistedQuery": { "version": 1 } }),
        json!({ "persistedQuery": { "version": 1, "sha256Hash": 7 } }),
    ] {
        assert_eq!(post(&client, json!({ "extensions": wrong })).await.error_code(), "BAD_USER_INPUT", "{wrong}");
    }
    // A null `persistedQuery` is none, so a document is missing.
    let response = post(&client, json!({ "extensions": { "persistedQuery": null } })).await;
    assert_eq!((response.status, response.error_code()), (StatusCode::BAD_REQUEST, "BAD_USER_INPUT"));
}

/// Digests are compared case-insensitively. A mutation may be persisted, but a link cannot execute it.
#[tokio::test(flavor = "multi_thread")]
async fn a_persisted_mutation_is_executed_only_by_post() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let document = "mutation { updateProfile(input: { name: \"W\" }) { user { name } } }";
    let extensions = persisted(&digest(document).to_uppercase());
    assert!(
        post(&client, json!({ "query": document, "extensions": extensions })).await.data()["updateProfile"].is_object()
    );
    let text = extensions.to_string();
    assert_eq!(get(&client, &[("extensions", &text)], &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(post(&client, json!({ "extensions": extensions })).await.data()["updateProfile"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_response_may_be_cached_only_by_its_client() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let response = get(&client, &[("query", ME)], &[]).await;
    assert_eq!(response.headers[header::CACHE_CONTROL], "private, no-cache");
    let vary = response.headers[header::VARY].to_str().unwrap().to_owned();
    for name in ["accept", "authorization", "cookie", "x-userprofile-session"] {
        assert!(vary.contains(name), "{vary}");
    }
    let etag = response.headers[header::ETAG].to_str().unwrap().to_owned();
    let again = get(&client, &[("query", ME)], &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(again.headers[header::CACHE_CONTROL], "private, no-cache");
    client.mutate("updateProfile", json!({ "name": "Another" }), "user { id }").await;
    let changed = [("query", "{ me { name } }")];
    let before = get(&client, &changed, &[("if-none-match", &etag)]).await;
    assert_eq!(before.data()["me"]["name"], "Another");
    // The unauthenticated response contains an error, and responses with errors are not cacheable.
    let anonymous = get(&app.client(), &[("query", ME)], &[("if-none-match", &etag)]).await;
    assert_eq!(
        (anonymous.error_code(), &anonymous.headers[header::CACHE_CONTROL]),
        ("UNAUTHENTICATED", &"no-store".parse().unwrap())
    );
    assert!(!anonymous.headers.contains_key(header::ETAG));
    assert_eq!(post(&client, json!({ "query": ME })).await.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_is_returned_on_request() {
    let client = TestApp::start().await.client();
    let response = post(&client, json!({ "query": "{ me { name } }", "extensions": { "cost": true } })).await;
    assert_eq!(response.body["extensions"], json!({ "cost": 2 }));
    let silent = post(&client, json!({ "query": "{ me { name } }" })).await;
    assert!(silent.body.get("extensions").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_contains_at_most_one_attempt() {
    let app = TestApp::with_users(&["wonny"]).await;
    let limits = graphql::request_limits(Settings::default());
    let http_app = support::http_app(Api::new(app.services.clone(), limits, Documents::untrusted(1 << 20)), 3);
    let client = app.client().with_http_app(http_app);
    let sign_in = json!({ "query": "mutation($i: SignInInput!) { signIn(input: $i) { session { expiresAt } errors { code } } }",
                          "variables": { "i": { "userId": "wonny", "password": PASSWORD } } });
    let harmless = json!({ "query": "{ __typename }" });
    let response = post(&client, json!([sign_in, harmless])).await;
    assert!(response.body[0]["data"]["signIn"]["session"].is_object(), "{}", response.body);
    let (statements, response) = app.count_statements(post(&client, json!([sign_in, harmless, sign_in]))).await;
    assert_eq!((response.status, response.error_code(), statements), (StatusCode::BAD_REQUEST, "LIMIT_EXCEEDED", 0));
    let limit = &response.body["errors"][0]["extensions"];
    assert_eq!((&limit["limit"], &limit["allowed"], &limit["asked"]), (&json!("attempts"), &json!(1), &json!(2)));
    // Fragments that select the same response key merge into one attempt, which is executed once.
    let twice = "mutation($i: SignInInput!) { ...A ...B ...A }
                 fragment A on Mutation { signIn(input: $i) { session { expiresAt } } }
                 fragment B on Mutation { signIn(input: $i) { errors { code } } }";
    let response = post(&client, json!({ "query": twice, "variables": sign_in["variables"] })).await;
    let done = &response.data()["signIn"];
    assert!(done["session"].is_object() && done["errors"] == json!([]), "{done}");
    // An attempt is counted even if another operation of the document exceeds a limit before attempts are counted.
    let unused = "query B($a: ID, $f: WorkspaceFilter, $n: Int, $c: String, $l: Int, $b: String) { me { #F } }
        fragment F on User { #W }"
        .replace("#F", &"...F ".repeat(25))
        .replace(
            "#W",
            &"workspaces(workspaceGroupId: $a filter: $f first: $n after: $c last: $l before: $b) { nodes { id } } "
                .repeat(30),
        );
    let document = format!("{} {unused}", sign_in["query"].as_str().unwrap().replace("mutation", "mutation A"));
    let hidden = json!({ "query": document, "operationName": "A", "variables": sign_in["variables"] });
    let (statements, response) = app.count_statements(post(&client, json!([hidden, hidden]))).await;
    let codes: Vec<_> = (0..2).map(|at| &response.body[at]["errors"][0]["extensions"]["code"]).collect();
    assert_eq!((codes, statements), (vec![&json!("LIMIT_EXCEEDED"); 2], 0), "{}", response.body);
    // A document that one request persists and the others only name is counted for each.
    let mut by_name = sign_in.clone();
    let extensions = persisted(&digest(sign_in["query"].as_str().unwrap()));
    by_name.as_object_mut().unwrap().remove("query");
    by_name["extensions"] = extensions.clone();
    let mut persisting = sign_in.clone();
    persisting["extensions"] = extensions;
    let (statements, response) = app.count_statements(post(&client, json!([persisting, by_name, by_name]))).await;
    assert_eq!((response.error_code(), statements), ("LIMIT_EXCEEDED", 0), "{}", response.body);
    let response = post(&client, json!([harmless, harmless, harmless, harmless])).await;
    let limit = &response.body["errors"][0]["extensions"];
    assert_eq!((&limit["limit"], &limit["allowed"], &limit["asked"]), (&json!("batchSize"), &json!(3), &json!(4)));
}

/// The documents of a batch are resolved once, before the first request is executed.
#[tokio::test(flavor = "multi_thread")]
async fn documents_persisted_meanwhile_do_not_affect_a_running_batch() {
    let app = TestApp::with_users(&["wonny"]).await;
    let api = app.api(Settings::default());
    let asking = |text: &str| {
        let mut request = async_graphql::Request::new(text);
        let digest = async_graphql::Value::from_json(persisted(&digest(ME))["persistedQuery"].clone()).unwrap();
        request.extensions.insert("persistedQuery".to_owned(), digest);
        request
    };
    let prepared = api.prepare(vec![asking(""), asking(ME), asking("")]).unwrap();
    assert_eq!(prepared.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, true]);
    api.prepare(vec![asking(ME)]).unwrap();
    let nowhere = event::Client { address: [127, 0, 0, 1].into(), user_agent: None };
    for (at, request) in prepared.into_iter().enumerate() {
        let executed = api.execute(request, RequestCredentials::default(), nowhere.clone()).await;
        let code =
            executed.response.errors[0].extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
        assert_eq!(code, Some(if at == 0 { "PERSISTED_QUERY_NOT_FOUND" } else { "UNAUTHENTICATED" }.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn body_limits_are_named_in_the_error() {
    let client = TestApp::start().await.client();
    for (body, limit) in [
        (json!({ "query": "x".repeat(1 << 20) }), "bodyBytes"),
        (json!({ "query": "{ __typename }", "variables": { "a": vec![0; 20_000] } }), "bodyValues"),
    ] {
        let response = post(&client, body).await;
        assert_eq!((response.status, response.error_code()), (StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED"));
        let extensions = &response.body["errors"][0]["extensions"];
        assert_eq!(extensions["limit"], limit);
        assert!(extensions["allowed"].is_u64(), "{extensions}");
    }
}

/// A front end that generates a new document for each request.
#[tokio::test(flavor = "multi_thread")]
async fn documents_evict_each_other_from_the_cache_and_all_are_executed() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let settings = Settings { document_cache: 1 << 20, limits: Limits::default(), ..Settings::default() };
    let api = Api::new(app.services.clone(), graphql::request_limits(settings), Documents::untrusted(1 << 10));
    let client = client.with_http_app(support::http_app(api, 0));
    for number in 0..500 {
        let query = format!("query Q{number}($id: ID!) {{ me {{ userId }} node(id: $id) {{ id }} }}");
        let body =
            json!({ "query": query, "variables": { "id": "wg-none" }, "extensions": persisted(&digest(&query)) });
        assert_eq!(post(&client, body).await.data(), &json!({ "me": { "userId": "wonny" }, "node": null }));
    }
}

/// A new mutation must be added here: as an attempt if it submits a secret or sends a message.
#[test]
fn every_mutation_is_classified_as_attempt_or_not() {
    let document = async_graphql::parser::parse_schema(graphql::sdl()).unwrap();
    let mutations = document.definitions.iter().find_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) if ty.node.name.node == "Mutation" => match &ty.node.kind {
            TypeKind::Object(object) => Some(object.fields.iter().map(|field| field.node.name.node.to_string())),
            _ => None,
        },
        _ => None,
    });
    let (attempts, others): (Vec<String>, Vec<String>) =
        mutations.unwrap().partition(|name| graphql::mutations::is_attempt(name, &|_| true));
    assert_eq!(
        attempts,
        [
            "signIn",
            "confirmSignIn",
            "reauthenticate",
            "updateProfile",
            "verifyEmail",
            "confirmEmail",
            "undoEmailChange",
            "updatePassword",
            "resetPassword",
            "confirmPasswordReset",
            "enableMfa",
            "disableMfa",
            "confirmMfa",
            "confirmPasskey",
            "startPasskeySignIn",
            "confirmPasskeySignIn",
            "requestAccountDeletion",
            "confirmAccountDeletion",
            "cancelAccountDeletion",
        ]
    );
    assert_eq!(
        others,
        [
            "refreshSession",
            "signOut",
            "revokeSession",
            "revokeOtherSessions",
            "regenerateRecoveryCodes",
            "addPasskey",
            "renamePasskey",
            "removePasskey",
            "exportData",
        ]
    );
    for (given, is_attempt) in
        [("name", false), ("tags", false), ("email", true), ("password", true), ("currentPassword", true)]
    {
        assert_eq!(graphql::mutations::is_attempt("updateProfile", &|key| key == given), is_attempt, "{given}");
    }
}
