//! Permissions: every operation of the schema with every kind of caller. A test fails if the table lacks an operation. A
//! denied operation changes nothing and sends no message.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::authenticator::Authenticator;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User, database::Database, domain};

/// The caller of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// Has no access token.
    Anonymous,
    /// Has submitted a password, but not yet the factor.
    PasswordOnly,
    /// Was disabled after sign-in.
    Disabled,
    /// Was set to PENDING after sign-in.
    Pending,
    /// Became EXTERNAL after sign-in.
    External,
    /// Has the required action `UPDATE_PASSWORD`.
    MustChangePassword,
    /// Has the required action `ENFORCE_MFA`.
    MustEnableMfa,
    /// Authenticated too long ago for step-up.
    Stale,
    /// A user of another domain.
    OtherDomain,
    /// An ordinary user.
    OrdinaryUser,
    /// An admin of the domain.
    Admin,
}

use Caller::*;

const CALLERS: [Caller; 11] = [
    Anonymous,
    PasswordOnly,
    Disabled,
    Pending,
    External,
    MustChangePassword,
    MustEnableMfa,
    Stale,
    OtherDomain,
    OrdinaryUser,
    Admin,
];

/// The outcome of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It succeeds, or is refused because of its input and not because of the caller.
    Allowed,
    /// A top-level `UNAUTHENTICATED`.
    Unauthenticated,
    /// A top-level `FORBIDDEN` with the required actions.
    Forbidden,
    /// `REAUTHENTICATION_REQUIRED`.
    ReauthenticationRequired,
    /// `EXTERNAL_USER`.
    ExternalUser,
}

use Outcome::*;

/// What an operation requires of its caller.
#[derive(Debug, Clone, Copy)]
enum Requires {
    /// Nothing: the input contains its own token or password.
    Nothing,
    /// An authenticated user, even with required actions.
    Authenticated,
    /// An authenticated user without required actions.
    NoRequiredAction,
    /// Also step-up authentication.
    StepUp,
    /// Step-up authentication of a LOCAL user; `UPDATE_PASSWORD` may be required.
    StepUpForPassword,
    /// Step-up authentication of a LOCAL user; `ENFORCE_MFA` may be required.
    StepUpForMfa,
    /// Step-up authentication of a LOCAL user without required actions.
    StepUpAndLocal,
    /// A LOCAL user; `ENFORCE_MFA` may be required.
    LocalForMfa,
    /// A LOCAL user without required actions.
    NoRequiredActionAndLocal,
    /// A LOCAL user, even with required actions.
    Local,
}

fn expected_outcome(who: Caller, requires: Requires) -> Outcome {
    if matches!(requires, Requires::Nothing) {
        return Allowed;
    }
    if matches!(who, Anonymous | PasswordOnly | Disabled) {
        return Unauthenticated;
    }
    let is_blocked = match requires {
        Requires::Authenticated | Requires::Local | Requires::Nothing => false,
        Requires::StepUpForPassword => who == MustEnableMfa,
        Requires::StepUpForMfa | Requires::LocalForMfa => who == MustChangePassword,
        Requires::NoRequiredAction
        | Requires::NoRequiredActionAndLocal
        | Requires::StepUp
        | Requires::StepUpAndLocal => matches!(who, MustChangePassword | MustEnableMfa),
    };
    if is_blocked {
        return Forbidden;
    }
    let is_local_only = !matches!(requires, Requires::Authenticated | Requires::NoRequiredAction | Requires::StepUp);
    if who == External && is_local_only {
        return ExternalUser;
    }
    let needs_step_up = matches!(
        requires,
        Requires::StepUp | Requires::StepUpForPassword | Requires::StepUpForMfa | Requires::StepUpAndLocal
    );
    if who == Stale && needs_step_up { ReauthenticationRequired } else { Allowed }
}

