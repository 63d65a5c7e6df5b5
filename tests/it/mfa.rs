//! Multi-factor authentication: enabling, disabling, enforcing, and recovery codes.

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::clock::Clock;
use userprofile::domain::otp_secret::OtpSecret;
use userprofile::domain::totp;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User};

const MAIL: &str = "wonny@example.com";
const MFA: &str = "mfa { state mfaType options { email enforce } recoveryCodesLeft }";

/// An authenticator app.
pub struct Authenticator(OtpSecret);

impl Authenticator {
    pub fn new(secret: &str) -> Self {
        Self(OtpSecret::parse(secret).unwrap())
    }

    /// The code that it shows at the server's time.
    pub fn code(&self, app: &TestApp) -> String {
        totp::code(&self.0, app.clock.now()).unwrap().reveal().to_owned()
    }

    /// A code that is accepted at no step near the server's time.
    pub fn wrong_code(&self, app: &TestApp) -> String {
        let accepted = [-30, 0, 30].map(|seconds| {
            totp::code(&self.0, app.clock.now() + TimeDelta::seconds(seconds)).unwrap().reveal().to_owned()
        });
        (0..4).map(|number| format!("{number:06}")).find(|code| !accepted.contains(code)).unwrap()
    }
}

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    app.import_users(&[User::new("wonny").verified_email(MAIL), User::new("bare")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

fn code(text: &str) -> Value {
    json!({ "verifyCode": text })
}

/// Enables MFA with an authenticator app. Returns the app and the recovery codes.
async fn enable_otp(app: &TestApp, client: &Client) -> (Authenticator, Vec<String>) {
    let begun =
        client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret uri qrCode } sentTo expiresAt").await;
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    let done = client.mutate_ok("confirmMfa", code(&authenticator.code(app)), "recoveryCodes").await;
    let codes =
        done["recoveryCodes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (authenticator, codes)
}

/// Signs in with a password and a code. Returns the client, or the code of the error.
async fn sign_in_with(app: &TestApp, code: &str) -> Result<Client, String> {
    let client = app.client();
    let response = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = &response.data()["signIn"]["mfaChallenge"]["token"];
    let payload = client
        .mutate(
            "confirmSignIn",
            json!({ "challengeToken": token, "verifyCode": code }),
            "session { accessToken refreshToken }",
        )
        .await;
    match payload["errors"][0]["code"].as_str() {
        None => Ok(client.with_tokens(Tokens::from(&payload["session"]))),
        Some(code) => Err(code.to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn email_mfa_is_enabled_by_one_code_and_disabled_by_another() {
    let (app, client) = app().await;
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo expiresAt otp { secret }").await;
    assert_eq!(begun, json!({ "sentTo": MAIL, "expiresAt": "2026-11-23T09:05:00Z", "otp": null, "errors": [] }));
    assert_eq!(client.me(MFA).await["mfa"]["state"], "DISABLED");
    let done =
        client.mutate_ok("confirmMfa", code(&app.code(MAIL).await), &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(
        done["user"]["mfa"],
        json!({ "state": "ENABLED", "mfaType": "EMAIL", "options": { "email": MAIL, "enforce": false }, "recoveryCodesLeft": 10 })
    );
    let codes = done["recoveryCodes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    for code in codes {
        let groups: Vec<&str> = code.as_str().unwrap().split('-').collect();
        assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == 4), "{code}");
    }
    assert!(client.is_authenticated().await, "sessions are not revoked");
    assert!(app.last_message(MAIL).await.text.contains("192.0.2.1"));

    app.clock.advance(TimeDelta::minutes(1));
    let begun = client.mutate_ok("disableMfa", Value::Null, "sentTo expiresAt").await;
    assert_eq!(begun["sentTo"], MAIL);
    let done =
        client.mutate_ok("confirmMfa", code(&app.code(MAIL).await), &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(
        done["user"]["mfa"],
        json!({ "state": "DISABLED", "mfaType": null, "options": { "email": null, "enforce": false }, "recoveryCodesLeft": 0 })
    );
    assert_eq!(done["recoveryCodes"], Value::Null);
    app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(client.error_code("disableMfa", Value::Null).await, "MFA_NOT_ENABLED");
    assert_eq!(client.error_code("regenerateRecoveryCodes", Value::Null).await, "MFA_NOT_ENABLED");
    assert_eq!(client.error_code("confirmMfa", code("123456")).await, "NOTHING_PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_app_is_enrolled_by_one_of_its_codes() {
    let (app, client) = app().await;
    let begun =
        client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "sentTo expiresAt otp { secret uri qrCode }").await;
    assert_eq!((&begun["sentTo"], &begun["expiresAt"]), (&Value::Null, &json!("2026-11-23T09:15:00Z")));
    let secret = begun["otp"]["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri = begun["otp"]["uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/domain-a:wonny?secret=")
            && uri.contains(secret)
            && uri.contains("issuer=domain-a"),
        "{uri}"
    );
    assert!(begun["otp"]["qrCode"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
    let authenticator = Authenticator::new(secret);
    let shown = authenticator.code(&app);
    let wrong = if shown == "000000" { "000001" } else { "000000" };
    assert_eq!(client.error_code("confirmMfa", code(wrong)).await, "INVALID_CODE");
    assert_eq!(client.error_code("confirmMfa", code("7QK4-M0ZT-3XNE-V81B")).await, "INVALID");
    client.mutate_ok("confirmMfa", code(&shown), "user { id }").await;
    assert_eq!(client.me(MFA).await["mfa"]["mfaType"], "OTP");

    // The time step of the code that enabled MFA counts as used.
    assert_eq!(sign_in_with(&app, &shown).await.err().unwrap(), "INVALID_CODE");
    app.clock.advance(TimeDelta::seconds(30));
    let shown = authenticator.code(&app);
    sign_in_with(&app, &shown).await.unwrap();
    client.mutate_ok("disableMfa", Value::Null, "expiresAt sentTo").await;
    assert_eq!(client.error_code("confirmMfa", code(&shown)).await, "INVALID_CODE", "used to sign in");
    app.clock.advance(TimeDelta::seconds(30));
    client.mutate_ok("confirmMfa", code(&authenticator.code(&app)), "user { id }").await;
    assert_eq!(client.me(MFA).await["mfa"]["state"], "DISABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mfa_change_is_pending_and_only_in_the_session_that_started_it() {
    let (app, client) = app().await;
    let elsewhere = app.signed_in(DOMAIN, "wonny").await;
    client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    let mailed = app.code(MAIL).await;
    assert_eq!(elsewhere.error_code("confirmMfa", code(&mailed)).await, "NOTHING_PENDING");
    // A refused change does not affect the pending one.
    assert_eq!(elsewhere.error_code("enableMfa", json!({ "mfaType": "EMAIL" })).await, "RATE_LIMITED");
    assert_eq!(elsewhere.error_code("confirmMfa", code(&mailed)).await, "NOTHING_PENDING");
    // Starting another change replaces the pending one, in every session.
    let begun = elsewhere.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    assert_eq!(client.error_code("confirmMfa", code(&mailed)).await, "NOTHING_PENDING");
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    elsewhere.mutate_ok("confirmMfa", code(&authenticator.code(&app)), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_replaced_only_on_confirmation() {
    let (app, client) = app().await;
    let (authenticator, old_codes) = enable_otp(&app, &client).await;
    client
        .mutate_ok("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "other@example.com" } }), "sentTo")
        .await;
    let mailed = app.code("other@example.com").await;
    app.clock.advance(TimeDelta::seconds(30));
    sign_in_with(&app, &authenticator.code(&app)).await.expect("the old factor is still valid");
    let done = client.mutate_ok("confirmMfa", code(&mailed), &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(done["user"]["mfa"]["options"]["email"], "other@example.com");
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(sign_in_with(&app, &authenticator.code(&app)).await.err().unwrap(), "INVALID_CODE");
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(sign_in_with(&app, &old_codes[0]).await.err().unwrap(), "INVALID_CODE");
    sign_in_with(&app, done["recoveryCodes"][0].as_str().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_mfa_change_expires() {
    let (app, client) = app().await;
    client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    let mailed = app.code(MAIL).await;
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(client.error_code("confirmMfa", code(&mailed)).await, "EXPIRED_CODE");
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    app.clock.advance(TimeDelta::minutes(14));
    let refreshed = client.refresh(&client.tokens.as_ref().unwrap().refresh).await;
    let client = client.with_tokens(Tokens::from(&refreshed.data()["refreshSession"]["session"]));
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    // A confirmation does not require step-up authentication.
    client.mutate_ok("confirmMfa", code(&authenticator.code(&app)), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_are_single_use_however_they_are_formatted() {
    let (app, client) = app().await;
    let (_, codes) = enable_otp(&app, &client).await;
    sign_in_with(&app, &codes[0].to_lowercase().replace('-', " ")).await.unwrap();
    assert_eq!(sign_in_with(&app, &codes[0]).await.err().unwrap(), "INVALID_CODE");
    assert_eq!(client.me(MFA).await["mfa"]["recoveryCodesLeft"], 9);
    let notification = app.last_message(MAIL).await;
    assert!(notification.text.contains('9'), "{}", notification.text);
    // Reauthentication and disabling MFA accept a recovery code, too.
    client.mutate_ok("reauthenticate", json!({ "password": PASSWORD, "verifyCode": codes[1] }), "user { id }").await;
    let new =
        client.mutate_ok("regenerateRecoveryCodes", Value::Null, &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(new["user"]["mfa"]["recoveryCodesLeft"], 10);
    assert_eq!(sign_in_with(&app, &codes[2]).await.err().unwrap(), "INVALID_CODE");
    client.mutate_ok("disableMfa", Value::Null, "expiresAt").await;
    client.mutate_ok("confirmMfa", code(new["recoveryCodes"][9].as_str().unwrap()), "user { id }").await;
    assert_eq!(client.me(MFA).await["mfa"]["state"], "DISABLED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_concurrent_uses_of_a_recovery_code_succeeds() {
    let (app, client) = app().await;
    let (_, codes) = enable_otp(&app, &client).await;
    let mut challenges = Vec::new();
    for _ in 0..10 {
        let response = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
        challenges.push(response.data()["signIn"]["mfaChallenge"]["token"].clone());
    }
    let uses = challenges.into_iter().map(|token| {
        let (client, input) = (app.client(), json!({ "challengeToken": token, "verifyCode": codes[0] }));
        tokio::spawn(async move { client.mutate("confirmSignIn", input, "session { accessToken }").await })
    });
    let uses = futures_util::future::join_all(uses).await;
    assert_eq!(uses.iter().filter(|used| used.as_ref().unwrap()["session"].is_object()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_have_their_own_limit_of_twenty_wrong_attempts() {
    let (app, client) = app().await;
    let (_, codes) = enable_otp(&app, &client).await;
    let mut errors = Vec::new();
    for _ in 0..21 {
        errors.push(sign_in_with(&app, "0000-0000-0000-0000").await.err().unwrap());
    }
    assert_eq!(errors.iter().filter(|code| *code == "INVALID_CODE").count(), 20);
    assert_eq!(sign_in_with(&app, &codes[0]).await.err().unwrap(), "TOO_MANY_TRIES");
    // Codes of the app have their own count.
    assert_eq!(sign_in_with(&app, "000000").await.err().unwrap(), "INVALID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn email_mfa_without_a_verified_address_requires_one_in_the_input() {
    let (app, _) = app().await;
    let bare = app.signed_in(DOMAIN, "bare").await;
    let errors = bare.errors("enableMfa", json!({ "mfaType": "EMAIL" })).await;
    assert_eq!(errors, [("REQUIRED".to_owned(), Some("options.email".to_owned()))]);
    let errors = bare.errors("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "x" } })).await;
    assert_eq!(errors, [("INVALID".to_owned(), Some("options.email".to_owned()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn enforced_mfa_cannot_be_disabled_or_change_its_type() {
    let (app, client) = app().await;
    let (domain_id, login) = (
        userprofile::domain::ids::DomainId::parse(DOMAIN).unwrap(),
        userprofile::domain::login::LoginId::parse("wonny").unwrap(),
    );
    let otp = Some(userprofile::domain::mfa::MfaType::Otp);
    app.services.enforce_mfa(&domain_id, &login, otp).await.unwrap();
    assert_eq!(client.me("requiredActions").await, json!({ "requiredActions": ["ENFORCE_MFA"] }));
    let denied = client.try_mutate("updateProfile", json!({ "name": "x" }), "user { id }").await;
    assert_eq!(denied.error_code(), "FORBIDDEN");
    assert_eq!(client.error_code("enableMfa", json!({ "mfaType": "EMAIL" })).await, "MFA_ENFORCED");
    enable_otp(&app, &client).await;
    assert_eq!(
        client.me("requiredActions mfa { options { enforce } }").await,
        json!({ "requiredActions": [], "mfa": { "options": { "enforce": true } } })
    );
    assert_eq!(client.error_code("disableMfa", Value::Null).await, "MFA_ENFORCED");
    assert_eq!(client.error_code("enableMfa", json!({ "mfaType": "EMAIL" })).await, "MFA_ENFORCED");
    client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { uri }").await;

    app.services.reset_mfa(&domain_id, &login).await.unwrap();
    assert_eq!(
        client.me(&format!("requiredActions {MFA}")).await,
        json!({
            "requiredActions": ["ENFORCE_MFA"],
            "mfa": { "state": "DISABLED", "mfaType": "OTP", "options": { "email": null, "enforce": true }, "recoveryCodesLeft": 0 }
        })
    );
    app.signed_in(DOMAIN, "wonny").await;
    app.services.stop_enforcing_mfa(&domain_id, &login).await.unwrap();
    assert_eq!(
        client.me("requiredActions mfa { mfaType }").await,
        json!({ "requiredActions": [], "mfa": { "mfaType": null } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_mfa_change_is_stored_in_the_database() {
    let database = crate::support::database::create().await;
    let one = TestApp::on(&database).await;
    let other = TestApp::with_clock(&database, one.clock.clone()).await;
    one.import_users(&[User::new("wonny")]).await;
    let client = one.signed_in(DOMAIN, "wonny").await;
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    let there = other.client().with_tokens(client.tokens.clone().unwrap());
    there.mutate_ok("confirmMfa", code(&authenticator.code(&other)), "user { id }").await;
    assert_eq!(client.me("mfa { state }").await["mfa"]["state"], "ENABLED");
}
