//! The API and the model agree on generated domains.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::model::{self, DomainModel, Listed};
use crate::support::{Client, TestApp};

const DOMAINS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn the_api_matches_the_model() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::new(Config::default());
    for number in 0..DOMAINS {
        let model = model::domain_model().new_tree(&mut runner).unwrap().current();
        let domain = format!("domain-{number}");
        app.import(&model.lines(&domain)).await;
        for user in 0..model::USERS {
            let client = app.signed_in(&domain, &format!("user{user}")).await;
            check(&client, &model, &domain, user).await;
        }
    }
}

async fn check(client: &Client, model: &DomainModel, domain: &str, user: usize) {
    let response = client
        .query(
            "fragment List on WorkspaceConnection { totalCount edges { roleId node { id roleId workspaceGroup { id } } } }
             { me { workspaces { ...List }
                    workspaceGroups { totalCount nodes { id roleBindingInfo { roleId } workspaces { ...List } } } } }",
        )
        .await;
    let me = &response.data()["me"];
    let context = format!("user {user} of {model:#?}\n{}", response.body);
    assert_eq!(me["workspaces"], list(model, domain, user, model.workspaces(user, None)), "{context}");
    let groups: Vec<Value> = model
        .groups(user)
        .into_iter()
        .map(|(group, binding)| {
            json!({
                "id": format!("wg-{domain}-{group}"),
                "roleBindingInfo": binding.map(|binding| json!({ "roleId": format!("role-{binding}") })),
                "workspaces": list(model, domain, user, model.workspaces(user, Some(group))),
            })
        })
        .collect();
    assert_eq!(me["workspaceGroups"], json!({ "totalCount": groups.len(), "nodes": groups }), "{context}");
    // Through every group, visible or not, and through one that does not exist.
    for group in 0..4 {
        let query = format!("fragment List on WorkspaceConnection {{ totalCount edges {{ roleId node {{ id roleId workspaceGroup {{ id }} }} }} }}
                             {{ me {{ workspaces(workspaceGroupId: \"wg-{domain}-{group}\") {{ ...List }} }} }}");
        let response = client.query(&query).await;
        let expected = list(model, domain, user, model.workspaces(user, Some(group)));
        assert_eq!(response.data()["me"]["workspaces"], expected, "through {group}, {context}");
    }
    let ids: Vec<String> = (0..6).map(|workspace| format!("workspace-{domain}-{workspace}")).collect();
    let query = "query($ids: [ID!]!, $those: [_Any!]!) { nodes(ids: $ids) { id } workspaces(ids: $ids) { id }
                 _entities(representations: $those) { ... on Workspace { id } } }";
    let those: Vec<Value> = ids.iter().map(|id| json!({ "__typename": "Workspace", "id": id })).collect();
    let response = client.execute(query, json!({ "ids": ids, "those": those })).await;
    let seen = model.workspaces(user, None);
    let expected: Vec<Value> = (0..6)
        .map(|workspace| match seen.iter().any(|(listed, _, _)| *listed == workspace) {
            true => json!({ "id": ids[workspace] }),
            false => Value::Null,
        })
        .collect();
    for field in ["nodes", "workspaces", "_entities"] {
        assert_eq!(response.data()[field], Value::Array(expected.clone()), "{field}, {context}");
    }
}

fn list(model: &DomainModel, domain: &str, user: usize, listed: Listed) -> Value {
    let role = |binding: Option<usize>| binding.map(|binding| format!("role-{binding}"));
    let edges: Vec<Value> = listed.into_iter().map(|(workspace, best, by_list)| json!({
        "roleId": role(by_list),
        "node": {
            "id": format!("workspace-{domain}-{workspace}"),
            "roleId": role(best),
            "workspaceGroup": model.group_of(user, workspace).map(|group| json!({ "id": format!("wg-{domain}-{group}") })),
        },
    })).collect();
    json!({ "totalCount": edges.len(), "edges": edges })
}
