//! Who may do what: every operation of the schema, by every kind of caller. An operation that the table lacks fails the
//! test. Whoever is denied has changed nothing, and no mail waits.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, database::Database, domain, user};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Shows no token.
    Nobody,
    /// Has shown a password and not yet a second factor.
    FirstFactorOnly,
    /// Was disabled since he signed in.
    Disabled,
    /// Was set back to PENDING since he signed in.
    Pending,
    /// Signs in elsewhere by now.
    External,
    /// Must change his password.
    MustChangePassword,
    /// Must switch a second factor on.
    MustHaveMfa,
    /// Signed in too long ago.
    Stale,
    /// Is of another domain.
    OtherDomain,
    /// An ordinary user.
    User,
    /// An administrator of the domain.
    Admin,
}

use Who::*;

const EVERYBODY: [Who; 11] = [
    Nobody,
    FirstFactorOnly,
    Disabled,
    Pending,
    External,
    MustChangePassword,
    MustHaveMfa,
    Stale,
    OtherDomain,
    User,
    Admin,
];

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is done, or refused for what was given and not for who gave it.
    Heard,
    /// A top-level `UNAUTHENTICATED`.
    Unauthenticated,
    /// A top-level `FORBIDDEN` with what is required.
    Forbidden,
    /// `REAUTHENTICATION_REQUIRED`.
    NotFresh,
    /// `EXTERNAL_USER`.
    NotHere,
}

use Verdict::*;

/// What kind of operation it is, by what it asks of its caller.
#[derive(Debug, Clone, Copy)]
enum Asks {
    /// Nothing: it shows a token or a password of its own.
    Nothing,
    /// To be signed in, whatever else is required.
    SignedIn,
    /// And that nothing else is required.
    Free,
    /// And to have signed in lately.
    Fresh,
    /// Likewise, but that a change of the password is required stands not in its way; and a password kept here.
    FreshForPassword,
    /// Likewise for a second factor.
    FreshForMfa,
    /// A second factor kept here, and to have signed in lately.
    FreshAndLocal,
    /// A second factor kept here; one that is required stands not in its way.
    ForMfa,
    /// A password kept here.
    Local,
}

fn verdict(who: Who, asks: Asks) -> Verdict {
    if matches!(asks, Asks::Nothing) {
        return Heard;
    }
    if matches!(who, Nobody | FirstFactorOnly | Disabled) {
        return Unauthenticated;
    }
    let is_required = match asks {
        Asks::SignedIn | Asks::Local | Asks::Nothing => false,
        Asks::FreshForPassword => who == MustHaveMfa,
        Asks::FreshForMfa | Asks::ForMfa => who == MustChangePassword,
        Asks::Free | Asks::Fresh | Asks::FreshAndLocal => matches!(who, MustChangePassword | MustHaveMfa),
    };
    if is_required {
        return Forbidden;
    }
    let is_local_only = !matches!(asks, Asks::SignedIn | Asks::Free | Asks::Fresh);
    if who == External && is_local_only {
        return NotHere;
    }
    let is_fresh_only = matches!(asks, Asks::Fresh | Asks::FreshForPassword | Asks::FreshForMfa | Asks::FreshAndLocal);
    if who == Stale && is_fresh_only { NotFresh } else { Heard }
}

/// Every operation, with an input that is right in itself and changes nothing by being wrong.
fn operations() -> Vec<(&'static str, Asks, Value)> {
    let token = |prefix: &str| format!("{prefix}{}", "A".repeat(43));
    vec![
        ("me", Asks::SignedIn, Value::Null),
        ("node", Asks::SignedIn, Value::Null),
        ("nodes", Asks::SignedIn, Value::Null),
        ("workspaces", Asks::SignedIn, Value::Null),
        ("workspaceGroups", Asks::SignedIn, Value::Null),
        ("signIn", Asks::Nothing, json!({ "domainId": DOMAIN, "userId": "nobody", "password": "wrong" })),
        ("confirmSignIn", Asks::Nothing, json!({ "challengeToken": token("upc_"), "verifyCode": "123456" })),
        ("refreshSession", Asks::Nothing, json!({ "refreshToken": token("upr_") })),
        ("resetPassword", Asks::Nothing, json!({ "domainId": DOMAIN, "userId": "nobody" })),
        ("confirmPasswordReset", Asks::Nothing, json!({ "token": token("upw_"), "newPassword": "quite another 4" })),
        ("undoEmailChange", Asks::Nothing, json!({ "token": token("upe_") })),
        ("signOut", Asks::SignedIn, Value::Null),
        ("reauthenticate", Asks::Local, json!({ "password": PASSWORD })),
        ("updateProfile", Asks::Free, json!({ "name": "Changed" })),
        ("verifyEmail", Asks::Fresh, json!({ "email": "changed@example.com" })),
        ("confirmEmail", Asks::Free, json!({ "verifyCode": "123456" })),
        (
            "updatePassword",
            Asks::FreshForPassword,
            json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" }),
        ),
        ("enableMfa", Asks::FreshForMfa, json!({ "mfaType": "OTP" })),
        ("confirmMfa", Asks::ForMfa, json!({ "verifyCode": "123456" })),
        ("disableMfa", Asks::FreshAndLocal, Value::Null),
        ("regenerateRecoveryCodes", Asks::FreshAndLocal, Value::Null),
        ("revokeSession", Asks::Fresh, json!({ "id": "session-000000000000" })),
        ("revokeOtherSessions", Asks::Fresh, Value::Null),
    ]
}

