//! The second factor: switching it on and off, and recovery codes.

use chrono::TimeDelta;
use serde_json::{Value, json};
use userprofile::clock::Clock;
use userprofile::domain::otp_secret::OtpSecret;
use userprofile::domain::totp;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, domain, user};

const MAIL: &str = "wonny@example.com";
const MFA: &str = "mfa { state mfaType options { email enforce } recoveryCodesLeft }";

/// An authenticator app.
pub struct Authenticator(OtpSecret);

impl Authenticator {
    pub fn new(secret: &str) -> Self {
        Self(OtpSecret::parse(secret).unwrap())
    }

    /// What it shows at the server's time.
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
    let verified = format!(r#""email":"{MAIL}","email_verified":true"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &verified) + &user(DOMAIN, "bare", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

fn code(text: &str) -> Value {
    json!({ "verifyCode": text })
}

/// Switches an authenticator app on, and gives it with the recovery codes.
async fn switch_otp_on(app: &TestApp, client: &Client) -> (Authenticator, Vec<String>) {
    let begun =
        client.done("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret uri qrCode } sentTo expiresAt").await;
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    let done = client.done("confirmMfa", code(&authenticator.code(app)), "recoveryCodes").await;
    let codes =
        done["recoveryCodes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (authenticator, codes)
}

async fn sign_in_with(app: &TestApp, code: &str) -> Result<Client, String> {
    let client = app.client();
    let answer = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = &answer.data()["signIn"]["mfaChallenge"]["token"];
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
async fn email_is_switched_on_by_a_code_and_off_by_another() {
    let (app, client) = app().await;
    let begun = client.done("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo expiresAt otp { secret }").await;
    assert_eq!(begun, json!({ "sentTo": MAIL, "expiresAt": "2026-11-23T09:05:00Z", "otp": null, "errors": [] }));
    assert_eq!(client.me(MFA).await["mfa"]["state"], "DISABLED");
    let done = client.done("confirmMfa", code(&app.code(MAIL).await), &format!("user {{ {MFA} }} recoveryCodes")).await;
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
    assert!(client.is_somebody().await, "sessions stay");
    assert!(app.last_mail(MAIL).await.text.contains("192.0.2.1"));

    app.clock.advance(TimeDelta::minutes(1));
    let begun = client.done("disableMfa", Value::Null, "sentTo expiresAt").await;
    assert_eq!(begun["sentTo"], MAIL);
    let done = client.done("confirmMfa", code(&app.code(MAIL).await), &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(
        done["user"]["mfa"],
        json!({ "state": "DISABLED", "mfaType": null, "options": { "email": null, "enforce": false }, "recoveryCodesLeft": 0 })
    );
    assert_eq!(done["recoveryCodes"], Value::Null);
    app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(client.refusal("disableMfa", Value::Null).await, "MFA_NOT_ENABLED");
    assert_eq!(client.refusal("regenerateRecoveryCodes", Value::Null).await, "MFA_NOT_ENABLED");
    assert_eq!(client.refusal("confirmMfa", code("123456")).await, "NOTHING_PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_app_is_enrolled_by_its_own_code() {
    let (app, client) = app().await;
    let begun =
        client.done("enableMfa", json!({ "mfaType": "OTP" }), "sentTo expiresAt otp { secret uri qrCode }").await;
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
    assert_eq!(client.refusal("confirmMfa", code(wrong)).await, "INVALID_CODE");
    assert_eq!(client.refusal("confirmMfa", code("7QK4-M0ZT-3XNE-V81B")).await, "INVALID");
    client.done("confirmMfa", code(&shown), "user { id }").await;
    assert_eq!(client.me(MFA).await["mfa"]["mfaType"], "OTP");

    // The step that was accepted on enabling counts as used.
    assert_eq!(sign_in_with(&app, &shown).await.err().unwrap(), "INVALID_CODE");
    app.clock.advance(TimeDelta::seconds(30));
    let shown = authenticator.code(&app);
    sign_in_with(&app, &shown).await.unwrap();
    client.done("disableMfa", Value::Null, "expiresAt sentTo").await;
    assert_eq!(client.refusal("confirmMfa", code(&shown)).await, "INVALID_CODE", "used to sign in");
    app.clock.advance(TimeDelta::seconds(30));
    client.done("confirmMfa", code(&authenticator.code(&app)), "user { id }").await;
    assert_eq!(client.me(MFA).await["mfa"]["state"], "DISABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_is_pending_and_only_where_it_was_begun() {
    let (app, client) = app().await;
    let elsewhere = app.signed_in(DOMAIN, "wonny").await;
    client.done("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    let mailed = app.code(MAIL).await;
    assert_eq!(elsewhere.refusal("confirmMfa", code(&mailed)).await, "NOTHING_PENDING");
    // A refused start leaves what is pending.
    assert_eq!(elsewhere.refusal("enableMfa", json!({ "mfaType": "EMAIL" })).await, "RATE_LIMITED");
    assert_eq!(elsewhere.refusal("confirmMfa", code(&mailed)).await, "NOTHING_PENDING");
    // Another start replaces it, for every session.
    let begun = elsewhere.done("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    assert_eq!(client.refusal("confirmMfa", code(&mailed)).await, "NOTHING_PENDING");
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    elsewhere.done("confirmMfa", code(&authenticator.code(&app)), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_replaced_only_on_confirmation() {
    let (app, client) = app().await;
    let (authenticator, old_codes) = switch_otp_on(&app, &client).await;
    client
        .done("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "other@example.com" } }), "sentTo")
        .await;
    let mailed = app.code("other@example.com").await;
    app.clock.advance(TimeDelta::seconds(30));
    sign_in_with(&app, &authenticator.code(&app)).await.expect("the old factor holds");
    let done = client.done("confirmMfa", code(&mailed), &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(done["user"]["mfa"]["options"]["email"], "other@example.com");
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(sign_in_with(&app, &authenticator.code(&app)).await.err().unwrap(), "INVALID_CODE");
    app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(sign_in_with(&app, &old_codes[0]).await.err().unwrap(), "INVALID_CODE");
    sign_in_with(&app, done["recoveryCodes"][0].as_str().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_runs_out() {
    let (app, client) = app().await;
    client.done("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    let mailed = app.code(MAIL).await;
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(client.refusal("confirmMfa", code(&mailed)).await, "EXPIRED_CODE");
    let begun = client.done("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    app.clock.advance(TimeDelta::minutes(14));
    let refreshed = client.refresh(&client.tokens.as_ref().unwrap().refresh).await;
    let client = client.with_tokens(Tokens::from(&refreshed.data()["refreshSession"]["session"]));
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    // A confirmation asks for no fresh sign-in.
    client.done("confirmMfa", code(&authenticator.code(&app)), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_are_good_once_however_they_are_typed() {
    let (app, client) = app().await;
    let (_, codes) = switch_otp_on(&app, &client).await;
    sign_in_with(&app, &codes[0].to_lowercase().replace('-', " ")).await.unwrap();
    assert_eq!(sign_in_with(&app, &codes[0]).await.err().unwrap(), "INVALID_CODE");
    assert_eq!(client.me(MFA).await["mfa"]["recoveryCodesLeft"], 9);
    let notice = app.last_mail(MAIL).await;
    assert!(notice.text.contains('9'), "{}", notice.text);
    // Proving again takes one as well, and so does switching off.
    client.done("reauthenticate", json!({ "password": PASSWORD, "verifyCode": codes[1] }), "user { id }").await;
    let new = client.done("regenerateRecoveryCodes", Value::Null, &format!("user {{ {MFA} }} recoveryCodes")).await;
    assert_eq!(new["user"]["mfa"]["recoveryCodesLeft"], 10);
    assert_eq!(sign_in_with(&app, &codes[2]).await.err().unwrap(), "INVALID_CODE");
    client.done("disableMfa", Value::Null, "expiresAt").await;
    client.done("confirmMfa", code(new["recoveryCodes"][9].as_str().unwrap()), "user { id }").await;
    assert_eq!(client.me(MFA).await["mfa"]["state"], "DISABLED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uses_of_a_recovery_code_at_once_one_wins() {
    let (app, client) = app().await;
    let (_, codes) = switch_otp_on(&app, &client).await;
    let mut challenges = Vec::new();
    for _ in 0..10 {
        let answer = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
        challenges.push(answer.data()["signIn"]["mfaChallenge"]["token"].clone());
    }
    let uses = challenges.into_iter().map(|token| {
        let (client, input) = (app.client(), json!({ "challengeToken": token, "verifyCode": codes[0] }));
        tokio::spawn(async move { client.mutate("confirmSignIn", input, "session { accessToken }").await })
    });
    let uses = futures_util::future::join_all(uses).await;
    assert_eq!(uses.iter().filter(|used| used.as_ref().unwrap()["session"].is_object()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_have_twenty_wrong_tries_of_their_own() {
    let (app, client) = app().await;
    let (_, codes) = switch_otp_on(&app, &client).await;
    let mut refusals = Vec::new();
    for _ in 0..21 {
        refusals.push(sign_in_with(&app, "0000-0000-0000-0000").await.err().unwrap());
    }
    assert_eq!(refusals.iter().filter(|refusal| *refusal == "INVALID_CODE").count(), 20);
    assert_eq!(sign_in_with(&app, &codes[0]).await.err().unwrap(), "TOO_MANY_TRIES");
    // Codes of the app are counted apart.
    assert_eq!(sign_in_with(&app, "000000").await.err().unwrap(), "INVALID_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_verified_address_one_must_be_given() {
    let (app, _) = app().await;
    let bare = app.signed_in(DOMAIN, "bare").await;
    let refused = bare.refused("enableMfa", json!({ "mfaType": "EMAIL" })).await;
    assert_eq!(refused, [("REQUIRED".to_owned(), Some("options.email".to_owned()))]);
    let refused = bare.refused("enableMfa", json!({ "mfaType": "EMAIL", "options": { "email": "x" } })).await;
    assert_eq!(refused, [("INVALID".to_owned(), Some("options.email".to_owned()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_enforced_stays_on_and_of_its_type() {
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
    assert_eq!(client.refusal("enableMfa", json!({ "mfaType": "EMAIL" })).await, "MFA_ENFORCED");
    switch_otp_on(&app, &client).await;
    assert_eq!(
        client.me("requiredActions mfa { options { enforce } }").await,
        json!({ "requiredActions": [], "mfa": { "options": { "enforce": true } } })
    );
    assert_eq!(client.refusal("disableMfa", Value::Null).await, "MFA_ENFORCED");
    assert_eq!(client.refusal("enableMfa", json!({ "mfaType": "EMAIL" })).await, "MFA_ENFORCED");
    client.done("enableMfa", json!({ "mfaType": "OTP" }), "otp { uri }").await;

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
async fn the_state_that_is_pending_is_in_the_database() {
    let database = crate::support::database::create().await;
    let one = TestApp::on(&database).await;
    let other = TestApp::with_clock(&database, one.clock.clone()).await;
    one.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    let client = one.signed_in(DOMAIN, "wonny").await;
    let begun = client.done("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let authenticator = Authenticator::new(begun["otp"]["secret"].as_str().unwrap());
    let there = other.client().with_tokens(client.tokens.clone().unwrap());
    there.done("confirmMfa", code(&authenticator.code(&other)), "user { id }").await;
    assert_eq!(client.me("mfa { state }").await["mfa"]["state"], "ENABLED");
}
