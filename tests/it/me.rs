//! `me`, `node`, `nodes`: their results, their number of statements, and their errors.

use serde_json::{Value, json};

use crate::support::{DOMAIN, RoleBinding, TestApp, User, Workspace, WorkspaceGroup, domain};

/// The import lines of a domain with `count` workspaces in `groups` groups. `wonny` is a member of every workspace and,
/// with nine others, a user of every group.
pub(crate) fn sample_domain(count: usize, groups: usize) -> String {
    let mut lines = domain(DOMAIN) + &User::new("wonny").line();
    let others: Vec<String> = (0..9).map(|number| format!("user{number}")).collect();
    for user_id in &others {
        lines += &User::new(user_id).without_password().line();
    }
    lines += "{\"kind\":\"role\",\"domain_id\":\"domain-a\",\"role_id\":\"member\",\"name\":\"Member\",\"role_type\":\"WORKSPACE_MEMBER\"}\n";
    for group in 0..groups {
        let group_of_ten = WorkspaceGroup::new(&format!("wg-{group}")).name(&format!("Group {group}"));
        lines += &group_of_ten.members(others.iter().map(String::as_str).chain(["wonny"])).line();
    }
    for number in 0..count {
        let group = format!("wg-{}", number % groups);
        let id = format!("workspace-{number}");
        lines += &Workspace::new(&id).name(&format!("Workspace {number:04}")).group(&group).line();
        lines += &RoleBinding::member(&format!("rb-{number}"), "wonny", &id).through(&group).line();
    }
    lines
}

