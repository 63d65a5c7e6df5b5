//! Resources of one request: one database connection at a time, at most 100 statements, and a response that is bounded
//! before it is read. No request keeps others from being served.

use std::fmt::Write;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::me::sample_domain;
use crate::support::database::{self, Database};
use crate::support::{Client, DOMAIN, PASSWORD, Response, RoleBinding, TestApp, Workspace, WorkspaceGroup};

/// A server on a database with data, and a signed-in client.
struct Fixture {
    database: Database,
    app: TestApp,
    client: Client,
    me: String,
}

impl Fixture {
    async fn with(lines: &str) -> Self {
        let database = database::create().await;
        let app = TestApp::on(&database).await;
        app.import(lines).await;
        let client = app.signed_in(DOMAIN, "wonny").await;
        let me = client.me("id").await["id"].as_str().unwrap().to_owned();
        Self { database, app, client, me }
    }

    /// Executes a request on a server without open connections. Returns the number of statements and connections.
    async fn measure(&self, query: &str, variables: Value) -> (u64, u32, Response) {
        let server = TestApp::with_clock(&self.database, self.app.clock.clone()).await;
        let client = server.client().with_tokens(self.client.tokens.clone().unwrap());
        let (statements, response) = server.count_statements(client.execute(query, variables)).await;
        (statements, server.services.db.connections(), response)
    }

    async fn assert_bounded(&self, name: &str, query: &str, variables: Value) -> Response {
        let (statements, connections, response) = self.measure(query, variables).await;
        assert!(statements <= 100, "{name}: {statements} statements");
        assert_eq!(connections, 1, "{name}");
        response
    }
}

fn aliases(of: impl Fn(usize) -> String) -> String {
    (0..15).map(|number| format!("a{number}: {} ", of(number))).collect()
}

fn representations(type_name: &str, ids: impl Iterator<Item = String>) -> Value {
    json!({ "refs": ids.map(|id| json!({ "__typename": type_name, "id": id })).collect::<Vec<_>>() })
}

fn entities(type_name: &str, fields: &str) -> String {
    format!("query($refs: [_Any!]!) {{ _entities(representations: $refs) {{ ... on {type_name} {{ {fields} }} }} }}")
}

/// Nested lists without aliases, each with a different filter that every workspace matches.
fn nested(levels: usize, filters: &mut impl Iterator<Item = String>) -> String {
    let filter = filters.next().unwrap();
    let mut list = format!("workspaces(first: 1, filter: {{ nameContains: \"{filter}\" }}) {{ totalCount ");
    if levels > 0 {
        write!(list, "nodes {{ workspaceGroup {{ {} }} }} ", nested(levels - 1, filters)).unwrap();
        write!(list, "edges {{ node {{ workspaceGroup {{ {} }} }} }} ", nested(levels - 1, filters)).unwrap();
    }
    list + "}"
}

#[tokio::test(flavor = "multi_thread")]
async fn any_request_takes_one_connection_and_at_most_a_hundred_statements() {
    let fixture = Fixture::with(&sample_domain(60, 20)).await;
    let own = |count| representations("User", (0..count).map(|_| fixture.me.clone()));
    let groups = |count| representations("WorkspaceGroup", (0..count).map(|number| format!("wg-{}", number % 20)));
    let workspaces =
        |count| representations("Workspace", (0..count).map(|number| format!("workspace-{}", number % 60)));
    let account = "securityEvents(first: 1) { totalCount nodes { id } } ";
    let shapes = [
        ("counts", entities("User", &aliases(|_| "workspaces(first: 0) { totalCount }".to_owned())), own(1000)),
        (
            "pages",
            entities("User", &aliases(|number| format!("workspaces(first: {number}) {{ totalCount nodes {{ id }} }}"))),
            own(100),
        ),
        (
            "groups",
            entities("User", &aliases(|n| format!("workspaceGroups(first: {n}) {{ nodes {{ id }} }}"))),
            own(100),
        ),
        ("account", entities("User", &format!("{} sessions {{ id }}", aliases(|_| account.to_owned()))), own(1000)),
        (
            "users of groups",
            entities("WorkspaceGroup", "users { userId } roleBindingInfo { roleId } tags"),
            groups(1000),
        ),
        (
            "workspaces of groups",
            entities("WorkspaceGroup", &aliases(|n| format!("workspaces(first: {n}) {{ totalCount nodes {{ id }} }}"))),
            groups(200),
        ),
        (
            "groups of workspaces",
            entities("Workspace", "tags workspaceGroup { tags users { userId } }"),
            workspaces(1000),
        ),
        ("everything at once", everything(), json!({})),
    ];
    for (name, query, variables) in shapes {
        fixture.assert_bounded(name, &query, variables).await.data();
    }
}