#[test]
fn no_operation_of_the_schema_is_missing() {
    let document = parse_schema(userprofile::graphql::sdl()).unwrap();
    let mut of_schema = BTreeSet::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let TypeKind::Object(object) = &definition.node.kind else { continue };
        if matches!(definition.node.name.node.as_str(), "Query" | "Mutation") {
            of_schema.extend(object.fields.iter().map(|field| field.node.name.node.to_string()));
        }
    }
    let of_table: BTreeSet<String> = operations().into_iter().map(|(name, ..)| name.to_owned()).collect();
    assert_eq!(of_table, of_schema);
}

/// A server, the caller, and an observer who sees whether anything changed.
struct Scene {
    app: TestApp,
    database: Database,
    caller: Client,
}

async fn scene(who: Who) -> Scene {
    let database = crate::support::database::create().await;
    let app = TestApp::on(&database).await;
    let verified = r#""email":"wonny@example.com","email_verified":true"#;
    let line = |more: &str| user(DOMAIN, "wonny", &format!("{verified}{more}"));
    let mfa = r#","mfa":{"state":"ENABLED","mfa_type":"OTP","otp_secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#;
    let before = match who {
        FirstFactorOnly => line(mfa),
        Admin => line(r#","role_type":"DOMAIN_ADMIN""#),
        _ => line(""),
    };
    let other = domain("domain-b") + &user("domain-b", "stranger", verified);
    app.import(&(domain(DOMAIN) + &before + &other)).await;
    let caller = match who {
        Nobody => app.client(),
        FirstFactorOnly => {
            let answer = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
            let challenge = answer.data()["signIn"]["mfaChallenge"]["token"].as_str().unwrap().to_owned();
            app.client().with_tokens(Tokens { access: challenge, refresh: String::new() })
        }
        OtherDomain => app.signed_in("domain-b", "stranger").await,
        _ => app.signed_in(DOMAIN, "wonny").await,
    };
    let after = match who {
        Disabled => Some(r#","state":"DISABLED""#),
        Pending => Some(r#","state":"PENDING""#),
        External => Some(r#","auth_type":"EXTERNAL""#),
        MustChangePassword => Some(r#","required_actions":["UPDATE_PASSWORD"]"#),
        MustHaveMfa => Some(r#","required_actions":["ENFORCE_MFA"]"#),
        _ => None,
    };
    if let Some(after) = after {
        // Without the password, which is another hash of the same.
        let line = line(after).replace(&format!("\"password\":\"{PASSWORD}\","), "");
        app.import(&line).await;
    }
    if who == Stale {
        app.clock.advance(TimeDelta::minutes(10));
    }
    Scene { app, database, caller }
}

async fn ask(client: &Client, name: &str, input: Value) -> (Verdict, Value) {
    let answer = match name {
        "me" => client.query("{ me { id workspaces { totalCount } sessions { id } } }").await,
        "node" => client.query("{ node(id: \"wg-1\") { id } }").await,
        "nodes" => client.query("{ nodes(ids: [\"wg-1\"]) { id } }").await,
        "workspaces" => client.query("{ workspaces(ids: [\"workspace-1\"]) { id } }").await,
        "workspaceGroups" => client.query("{ workspaceGroups(ids: [\"wg-1\"]) { id } }").await,
        _ => client.try_mutate(name, input, "__typename").await,
    };
    assert_eq!(answer.status, 200, "{}", answer.body);
    if answer.body.get("errors").is_some() {
        let verdict = match answer.error_code() {
            "UNAUTHENTICATED" => Unauthenticated,
            "FORBIDDEN" => {
                let required = &answer.body["errors"][0]["extensions"]["requiredActions"];
                assert!(required.as_array().is_some_and(|required| !required.is_empty()));
                Forbidden
            }
            other => panic!("{name}: {other}"),
        };
        assert!(answer.body["data"].is_null() || answer.body["data"][name].is_null());
        return (verdict, answer.body);
    }
    let errors = answer.data()[name]["errors"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    let verdict = match codes.as_slice() {
        ["REAUTHENTICATION_REQUIRED"] => NotFresh,
        ["EXTERNAL_USER"] => NotHere,
        _ => Heard,
    };
    (verdict, answer.body)
}

/// All that an operation could have changed of anybody.
async fn state(scene: &Scene) -> Vec<String> {
    let mut state = Vec::new();
    for table in
        ["users", "sessions", "session_tokens", "codes", "recovery_codes", "tallies", "outbox", "security_events"]
    {
        let on_sqlite = match table {
            "users" => {
                "SELECT id || coalesce(name, '') || coalesce(password_hash, '') || coalesce(pending_email, '') || mfa_state AS value FROM users ORDER BY id"
            }
            _ => "",
        };
        if on_sqlite.is_empty() {
            state.push(format!("{table}: {}", scene.database.count(table).await));
        } else {
            state.extend(scene.database.texts(on_sqlite, on_sqlite).await);
        }
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_what_the_table_says_and_whoever_is_denied_has_changed_nothing() {
    for who in EVERYBODY {
        // What changes who the caller is comes last.
        let mut operations = operations();
        let last = ["updatePassword", "reauthenticate", "signOut"];
        operations.sort_by_key(|(name, ..)| last.iter().position(|last| last == name).map_or(0, |place| place + 1));
        let scene = scene(who).await;
        for (name, asks, input) in operations {
            let before = state(&scene).await;
            let (found, body) = ask(&scene.caller, name, input).await;
            let expected = verdict(who, asks);
            assert_eq!(found, expected, "{who:?} {name}: {body}");
            if expected != Heard {
                assert_eq!(state(&scene).await, before, "{who:?} {name}");
            }
        }
    }
}

/// An input with every text in it replaced, but for the values of enums.
fn with_texts(input: &Value, text: &str) -> Value {
    match input {
        Value::Object(fields) => {
            let replace = |(name, value): (&String, &Value)| {
                let value = if name == "mfaType" { value.clone() } else { with_texts(value, text) };
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(replace).collect())
        }
        Value::String(_) => json!(text),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_comes_before_errors_of_the_input() {
    for who in [Nobody, Disabled, MustChangePassword, MustHaveMfa] {
        let scene = scene(who).await;
        let before = state(&scene).await;
        for (name, asks, input) in operations() {
            if !matches!(verdict(who, asks), Forbidden | Unauthenticated) {
                continue;
            }
            let email = if name == "enableMfa" { json!({ "options": { "email": "x" } }) } else { json!({}) };
            for text in ["", "\u{0}", &"x".repeat(1000)] {
                let mut input = with_texts(&input, text);
                if let (Some(input), Some(email)) = (input.as_object_mut(), email.as_object()) {
                    input.extend(with_texts(&json!(email), text).as_object().unwrap().clone());
                }
                let (found, body) = ask(&scene.caller, name, input).await;
                assert_eq!(found, verdict(who, asks), "{who:?} {name}: {body}");
            }
        }
        assert_eq!(state(&scene).await, before, "{who:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_or_a_link_of_one_domain_is_nothing_to_another() {
    let scene = scene(OtherDomain).await;
    let wonny = scene.app.signed_in(DOMAIN, "wonny").await;
    wonny.done("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let code = scene.app.code("new@example.com").await;
    assert_eq!(scene.caller.refusal("confirmEmail", json!({ "verifyCode": code })).await, "NOTHING_PENDING");
    let sessions = wonny.me("sessions { id }").await;
    let input = json!({ "id": sessions["sessions"][0]["id"] });
    assert_eq!(scene.caller.refusal("revokeSession", input).await, "NOT_FOUND");
    assert!(wonny.is_somebody().await);
}
