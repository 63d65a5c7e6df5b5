//! Export after import after export is the same, byte by byte, on one database and across both.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::support::{TestApp, database};

const FILES: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn generated_files_are_exported_as_they_were_imported() {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..FILES {
        let lines = file().new_tree(&mut runner).unwrap().current();
        let first = TestApp::start().await;
        first.import(&lines.concat()).await;
        let exported = first.export_with_secrets().await;
        assert_eq!(exported.lines().count(), lines.len(), "{exported}");
        assert_holds(&exported, &lines);
        // Into an empty database of either kind, and once more over itself.
        let sqlite = database::create_sqlite().await;
        let second = TestApp::on(&sqlite).await;
        second.import(&exported).await;
        assert_eq!(second.export_with_secrets().await, exported);
        let third = TestApp::start().await;
        third.import(&second.export_with_secrets().await).await;
        third.import(&exported).await;
        assert_eq!(third.export_with_secrets().await, exported);
        // Over entities with the same ids and no other values.
        let fourth = TestApp::start().await;
        fourth.import(&with_required_fields_only(&exported)).await;
        fourth.import(&exported).await;
        assert_eq!(fourth.export_with_secrets().await, exported);
        // Over itself the secrets need not travel.
        let without_secrets = third.export().await;
        third.import(&without_secrets).await;
        assert_eq!(third.export_with_secrets().await, exported);
    }
}

/// The export contains everything that the lines contained.
fn assert_holds(exported: &str, lines: &[String]) {
    let object = |line: &str| serde_json::from_str::<Map<String, Value>>(line).unwrap();
    let keys = ["kind", "domain_id", "role_id", "user_id", "workspace_group_id", "workspace_id", "role_binding_id"];
    let part = |object: &Map<String, Value>, key: &str| object.get(key).filter(|value| !value.is_null()).cloned();
    let exported: Vec<_> = exported.lines().map(object).collect();
    for line in lines.iter().map(|line| object(line)) {
        let same = |other: &&Map<String, Value>| keys.iter().all(|key| part(other, key) == part(&line, key));
        let found = exported.iter().find(same).unwrap_or_else(|| panic!("{line:?} is missing"));
        for (name, value) in line.iter().filter(|(_, value)| !is_default(value)) {
            assert_eq!(found.get(name), Some(value), "{name} of {line:?}");
        }
    }
}

/// The same entities, without the fields that a line may omit.
fn with_required_fields_only(exported: &str) -> String {
    let required = |key: &str| {
        let fields = ["kind", "id", "name", "role_type", "resource_group", "workspace_id"];
        fields.contains(&key) || key.ends_with("_id") && !matches!(key, "reference_id" | "workspace_group_id")
    };
    let lines = exported.lines().map(|text| {
        let mut object: Map<String, Value> = serde_json::from_str(text).unwrap();
        let is_group = object["kind"] == "workspace_group";
        let is_user = object["kind"] == "user";
        object.retain(|key, _| required(key) || is_group && key == "workspace_group_id");
        if is_user {
            object.retain(|key, _| matches!(key.as_str(), "kind" | "domain_id" | "user_id" | "id"));
        }
        line(Value::Object(object))
    });
    lines.collect()
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.is_empty() || object.get("state") == Some(&json!("DISABLED")),
        Value::Array(items) => items.is_empty(),
        other => other.is_null() || *other == json!(false),
    }
}

/// The lines of a file, in any order.
fn file() -> impl Strategy<Value = Vec<String>> {
    (1..4_usize).prop_flat_map(|domains| {
        let entities = (0..domains, 0..6_u8, values()).prop_map(|(domain, kind, values)| (domain, kind, values));
        prop::collection::vec(entities, 0..40)
            .prop_map(move |entities| {
                let mut lines: Vec<String> = (0..domains)
                    .map(|n| {
                        line(json!({"kind": "domain", "domain_id": format!("domain-{n}"), "name": format!("d{n}")}))
                    })
                    .collect();
                lines.extend(entities.into_iter().enumerate().filter_map(|(n, (domain, kind, values))| {
                    make(kind, &format!("domain-{domain}"), n, values).map(line)
                }));
                lines
            })
            .prop_shuffle()
    })
}

fn line(value: Value) -> String {
    // `kind` first; serde_json sorts the rest.
    let Value::Object(mut object) = value else { unreachable!() };
    let kind = object.remove("kind").unwrap();
    let rest = Value::Object(object).to_string();
    format!("{{\"kind\":{kind},{}\n", &rest[1..])
}

/// The values that entities of all kinds are made of.
#[derive(Debug, Clone)]
struct Values {
    text: String,
    tags: Value,
    time: String,
    flags: [bool; 3],
    number: u32,
}

fn values() -> impl Strategy<Value = Values> {
    let text = "[^\\pC]{1,20}";
    let tags = prop::collection::btree_map("[^\0]{0,6}", tag(), 0..4).prop_map(|tags| json!(tags));
    let micros = -62_167_219_200_000_000_i64..253_402_300_800_000_000;
    (text, tags, micros, any::<[bool; 3]>(), 0..1000_u32).prop_map(|(text, tags, micros, flags, number)| Values {
        text,
        tags,
        time: chrono::DateTime::from_timestamp_micros(micros)
            .unwrap()
            .to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        flags,
        number,
    })
}