/// Every operation with its requirement and a well-formed input.
fn operations() -> Vec<(&'static str, Requires, Value)> {
    let token = |prefix: &str| format!("{prefix}{}", "A".repeat(43));
    vec![
        ("me", Requires::Authenticated, Value::Null),
        ("node", Requires::Authenticated, Value::Null),
        ("nodes", Requires::Authenticated, Value::Null),
        ("workspaces", Requires::Authenticated, Value::Null),
        ("workspaceGroups", Requires::Authenticated, Value::Null),
        ("signIn", Requires::Nothing, json!({ "domainId": DOMAIN, "userId": "unknown", "password": "wrong" })),
        ("confirmSignIn", Requires::Nothing, json!({ "challengeToken": token("upc_"), "verifyCode": "123456" })),
        ("refreshSession", Requires::Nothing, json!({ "refreshToken": token("upr_") })),
        ("resetPassword", Requires::Nothing, json!({ "domainId": DOMAIN, "userId": "unknown" })),
        (
            "confirmPasswordReset",
            Requires::Nothing,
            json!({ "token": token("upw_"), "newPassword": "quite another 4" }),
        ),
        ("undoEmailChange", Requires::Nothing, json!({ "token": token("upe_") })),
        ("signOut", Requires::Authenticated, Value::Null),
        ("reauthenticate", Requires::Local, json!({ "password": PASSWORD })),
        ("updateProfile", Requires::NoRequiredAction, json!({ "name": "Changed" })),
        ("verifyEmail", Requires::StepUp, json!({ "email": "changed@example.com" })),
        ("confirmEmail", Requires::NoRequiredAction, json!({ "verifyCode": "123456" })),
        (
            "updatePassword",
            Requires::StepUpForPassword,
            json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" }),
        ),
        ("enableMfa", Requires::StepUpForMfa, json!({ "mfaType": "OTP" })),
        ("confirmMfa", Requires::LocalForMfa, json!({ "verifyCode": "123456" })),
        ("disableMfa", Requires::StepUpAndLocal, Value::Null),
        ("regenerateRecoveryCodes", Requires::StepUpAndLocal, Value::Null),
        ("revokeSession", Requires::StepUp, json!({ "id": "session-000000000000" })),
        ("revokeOtherSessions", Requires::StepUp, Value::Null),
        ("startPasskeySignIn", Requires::Nothing, json!({ "domainId": DOMAIN, "userId": "unknown" })),
        (
            "confirmPasskeySignIn",
            Requires::Nothing,
            json!({ "challengeToken": token("upc_"), "credential": response_of_an_authenticator() }),
        ),
        ("addPasskey", Requires::StepUpAndLocal, Value::Null),
        ("confirmPasskey", Requires::NoRequiredActionAndLocal, json!({ "credential": response_of_an_authenticator() })),
        ("renamePasskey", Requires::NoRequiredAction, json!({ "id": "passkey-000000000000", "name": "Phone" })),
        ("removePasskey", Requires::StepUp, json!({ "id": "passkey-000000000000" })),
        ("exportData", Requires::StepUp, Value::Null),
        ("requestAccountDeletion", Requires::StepUp, Value::Null),
        ("confirmAccountDeletion", Requires::NoRequiredAction, json!({ "verifyCode": "123456" })),
        ("cancelAccountDeletion", Requires::Nothing, json!({ "token": token("upd_") })),
    ]
}

fn response_of_an_authenticator() -> Value {
    Authenticator::new().sign("webauthn.get", &json!({ "challenge": "AAAA" }))
}

