//! Lookups by id for stitching, and entities for federation.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::me::sample_domain;
use crate::support::{Client, DOMAIN, TestApp, Workspace};

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    app.import(&(sample_domain(12, 3) + &Workspace::new("workspace-hidden").line())).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

const ENTITIES: &str = "query($these: [_Any!]!) { _entities(representations: $these) {
    __typename ... on User { userId } ... on Workspace { name } ... on WorkspaceGroup { name } } }";

fn reference(type_name: &str, id: &str) -> Value {
    json!({ "__typename": type_name, "id": id })
}

#[tokio::test(flavor = "multi_thread")]
async fn many_entities_by_id_take_one_statement() {
    let (app, client) = app().await;
    let ids: Vec<String> = (0..10).rev().map(|number| format!("workspace-{number}")).collect();
    let query = "query($ids: [ID!]!) { workspaces(ids: $ids) { id } }";
    let (statements, response) = app.count_statements(client.execute(query, json!({ "ids": ids }))).await;
    let expected: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
    assert_eq!(response.data()["workspaces"], json!(expected));
    assert_eq!(statements, 2, "the caller, the workspaces");
    let ids = json!({ "ids": ["wg-1", "wg-none", "workspace-1", "", "wg-1"] });
    let response = client.execute("query($ids: [ID!]!) { workspaceGroups(ids: $ids) { name } }", ids).await;
    let group = json!({ "name": "Group 1" });
    assert_eq!(response.data()["workspaceGroups"], json!([group, null, null, null, group]));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_a_hundred_ids_are_accepted() {
    let (_app, client) = app().await;
    for (query, allowed) in [
        ("query($ids: [ID!]!) { workspaces(ids: $ids) { id } }", 100),
        ("query($ids: [ID!]!) { workspaceGroups(ids: $ids) { id } }", 100),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", 100),
    ] {
        let ids = |count: usize| json!({ "ids": vec!["workspace-1"; count] });
        assert!(client.execute(query, ids(allowed)).await.body.get("errors").is_none(), "{query}");
        assert_eq!(client.execute(query, ids(allowed + 1)).await.error_code(), "BAD_USER_INPUT", "{query}");
    }
    // A gateway sends one representation for each reference in another subgraph's list, with duplicates.
    let these = json!({ "these": vec![reference("Workspace", "workspace-1"); 1000] });
    let response = client.execute(ENTITIES, these).await;
    assert_eq!(response.data()["_entities"].as_array().unwrap().len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_are_null_if_the_caller_cannot_see_them() {
    let (app, client) = app().await;
    let me = client.query("{ me { id } }").await.data()["me"]["id"].as_str().unwrap().to_owned();
    let these = json!({ "these": [
        reference("Workspace", "workspace-3"),
        reference("User", &me),
        reference("WorkspaceGroup", "wg-2"),
        reference("Workspace", "workspace-hidden"),
        reference("User", "user-000000000000"),
        reference("User", "workspace-3"),
        reference("Invoice", "workspace-3"),
        reference("Workspace", ""),
    ] });
    let (statements, response) = app.count_statements(client.execute(ENTITIES, these.clone())).await;
    let expected = json!([
        { "__typename": "Workspace", "name": "Workspace 0003" },
        { "__typename": "User", "userId": "wonny" },
        { "__typename": "WorkspaceGroup", "name": "Group 2" },
        null, null, null, null, null,
    ]);
    assert_eq!(response.data()["_entities"], expected);
    assert_eq!(statements, 3, "the caller, the workspaces, the groups");
    assert_eq!(app.client().execute(ENTITIES, these).await.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_representation_is_bad_input() {
    let (_app, client) = app().await;
    for wrong in [
        json!({}),
        json!({ "__typename": "User" }),
        json!({ "id": "wg-1" }),
        json!("wg-1"),
        json!([1]),
        json!({ "__typename": "User", "id": 1 }),
        json!({ "__typename": ["User"], "id": "x" }),
    ] {
        let response = client.execute(ENTITIES, json!({ "these": [wrong] })).await;
        assert_eq!(response.error_code(), "BAD_USER_INPUT", "{wrong}");
        let message = response.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("Variable \"$these.0\": "), "{message}");
        assert!(message.contains("an object with a \"__typename\" and an \"id\""), "{message}");
    }
    // As a literal in the document, with and without a variable in it.
    for id in ["1", "$id"] {
        let query = format!(
            "query($id: Int) {{ _entities(representations: [{{ __typename: \"User\", id: \"a\" }}, \
             {{ __typename: \"User\", id: {id} }}]) {{ __typename }} }}"
        );
        let query = if id == "1" { query.replace("query($id: Int) ", "") } else { query };
        let response = client.execute(&query, json!({ "id": 1 })).await;
        assert_eq!(response.error_code(), "BAD_USER_INPUT");
        let message = response.body["errors"][0]["message"].as_str().unwrap();
        let place =
            "Argument \"representations.1\" of the field \"_entities\": an object was given; accepted is an _Any";
        assert!(message.starts_with(place), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_schema_contains_no_federation_types() {
    let (_app, client) = app().await;
    let service = client.query("{ _service { sdl } }").await;
    let subgraph = service.data()["_service"]["sdl"].as_str().unwrap();
    let get = |path: &str| client.send(client.request(Method::GET, path).body(Body::empty()).unwrap());
    assert_eq!(get("/schema.graphql?federation").await.text, subgraph);
    for marked in [
        "type User implements Node @key(fields: \"id\") {",
        "type Workspace implements Node @key(fields: \"id\") {",
        "type WorkspaceGroup implements Node @key(fields: \"id\") {",
        "type PageInfo @shareable {",
        "https://specs.apollo.dev/federation/v2.5",
    ] {
        assert_eq!(subgraph.matches(marked).count(), 1, "{marked}");
    }
    let introspection = client.query("{ __schema { types { name } queryType { fields { name } } } }").await.text;
    for text in [get("/schema.graphql").await.text, userprofile::graphql::sdl().to_owned(), introspection] {
        for name in ["_Any", "_Entity", "_Service", "_entities", "_service", "@key", "@link"] {
            assert!(!text.contains(name), "{name}");
        }
    }
}
