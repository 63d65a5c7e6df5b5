//! An entity with the same key is replaced, and what is kept of a user.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{DOMAIN, PASSWORD, TestApp, domain, user};

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_with_the_same_key_is_replaced_whole() {
    let app = TestApp::start().await;
    let file = r#"{"kind":"domain","domain_id":"domain-a","name":"acme","tags":{"a":1}}
{"kind":"role","domain_id":"domain-a","role_id":"r","name":"Role","role_type":"WORKSPACE_OWNER","state":"DISABLED"}
{"kind":"workspace_group","domain_id":"domain-a","workspace_group_id":"wg-1","name":"G","users":[{"user_id":"a"},{"user_id":"b"}],"created_by":"x"}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","name":"W","is_managed":true,"created_at":"2020-01-01 00:00:00"}
{"kind":"role_binding","domain_id":"domain-a","role_binding_id":"rb-1","user_id":"u","role_id":"r","role_type":"WORKSPACE_OWNER","resource_group":"DOMAIN","workspace_group_id":"wg-1"}
"#;
    app.import(file).await;
    let again = r#"{"kind":"domain","domain_id":"domain-a","name":"new","state":"DISABLED"}
{"kind":"role","domain_id":"domain-a","role_id":"r","name":"New","role_type":"WORKSPACE_MEMBER"}
{"kind":"workspace_group","domain_id":"domain-a","workspace_group_id":"wg-1","name":"New","users":[{"user_id":"c"}]}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","name":"New"}
{"kind":"role_binding","domain_id":"domain-a","role_binding_id":"rb-1","user_id":"v","role_id":"r2","role_type":"WORKSPACE_MEMBER","resource_group":"WORKSPACE","workspace_id":"workspace-1"}
"#;
    app.import(again).await;
    let expected = r#"{"kind":"domain","domain_id":"domain-a","name":"new","state":"DISABLED"}
{"kind":"role","domain_id":"domain-a","role_id":"r","name":"New","role_type":"WORKSPACE_MEMBER","state":"ENABLED"}
{"kind":"workspace_group","domain_id":"domain-a","workspace_group_id":"wg-1","name":"New","users":[{"user_id":"c"}],"created_at":"2026-11-23T09:00:00Z"}
{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","name":"New","state":"ENABLED","created_at":"2020-01-01T00:00:00Z"}
{"kind":"role_binding","domain_id":"domain-a","role_binding_id":"rb-1","user_id":"v","role_id":"r2","role_type":"WORKSPACE_MEMBER","resource_group":"WORKSPACE","workspace_id":"workspace-1","created_at":"2026-11-23T09:00:00Z"}
"#;
    assert_eq!(app.export().await, expected);
}

/// Also the time of creation where lines do not tell it.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_idempotent_on_another_day() {
    let app = TestApp::start().await;
    let file = |created_at: &str| {
        domain(DOMAIN)
            + &format!(
                r#"{{"kind":"workspace_group","domain_id":"domain-a","workspace_group_id":"wg-1","name":"G"{created_at}}}
{{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1","name":"W"{created_at}}}
{{"kind":"role_binding","domain_id":"domain-a","role_binding_id":"rb-1","user_id":"u","role_id":"r","role_type":"WORKSPACE_OWNER","resource_group":"WORKSPACE","workspace_id":"workspace-1"{created_at}}}
"#
            )
    };
    app.import(&file("")).await;
    let before = app.export().await;
    assert_eq!(before.matches(r#""created_at":"2026-11-23T09:00:00Z""#).count(), 3);
    app.clock.advance(TimeDelta::days(1));
    // Beside new ones, which are created now.
    app.import(&(file("") + &file("").replace("-1\"", "-2\"").replace(&domain(DOMAIN), ""))).await;
    let after = app.export().await;
    assert!(before.lines().all(|line| after.contains(line)), "{after}");
    assert_eq!(after.matches(r#""created_at":"2026-11-24T09:00:00Z""#).count(), 3);
    app.import(&file(r#","created_at":"2020-01-01 00:00:00""#)).await;
    assert_eq!(app.export().await.matches(r#""created_at":"2020-01-01T00:00:00Z""#).count(), 3);
    app.import(&file("")).await;
    assert_eq!(app.export().await.matches(r#""created_at":"2020-01-01T00:00:00Z""#).count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_id_and_times_of_a_user_are_kept_if_the_line_omits_them() {
    let app = TestApp::start().await;
    let full = r#""name":"U","email":"u@x.org","email_verified":true,"role_id":"r","language":"ko","tags":{"a":1},"required_actions":["UPDATE_PASSWORD"],"refresh_timeout":1800,"last_accessed_at":"2026-01-01 00:00:00","mfa":{"state":"ENABLED","mfa_type":"OTP","otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#;
    let line = |rest: &str| format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"u\"{rest}}}\n");
    app.import(&(domain(DOMAIN) + &line(&format!(",\"password\":\"{PASSWORD}\",{full}")))).await;
    let before = app.exported_user("u").await;
    assert_eq!(before["created_at"], "2026-11-23T09:00:00Z");
    app.clock.advance(TimeDelta::days(1));

    app.import(&line(r#","mfa":{"state":"ENABLED","mfa_type":"OTP"}"#)).await;
    let after = app.exported_user("u").await;
    for kept in ["id", "password_hash", "created_at", "last_accessed_at", "mfa"] {
        assert!(!after[kept].is_null(), "{kept}");
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    for (replaced, default) in
        [("name", json!(null)), ("email", json!(null)), ("language", json!("en")), ("tags", json!(null))]
    {
        assert_eq!(after[replaced], default, "{replaced}");
    }
    app.import(&line(r#","created_at":"2000-01-01T00:00:00Z","last_accessed_at":"2000-01-02T00:00:00Z""#)).await;
    let after = app.exported_user("u").await;
    assert_eq!(
        (&after["created_at"], &after["last_accessed_at"]),
        (&json!("2000-01-01T00:00:00Z"), &json!("2000-01-02T00:00:00Z"))
    );
    // The second factor is off, and its secret still there.
    assert_eq!(after["mfa"], json!({ "state": "DISABLED", "otp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_new_password_or_being_disabled_ends_sessions() {
    let app = TestApp::with_users(&["u", "v"]).await;
    let line = |rest: &str| format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"U\"{rest}}}\n");
    let (client, other) = (app.signed_in(DOMAIN, "u").await, app.signed_in(DOMAIN, "v").await);
    let hash = app.exported_user("u").await["password_hash"].as_str().unwrap().to_owned();
    // The same password, by itself or by its hash, is no new one.
    for rest in
        ["", r#","name":"New""#, &format!(r#","password":"{PASSWORD}""#), &format!(r#","password_hash":"{hash}""#)]
    {
        app.import(&line(rest)).await;
        assert!(client.is_authenticated().await, "{rest}");
        assert_eq!(app.exported_user("U").await["password_hash"], hash.as_str());
    }
    app.import(&line(r#","password":"battery staple 8""#)).await;
    assert!(!client.is_authenticated().await);
    let mut client = app.client();
    client.sign_in(DOMAIN, "u", "battery staple 8").await;
    app.import(&line(&format!(r#","password_hash":"{hash}""#))).await;
    assert!(!client.is_authenticated().await);
    let client = app.signed_in(DOMAIN, "u").await;
    app.import(&line(r#","state":"DISABLED""#)).await;
    assert!(!client.is_authenticated().await);
    app.import(&line("")).await;
    // Enabling the user does not restore the session.
    assert!(!client.is_authenticated().await);
    assert!(other.is_authenticated().await);
    let client = app.signed_in(DOMAIN, "u").await;
    let answer = client.query("{ me { securityEvents { nodes { type } } } }").await;
    let types: Vec<_> = answer.data()["me"]["securityEvents"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    for event in ["PASSWORD_SET", "USER_DISABLED", "USER_ENABLED"] {
        assert!(types.contains(&event), "{types:?}");
    }
    assert_eq!(types.iter().filter(|event| **event == "PASSWORD_SET").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_a_file_again_changes_nothing() {
    let app = TestApp::start().await;
    let file =
        domain(DOMAIN) + &user(DOMAIN, "u", r#""email":"u@x.org","email_verified":true"#) + &user(DOMAIN, "v", "");
    app.import(&file).await;
    let before = app.export_with_secrets().await;
    app.import(&file).await;
    assert_eq!(app.export_with_secrets().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_imports_run_one_after_the_other() {
    let app = TestApp::start().await;
    app.import(&domain(DOMAIN)).await;
    let file = |name: &str| {
        let line = |n| {
            format!(
                "{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"u{n}\",\"name\":\"{name}\",\"email\":\"u{n}@x.org\",\"email_verified\":true}}\n"
            )
        };
        (0..1500).map(line).collect::<String>()
    };
    let (one, other) = (file("one"), file("other"));
    let (first, second) = tokio::join!(app.try_import(&one), app.try_import(&other));
    assert_eq!((first.unwrap().lines, second.unwrap().lines), (1500, 1500));
    let exported = app.export().await;
    let of = |name: &str| exported.matches(&format!("\"name\":\"{name}\"")).count();
    assert!([(1500, 0), (0, 1500)].contains(&(of("one"), of("other"))));
}
