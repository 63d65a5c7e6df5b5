//! `me`, `node`, `nodes`: their shape, their statements, their refusals.

use serde_json::{Value, json};

use crate::support::{DOMAIN, TestApp, domain, user};

/// `count` workspaces in `groups` groups; `wonny` is a member of each and a user of every group, among nine others.
pub(crate) fn company(count: usize, groups: usize) -> String {
    let mut lines = domain(DOMAIN) + &user(DOMAIN, "wonny", "");
    let users: Vec<Value> = (0..9)
        .map(|number| format!("user{number}"))
        .chain(["wonny".to_owned()])
        .map(|user_id| json!({ "user_id": user_id, "role_id": "member", "role_type": "WORKSPACE_MEMBER" }))
        .collect();
    for number in 0..9 {
        lines += &json!({ "kind": "user", "domain_id": DOMAIN, "user_id": format!("user{number}"), "name": "N" })
            .to_string();
        lines += "\n";
    }
    lines += "{\"kind\":\"role\",\"domain_id\":\"domain-a\",\"role_id\":\"member\",\"name\":\"Member\",\"role_type\":\"WORKSPACE_MEMBER\"}\n";
    for group in 0..groups {
        let line = json!({ "kind": "workspace_group", "domain_id": DOMAIN, "workspace_group_id": format!("wg-{group}"),
                           "name": format!("Group {group}"), "users": users });
        lines += &format!("{line}\n");
    }
    for number in 0..count {
        let group = format!("wg-{}", number % groups);
        let line = json!({ "kind": "workspace", "domain_id": DOMAIN, "workspace_id": format!("workspace-{number}"),
                           "name": format!("Workspace {number:04}"), "workspace_group_id": group });
        let binding = json!({ "kind": "role_binding", "domain_id": DOMAIN, "role_binding_id": format!("rb-{number}"),
                              "user_id": "wonny", "role_id": "member", "role_type": "WORKSPACE_MEMBER",
                              "resource_group": "WORKSPACE", "workspace_id": format!("workspace-{number}"),
                              "workspace_group_id": group });
        lines += &format!("{line}\n{binding}\n");
    }
    lines
}

