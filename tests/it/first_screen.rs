//! The first screen: what is read together with the caller, and on which connections.

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use userprofile::graphql::limits::{Limits, Settings};

use crate::me::sample_domain;
use crate::support::database::Database;
use crate::support::{self, Client, DOMAIN, TestApp, User, WorkspaceGroup, database, domain};
use crate::visibility::model;

const FIRST_SCREEN: &str =
    "{ me { name workspaces { totalCount nodes { name roleName workspaceGroup { name } } pageInfo { endCursor } }
                               workspaceGroups { totalCount nodes { name users { userName } } } } }";

/// The statements of a request whose document is new, and of one whose document is cached.
async fn statements(app: &TestApp, client: &Client, query: &str) -> (u64, u64) {
    let (new, expected) = app.count_statements(client.query(query)).await;
    let (cached, response) = app.count_statements(client.query(query)).await;
    assert_eq!(response.data(), expected.data(), "{query}");
    (new, cached)
}

/// Once the document is known, the lists are read with the caller: on PostgreSQL by one statement, on SQLite by one for
/// each list. So a page load is one round trip.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_screen_takes_one_statement_on_postgresql() {
    let app = TestApp::start().await;
    app.import(&sample_domain(50, 5)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let is_postgres = database::server().is_some();
    // The statements with a new document, and with a known one on PostgreSQL and on SQLite.
    for (query, new, on_postgres, on_sqlite) in [
        ("{ me { name } }", 1, 1, 1),
        ("{ me { workspaces { nodes { name } } } }", 2, 1, 2),
        ("{ me { workspaces(first: 3) { edges { cursor } pageInfo { hasNextPage } } } }", 2, 1, 2),
        ("{ me { workspaces { totalCount nodes { workspaceGroup { name } } } } }", 4, 1, 3),
        ("{ me { workspaceGroups { totalCount nodes { name } } } }", 3, 1, 2),
        ("{ me { workspaceGroups { edges { node { users { userId } } } } } }", 3, 1, 3),
        (FIRST_SCREEN, 7, 1, 4),
        // What is not read with the caller takes statements of its own.
        ("{ me { workspaces(last: 3) { nodes { name } } } }", 2, 2, 2),
        ("{ me { workspaces(filter: { isManaged: true }) { nodes { name } } } }", 2, 2, 2),
        ("{ me { workspaces { nodes { tags } } workspaceGroups { nodes { roleBindingInfo { id } } } } }", 5, 3, 5),
        ("{ me { workspaces { totalCount } } }", 2, 2, 2),
        ("{ me { workspaces(first: 500) { nodes { name } } } }", 2, 2, 2),
    ] {
        let known = if is_postgres { on_postgres } else { on_sqlite };
        assert_eq!(statements(&app, &client, query).await, (new, known), "{query}");
    }
}

/// A write waits only for answers that it needs, once its statements are prepared.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_writes_take_few_round_trips() {
    if database::server().is_none() {
        return;
    }
    let app = TestApp::with_user(User::new("wonny").with("name", "Wonny")).await;
    let db = &app.services.db;
    let mut counted = Vec::new();
    for _ in 0..2 {
        counted.clear();
        let mut before = (db.statements(), db.round_trips());
        let mut count = |operation| {
            let now = (db.statements(), db.round_trips());
            counted.push((operation, now.0 - before.0, now.1 - before.1));
            before = now;
        };
        let client = app.signed_in(DOMAIN, "wonny").await;
        count("signIn");
        client.me("name").await;
        count("me");
        client.mutate_ok("updateProfile", json!({ "name": "Minho" }), "user { name }").await;
        count("updateProfile");
        client.refresh(&client.tokens.as_ref().unwrap().refresh).await.data();
        count("refreshSession");
    }
    assert_eq!(counted, [("signIn", 29, 18), ("me", 1, 1), ("updateProfile", 7, 4), ("refreshSession", 15, 6)]);
}

/// What does not fit into the first screen is read as always.
#[tokio::test(flavor = "multi_thread")]
async fn longer_lists_are_read_when_they_are_resolved() {
    let app = TestApp::start().await;
    let many: Vec<String> = (0..51).map(|number| format!("user{number:02}")).collect();
    let lines = sample_domain(51, 51)
        + &WorkspaceGroup::new("wg-many").members(many.iter().chain([&"wonny".to_owned()])).line();
    app.import(&lines).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for query in [
        FIRST_SCREEN,
        "query($n: Int) { me { workspaces(first: $n) { nodes { name workspaceGroup { id } } pageInfo { hasNextPage } } } }",
        "{ me { workspaceGroups { nodes { id users { userId userName state roleId roleType } } } } }",
        "{ me { workspaceGroups(first: 51) { nodes { users { userId } } } } }",
    ] {
        for variables in [json!({}), json!({ "n": 50 }), json!({ "n": 51 })] {
            let new = client.execute(query, variables.clone()).await;
            let cached = client.execute(query, variables).await;
            assert_eq!(new.data(), cached.data(), "{query}");
        }
    }
}