fn tag() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        "[^\0]{0,10}".prop_map(Value::from),
        prop::collection::vec(any::<u64>(), 0..3).prop_map(Value::from),
    ]
}

fn make(kind: u8, domain: &str, n: usize, values: Values) -> Option<Value> {
    let Values { text, tags, time, flags: [one, two, three], number } = values;
    let name = text.trim().to_owned();
    if name.is_empty() {
        return None;
    }
    let login = format!("{}{n}@X.org", name.replace('@', ""));
    let role_type = if one { "WORKSPACE_OWNER" } else { "WORKSPACE_MEMBER" };
    Some(match kind {
        0 => json!({
            "kind": "role", "domain_id": domain, "role_id": format!("role-{n}"), "name": name, "role_type": role_type,
            "state": if two { "ENABLED" } else { "DISABLED" },
        }),
        1 | 2 => json!({
            "kind": "user", "domain_id": domain, "user_id": login, "name": name,
            "id": one.then(|| format!("user-{n}")),
            "password_hash": two.then_some("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$oBFRLsG3bT2pJ+hxM1sXxQFLD2WxLmfYlMEGSNXUTuE"),
            "state": if one { "PENDING" } else { "DISABLED" },
            "email": two.then(|| format!("U{n}@Exämple.org")), "email_verified": two && three,
            "auth_type": if one { "LOCAL" } else { "EXTERNAL" },
            "role_type": if three { "DOMAIN_ADMIN" } else { "USER" },
            "mfa": match number % 4 {
                0 => json!({"state": "ENABLED", "mfa_type": "OTP", "otp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}),
                1 => json!({"state": "ENABLED", "mfa_type": "EMAIL", "options": {"email": "m@x.org", "enforce": true}}),
                2 => json!({"state": "DISABLED", "otp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}),
                _ => json!({}),
            },
            "required_actions": if one { json!(["ENFORCE_MFA", "UPDATE_PASSWORD"]) } else { json!([]) },
            "language": if two { "ko" } else { "en" }, "timezone": if three { "Asia/Seoul" } else { "UTC" },
            "refresh_timeout": two.then_some(1800 + number),
            "tags": tags, "created_at": time, "last_accessed_at": three.then_some("2026-01-01T00:00:00.000001Z"),
        }),
        3 => json!({
            "kind": "workspace_group", "domain_id": domain, "workspace_group_id": format!("wg-{n}"), "name": text,
            "users": (0..number % 5).map(|user| json!({"user_id": format!("{user}{text}").trim(), "role_type": role_type})).collect::<Vec<_>>(),
            "tags": tags, "created_by": one.then_some(&text), "created_at": time, "updated_at": two.then_some(&time),
        }),
        4 => json!({
            "kind": "workspace", "domain_id": domain, "workspace_id": format!("workspace-{n}"), "name": text,
            "state": if one { "DELETED" } else { "ENABLED" }, "tags": tags, "reference_id": two.then_some(&text),
            "is_managed": one, "is_dormant": two, "workspace_group_id": three.then_some("wg-1"), "created_at": time,
            "last_synced_at": one.then_some(&time), "dormant_updated_at": two.then_some(&time),
        }),
        _ => json!({
            "kind": "role_binding", "domain_id": domain, "role_binding_id": format!("rb-{n}"), "user_id": login,
            "role_id": "role", "role_type": role_type, "resource_group": if one { "WORKSPACE" } else { "DOMAIN" },
            "workspace_id": one.then_some("workspace-1"), "workspace_group_id": two.then_some("wg-1"), "created_at": time,
        }),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_page_is_exported_as_it_was_imported() {
    let app = TestApp::start().await;
    let mut lines = "{\"kind\":\"domain\",\"domain_id\":\"domain-a\",\"name\":\"a\"}\n".to_owned();
    for n in 0..1001 {
        lines += &format!("{{\"kind\":\"user\",\"domain_id\":\"domain-a\",\"user_id\":\"u{n}\"}}\n");
        lines += &format!(
            "{{\"kind\":\"role\",\"domain_id\":\"domain-a\",\"role_id\":\"r{n}\",\"name\":\"r\",\"role_type\":\"DOMAIN_ADMIN\"}}\n"
        );
        lines += &format!(
            "{{\"kind\":\"workspace\",\"domain_id\":\"domain-a\",\"workspace_id\":\"workspace-{n}\",\"name\":\"w\"}}\n"
        );
    }
    // Groups whose users begin and end in the middle of a page, at its end, and not at all.
    for (n, users) in [999, 1, 0, 2500, 0, 10_000, 3].into_iter().enumerate() {
        let users: Vec<String> = (0..users).map(|user| format!("{{\"user_id\":\"u{user:05}\"}}")).collect();
        let users = users.join(",");
        lines += &format!(
            "{{\"kind\":\"workspace_group\",\"domain_id\":\"domain-a\",\"workspace_group_id\":\"wg-{n}\",\"name\":\"g\",\"users\":[{users}]}}\n"
        );
    }
    app.import(&lines).await;
    let exported = app.export().await;
    assert_eq!(exported.lines().count(), lines.lines().count());
    assert_eq!(exported.matches("user_id\":\"u").count(), 1001 + 999 + 1 + 2500 + 10_000 + 3);
    let sqlite = database::create_sqlite().await;
    let other = TestApp::on(&sqlite).await;
    other.import(&exported).await;
    assert_eq!(other.export().await, exported);
}
