//! Edge cases of the visibility rules.

use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, RoleBinding, TestApp, User, Workspace, WorkspaceGroup, domain};

/// The import lines of a domain with all edge cases.
fn lines() -> String {
    let mut lines = domain(DOMAIN) + &domain("domain-b");
    lines += &User::new("admin").admin().line();
    for user_id in ["twice", "gone-role", "Member", "nothing"] {
        lines += &User::new(user_id).line();
    }
    lines += &User::new("twice").in_domain("domain-b").line();
    for (role, name, role_type) in [("owner", "Owner", "WORKSPACE_OWNER"), ("member", "Member", "WORKSPACE_MEMBER")] {
        lines += &line(
            json!({ "kind": "role", "domain_id": DOMAIN, "role_id": role, "name": name, "role_type": role_type, "state": "DISABLED" }),
        );
    }
    lines += &WorkspaceGroup::new("wg-a").members(["TWICE", "deleted", "member"]).line();
    lines += &WorkspaceGroup::new("wg-b").members(["member"]).line();
    lines += &WorkspaceGroup::new("wg-other").in_domain("domain-b").members(["twice"]).line();
    for workspace in [
        Workspace::new("workspace-1").group("wg-a"),
        Workspace::new("workspace-2").group("wg-b").with("is_dormant", true).with("is_managed", true),
        Workspace::new("workspace-3"),
        Workspace::new("workspace-4").group("wg-gone"),
        Workspace::new("workspace-5").group("wg-a").state("DISABLED"),
        Workspace::new("workspace-6").group("wg-a").state("DELETED"),
        Workspace::new("workspace-other").in_domain("domain-b").name("x").group("wg-a"),
    ] {
        lines += &workspace.line();
    }
    for (binding, hour) in [
        (RoleBinding::member("rb-1", "twice", "workspace-1"), 1),
        (RoleBinding::owner("rb-2", "TWICE", "workspace-1").through("wg-a"), 3),
        (RoleBinding::owner("rb-3", "twice", "workspace-1"), 2),
        (RoleBinding::owner("rb-4", "gone-role", "workspace-3").with("role_id", "deleted"), 1),
        (RoleBinding::member("rb-m0", "member", "workspace-2").through("wg-a"), 1),
        (RoleBinding::member("rb-m1", "member", "workspace-5").through("wg-a"), 1),
        (RoleBinding::member("rb-m2", "member", "workspace-6").through("wg-a"), 1),
        (RoleBinding::member("rb-m3", "member", "workspace-none").through("wg-a"), 1),
        (RoleBinding::owner("rb-tie-b", "member", "workspace-4"), 5),
        (RoleBinding::owner("rb-tie-a", "member", "workspace-4").with("role_id", "deleted"), 5),
    ] {
        lines += &binding.with("created_at", format!("2026-01-01 0{hour}:00:00")).line();
    }
    lines += &RoleBinding::owner("rb-domain", "nothing", "workspace-1").with("resource_group", "DOMAIN").line();
    lines += &RoleBinding::owner("rb-admin", "nothing", "workspace-1").with("role_type", "DOMAIN_ADMIN").line();
    lines
}

fn line(value: Value) -> String {
    format!("{value}\n")
}

async fn app() -> TestApp {
    let app = TestApp::start().await;
    app.import(&lines()).await;
    app
}

