//! Every odd case, by hand.

use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, TestApp, domain, user};

/// The lines of a domain in which everything odd happens.
fn company() -> String {
    let mut lines = domain(DOMAIN) + &domain("domain-b");
    lines += &user(DOMAIN, "admin", r#""role_type":"DOMAIN_ADMIN""#);
    lines += &user(DOMAIN, "twice", "");
    lines += &user(DOMAIN, "gone-role", "");
    lines += &user(DOMAIN, "Member", "");
    lines += &user(DOMAIN, "nothing", "");
    lines += &user("domain-b", "twice", "");
    for (role, name, role_type) in [("owner", "Owner", "WORKSPACE_OWNER"), ("member", "Member", "WORKSPACE_MEMBER")] {
        lines += &line(
            json!({ "kind": "role", "domain_id": DOMAIN, "role_id": role, "name": name, "role_type": role_type, "state": "DISABLED" }),
        );
    }
    let member = |user_id: &str| json!({ "user_id": user_id, "role_id": "member", "role_type": "WORKSPACE_MEMBER" });
    let group = |domain: &str, id: &str, users: Vec<Value>| {
        line(
            json!({ "kind": "workspace_group", "domain_id": domain, "workspace_group_id": id, "name": id, "users": users }),
        )
    };
    lines += &group(DOMAIN, "wg-a", vec![member("TWICE"), member("deleted"), member("member")]);
    lines += &group(DOMAIN, "wg-b", vec![member("member")]);
    lines += &group("domain-b", "wg-other", vec![member("twice")]);
    let workspaces = [
        ("workspace-1", json!({ "workspace_group_id": "wg-a" })),
        ("workspace-2", json!({ "workspace_group_id": "wg-b", "is_dormant": true, "is_managed": true })),
        ("workspace-3", json!({})),
        ("workspace-4", json!({ "workspace_group_id": "wg-gone" })),
        ("workspace-5", json!({ "state": "DISABLED", "workspace_group_id": "wg-a" })),
        ("workspace-6", json!({ "state": "DELETED", "workspace_group_id": "wg-a" })),
    ];
    for (id, more) in workspaces {
        let mut workspace = json!({ "kind": "workspace", "domain_id": DOMAIN, "workspace_id": id, "name": id });
        workspace.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lines += &line(workspace);
    }
    lines += &line(
        json!({ "kind": "workspace", "domain_id": "domain-b", "workspace_id": "workspace-other", "name": "x", "workspace_group_id": "wg-a" }),
    );
    lines += &binding("rb-1", "twice", "member", "WORKSPACE_MEMBER", "workspace-1", None, 1);
    lines += &binding("rb-2", "TWICE", "owner", "WORKSPACE_OWNER", "workspace-1", Some("wg-a"), 3);
    lines += &binding("rb-3", "twice", "owner", "WORKSPACE_OWNER", "workspace-1", None, 2);
    lines += &binding("rb-4", "gone-role", "deleted", "WORKSPACE_OWNER", "workspace-3", None, 1);
    for (number, workspace) in ["workspace-2", "workspace-5", "workspace-6", "workspace-none"].into_iter().enumerate() {
        lines += &binding(&format!("rb-m{number}"), "member", "member", "WORKSPACE_MEMBER", workspace, Some("wg-a"), 1);
    }
    lines += &binding("rb-tie-b", "member", "owner", "WORKSPACE_OWNER", "workspace-4", None, 5);
    lines += &binding("rb-tie-a", "member", "deleted", "WORKSPACE_OWNER", "workspace-4", None, 5);
    lines += &line(
        json!({ "kind": "role_binding", "domain_id": DOMAIN, "role_binding_id": "rb-domain", "user_id": "nothing", "role_id": "owner",
                           "role_type": "WORKSPACE_OWNER", "resource_group": "DOMAIN", "workspace_id": "workspace-1" }),
    );
    lines += &line(
        json!({ "kind": "role_binding", "domain_id": DOMAIN, "role_binding_id": "rb-admin", "user_id": "nothing", "role_id": "owner",
                           "role_type": "DOMAIN_ADMIN", "resource_group": "WORKSPACE", "workspace_id": "workspace-1" }),
    );
    lines
}

fn line(value: Value) -> String {
    format!("{value}\n")
}

fn binding(
    id: &str,
    user_id: &str,
    role: &str,
    role_type: &str,
    workspace: &str,
    group: Option<&str>,
    hour: u32,
) -> String {
    line(
        json!({ "kind": "role_binding", "domain_id": DOMAIN, "role_binding_id": id, "user_id": user_id, "role_id": role,
                 "role_type": role_type, "resource_group": "WORKSPACE", "workspace_id": workspace,
                 "workspace_group_id": group, "created_at": format!("2026-01-01 0{hour}:00:00") }),
    )
}

async fn app() -> TestApp {
    let app = TestApp::start().await;
    app.import(&company()).await;
    app
}

/// The workspaces of a list, with the roles of nodes and edges.
async fn workspaces(client: &Client, arguments: &str) -> Value {
    let query = format!(
        "{{ me {{ workspaces{arguments} {{ totalCount edges {{ roleId roleType roleName node {{ id roleId roleType roleName }} }} }} }} }}"
    );
    let answer = client.query(&query).await;
    let list = &answer.data()["me"]["workspaces"];
    let edges = list["edges"].as_array().unwrap();
    assert_eq!(list["totalCount"], edges.len());
    let role = |of: &Value| json!([of["roleId"], of["roleType"], of["roleName"]]);
    edges.iter().map(|edge| json!([edge["node"]["id"], role(&edge["node"]), role(edge)])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_without_bindings_sees_all_that_is_enabled_and_has_no_role() {
    let client = app().await.signed_in(DOMAIN, "admin").await;
    let none = json!([null, null, null]);
    let all: Value = (1..=4).map(|number| json!([format!("workspace-{number}"), none, none])).collect();
    assert_eq!(workspaces(&client, "").await, all);
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([["workspace-1", none, none]]));
    for unknown in ["wg-gone", "wg-other", "nonsense", "", "wg-\\u0000"] {
        assert_eq!(workspaces(&client, &format!("(workspaceGroupId: \"{unknown}\")")).await, json!([]), "{unknown}");
    }
    let answer = client
        .query("{ me { workspaceGroups { nodes { id roleBindingInfo { roleId } workspaces { nodes { id } } } } } }")
        .await;
    let expected = json!([
        { "id": "wg-a", "roleBindingInfo": null, "workspaces": { "nodes": [{ "id": "workspace-1" }] } },
        { "id": "wg-b", "roleBindingInfo": null, "workspaces": { "nodes": [{ "id": "workspace-2" }] } },
    ]);
    assert_eq!(answer.data()["me"]["workspaceGroups"]["nodes"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_bindings_the_owners_counts_then_the_one_made_first() {
    let client = app().await.signed_in(DOMAIN, "twice").await;
    let owner = json!(["owner", "WORKSPACE_OWNER", "Owner"]);
    assert_eq!(workspaces(&client, "").await, json!([["workspace-1", owner, owner]]));
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([["workspace-1", owner, owner]]));
    let answer =
        client.query("{ me { workspaceGroups { nodes { id roleBindingInfo { roleBindingId userId } } } } }").await;
    let info = json!({ "roleBindingId": "rb-2", "userId": "TWICE" });
    assert_eq!(answer.data()["me"]["workspaceGroups"]["nodes"], json!([{ "id": "wg-a", "roleBindingInfo": info }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_group_only_bindings_made_through_it_count() {
    let client = app().await.signed_in(DOMAIN, "member").await;
    let member = json!(["member", "WORKSPACE_MEMBER", "Member"]);
    // Of two bindings made at the same time the smaller id counts, though its role is gone.
    let gone = json!(["deleted", "WORKSPACE_OWNER", null]);
    assert_eq!(workspaces(&client, "").await, json!([["workspace-2", member, member], ["workspace-4", gone, gone]]));
    // The binding to workspace-2, which is of wg-b, was made through wg-a.
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([["workspace-2", member, member]]));
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-b\")").await, json!([]));
    let groups = "{ me { workspaceGroups { totalCount nodes { id workspaces { totalCount nodes { id } } roleBindingInfo { workspaceId } } } } }";
    let expected = json!([
        { "id": "wg-a", "workspaces": { "totalCount": 1, "nodes": [{ "id": "workspace-2" }] }, "roleBindingInfo": { "workspaceId": "workspace-2" } },
        { "id": "wg-b", "workspaces": { "totalCount": 0, "nodes": [] }, "roleBindingInfo": null },
    ]);
    assert_eq!(client.query(groups).await.data()["me"]["workspaceGroups"]["nodes"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_to_a_deleted_role_counts_without_a_name() {
    let client = app().await.signed_in(DOMAIN, "gone-role").await;
    let role = json!(["deleted", "WORKSPACE_OWNER", null]);
    assert_eq!(workspaces(&client, "").await, json!([["workspace-3", role, role]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_in_nothing_sees_nothing() {
    let client = app().await.signed_in(DOMAIN, "nothing").await;
    assert_eq!(workspaces(&client, "").await, json!([]));
    let ids = json!({ "ids": ["workspace-1", "wg-a", "workspace-other", "wg-other"] });
    let answer = client
        .execute(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id } me { workspaceGroups { totalCount nodes { id } } } }",
            ids,
        )
        .await;
    assert_eq!(answer.data()["nodes"], json!([null, null, null, null]));
    assert_eq!(answer.data()["me"]["workspaceGroups"], json!({ "totalCount": 0, "nodes": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_seen_of_another_domain() {
    let client = app().await.signed_in("domain-b", "twice").await;
    assert_eq!(workspaces(&client, "").await, json!([]));
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([]));
    let answer = client
        .query("{ me { workspaceGroups { nodes { id users { userId userName } } } } node(id: \"wg-a\") { id } }")
        .await;
    let users = json!([{ "userId": "twice", "userName": "TWICE" }]);
    assert_eq!(answer.data()["me"]["workspaceGroups"]["nodes"], json!([{ "id": "wg-other", "users": users }]));
    assert_eq!(answer.data()["node"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_of_a_group_are_told_and_those_who_are_gone_have_no_name() {
    let client = app().await.signed_in(DOMAIN, "member").await;
    let answer = client
        .query("{ node(id: \"wg-a\") { ... on WorkspaceGroup { users { userId userName state roleId roleType } } } }")
        .await;
    let known = |id: &str, name: &str| json!({ "userId": id, "userName": name, "state": "ENABLED", "roleId": "member", "roleType": "WORKSPACE_MEMBER" });
    let gone = json!({ "userId": "deleted", "userName": null, "state": null, "roleId": "member", "roleType": "WORKSPACE_MEMBER" });
    assert_eq!(answer.data()["node"]["users"], json!([known("TWICE", "TWICE"), gone, known("member", "MEMBER")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_shows_its_group_only_to_those_who_see_it() {
    let app = app().await;
    let query = "{ me { workspaces { nodes { id workspaceGroup { id } } } } }";
    let admin = app.signed_in(DOMAIN, "admin").await.query(query).await;
    let expected = json!([
        { "id": "workspace-1", "workspaceGroup": { "id": "wg-a" } },
        { "id": "workspace-2", "workspaceGroup": { "id": "wg-b" } },
        { "id": "workspace-3", "workspaceGroup": null },
        { "id": "workspace-4", "workspaceGroup": null },
    ]);
    assert_eq!(admin.data()["me"]["workspaces"]["nodes"], expected);
    // He is bound to a workspace of wg-b, but only a user of wg-a.
    app.import(&binding("rb-x", "twice", "member", "WORKSPACE_MEMBER", "workspace-2", None, 1)).await;
    let twice = app.signed_in(DOMAIN, "twice").await.query(query).await;
    assert_eq!(twice.data()["me"]["workspaces"]["nodes"][1], json!({ "id": "workspace-2", "workspaceGroup": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_and_special_characters_stand_for_themselves() {
    let app = app().await;
    let named = |id: &str, name: &str| {
        line(json!({ "kind": "workspace", "domain_id": DOMAIN, "workspace_id": id, "name": name }))
    };
    app.import(&(named("workspace-7", "100% ÄRGER_x") + &named("workspace-8", "100 ARGERyx"))).await;
    let client = app.signed_in(DOMAIN, "admin").await;
    let ids = async |filter: &str| {
        let list = workspaces(&client, &format!("(filter: {{ {filter} }})")).await;
        list.as_array()
            .unwrap()
            .iter()
            .map(|edge| edge[0].as_str().unwrap().replace("workspace-", ""))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(ids("nameContains: \"0%\"").await, "7");
    assert_eq!(ids("nameContains: \"r_x\"").await, "7");
    assert_eq!(ids("nameContains: \"a\u{308}rger\"").await, "7");
    assert_eq!(ids("nameContains: \"\"").await, "8 7 1 2 3 4");
    assert_eq!(ids("isDormant: true").await, "2");
    assert_eq!(ids("isManaged: false, nameContains: \"WORKSPACE-\"").await, "1 3 4");
    assert_eq!(ids("roleType: WORKSPACE_OWNER").await, "");
    let member = app.signed_in(DOMAIN, "member").await;
    let owned = workspaces(&member, "(filter: { roleType: WORKSPACE_OWNER })").await;
    assert_eq!(owned[0][0], "workspace-4");
    assert_eq!(owned.as_array().unwrap().len(), 1);
}

/// Byte by byte, the same on every database: capitals before small letters, accents after both.
#[tokio::test(flavor = "multi_thread")]
async fn lists_are_ordered_byte_by_byte() {
    let app = TestApp::start().await;
    let names = ["Z", "a", "Ä", "_", "a b", "ab", "a", "z", "é", "日本"];
    let mut lines = domain(DOMAIN) + &user(DOMAIN, "admin", r#""role_type":"DOMAIN_ADMIN""#);
    for (number, name) in names.iter().enumerate() {
        lines += &line(
            json!({ "kind": "workspace", "domain_id": DOMAIN, "workspace_id": format!("workspace-{number}"), "name": name }),
        );
        lines += &line(
            json!({ "kind": "workspace_group", "domain_id": DOMAIN, "workspace_group_id": format!("wg-{number}"), "name": name }),
        );
    }
    app.import(&lines).await;
    let client = app.signed_in(DOMAIN, "admin").await;
    let answer = client.query("{ me { workspaces { nodes { name } } workspaceGroups { nodes { name } } } }").await;
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    for list in ["workspaces", "workspaceGroups"] {
        let listed: Vec<&str> = answer.data()["me"][list]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["name"].as_str().unwrap())
            .collect();
        assert_eq!(listed, sorted);
    }
}
