//! Deleting entities.

use userprofile::domain::entity::EntityKind;

use super::assert_errors;
use crate::support::{DOMAIN, TestApp, domain, user};

const ENTITIES: &str = r#"{"kind":"role","domain_id":"domain-a","role_id":"r","name":"r","role_type":"WORKSPACE_OWNER"}
{"kind":"workspace_group","domain_id":"domain-a","workspace_group_id":"wg-1","name":"g","users":[{"user_id":"u"}]}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","name":"w"}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-2","name":"w"}
{"kind":"role_binding","domain_id":"domain-a","role_binding_id":"rb-1","user_id":"u","role_id":"r","role_type":"WORKSPACE_OWNER","resource_group":"DOMAIN"}
"#;

const DELETIONS: &str = r#"{"kind":"domain","domain_id":"domain-a","delete":true}
{"kind":"role","domain_id":"domain-a","role_id":"r","delete":true}
{"kind":"user","domain_id":"domain-a","user_id":"U","delete":true}
{"kind":"workspace_group","workspace_group_id":"wg-1","delete":true}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","delete":true}
{"kind":"workspace","workspace_id":"workspace-2","delete":true}
{"kind":"role_binding","role_binding_id":"rb-1","delete":true}
"#;

async fn company() -> TestApp {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &domain("domain-b") + &user(DOMAIN, "u", "") + ENTITIES)).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_deleted_only_together_with_everything_in_it() {
    let app = company().await;
    let client = app.signed_in(DOMAIN, "u").await;
    let before = app.export_with_secrets().await;
    let only_domain = DELETIONS.lines().next().unwrap();
    let holds = "still contains 1 roles, 1 users, 1 workspace groups, 2 workspaces, 1 role bindings";
    assert_errors(app.try_import(only_domain).await, &[(1, holds)]);
    let all_but_one = DELETIONS.lines().filter(|line| !line.contains("workspace-2")).collect::<Vec<_>>().join("\n");
    assert_errors(app.try_import(&all_but_one).await, &[(1, "still contains 1 workspaces;")]);
    let with_a_new_one = format!("{DELETIONS}{}", user(DOMAIN, "new", ""));
    assert_errors(app.try_import(&with_a_new_one).await, &[(8, "line 1 deletes the domain domain-a")]);
    assert_eq!(app.export_with_secrets().await, before);

    let summary = app.try_import(DELETIONS).await.unwrap();
    assert_eq!((summary.kinds[&EntityKind::Workspace].deleted, summary.kinds[&EntityKind::Domain].deleted), (2, 1));
    assert_eq!(app.export().await.lines().count(), 1);
    assert!(!client.is_authenticated().await);
    // Deleting missing entities is no error.
    assert!(app.try_import(DELETIONS).await.unwrap().kinds.values().all(|tally| tally.deleted == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_loses_all_sessions_and_references_to_them_stay() {
    let app = company().await;
    let client = app.signed_in(DOMAIN, "u").await;
    let line = DELETIONS.lines().nth(2).unwrap();
    app.import(line).await;
    assert!(!client.is_authenticated().await);
    let exported = app.export().await;
    assert!(
        !exported.contains(r#""kind":"user""#)
            && exported.contains("rb-1")
            && exported.contains(r#"[{"user_id":"u"}]"#)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_is_not_written_and_deleted_in_one_file() {
    let app = company().await;
    let lines = format!("{ENTITIES}{}", DELETIONS.lines().nth(4).unwrap());
    assert_errors(app.try_import(&lines).await, &[(6, "line 3 has the same key")]);
    let nowhere = r#"{"kind":"user","domain_id":"domain-nowhere","user_id":"u","delete":true}"#;
    assert_errors(app.try_import(nowhere).await, &[(1, "the domain domain-nowhere does not exist")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_with_delete_in_every_line_deletes_everything() {
    let app = company().await;
    let deletions = app.export_with_secrets().await.replace("}\n", ",\"delete\":true}\n");
    assert_eq!(app.try_import(&deletions).await.unwrap().lines, 8);
    assert_eq!(app.export().await, "");
}