const MAIN_QUERY: &str = "{ me { name workspaces(first: 500) { nodes { name roleName workspaceGroup { name } } }
                           workspaceGroups { nodes { name users { userName } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn the_main_query_takes_five_statements_for_any_number_of_rows() {
    for (workspaces, groups) in [(1, 1), (500, 20)] {
        let app = TestApp::start().await;
        app.import(&sample_domain(workspaces, groups)).await;
        let client = app.signed_in(DOMAIN, "wonny").await;
        let (statements, response) = app.count_statements(client.query(MAIN_QUERY)).await;
        let me = &response.data()["me"];
        assert_eq!(me["workspaces"]["nodes"].as_array().unwrap().len(), workspaces);
        assert_eq!(
            me["workspaces"]["nodes"][0],
            json!({ "name": "Workspace 0000", "roleName": "Member", "workspaceGroup": { "name": "Group 0" } })
        );
        assert_eq!(me["workspaceGroups"]["nodes"].as_array().unwrap().len(), groups);
        assert_eq!(me["workspaceGroups"]["nodes"][0]["users"].as_array().unwrap().len(), 10);
        assert_eq!(statements, 5, "one for the caller and four for the rest");
    }
}

/// Lists that are built in several turns, so that their fields ask for their keys one turn after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_takes_as_few_statements_as_a_short_one() {
    let app = TestApp::start().await;
    app.import(&sample_domain(4500, 9)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let names: String = (0..9).map(|number| format!("n{number}: name ")).collect();
    let of_groups = |first, fields: &str| {
        format!(
            "{{ me {{ workspaceGroups {{ nodes {{ workspaces(first: {first}) {{ nodes {{ {fields} }} }} }} }} }} }}"
        )
    };
    for (expected, query) in [
        (3, format!("{{ me {{ workspaces(first: 500) {{ nodes {{ {names} tags }} }} }} }}")),
        (4, of_groups(100, &format!("{names} tags"))),
        (4, of_groups(500, "tags")),
    ] {
        let (statements, answer) = app.count_statements(client.query(&query)).await;
        answer.data();
        assert_eq!(statements, expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_and_bindings_of_all_groups_take_one_statement_each() {
    let app = TestApp::start().await;
    app.import(&sample_domain(60, 6)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let query = "{ me { workspaceGroups { nodes { roleBindingInfo { roleBindingId }
        workspaces(first: 3) { totalCount nodes { workspaceId } edges { roleName } pageInfo { hasNextPage } } } } } }";
    let (statements, response) = app.count_statements(client.query(query)).await;
    let groups = response.data()["me"]["workspaceGroups"]["nodes"].as_array().unwrap().clone();
    assert_eq!(groups[2]["roleBindingInfo"]["roleBindingId"], "rb-14");
    let expected =
        json!([{ "workspaceId": "workspace-2" }, { "workspaceId": "workspace-8" }, { "workspaceId": "workspace-14" }]);
    assert_eq!(groups[2]["workspaces"]["nodes"], expected);
    assert_eq!(groups[2]["workspaces"]["totalCount"], 10);
    assert_eq!(groups[2]["workspaces"]["edges"][0]["roleName"], "Member");
    assert_eq!(groups[2]["workspaces"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(statements, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_takes_one_statement_and_their_own_fields_none() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let query =
        "{ me { id userId name state email emailVerified pendingEmail authType roleId roleType language timezone
        requiredActions refreshTimeout tags createdAt lastAccessedAt domainId domain { domainId name }
        mfa { state mfaType recoveryCodesLeft options { email enforce } } } }";
    let (statements, response) = app.count_statements(client.query(query)).await;
    response.data();
    assert_eq!(statements, 1);
    let (statements, _) = app.count_statements(app.client().query("{ __typename }")).await;
    assert_eq!(statements, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_in_order_and_reveal_nothing_that_lists_hide() {
    let app = TestApp::start().await;
    app.import(&(sample_domain(3, 2) + &Workspace::new("workspace-hidden").line())).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let me = client.query("{ me { id } }").await.data()["me"]["id"].as_str().unwrap().to_owned();
    let ids = [
        "workspace-2",
        "wg-1",
        &me,
        "workspace-hidden",
        "user-000000000000",
        "nonsense",
        "",
        "workspace-\u{0}",
        "workspace-2",
    ];
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Workspace { name } } }";
    let (statements, response) = app.count_statements(client.execute(query, json!({ "ids": ids }))).await;
    let workspace = json!({ "id": "workspace-2", "name": "Workspace 0002" });
    let expected = json!([workspace, { "id": "wg-1" }, { "id": me }, null, null, null, null, null, workspace]);
    assert_eq!(response.data()["nodes"], expected);
    assert_eq!(statements, 3, "the caller, the workspaces, the groups");
    let too_many: Vec<String> = (0..101).map(|number| format!("workspace-{number}")).collect();
    assert_eq!(client.execute(query, json!({ "ids": too_many })).await.error_code(), "BAD_USER_INPUT");
    let one = client.query("{ node(id: \"workspace-hidden\") { id } }").await;
    assert_eq!(one.data()["node"], Value::Null);
    assert_eq!(app.client().query("{ node(id: \"workspace-2\") { id } }").await.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_page_arguments_are_named_in_the_error() {
    let app = TestApp::start().await;
    app.import(&sample_domain(3, 2)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let page = client.query("{ me { workspaceGroups(first: 1) { pageInfo { endCursor } } } }").await;
    let cursor = page.data()["me"]["workspaceGroups"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let wrong = [
        ("first: -1", "first"),
        ("first: 501", "first"),
        ("last: -1", "last"),
        ("last: 501", "last"),
        ("first: 1, last: 1", "last"),
        ("after: \"nonsense\"", "after"),
        ("before: \"\"", "before"),
        (&format!("after: \"{cursor}\""), "after"),
        ("filter: { nameContains: \"\\u0000\" }", "filter.nameContains"),
    ];
    for (arguments, name) in wrong {
        let response = client.query(&format!("{{ me {{ workspaces({arguments}) {{ totalCount }} }} }}")).await;
        assert_eq!(response.error_code(), "BAD_USER_INPUT", "{arguments}");
        let message = response.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
        assert!(response.body["errors"][0]["extensions"]["requestId"].is_string());
    }
}

/// GraphQL's `Int` has 32 bits.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_beyond_32_bits_is_bad_input() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for number in ["2147483648", "-2147483649", "130634899951658096", "99999999999999999999", "1.5"] {
        let written = client.query(&format!("{{ me {{ workspaces(last: {number}) {{ totalCount }} }} }}")).await;
        let query = "query($n: Int) { me { securityEvents(first: $n) { nodes { id } } } }";
        let given = client.execute(query, serde_json::from_str(&format!("{{ \"n\": {number} }}")).unwrap()).await;
        for response in [written, given] {
            assert_eq!(response.error_code(), "BAD_USER_INPUT", "{number}: {}", response.body);
            assert!(response.body.get("data").is_none(), "{number}");
        }
    }
}

/// Pages of any size, read from either end, together contain the whole list in order.
#[tokio::test(flavor = "multi_thread")]
async fn all_pages_together_are_the_list() {
    let app = TestApp::start().await;
    app.import(&sample_domain(11, 1)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for (size, cursor, from_start) in [("first", "after", true), ("last", "before", false)] {
        for number in [1, 3, 11, 20] {
            let (mut read, mut at) = (Vec::new(), Value::Null);
            loop {
                let query = format!(
                    "query($at: String) {{ me {{ workspaces({size}: {number}, {cursor}: $at) {{ totalCount nodes {{ name }}
                     pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
                );
                let response = client.execute(&query, json!({ "at": at })).await;
                let page = &response.data()["me"]["workspaces"];
                assert_eq!(page["totalCount"], 11);
                let names =
                    page["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned());
                let info = &page["pageInfo"];
                let (is_more, is_behind, next) = if from_start {
                    read.extend(names);
                    (&info["hasNextPage"], &info["hasPreviousPage"], &info["endCursor"])
                } else {
                    read.splice(0..0, names);
                    (&info["hasPreviousPage"], &info["hasNextPage"], &info["startCursor"])
                };
                assert_eq!(is_behind.as_bool().unwrap(), !at.is_null());
                at = next.clone();
                if !is_more.as_bool().unwrap() {
                    break;
                }
            }
            let expected: Vec<String> = (0..11).map(|number| format!("Workspace {number:04}")).collect();
            assert_eq!(read, expected, "{size}: {number}");
        }
    }
    let none =
        client.query("{ me { workspaces(first: 0) { nodes { name } pageInfo { hasNextPage startCursor } } } }").await;
    let expected = json!({ "nodes": [], "pageInfo": { "hasNextPage": true, "startCursor": null } });
    assert_eq!(none.data()["me"]["workspaces"], expected);
}

/// GraphQL, 7.2.2. People read responses, and caches compare them as text.
#[tokio::test(flavor = "multi_thread")]
async fn response_fields_are_in_the_order_of_the_selection() {
    let app = TestApp::start().await;
    app.import(&sample_domain(1, 1)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let response = client.query("{ me { workspaces { nodes { workspaceGroup { name } id } } workspaceGroups { totalCount nodes { id } } userId } }").await;
    let expected = "{\"data\":{\"me\":{\"workspaces\":{\"nodes\":[{\"workspaceGroup\":{\"name\":\"Group 0\"},\"id\":\"workspace-0\"}]},\
                    \"workspaceGroups\":{\"totalCount\":1,\"nodes\":[{\"id\":\"wg-0\"}]},\"userId\":\"wonny\"}}}";
    assert_eq!(response.text, expected);
}

/// GraphQL, 6.4.4: an error in a non-null field propagates to the nearest nullable parent.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_a_non_null_field_nulls_its_parent() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let response = client.query("{ me { userId workspaces(first: -1) { totalCount } } node(id: \"x\") { id } }").await;
    assert_eq!(response.error_code(), "BAD_USER_INPUT");
    assert_eq!(response.body["data"], json!({ "me": null, "node": null }));
}