const MAIN_QUERY: &str = "{ me { name workspaces(first: 500) { nodes { name roleName workspaceGroup { name } } }
                           workspaceGroups { nodes { name users { userName } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn the_main_query_takes_the_same_few_statements_whatever_there_is() {
    for (workspaces, groups) in [(1, 1), (500, 20)] {
        let app = TestApp::start().await;
        app.import(&company(workspaces, groups)).await;
        let client = app.signed_in(DOMAIN, "wonny").await;
        let (statements, answer) = app.count_statements(client.query(MAIN_QUERY)).await;
        let me = &answer.data()["me"];
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
    app.import(&company(4500, 9)).await;
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
async fn a_group_s_workspaces_and_bindings_take_one_statement_each_for_all_groups() {
    let app = TestApp::start().await;
    app.import(&company(60, 6)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let query = "{ me { workspaceGroups { nodes { roleBindingInfo { roleBindingId }
        workspaces(first: 3) { totalCount nodes { workspaceId } edges { roleName } pageInfo { hasNextPage } } } } } }";
    let (statements, answer) = app.count_statements(client.query(query)).await;
    let groups = answer.data()["me"]["workspaceGroups"]["nodes"].as_array().unwrap().clone();
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
async fn a_caller_costs_one_statement_and_his_own_fields_none() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let query =
        "{ me { id userId name state email emailVerified pendingEmail authType roleId roleType language timezone
        requiredActions refreshTimeout tags createdAt lastAccessedAt domainId domain { domainId name }
        mfa { state mfaType recoveryCodesLeft options { email enforce } } } }";
    let (statements, answer) = app.count_statements(client.query(query)).await;
    answer.data();
    assert_eq!(statements, 1);
    let (statements, _) = app.count_statements(app.client().query("{ __typename }")).await;
    assert_eq!(statements, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_come_in_order_and_show_nothing_that_the_lists_do_not() {
    let app = TestApp::start().await;
    let hidden =
        json!({ "kind": "workspace", "domain_id": DOMAIN, "workspace_id": "workspace-hidden", "name": "Hidden" });
    app.import(&(company(3, 2) + &format!("{hidden}\n"))).await;
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
    let (statements, answer) = app.count_statements(client.execute(query, json!({ "ids": ids }))).await;
    let workspace = json!({ "id": "workspace-2", "name": "Workspace 0002" });
    let expected = json!([workspace, { "id": "wg-1" }, { "id": me }, null, null, null, null, null, workspace]);
    assert_eq!(answer.data()["nodes"], expected);
    assert_eq!(statements, 3, "the caller, the workspaces, the groups");
    let too_many: Vec<String> = (0..101).map(|number| format!("workspace-{number}")).collect();
    assert_eq!(client.execute(query, json!({ "ids": too_many })).await.error_code(), "BAD_USER_INPUT");
    let one = client.query("{ node(id: \"workspace-hidden\") { id } }").await;
    assert_eq!(one.data()["node"], Value::Null);
    assert_eq!(app.client().query("{ node(id: \"workspace-2\") { id } }").await.error_code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pages_are_refused_by_name() {
    let app = TestApp::start().await;
    app.import(&company(3, 2)).await;
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
        let answer = client.query(&format!("{{ me {{ workspaces({arguments}) {{ totalCount }} }} }}")).await;
        assert_eq!(answer.error_code(), "BAD_USER_INPUT", "{arguments}");
        let message = answer.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
        assert!(answer.body["errors"][0]["extensions"]["requestId"].is_string());
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
        for answer in [written, given] {
            assert_eq!(answer.error_code(), "BAD_USER_INPUT", "{number}: {}", answer.body);
            assert!(answer.body.get("data").is_none(), "{number}");
        }
    }
}

/// Pages from either end, of any size, put together, are the list.
#[tokio::test(flavor = "multi_thread")]
async fn pages_put_together_are_the_list() {
    let app = TestApp::start().await;
    app.import(&company(11, 1)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for (size, cursor, from_start) in [("first", "after", true), ("last", "before", false)] {
        for number in [1, 3, 11, 20] {
            let (mut read, mut at) = (Vec::new(), Value::Null);
            loop {
                let query = format!(
                    "query($at: String) {{ me {{ workspaces({size}: {number}, {cursor}: $at) {{ totalCount nodes {{ name }}
                     pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
                );
                let answer = client.execute(&query, json!({ "at": at })).await;
                let page = &answer.data()["me"]["workspaces"];
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

/// GraphQL, 7.2.2: answers are read by people, and compared as text by caches.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_stands_in_the_order_it_was_asked_in() {
    let app = TestApp::start().await;
    app.import(&company(1, 1)).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let answer = client.query("{ me { workspaces { nodes { workspaceGroup { name } id } } workspaceGroups { totalCount nodes { id } } userId } }").await;
    let expected = "{\"data\":{\"me\":{\"workspaces\":{\"nodes\":[{\"workspaceGroup\":{\"name\":\"Group 0\"},\"id\":\"workspace-0\"}]},\
                    \"workspaceGroups\":{\"totalCount\":1,\"nodes\":[{\"id\":\"wg-0\"}]},\"userId\":\"wonny\"}}}";
    assert_eq!(answer.text, expected);
}

/// GraphQL, 6.4.4: what cannot be null makes what it stands in null, up to what can.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_fails_and_cannot_be_null_takes_its_parent_with_it() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let answer = client.query("{ me { userId workspaces(first: -1) { totalCount } } node(id: \"x\") { id } }").await;
    assert_eq!(answer.error_code(), "BAD_USER_INPUT");
    assert_eq!(answer.body["data"], json!({ "me": null, "node": null }));
}
