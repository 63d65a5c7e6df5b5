//! Made-up domains: what the API answers is what the model says.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::model::{self, Company, Listed};
use crate::support::{Client, TestApp};

const COMPANIES: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn the_api_shows_what_the_rules_say() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::new(Config::default());
    for number in 0..COMPANIES {
        let company = model::company().new_tree(&mut runner).unwrap().current();
        let domain = format!("domain-{number}");
        app.import(&company.lines(&domain)).await;
        for user in 0..model::USERS {
            let client = app.signed_in(&domain, &format!("user{user}")).await;
            check(&client, &company, &domain, user).await;
        }
    }
}

async fn check(client: &Client, company: &Company, domain: &str, user: usize) {
    let answer = client
        .query(
            "fragment List on WorkspaceConnection { totalCount edges { roleId node { id roleId workspaceGroup { id } } } }
             { me { workspaces { ...List }
                    workspaceGroups { totalCount nodes { id roleBindingInfo { roleId } workspaces { ...List } } } } }",
        )
        .await;
    let me = &answer.data()["me"];
    let context = format!("user {user} of {company:#?}\n{}", answer.body);
    assert_eq!(me["workspaces"], list(company, domain, user, company.workspaces(user, None)), "{context}");
    let groups: Vec<Value> = company
        .groups(user)
        .into_iter()
        .map(|(group, binding)| {
            json!({
                "id": format!("wg-{domain}-{group}"),
                "roleBindingInfo": binding.map(|binding| json!({ "roleId": format!("role-{binding}") })),
                "workspaces": list(company, domain, user, company.workspaces(user, Some(group))),
            })
        })
        .collect();
    assert_eq!(me["workspaceGroups"], json!({ "totalCount": groups.len(), "nodes": groups }), "{context}");
    // Through any group, seen or not, and through one that is gone.
    for group in 0..4 {
        let query = format!("fragment List on WorkspaceConnection {{ totalCount edges {{ roleId node {{ id roleId workspaceGroup {{ id }} }} }} }}
                             {{ me {{ workspaces(workspaceGroupId: \"wg-{domain}-{group}\") {{ ...List }} }} }}");
        let answer = client.query(&query).await;
        let expected = list(company, domain, user, company.workspaces(user, Some(group)));
        assert_eq!(answer.data()["me"]["workspaces"], expected, "through {group}, {context}");
    }
    let ids: Vec<String> = (0..6).map(|workspace| format!("workspace-{domain}-{workspace}")).collect();
    let query = "query($ids: [ID!]!, $those: [_Any!]!) { nodes(ids: $ids) { id } workspaces(ids: $ids) { id }
                 _entities(representations: $those) { ... on Workspace { id } } }";
    let those: Vec<Value> = ids.iter().map(|id| json!({ "__typename": "Workspace", "id": id })).collect();
    let answer = client.execute(query, json!({ "ids": ids, "those": those })).await;
    let seen = company.workspaces(user, None);
    let expected: Vec<Value> = (0..6)
        .map(|workspace| match seen.iter().any(|(listed, _, _)| *listed == workspace) {
            true => json!({ "id": ids[workspace] }),
            false => Value::Null,
        })
        .collect();
    for field in ["nodes", "workspaces", "_entities"] {
        assert_eq!(answer.data()[field], Value::Array(expected.clone()), "{field}, {context}");
    }
}

fn list(company: &Company, domain: &str, user: usize, listed: Listed) -> Value {
    let role = |binding: Option<usize>| binding.map(|binding| format!("role-{binding}"));
    let edges: Vec<Value> = listed.into_iter().map(|(workspace, best, by_list)| json!({
        "roleId": role(by_list),
        "node": {
            "id": format!("workspace-{domain}-{workspace}"),
            "roleId": role(best),
            "workspaceGroup": company.group_of(user, workspace).map(|group| json!({ "id": format!("wg-{domain}-{group}") })),
        },
    })).collect();
    json!({ "totalCount": edges.len(), "edges": edges })
}