/// More than the first page of a front end needs.
fn everything() -> String {
    "{ me { workspaces { totalCount nodes { tags workspaceGroup { tags } } } sessions { id } mfa { recoveryCodesLeft }
       workspaceGroups { totalCount nodes { users { userId } roleBindingInfo { roleId } workspaces { totalCount } } }
       securityEvents { totalCount nodes { id } } } node(id: \"wg-1\") { id } nodes(ids: [\"wg-2\", \"workspace-2\"]) { id } }"
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_needs_more_than_a_hundred_statements_is_aborted() {
    let fixture = Fixture::with(&sample_domain(4, 2)).await;
    let name = "Workspace 000";
    let parts = (0..name.len()).flat_map(|from| (from + 1..=name.len()).map(move |to| name[from..to].to_owned()));
    let mut filters = parts.collect::<std::collections::BTreeSet<_>>().into_iter();
    let mut lists = |levels| nested(levels, &mut filters);
    let query = format!(
        "{{ me {{ {} workspaceGroups {{ nodes {{ {} }} edges {{ node {{ {} }} }} }} }}
            workspaceGroups(ids: [\"wg-0\"]) {{ {} }} again: workspaceGroups(ids: [\"wg-1\"]) {{ {} }}
            both: workspaceGroups(ids: [\"wg-0\", \"wg-1\"]) {{ {} }} }}",
        lists(3),
        lists(2),
        lists(2),
        lists(3),
        lists(3),
        lists(3)
    );
    let response = fixture.assert_bounded("nested lists", &query, json!({})).await;
    assert_eq!(response.error_code(), "LIMIT_EXCEEDED", "{}", response.body);
    assert_eq!(response.body["data"], Value::Null);
    let extensions = &response.body["errors"][0]["extensions"];
    assert_eq!((&extensions["limit"], &extensions["allowed"]), (&json!("statements"), &json!(100)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_does_not_start_if_too_few_statements_are_left() {
    let fixture = Fixture::with(&sample_domain(4, 2)).await;
    let update = |number: usize| {
        format!(
            "updateProfile(input: {{ name: \"Name {number}\" }}) {{ errors {{ message }}
             user {{ name workspaces {{ totalCount nodes {{ tags }} }} sessions {{ id }} }} }}"
        )
    };
    let response = fixture.assert_bounded("updates", &format!("mutation {{ {} }}", aliases(update)), json!({})).await;
    let errors = response.body["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["extensions"]["limit"] == "statements"), "{}", response.body);
    let done = (0..15).filter(|number| response.body["data"][format!("a{number}")].is_object()).count();
    assert!(done >= 2, "{}", response.body);
    assert_eq!(done + errors.len(), 15);
    assert_eq!(fixture.client.me("name").await["name"], format!("Name {}", done - 1));
}

/// So a mutation that starts can always complete.
#[tokio::test(flavor = "multi_thread")]
async fn no_mutation_takes_more_statements_than_are_reserved_for_it() {
    let app = TestApp::with_users(&["wonny@example.com"]).await;
    let (statements, client) = app.count_statements(app.signed_in(DOMAIN, "wonny@example.com")).await;
    assert!(statements <= 60, "signIn: {statements}");
    let update = json!({ "name": "Wonny", "email": "new@example.com", "tags": {}, "language": "ko",
                         "password": "another horse 8", "currentPassword": PASSWORD });
    let (statements, _) = app.count_statements(client.mutate_ok("updateProfile", update, "user { id }")).await;
    assert!(statements <= 60, "updateProfile: {statements}");
    let code = app.code("new@example.com").await;
    let confirm = client.mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { id }");
    let (statements, _) = app.count_statements(confirm).await;
    assert!(statements <= 60, "confirmEmail: {statements}");
    let enable = client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo");
    let (statements, _) = app.count_statements(enable).await;
    assert!(statements <= 60, "enableMfa: {statements}");
    let code = app.code("new@example.com").await;
    let confirm = client.mutate_ok("confirmMfa", json!({ "verifyCode": code }), "recoveryCodes");
    let (statements, _) = app.count_statements(confirm).await;
    assert!(statements <= 60, "confirmMfa: {statements}");
    let renew = client.mutate_ok("regenerateRecoveryCodes", Value::Null, "recoveryCodes");
    let (statements, _) = app.count_statements(renew).await;
    assert!(statements <= 60, "regenerateRecoveryCodes: {statements}");
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_representations_are_resolved_once() {
    let fixture = Fixture::with(&sample_domain(3, 1)).await;
    let query = entities("Workspace", "id name tags workspaceGroup { users { userId } }");
    let one = representations("Workspace", std::iter::once("workspace-1".to_owned()));
    let many = representations("Workspace", (0..1000).map(|_| "workspace-1".to_owned()));
    let (few, _, response) = fixture.measure(&query, one).await;
    let entity = response.data()["_entities"][0].clone();
    assert_eq!(entity["workspaceGroup"]["users"].as_array().unwrap().len(), 10);
    let (statements, _, response) = fixture.measure(&query, many).await;
    assert_eq!(statements, few);
    assert_eq!(response.data()["_entities"], json!(vec![entity; 1000]));
}

#[tokio::test(flavor = "multi_thread")]
async fn unselected_parts_of_a_page_are_not_read() {
    let fixture = Fixture::with(&sample_domain(3, 1)).await;
    for (fields, statements) in [
        ("workspaces(first: 0) { nodes { id } edges { cursor } }", 1),
        ("workspaces { __typename }", 1),
        ("workspaces { totalCount }", 2),
        ("workspaces { nodes { id } edges { cursor } pageInfo { endCursor } }", 2),
        ("a: workspaces { nodes { id } } b: workspaces { nodes { name } }", 2),
        ("workspaces { nodes { id } totalCount }", 3),
        ("workspaces { nodes { tags } }", 3),
        ("workspaceGroups(first: 0) { nodes { id } }", 1),
        ("securityEvents(first: 0) { totalCount }", 2),
    ] {
        let (taken, _, response) = fixture.measure(&format!("{{ me {{ {fields} }} }}"), json!({})).await;
        response.data();
        assert_eq!(taken, statements, "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_returns_the_changed_state_and_not_an_earlier_read() {
    let fixture = Fixture::with(&sample_domain(1, 1)).await;
    fixture.app.signed_in(DOMAIN, "wonny").await;
    let query = "mutation { a: updateProfile(input: {}) { user { sessions { id } } } revokeOtherSessions { revoked }
                 b: updateProfile(input: {}) { user { sessions { id } } } }";
    let response = fixture.client.query(query).await;
    let sessions = |alias: &str| response.data()[alias]["user"]["sessions"].as_array().unwrap().len();
    assert_eq!((sessions("a"), sessions("b")), (2, 1));
}

/// Four groups of 10,000 users, of which only `wonny` exists.
fn large_groups() -> String {
    let mut lines = sample_domain(1, 1);
    for group in 0..4 {
        let users = (0..9_999).map(|n| format!("unknown-{n}@example.com")).chain(["wonny".to_owned()]);
        lines += &WorkspaceGroup::new(&format!("wg-large-{group}")).members(users).line();
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_of_groups_are_bounded_before_they_are_read() {
    let fixture = Fixture::with(&large_groups()).await;
    let one =
        "{ node(id: \"wg-large-1\") { ... on WorkspaceGroup { users { userId userName state roleId roleType } } } }";
    let response = fixture.assert_bounded("one large group", one, json!({})).await;
    assert_eq!(response.data()["node"]["users"].as_array().unwrap().len(), 10_000);
    let all = "{ me { workspaceGroups(first: 100) { nodes { name users { userId } } } } }";
    let response = fixture.assert_bounded("four large groups", all, json!({})).await;
    assert_eq!(response.error_code(), "LIMIT_EXCEEDED");
    assert_eq!(response.body["data"], Value::Null);
    let extensions = &response.body["errors"][0]["extensions"];
    assert_eq!(extensions["limit"], "responseFields");
    assert!(extensions["asked"].as_u64() > extensions["allowed"].as_u64(), "{extensions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_bounded_before_they_are_read_and_written() {
    let mut lines = sample_domain(0, 1);
    let tags = json!({ "text": "x".repeat(16_000), "list": [1, 2.5, null], "a": { "b": {} } });
    for number in 0..400 {
        let id = format!("workspace-{number}");
        lines += &Workspace::new(&id).name(&format!("Workspace {number:04}")).with("tags", tags.clone()).line();
        lines += &RoleBinding::member(&format!("rb-{number}"), "wonny", &id).line();
    }
    let fixture = Fixture::with(&lines).await;
    let page =
        fixture.assert_bounded("one page", "{ me { workspaces(first: 100) { nodes { tags } } } }", json!({})).await;
    assert_eq!(page.data()["me"]["workspaces"]["nodes"], json!(vec![json!({ "tags": tags }); 100]));
    let too_much = [
        ("a larger page", "workspaces(first: 400) { nodes { tags } }".to_owned()),
        ("one page many times", aliases(|_| "workspaces(first: 100) { nodes { tags } }".to_owned())),
        ("many times of each", format!("workspaces(first: 100) {{ nodes {{ {} }} }}", aliases(|_| "tags".to_owned()))),
        ("pages", aliases(|number| format!("workspaces(first: {}) {{ nodes {{ tags }} }}", 20 * number))),
    ];
    for (name, fields) in too_much {
        let response = fixture.assert_bounded(name, &format!("{{ me {{ {fields} }} }}"), json!({})).await;
        assert_eq!(response.error_code(), "LIMIT_EXCEEDED", "{name}");
        assert_eq!(response.body["errors"][0]["extensions"]["limit"], "responseFields", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_users_are_served_while_one_user_uses_all_that_is_allowed() {
    let fixture = Fixture::with(&sample_domain(60, 20)).await;
    let neighbour = fixture.app.signed_in(DOMAIN, "wonny").await;
    let query = entities("User", &aliases(|n| format!("workspaces(first: {n}) {{ totalCount nodes {{ id }} }}")));
    let variables = representations("User", (0..100).map(|_| fixture.me.clone()));
    let attackers = join_all((0..16).map(|_| fixture.client.execute(&query, variables.clone())));
    let neighbours = async {
        for _ in 0..20 {
            neighbour.query("{ me { name workspaces { nodes { name } } } }").await.data();
        }
    };
    let (attacks, ()) = futures_util::future::join(attackers, neighbours).await;
    for response in attacks {
        response.data();
    }
}
