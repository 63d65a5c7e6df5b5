//! Notifications by email about changes of an account, and what operators learn when none can be sent.

use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;
use userprofile::services::Error;
use userprofile::services::admin::AdminRefusal;
use userprofile::services::outbox::NotNotified;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, Tokens, User, database};

const MAIL: &str = "wonny@example.com";
const NEW: &str = "battery staple 8";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/141.0.0.0 Safari/537.36";
const NEWER_CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/142.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

fn wonny() -> (DomainId, LoginId) {
    (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap())
}

/// A user who can be notified.
fn user() -> User {
    User::new("wonny").verified_email(MAIL)
}

async fn subjects(app: &TestApp) -> Vec<String> {
    app.messages().await.into_iter().map(|message| message.subject).collect()
}

async fn signed_in_by(app: &TestApp, user_agent: &str) -> Client {
    let mut client = app.client().with_user_agent(user_agent);
    client.sign_in(DOMAIN, "wonny", PASSWORD).await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn new_recovery_codes_are_notified() {
    let app = TestApp::with_user(user().otp_mfa(SECRET)).await;
    let code = crate::mfa::Authenticator::new(SECRET).code(&app);
    let mut client = app.client().with_user_agent(CHROME);
    let response = client.try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    let token = &response.data()["signIn"]["mfaChallenge"]["token"];
    let input = json!({ "challengeToken": token, "verifyCode": code });
    let done = client.mutate_ok("confirmSignIn", input, "session { accessToken refreshToken }").await;
    client.tokens = Some(Tokens::from(&done["session"]));
    let codes = client.mutate_ok("regenerateRecoveryCodes", Value::Null, "recoveryCodes").await;
    let message = app.last_message(MAIL).await;
    assert_eq!(message.subject, "Your recovery codes were replaced");
    assert!(message.text.contains("Chrome on Windows") && message.text.contains("192.0.2.1"), "{}", message.text);
    let text = message.text + &message.html;
    assert!(codes["recoveryCodes"].as_array().unwrap().iter().all(|code| !text.contains(code.as_str().unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_an_operator_sets_is_notified() {
    let app = TestApp::with_user(user().with("language", "ko")).await;
    let (domain_id, login) = wonny();
    let set = app.services.set_password(&domain_id, &login, Password::from_input(NEW)).await.unwrap();
    assert_eq!(set, None);
    let message = app.last_message(MAIL).await;
    assert_eq!(message.subject, "관리자가 비밀번호를 설정했습니다");
    assert!(!message.text.contains(NEW) && !message.html.contains(NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_an_import_changes_is_notified() {
    let app = TestApp::with_user(user()).await;
    assert!(subjects(&app).await.is_empty());
    let line = |password: &str| user().with("language", "ja").password(password).line();
    // Users are not notified of their first password.
    for (lines, expected) in [
        (line(PASSWORD), 0),
        (line(NEW) + &User::new("added").verified_email("a@example.com").line(), 1),
        (line(NEW), 1),
    ] {
        app.import(&lines).await;
        assert_eq!(subjects(&app).await, vec!["管理者がパスワードを設定しました"; expected]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_in_from_a_device_is_notified() {
    let app = TestApp::with_user(user()).await;
    let subject = "New sign-in to your account".to_owned();
    // The account's first sign-in is not notified.
    signed_in_by(&app, CHROME).await;
    signed_in_by(&app, NEWER_CHROME).await;
    assert!(subjects(&app).await.is_empty());
    signed_in_by(&app, FIREFOX).await;
    let message = app.last_message(MAIL).await;
    assert_eq!(message.subject, subject);
    assert!(message.text.contains("Firefox on Linux") && message.text.contains("192.0.2.1"), "{}", message.text);
    for known in [FIREFOX, CHROME, NEWER_CHROME] {
        let client = signed_in_by(&app, known).await;
        client.mutate_ok("signOut", Value::Null, "ok").await;
    }
    assert_eq!(subjects(&app).await.len(), 1);
    // Clients without a recognized user agent count as one device.
    app.signed_in(DOMAIN, "wonny").await;
    app.signed_in(DOMAIN, "wonny").await;
    signed_in_by(&app, "Mozilla/5.0 (something odd)").await;
    assert_eq!(subjects(&app).await, vec![subject; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_ins_make_no_device_known() {
    let app = TestApp::with_user(user()).await;
    signed_in_by(&app, CHROME).await;
    app.client().with_user_agent(FIREFOX).try_sign_in(DOMAIN, "wonny", "something else").await;
    assert!(subjects(&app).await.is_empty());
    signed_in_by(&app, FIREFOX).await;
    assert_eq!(subjects(&app).await.len(), 1);
}

#[tokio::test]
async fn an_operator_learns_why_a_user_is_not_notified() {
    let database = database::create().await;
    let app = TestApp::without_mail(&database, std::sync::Arc::default()).await;
    app.import_users(&[user().otp_mfa(SECRET)]).await;
    let (domain_id, login) = wonny();
    let reason = Some(NotNotified::NoMailServer);
    assert_eq!(app.services.set_password(&domain_id, &login, Password::from_input(NEW)).await.unwrap(), reason);
    assert_eq!(app.services.reset_mfa(&domain_id, &login).await.unwrap(), reason);

    let with_mail = TestApp::on(&database).await;
    with_mail.import(&User::new("wonny").otp_mfa(SECRET).line()).await;
    let reason = Some(NotNotified::NoAddress);
    assert_eq!(with_mail.services.set_password(&domain_id, &login, Password::from_input(NEW)).await.unwrap(), reason);
    assert_eq!(with_mail.services.reset_mfa(&domain_id, &login).await.unwrap(), reason);
    // The second reset changes nothing, so there is nothing to notify.
    assert_eq!(with_mail.services.reset_mfa(&domain_id, &login).await.unwrap(), None);
}

#[tokio::test]
async fn an_operator_cannot_set_the_current_password_again() {
    let app = TestApp::with_user(user()).await;
    let (domain_id, login) = wonny();
    let set = app.services.set_password(&domain_id, &login, Password::from_input(PASSWORD)).await;
    assert!(matches!(set, Err(Error::Refused(AdminRefusal::Unchanged))), "{set:?}");
    app.signed_in(DOMAIN, "wonny").await;
    assert!(subjects(&app).await.is_empty());
}

#[tokio::test]
async fn revoking_no_sessions_is_recorded_too() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let (domain_id, login) = wonny();
    assert_eq!(app.services.revoke_user_sessions(&domain_id, &login).await.unwrap(), 0);
    let events = "security_events WHERE event_type = 'SESSIONS_REVOKED' AND actor = 'OPERATOR'";
    assert_eq!(database.count(events).await, 1);
}