#[test]
fn the_table_covers_every_operation_of_the_schema() {
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

/// A server, its database, and the client of the caller.
struct Scene {
    app: TestApp,
    database: Database,
    caller: Client,
}

async fn scene(who: Caller) -> Scene {
    let database = crate::support::database::create().await;
    let app = TestApp::on(&database).await;
    let wonny = User::new("wonny").verified_email("wonny@example.com");
    let before = match who {
        PasswordOnly => wonny.clone().otp_mfa("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        Admin => wonny.clone().admin(),
        _ => wonny.clone(),
    };
    let stranger = User::new("stranger").in_domain("domain-b").verified_email("wonny@example.com");
    app.import(&(domain(DOMAIN) + &domain("domain-b") + &before.line() + &stranger.line())).await;
    let caller = match who {
        Anonymous => app.client(),
        PasswordOnly => {
            let response = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
            let challenge = response.data()["signIn"]["mfaChallenge"]["token"].as_str().unwrap().to_owned();
            app.client().with_tokens(Tokens { access: challenge, refresh: String::new() })
        }
        OtherDomain => app.signed_in("domain-b", "stranger").await,
        _ => app.signed_in(DOMAIN, "wonny").await,
    };
    // Without the password, which would be hashed again.
    let wonny = wonny.without_password();
    let after = match who {
        Disabled => Some(wonny.state("DISABLED")),
        Pending => Some(wonny.state("PENDING")),
        External => Some(wonny.external()),
        MustChangePassword => Some(wonny.required_action("UPDATE_PASSWORD")),
        MustEnableMfa => Some(wonny.required_action("ENFORCE_MFA")),
        _ => None,
    };
    if let Some(after) = after {
        app.import(&after.line()).await;
    }
    if who == Stale {
        app.clock.advance(TimeDelta::minutes(10));
    }
    Scene { app, database, caller }
}

/// Executes an operation. Returns the outcome and the body of the response.
async fn execute(client: &Client, name: &str, input: Value) -> (Outcome, Value) {
    let response = match name {
        "me" => client.query("{ me { id workspaces { totalCount } sessions { id } } }").await,
        "node" => client.query("{ node(id: \"wg-1\") { id } }").await,
        "nodes" => client.query("{ nodes(ids: [\"wg-1\"]) { id } }").await,
        "workspaces" => client.query("{ workspaces(ids: [\"workspace-1\"]) { id } }").await,
        "workspaceGroups" => client.query("{ workspaceGroups(ids: [\"wg-1\"]) { id } }").await,
        _ => client.try_mutate(name, input, "__typename").await,
    };
    assert_eq!(response.status, 200, "{}", response.body);
    if response.body.get("errors").is_some() {
        let outcome = match response.error_code() {
            "UNAUTHENTICATED" => Unauthenticated,
            "FORBIDDEN" => {
                let required = &response.body["errors"][0]["extensions"]["requiredActions"];
                assert!(required.as_array().is_some_and(|required| !required.is_empty()));
                Forbidden
            }
            other => panic!("{name}: {other}"),
        };
        assert!(response.body["data"].is_null() || response.body["data"][name].is_null());
        return (outcome, response.body);
    }
    let errors = response.data()[name]["errors"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    let outcome = match codes.as_slice() {
        ["REAUTHENTICATION_REQUIRED"] => ReauthenticationRequired,
        ["EXTERNAL_USER"] => ExternalUser,
        _ => Allowed,
    };
    (outcome, response.body)
}

/// Everything in the database that an operation could change.
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
async fn every_caller_may_do_what_the_table_says_and_a_denial_changes_nothing() {
    for who in CALLERS {
        // Operations that change the caller or their session come last.
        let mut operations = operations();
        let last = ["updatePassword", "reauthenticate", "signOut"];
        operations.sort_by_key(|(name, ..)| last.iter().position(|last| last == name).map_or(0, |place| place + 1));
        let scene = scene(who).await;
        for (name, requires, input) in operations {
            let before = state(&scene).await;
            let (found, body) = execute(&scene.caller, name, input).await;
            let expected = expected_outcome(who, requires);
            assert_eq!(found, expected, "{who:?} {name}: {body}");
            if expected != Allowed {
                assert_eq!(state(&scene).await, before, "{who:?} {name}");
            }
        }
    }
}

/// The input with every string replaced, except enum values.
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
async fn a_denial_precedes_input_errors() {
    for who in [Anonymous, Disabled, MustChangePassword, MustEnableMfa] {
        let scene = scene(who).await;
        let before = state(&scene).await;
        for (name, requires, input) in operations() {
            if !matches!(expected_outcome(who, requires), Forbidden | Unauthenticated) {
                continue;
            }
            let email = if name == "enableMfa" { json!({ "options": { "email": "x" } }) } else { json!({}) };
            for text in ["", "\u{0}", &"x".repeat(1000)] {
                let mut input = with_texts(&input, text);
                if let (Some(input), Some(email)) = (input.as_object_mut(), email.as_object()) {
                    input.extend(with_texts(&json!(email), text).as_object().unwrap().clone());
                }
                let (found, body) = execute(&scene.caller, name, input).await;
                assert_eq!(found, expected_outcome(who, requires), "{who:?} {name}: {body}");
            }
        }
        assert_eq!(state(&scene).await, before, "{who:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_session_ids_of_another_domain_are_unknown() {
    let scene = scene(OtherDomain).await;
    let wonny = scene.app.signed_in(DOMAIN, "wonny").await;
    wonny.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let code = scene.app.code("new@example.com").await;
    assert_eq!(scene.caller.error_code("confirmEmail", json!({ "verifyCode": code })).await, "NOTHING_PENDING");
    let sessions = wonny.me("sessions { id }").await;
    let input = json!({ "id": sessions["sessions"][0]["id"] });
    assert_eq!(scene.caller.error_code("revokeSession", input).await, "NOT_FOUND");
    assert!(wonny.is_authenticated().await);
}