/// A document that selects lists of the first screen in some way. Each has another comment, so that it is not cached.
fn documents() -> impl Strategy<Value = String> {
    let workspace = prop::sample::subsequence(
        vec![
            "id",
            "name",
            "roleId",
            "tags",
            "a: roleName",
            "... @include(if: $yes) { ... on Workspace { roleName } }",
            "__typename",
            "workspaceGroup { id name users { userId } }",
        ],
        1..7,
    );
    let group = prop::sample::subsequence(
        vec![
            "id",
            "name",
            "tags",
            "users { userId userName state roleType }",
            "roleBindingInfo { roleId }",
            "updatedAt",
        ],
        1..6,
    );
    let first =
        || prop::sample::select(vec!["", "(first: 1)", "(first: 0)", "(last: 2)", "(first: 500)", "(first: $n)"]);
    let around = || {
        prop::sample::select(vec![
            "nodes { … }",
            "edges { cursor node { … } }",
            "totalCount",
            "pageInfo { hasNextPage endCursor } nodes { … }",
        ])
    };
    let conditions = prop::sample::select(vec!["", "... on User @include(if: $yes)", "...", "... @skip(if: $no)"]);
    let lists = (first(), around(), workspace, first(), around(), group, conditions, 0..4);
    lists.prop_map(|(pages, items, workspace, group_pages, group_items, group, conditions, which)| {
        let mut lists = String::new();
        if which != 1 {
            lists += &format!("workspaces{pages} {{ {} }} ", items.replace('…', &workspace.join(" ")));
        }
        if which != 2 {
            lists +=
                &format!("groups: workspaceGroups{group_pages} {{ {} }}", group_items.replace('…', &group.join(" ")));
        }
        if !conditions.is_empty() {
            lists = format!("{conditions} {{ {lists} }} name");
        }
        let uses = ["first: $n", "$yes", "$no"].map(|name| lists.contains(name));
        let declared = [("$n: Int", uses[0]), ("$yes: Boolean = true", uses[1]), ("$no: Boolean = false", uses[2])];
        let declared: Vec<_> = declared.iter().filter(|(_, used)| *used).map(|(text, _)| *text).collect();
        let declared = if declared.is_empty() { String::new() } else { format!("({})", declared.join(", ")) };
        format!("query{declared} {{ me {{ id {lists} }} }}")
    })
}