/// The workspaces of a list, with the roles of nodes and edges.
async fn workspaces(client: &Client, arguments: &str) -> Value {
    let query = format!(
        "{{ me {{ workspaces{arguments} {{ totalCount edges {{ roleId roleType roleName node {{ id roleId roleType roleName }} }} }} }} }}"
    );
    let response = client.query(&query).await;
    let list = &response.data()["me"]["workspaces"];
    let edges = list["edges"].as_array().unwrap();
    assert_eq!(list["totalCount"], edges.len());
    let role = |of: &Value| json!([of["roleId"], of["roleType"], of["roleName"]]);
    edges.iter().map(|edge| json!([edge["node"]["id"], role(&edge["node"]), role(edge)])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_without_bindings_sees_all_enabled_workspaces_and_has_no_role() {
    let client = app().await.signed_in(DOMAIN, "admin").await;
    let none = json!([null, null, null]);
    let all: Value = (1..=4).map(|number| json!([format!("workspace-{number}"), none, none])).collect();
    assert_eq!(workspaces(&client, "").await, all);
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([["workspace-1", none, none]]));
    for unknown in ["wg-gone", "wg-other", "nonsense", "", "wg-\\u0000"] {
        assert_eq!(workspaces(&client, &format!("(workspaceGroupId: \"{unknown}\")")).await, json!([]), "{unknown}");
    }
    let response = client
        .query("{ me { workspaceGroups { nodes { id roleBindingInfo { roleId } workspaces { nodes { id } } } } } }")
        .await;
    let expected = json!([
        { "id": "wg-a", "roleBindingInfo": null, "workspaces": { "nodes": [{ "id": "workspace-1" }] } },
        { "id": "wg-b", "roleBindingInfo": null, "workspaces": { "nodes": [{ "id": "workspace-2" }] } },
    ]);
    assert_eq!(response.data()["me"]["workspaceGroups"]["nodes"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_binding_takes_precedence_then_the_older_one() {
    let client = app().await.signed_in(DOMAIN, "twice").await;
    let owner = json!(["owner", "WORKSPACE_OWNER", "Owner"]);
    assert_eq!(workspaces(&client, "").await, json!([["workspace-1", owner, owner]]));
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([["workspace-1", owner, owner]]));
    let response =
        client.query("{ me { workspaceGroups { nodes { id roleBindingInfo { roleBindingId userId } } } } }").await;
    let info = json!({ "roleBindingId": "rb-2", "userId": "TWICE" });
    assert_eq!(response.data()["me"]["workspaceGroups"]["nodes"], json!([{ "id": "wg-a", "roleBindingInfo": info }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_group_only_bindings_of_that_group_count() {
    let client = app().await.signed_in(DOMAIN, "member").await;
    let member = json!(["member", "WORKSPACE_MEMBER", "Member"]);
    // Of two bindings created at the same time, the one with the smaller id counts, even if its role was deleted.
    let gone = json!(["deleted", "WORKSPACE_OWNER", null]);
    assert_eq!(workspaces(&client, "").await, json!([["workspace-2", member, member], ["workspace-4", gone, gone]]));
    // The binding to workspace-2, which belongs to wg-b, was created through wg-a.
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
async fn a_user_without_bindings_and_groups_sees_nothing() {
    let client = app().await.signed_in(DOMAIN, "nothing").await;
    assert_eq!(workspaces(&client, "").await, json!([]));
    let ids = json!({ "ids": ["workspace-1", "wg-a", "workspace-other", "wg-other"] });
    let response = client
        .execute(
            "query($ids: [ID!]!) { nodes(ids: $ids) { id } me { workspaceGroups { totalCount nodes { id } } } }",
            ids,
        )
        .await;
    assert_eq!(response.data()["nodes"], json!([null, null, null, null]));
    assert_eq!(response.data()["me"]["workspaceGroups"], json!({ "totalCount": 0, "nodes": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_domain_is_visible() {
    let client = app().await.signed_in("domain-b", "twice").await;
    assert_eq!(workspaces(&client, "").await, json!([]));
    assert_eq!(workspaces(&client, "(workspaceGroupId: \"wg-a\")").await, json!([]));
    let response = client
        .query("{ me { workspaceGroups { nodes { id users { userId userName } } } } node(id: \"wg-a\") { id } }")
        .await;
    let users = json!([{ "userId": "twice", "userName": "TWICE" }]);
    assert_eq!(response.data()["me"]["workspaceGroups"]["nodes"], json!([{ "id": "wg-other", "users": users }]));
    assert_eq!(response.data()["node"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_lists_its_users_and_deleted_users_have_no_name() {
    let client = app().await.signed_in(DOMAIN, "member").await;
    let response = client
        .query("{ node(id: \"wg-a\") { ... on WorkspaceGroup { users { userId userName state roleId roleType } } } }")
        .await;
    let known = |id: &str, name: &str| json!({ "userId": id, "userName": name, "state": "ENABLED", "roleId": "member", "roleType": "WORKSPACE_MEMBER" });
    let gone = json!({ "userId": "deleted", "userName": null, "state": null, "roleId": "member", "roleType": "WORKSPACE_MEMBER" });
    assert_eq!(response.data()["node"]["users"], json!([known("TWICE", "TWICE"), gone, known("member", "MEMBER")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_shows_its_group_only_to_users_who_see_the_group() {
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
    // The user has a binding to a workspace of wg-b, but belongs only to wg-a.
    app.import(&RoleBinding::member("rb-x", "twice", "workspace-2").line()).await;
    let twice = app.signed_in(DOMAIN, "twice").await.query(query).await;
    assert_eq!(twice.data()["me"]["workspaces"]["nodes"][1], json!({ "id": "workspace-2", "workspaceGroup": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_combine_and_match_special_characters_literally() {
    let app = app().await;
    let named = |id: &str, name: &str| Workspace::new(id).name(name).line();
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

/// By bytes on both databases: capital letters before small letters, accented letters after both.
#[tokio::test(flavor = "multi_thread")]
async fn lists_are_ordered_byte_by_byte() {
    let app = TestApp::start().await;
    let names = ["Z", "a", "Ä", "_", "a b", "ab", "a", "z", "é", "日本"];
    let mut lines = domain(DOMAIN) + &User::new("admin").admin().line();
    for (number, name) in names.iter().enumerate() {
        lines += &Workspace::new(&format!("workspace-{number}")).name(name).line();
        lines += &WorkspaceGroup::new(&format!("wg-{number}")).name(name).line();
    }
    app.import(&lines).await;
    let client = app.signed_in(DOMAIN, "admin").await;
    let response = client.query("{ me { workspaces { nodes { name } } workspaceGroups { nodes { name } } } }").await;
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    for list in ["workspaces", "workspaceGroups"] {
        let listed: Vec<&str> = response.data()["me"][list]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["name"].as_str().unwrap())
            .collect();
        assert_eq!(listed, sorted);
    }
}
