//! What the format does not contain is kept, and a user who is replaced stays the same row.

use std::sync::Mutex;
use std::sync::mpsc;

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::services::transfer::import::{ImportOptions, Phase};

use crate::mfa::Authenticator;
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, database, domain, user};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn line(user: &str, more: &str) -> String {
    format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"{user}\"{more}}}\n")
}

fn with_otp(more: &str) -> String {
    line("wonny", &format!(r#","mfa":{{"state":"ENABLED","mfa_type":"OTP"}}{more}"#))
}

async fn challenge(app: &TestApp) -> (Client, Value) {
    let client = app.client();
    let answer = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = answer.data()["signIn"]["mfaChallenge"]["token"].clone();
    assert!(token.is_string(), "{}", answer.body);
    (client, token)
}

async fn confirm(client: &Client, token: &Value, code: &str) -> Result<Client, String> {
    let input = json!({ "challengeToken": token, "verifyCode": code });
    let payload = client.mutate("confirmSignIn", input, "session { accessToken refreshToken }").await;
    match payload["errors"][0]["code"].as_str() {
        None => Ok(client.with_tokens(Tokens::from(&payload["session"]))),
        Some(code) => Err(code.to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_address_and_its_code_survive_an_import() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("updateProfile", json!({ "email": "new@example.com" }), "sentTo").await;
    let code = app.code("new@example.com").await;
    app.import(&line("wonny", r#","name":"New","language":"ko""#)).await;
    assert_eq!(client.me("name pendingEmail").await, json!({ "name": "New", "pendingEmail": "new@example.com" }));
    let done = client.mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { email emailVerified }").await;
    assert_eq!(done["user"], json!({ "email": "new@example.com", "emailVerified": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_totp_is_refused_after_an_import_too() {
    let app = TestApp::start().await;
    let otp = format!(r#""mfa":{{"state":"ENABLED","mfa_type":"OTP","otp_secret":"{SECRET}"}}"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &otp))).await;
    let code = Authenticator::new(SECRET).code(&app);
    let (client, token) = challenge(&app).await;
    confirm(&client, &token, &code).await.unwrap();
    let exported = app.export_with_secrets().await;
    for again in [with_otp(""), exported] {
        app.import(&again).await;
        let (client, token) = challenge(&app).await;
        assert_eq!(confirm(&client, &token, &code).await.err().as_deref(), Some("INVALID_CODE"));
    }
    app.clock.advance(TimeDelta::seconds(60));
    let (client, token) = challenge(&app).await;
    assert!(confirm(&client, &token, &Authenticator::new(SECRET).code(&app)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_sessions_and_events_are_kept_for_any_mfa_in_the_line() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    let confirmed = json!({ "verifyCode": authenticator.code(&app) });
    let codes = client.mutate_ok("confirmMfa", confirmed, "recoveryCodes").await["recoveryCodes"].clone();
    let events = events_but_updates(&client).await;
    for replacement in [with_otp(""), line("wonny", ""), with_otp(r#","name":"New""#)] {
        app.import(&replacement).await;
        assert_eq!(events_but_updates(&client).await, events, "{replacement}");
    }
    assert_eq!(client.me("mfa { recoveryCodesLeft }").await["mfa"]["recoveryCodesLeft"], 10);
    let (fresh, token) = challenge(&app).await;
    assert!(confirm(&fresh, &token, codes[0].as_str().unwrap()).await.is_ok());
}

/// The user's events, except those of imports.
async fn events_but_updates(client: &Client) -> Vec<Value> {
    let mut me = client.me("securityEvents { nodes { id type } }").await;
    let mut events: Vec<Value> = serde_json::from_value(me["securityEvents"]["nodes"].take()).unwrap();
    events.retain(|event| event["type"] != "USER_UPDATED");
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_factor_invalidates_the_codes_for_the_one_before() {
    let otp = |secret: &str| format!(r#""mfa":{{"state":"ENABLED","mfa_type":"OTP","otp_secret":"{secret}"}}"#);
    let email =
        |address: &str| format!(r#""mfa":{{"state":"ENABLED","mfa_type":"EMAIL","options":{{"email":"{address}"}}}}"#);
    for replacement in [email("new@example.com"), otp(SECRET)] {
        let app = TestApp::start().await;
        app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &email("old@example.com")))).await;
        let (client, token) = challenge(&app).await;
        let signed_in = confirm(&client, &token, &app.code("old@example.com").await).await.unwrap();
        let (client, token) = challenge(&app).await;
        let code = app.code("old@example.com").await;
        signed_in.mutate_ok("disableMfa", Value::Null, "sentTo").await;
        let pending = app.code("old@example.com").await;
        app.import(&line("wonny", &format!(",{replacement}"))).await;
        assert_eq!(confirm(&client, &token, &code).await.err().as_deref(), Some("INVALID_TOKEN"), "{replacement}");
        assert_eq!(signed_in.error_code("confirmMfa", json!({ "verifyCode": pending })).await, "NOTHING_PENDING");
    }
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &otp(SECRET)))).await;
    let (client, token) = challenge(&app).await;
    app.import(&line("wonny", &format!(",{}", otp("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")))).await;
    let code = Authenticator::new(SECRET).code(&app);
    assert_eq!(confirm(&client, &token, &code).await.err().as_deref(), Some("INVALID_TOKEN"));
}

/// While an import holds the users it writes, sign-ins with one TOTP wait for it. Then one of them is accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn of_sign_ins_that_wait_for_an_import_only_one_may_use_a_totp() {
    const SIGN_INS: usize = 4;
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    let otp = format!(r#""mfa":{{"state":"ENABLED","mfa_type":"OTP","otp_secret":"{SECRET}"}}"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &otp))).await;
    let mut challenges = Vec::new();
    for _ in 0..SIGN_INS {
        challenges.push(challenge(&app).await);
    }
    let code = Authenticator::new(SECRET).code(&app);

    let (written, is_written) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (written, may_go_on) = (Mutex::new(Some(written)), Mutex::new(may_go_on));
    let services = app.services.clone();
    let import = tokio::spawn(async move {
        let source = std::io::Cursor::new(with_otp(r#","name":"New""#).into_bytes());
        let hold = |progress: userprofile::services::transfer::import::Progress| {
            if progress.phase == Phase::Writing
                && let Some(written) = written.lock().unwrap().take()
            {
                written.send(()).unwrap();
                tokio::task::block_in_place(|| may_go_on.lock().unwrap().recv().unwrap());
            }
        };
        services.import(source, ImportOptions::default(), hold).await.unwrap();
    });
    is_written.await.unwrap();
    let sign_ins: Vec<_> = challenges
        .into_iter()
        .map(|(client, token)| {
            let code = code.clone();
            tokio::spawn(async move { confirm(&client, &token, &code).await.is_ok() })
        })
        .collect();
    if database::server().is_some() {
        // One waits for the row, the others for it or for the one before them.
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while database.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    }
    go_on.send(()).unwrap();
    import.await.unwrap();
    let accepted = futures_util::future::join_all(sign_ins).await.into_iter().filter(|done| *done.as_ref().unwrap());
    assert_eq!(accepted.count(), 1);
    assert_eq!(app.exported_user("wonny").await["name"], "New");
}
