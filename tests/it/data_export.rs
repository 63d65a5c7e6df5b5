//! The export of a user's own data: nothing that the database stores about a user is missing, unless for a reason.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::passkeys;
use crate::support::authenticator::Authenticator;
use crate::support::{DOMAIN, RoleBinding, TestApp, User, Workspace, WorkspaceGroup, database, domain};

const MAIL: &str = "wonny@example.com";

/// Where the value of a column is.
enum Place {
    /// In the export, at this JSON pointer.
    At(&'static str),
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

use Place::{At, Nowhere};

const SECRET: &str = "a secret, or its digest";
const KEY: &str = "a folded copy, to compare with";

/// Tables without a column that belongs to a user, and why.
const OTHER_TABLES: [(&str, &str); 11] = [
    ("__diesel_schema_migrations", "the versions of the tables"),
    ("domains", "the domain belongs to all of its users; its id and name are exported"),
    ("installation", "of the whole installation"),
    ("known_networks", "keyed digests of users and networks; deleted after 30 days"),
    ("outbox", "encrypted messages that wait to be sent to the user; erased once they are sent"),
    ("password_attempts", "keyed digests of users and networks; deleted after a day without failure"),
    ("roles", "of the domain"),
    ("session_tokens", "digests of tokens; their sessions are exported"),
    ("tallies", "keyed digests of what is limited; deleted after a day"),
    ("workspace_groups", "of the domain; the user's groups are exported by id"),
    ("workspaces", "of the domain; the user's bindings to them are exported"),
];

const COLUMNS: &[(&str, &[(&str, Place)])] = &[
    (
        "users",
        &[
            ("id", At("/user/id")),
            ("domain_id", At("/domain/domainId")),
            ("user_id", At("/user/userId")),
            ("user_id_key", Nowhere(KEY)),
            ("password_hash", Nowhere(SECRET)),
            ("name", At("/user/name")),
            ("state", At("/user/state")),
            ("email", At("/user/email")),
            ("email_key", Nowhere(KEY)),
            ("email_verified", At("/user/emailVerified")),
            ("pending_email", At("/user/pendingEmail")),
            ("pending_email_key", Nowhere(KEY)),
            ("auth_type", At("/user/authType")),
            ("role_id", At("/user/roleId")),
            ("role_type", At("/user/roleType")),
            ("mfa_state", At("/user/mfa/state")),
            ("mfa_type", At("/user/mfa/mfaType")),
            ("mfa_email", At("/user/mfa/options/email")),
            ("mfa_email_key", Nowhere(KEY)),
            ("mfa_enforce", At("/user/mfa/options/enforce")),
            ("otp_secret", Nowhere(SECRET)),
            ("otp_last_step", Nowhere(SECRET)),
            ("language", At("/user/language")),
            ("timezone", At("/user/timezone")),
            ("required_actions", At("/user/requiredActions")),
            ("refresh_timeout", At("/user/refreshTimeout")),
            ("tags", At("/user/tags/team")),
            ("created_at", At("/user/createdAt")),
            ("last_accessed_at", At("/user/lastAccessedAt")),
        ],
    ),
    (
        "sessions",
        &[
            ("session_id", At("/sessions/0/id")),
            ("owner_id", At("/user/id")),
            ("domain_id", At("/domain/domainId")),
            ("created_at", At("/sessions/0/createdAt")),
            ("last_used_at", At("/sessions/0/lastUsedAt")),
            ("expires_at", At("/sessions/0/expiresAt")),
            ("authenticated_at", At("/sessions/0/authenticatedAt")),
            ("client_address", At("/sessions/0/clientAddress")),
            ("user_agent", At("/sessions/0/userAgent")),
            ("written_at", Nowhere("a time of the database, for reads from a replica")),
        ],
    ),
    (
        "passkeys",
        &[
            ("passkey_id", At("/passkeys/0/id")),
            ("owner_id", At("/user/id")),
            ("user_handle", Nowhere("known only to authenticators")),
            ("credential_id", Nowhere("known only to authenticators")),
            ("credential", Nowhere("the public key, in the form of a library")),
            ("name", At("/passkeys/0/name")),
            ("is_backed_up", At("/passkeys/0/isBackedUp")),
            ("transports", At("/passkeys/0/transports/0")),
            ("created_at", At("/passkeys/0/createdAt")),
            ("last_used_at", At("/passkeys/0/lastUsedAt")),
        ],
    ),
    (
        "codes",
        &[
            ("code_id", Nowhere("of no meaning to the user")),
            ("owner_id", At("/user/id")),
            ("purpose", At("/pendingCodes/0/purpose")),
            ("address", At("/pendingCodes/0/address")),
            ("address_key", Nowhere(KEY)),
            ("session_id", At("/pendingCodes/1/sessionId")),
            ("digest", Nowhere(SECRET)),
            ("token", Nowhere(SECRET)),
            ("otp_secret", Nowhere(SECRET)),
            ("passkey_state", Nowhere(SECRET)),
            ("account", Nowhere("a keyed digest of the user id")),
            ("tries", At("/pendingCodes/0/failedAttempts")),
            ("created_at", At("/pendingCodes/0/createdAt")),
            ("expires_at", At("/pendingCodes/0/expiresAt")),
        ],
    ),
    ("recovery_codes", &[("owner_id", At("/user/mfa/recoveryCodesLeft")), ("digest", Nowhere(SECRET))]),
    (
        "security_events",
        &[
            ("event_id", At("/securityEvents/0/id")),
            ("owner_id", At("/user/id")),
            ("event_type", At("/securityEvents/0/type")),
            ("created_at", At("/securityEvents/0/createdAt")),
            ("client_address", At("/securityEvents/0/clientAddress")),
            ("user_agent", At("/securityEvents/0/userAgent")),
            ("actor", At("/securityEvents/0/actor")),
        ],
    ),
    (
        "workspace_group_users",
        &[
            ("workspace_group_id", At("/workspaceGroups/0/workspaceGroupId")),
            ("user_id_key", Nowhere(KEY)),
            ("domain_id", At("/domain/domainId")),
            ("user_id", At("/workspaceGroups/0/userId")),
            ("role_id", At("/workspaceGroups/0/roleId")),
            ("role_type", At("/workspaceGroups/0/roleType")),
        ],
    ),
    (
        "role_bindings",
        &[
            ("role_binding_id", At("/roleBindings/0/roleBindingId")),
            ("domain_id", At("/domain/domainId")),
            ("user_id", At("/roleBindings/0/userId")),
            ("user_id_key", Nowhere(KEY)),
            ("role_id", At("/roleBindings/0/roleId")),
            ("role_type", At("/roleBindings/0/roleType")),
            ("resource_group", At("/roleBindings/0/resourceGroup")),
            ("workspace_id", At("/roleBindings/0/workspaceId")),
            ("workspace_group_id", At("/roleBindings/0/workspaceGroupId")),
            ("created_at", At("/roleBindings/0/createdAt")),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_column_about_a_user_is_exported_or_left_out_for_a_reason() {
    let database = database::create().await;
    let stored: BTreeSet<String> = database
        .texts(
            "SELECT m.name || '.' || c.name AS value FROM sqlite_master AS m, pragma_table_info(m.name) AS c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            "SELECT table_name || '.' || column_name AS value FROM information_schema.columns
             WHERE table_schema = current_schema()",
        )
        .await
        .into_iter()
        .filter(|column| OTHER_TABLES.iter().all(|(table, _)| !column.starts_with(&format!("{table}."))))
        .collect();
    let listed =
        COLUMNS.iter().flat_map(|(table, columns)| columns.iter().map(move |(name, _)| format!("{table}.{name}")));
    assert_eq!(stored, listed.collect());

    let app = TestApp::on(&database).await;
    let data = export_of_everything(&app).await;
    let mut missing = Vec::new();
    for (table, columns) in COLUMNS {
        for (name, place) in *columns {
            match place {
                At(pointer) => {
                    missing.extend(data.pointer(pointer).is_none_or(Value::is_null).then_some((table, name)));
                }
                Nowhere(reason) => assert!(!reason.is_empty()),
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?} in {data:#}");
    assert_eq!((&data["format"], &data["version"]), (&json!("userprofile-data"), &json!(1)));
    assert_eq!(data["securityEventsTotal"], data["securityEvents"].as_array().unwrap().len());
}

/// The export of a user about whom every column has a value.
async fn export_of_everything(app: &TestApp) -> Value {
    let wonny = User::new("wonny").verified_email(MAIL);
    let group = WorkspaceGroup::new("wg-1")
        .with("users", json!([{ "user_id": "wonny", "role_id": "r", "role_type": "WORKSPACE_OWNER" }]));
    let binding = RoleBinding::owner("rb-1", "wonny", "workspace-1").through("wg-1");
    app.import(
        &(domain(DOMAIN) + &wonny.line() + &group.line() + &Workspace::new("workspace-1").line() + &binding.line()),
    )
    .await;
    let device = "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0";
    let client = app.signed_in(DOMAIN, "wonny").await.with_user_agent(device);
    let mut authenticator = Authenticator::new();
    passkeys::add(&client, &mut authenticator).await;
    // The lists begin with the newest.
    app.clock.advance(TimeDelta::seconds(1));
    let client = passkeys::sign_in(&client, &mut authenticator).await.unwrap();
    client.mutate_ok("addPasskey", Value::Null, "options").await;
    app.clock.advance(TimeDelta::seconds(1));
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let all = wonny
        .without_password()
        .email_mfa(MAIL)
        .with("role_id", "role-1")
        .with("refresh_timeout", 3600)
        .with("tags", json!({ "team": "platform" }));
    app.import(&all.line()).await;
    app.clock.advance(TimeDelta::seconds(1));
    client.mutate_ok("exportData", Value::Null, "data").await["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_recorded_and_contains_no_secret() {
    let app =
        TestApp::with_user(User::new("wonny").verified_email(MAIL).otp_mfa("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")).await;
    app.import(&User::new("mei").line()).await;
    let client = app.signed_in(DOMAIN, "mei").await;
    let data = client.mutate_ok("exportData", Value::Null, "data").await["data"].clone();
    assert_eq!(data["user"]["userId"], "mei");
    let text = data.to_string();
    let tokens = client.tokens.as_ref().unwrap();
    for secret in ["argon2", "GEZDGNBV", tokens.access.as_str(), tokens.refresh.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let events = client.me("securityEvents(first: 2) { nodes { type } }").await["securityEvents"]["nodes"].clone();
    assert!(events.as_array().unwrap().contains(&json!({ "type": "DATA_EXPORTED" })), "{events}");
    app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(client.error_code("exportData", Value::Null).await, "REAUTHENTICATION_REQUIRED");
}