/// The first request with a document reads its lists when they are resolved, the second together with the caller.
#[tokio::test(flavor = "multi_thread")]
async fn reading_together_makes_no_difference() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::new(Config::default());
    let mut number = 0;
    for domain in 0..6 {
        let model = model::domain_model().new_tree(&mut runner).unwrap().current();
        let domain = format!("domain-{domain}");
        app.import(&model.lines(&domain)).await;
        for user in 0..model::USERS {
            let client = app.signed_in(&domain, &format!("user{user}")).await;
            for _ in 0..12 {
                number += 1;
                let document = format!("{} # {number}", documents().new_tree(&mut runner).unwrap().current());
                let variables = if document.contains("first: $n") { json!({ "n": number % 60 }) } else { json!({}) };
                let new = client.execute(&document, variables.clone()).await;
                let cached = client.execute(&document, variables).await;
                assert_eq!(new.data(), cached.data(), "{document}, user {user} of {model:#?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_and_an_ended_session_get_no_first_screen() {
    let app = TestApp::start().await;
    app.import(&sample_domain(3, 3)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    client.query(FIRST_SCREEN).await.data();
    let other = app.signed_in(DOMAIN, "wonny").await;
    other.query("mutation { signOut { ok } }").await.data();
    let ended = other.query(FIRST_SCREEN).await;
    assert_eq!((ended.error_code(), &ended.body["data"]["me"]), ("UNAUTHENTICATED", &Value::Null));
    app.import(&User::new("wonny").state("DISABLED").line()).await;
    let disabled = client.query(FIRST_SCREEN).await;
    assert_eq!((disabled.error_code(), &disabled.body["data"]["me"]), ("UNAUTHENTICATED", &Value::Null));
}

/// Whatever limit is configured, the deepest document of nested lists is resolved on the stack of a thread.
#[tokio::test(flavor = "multi_thread")]
async fn the_deepest_document_fits_on_the_stack() {
    let app = TestApp::start().await;
    app.import(&sample_domain(2, 1)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let limits = Limits { depth: Limits::MAX_DEPTH, ..Limits::default() };
    let http_app = support::http_app_with(app.api(Settings { limits, ..Settings::default() }), |_| {});
    let client = client.with_http_app(http_app);
    let mut selected = "name workspaceGroup { workspaces(first: 1) { totalCount } }".to_owned();
    for _ in 0..6 {
        selected = format!("name workspaceGroup {{ workspaces(first: 1) {{ edges {{ node {{ {selected} }} }} }} }}");
    }
    for _ in 0..2 {
        let answer =
            client.query(&format!("{{ me {{ workspaces(first: 1) {{ edges {{ node {{ {selected} }} }} }} }} }}")).await;
        let node = &answer.data()["me"]["workspaces"]["edges"][0]["node"];
        assert_eq!(node["workspaceGroup"]["workspaces"]["edges"][0]["node"]["name"], "Workspace 0000");
    }
}

/// The names of the users `user0`, `user1`, … are their user ids.
async fn app_with_users(database: &Database, number: usize) -> (TestApp, Vec<Client>) {
    let app = TestApp::on(database).await;
    let users: Vec<String> =
        (0..number).map(|user| User::new(&format!("user{user}")).with("name", format!("user{user}")).line()).collect();
    app.import(&(domain(DOMAIN) + &users.concat())).await;
    let clients = join_all((0..number).map(async |user| app.signed_in(DOMAIN, &format!("user{user}")).await)).await;
    (app, clients)
}

async fn assert_own_names(clients: &[Client]) {
    let names = join_all(clients.iter().map(|client| client.me("name"))).await;
    let expected: Vec<Value> = (0..clients.len()).map(|user| json!({ "name": format!("user{user}") })).collect();
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_share_a_connection_get_their_own_answers() {
    let database = database::create().await;
    let (_app, clients) = app_with_users(&database, 8).await;
    for _ in 0..20 {
        assert_own_names(&clients).await;
    }
}

/// A request that gives up leaves its statement on a connection that others use.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_dropped_disturbs_no_other() {
    let database = database::create().await;
    let (_app, clients) = app_with_users(&database, 8).await;
    for polls in 0..60 {
        let mut dropped: Vec<_> = clients.iter().map(|client| Box::pin(client.me("id name"))).collect();
        for request in &mut dropped {
            for _ in 0..polls % 6 {
                if futures_util::poll!(&mut *request).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        drop(dropped);
        assert_own_names(&clients).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_is_replaced() {
    if database::server().is_none() {
        return;
    }
    let database = database::create().await;
    let (_app, clients) = app_with_users(&database, 8).await;
    assert_own_names(&clients).await;
    let close = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..5 {
        database.administer(close).await;
        assert_own_names(&clients).await;
    }
}

/// The others wait for their turn without a connection, so that they take no processors from other requests.
#[tokio::test(flavor = "multi_thread")]
async fn counts_of_large_lists_run_one_after_the_other() {
    use diesel_async::SimpleAsyncConnection;
    if database::server().is_none() {
        return;
    }
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(sample_domain(5, 5) + &User::new("admin").admin().line())).await;
    let (admin, member) = (app.signed_in(DOMAIN, "admin").await, app.signed_in(DOMAIN, "wonny").await);
    let mut locking = database.connect().await;
    locking.batch_execute("BEGIN; LOCK TABLE workspaces IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let counting: Vec<_> = (0..8)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.me(r#"workspaces(filter: { nameContains: "1" }) { totalCount }"#).await })
        })
        .collect();
    let blocked = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.count(blocked).await == 0 {}
    for _ in 0..20 {
        assert_eq!(member.me("name workspaceGroups { totalCount }").await["workspaceGroups"]["totalCount"], 5);
        assert_eq!(database.count(blocked).await, 1);
    }
    locking.batch_execute("ROLLBACK").await.unwrap();
    for answer in join_all(counting).await {
        assert_eq!(answer.unwrap()["workspaces"]["totalCount"], 1);
    }
}

/// All connections of the pool wait for a lock; the caller and the first screen are read on others.
#[tokio::test(flavor = "multi_thread")]
async fn slow_statements_hold_up_no_first_screen() {
    use diesel_async::SimpleAsyncConnection;
    if database::server().is_none() {
        return;
    }
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&sample_domain(5, 5)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let expected = client.query(FIRST_SCREEN).await;
    let mut locking = database.connect().await;
    locking.batch_execute("BEGIN; LOCK TABLE security_events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.me("securityEvents { totalCount }").await })
        })
        .collect();
    let blocked = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.count(blocked).await < 6 {}
    assert_eq!(client.query(FIRST_SCREEN).await.data(), expected.data());
    locking.batch_execute("ROLLBACK").await.unwrap();
    for answer in join_all(waiting).await {
        assert!(answer.unwrap()["securityEvents"]["totalCount"].is_number());
    }
}
