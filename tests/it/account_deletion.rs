//! The deletion of accounts: who may request it, what confirms and what cancels it.

use chrono::TimeDelta;
use futures_util::future::join;
use serde_json::{Value, json};
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User};

mod interruption;
mod remains;

const MAIL: &str = "wonny@example.com";
const GRACE: TimeDelta = TimeDelta::days(14);

fn wonny() -> User {
    User::new("wonny").verified_email(MAIL)
}

async fn app() -> (TestApp, Client) {
    let app = TestApp::with_user(wonny()).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

/// Requests the deletion, and returns the code.
async fn request(app: &TestApp, client: &Client, address: &str) -> String {
    // Otherwise the code may be sent before an earlier message.
    app.messages().await;
    let requested = client.mutate_ok("requestAccountDeletion", Value::Null, "sentTo expiresAt").await;
    assert_eq!(requested["sentTo"], address);
    app.code(address).await
}

async fn confirm(client: &Client, code: &str) -> Value {
    client.mutate("confirmAccountDeletion", json!({ "verifyCode": code }), "deletionScheduledAt").await
}

/// Schedules the deletion, and returns the token that cancels it.
async fn schedule(app: &TestApp, client: &Client, address: &str) -> String {
    let code = request(app, client, address).await;
    let confirmed = confirm(client, &code).await;
    assert!(confirmed["deletionScheduledAt"].is_string(), "{confirmed}");
    app.last_message(address).await.token()
}

async fn cancel(app: &TestApp, token: &str) -> Option<String> {
    let payload = app.client().mutate("cancelAccountDeletion", json!({ "token": token }), "ok").await;
    payload["errors"][0]["code"].as_str().map(str::to_owned)
}

async fn exists(app: &TestApp, user: &str) -> bool {
    let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse(user).unwrap());
    app.services.show_user(&domain, &login).await.is_ok()
}

/// Whether the account still exists when its grace period is over.
async fn outlives_its_grace(app: &TestApp, user: &str) -> bool {
    app.clock.advance(GRACE);
    app.services.delete_due_accounts().await.unwrap();
    exists(app, user).await
}

async fn events(client: &Client) -> Vec<String> {
    let events = client.me("securityEvents(first: 20) { nodes { type } }").await["securityEvents"]["nodes"].clone();
    events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_deletion_ends_all_sessions_and_follows_after_the_grace_period() {
    let (app, client) = app().await;
    let other = app.signed_in(DOMAIN, "wonny").await;
    let code = request(&app, &client, MAIL).await;
    assert_eq!(client.me("deletionScheduledAt").await["deletionScheduledAt"], Value::Null);
    let scheduled_at = confirm(&client, &code).await["deletionScheduledAt"].clone();
    let expected = app.services.clock.now() + GRACE;
    assert_eq!(scheduled_at, expected.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
    for session in [&client, &other] {
        assert!(!session.is_authenticated().await);
    }
    let notice = app.last_message(MAIL).await;
    assert_eq!(notice.subject, "Your account will be deleted");
    assert!(notice.text.contains("https://id.test/cancel-deletion#token=upd_"), "{}", notice.text);
    assert!(notice.text.contains(&expected.format("%Y-%m-%d %H:%M (UTC").to_string()), "{}", notice.text);

    app.clock.advance(GRACE - TimeDelta::seconds(1));
    app.services.delete_due_accounts().await.unwrap();
    assert!(exists(&app, "wonny").await);
    app.clock.advance(TimeDelta::seconds(1));
    app.services.delete_due_accounts().await.unwrap();
    assert!(!exists(&app, "wonny").await);
    assert_eq!(app.last_message(MAIL).await.subject, "Your account was deleted");
    let refused = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
    assert_eq!(refused.user_errors("signIn"), ["INVALID_CREDENTIALS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_cancels_a_deletion_once() {
    let (app, client) = app().await;
    let token = schedule(&app, &client, MAIL).await;
    assert_eq!(cancel(&app, "").await.as_deref(), Some("REQUIRED"));
    for wrong in ["nonsense", &token.replace("upd_", "upe_"), &format!("upd_{}", "A".repeat(43))] {
        assert_eq!(cancel(&app, wrong).await.as_deref(), Some("INVALID_TOKEN"), "{wrong}");
    }
    assert_eq!(cancel(&app, &token).await, None);
    assert_eq!(app.last_message(MAIL).await.subject, "Your account will not be deleted");
    assert_eq!(cancel(&app, &token).await.as_deref(), Some("INVALID_TOKEN"));
    assert!(outlives_its_grace(&app, "wonny").await);
    let client = app.signed_in(DOMAIN, "wonny").await;
    let events = events(&client).await;
    for event in ["ACCOUNT_DELETION_REQUESTED", "ACCOUNT_DELETION_SCHEDULED", "ACCOUNT_DELETION_CANCELLED"] {
        assert!(events.iter().any(|recorded| recorded == event), "{event}: {events:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_disabled_user_works_and_an_expired_link_does_not() {
    let (app, client) = app().await;
    let token = schedule(&app, &client, MAIL).await;
    app.import(&wonny().without_password().state("DISABLED").line()).await;
    assert_eq!(cancel(&app, &token).await, None);
    app.import(&wonny().without_password().line()).await;
    app.clock.advance(TimeDelta::minutes(1));
    let token = schedule(&app, &app.signed_in(DOMAIN, "wonny").await, MAIL).await;
    app.clock.advance(GRACE);
    assert_eq!(cancel(&app, &token).await.as_deref(), Some("INVALID_TOKEN"));
    // Not even after codes are pruned, so that an account that is due is not forgotten.
    app.clock.advance(TimeDelta::days(2));
    app.services.prune().await.unwrap();
    app.services.delete_due_accounts().await.unwrap();
    assert!(!exists(&app, "wonny").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_sign_in_cancels_a_deletion_and_a_wrong_password_does_not() {
    let (app, client) = app().await;
    let token = schedule(&app, &client, MAIL).await;
    app.clock.advance(TimeDelta::days(13));
    app.client().try_sign_in(DOMAIN, "wonny", "wrong horse 7").await;
    let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    assert!(app.services.find_user_deletion(&domain, &login).await.unwrap().is_some());
    let client = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(client.me("deletionScheduledAt").await["deletionScheduledAt"], Value::Null);
    assert!(app.messages().await.iter().any(|message| message.subject == "Your account will not be deleted"));
    assert_eq!(cancel(&app, &token).await.as_deref(), Some("INVALID_TOKEN"));
    assert!(outlives_its_grace(&app, "wonny").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_stolen_account_keeps_it_with_the_undo_link() {
    let (app, thief) = app().await;
    let other = "thief@example.com";
    thief.mutate_ok("verifyEmail", json!({ "email": other }), "sentTo").await;
    thief.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(other).await }), "user { id }").await;
    let undo = app.last_message(MAIL).await.token();
    schedule(&app, &thief, other).await;
    app.client().mutate_ok("undoEmailChange", json!({ "token": undo }), "ok").await;
    assert!(outlives_its_grace(&app, "wonny").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deletion_requires() {
    let (app, client) = app().await;
    let refused = |client: Client| async move { client.error_code("requestAccountDeletion", Value::Null).await };
    app.import_users(&[
        User::new("mei").email("mei@example.com"),
        User::new("ada").verified_email("a@example.com").admin(),
    ])
    .await;
    assert_eq!(refused(app.signed_in(DOMAIN, "mei").await).await, "REQUIRED");
    assert_eq!(refused(app.signed_in(DOMAIN, "ada").await).await, "LAST_ADMIN");
    // Neither a disabled nor a pending admin could take over.
    app.import_users(&[User::new("off").admin().state("DISABLED"), User::new("new").admin().state("PENDING")]).await;
    app.import(&(crate::support::domain("domain-b") + &User::new("far").admin().in_domain("domain-b").line())).await;
    assert_eq!(refused(app.signed_in(DOMAIN, "ada").await).await, "LAST_ADMIN");
    app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(refused(client.clone()).await, "REAUTHENTICATION_REQUIRED");
    let off = app.with_policy(|policy| policy.deletion.is_allowed = false);
    assert_eq!(refused(off.signed_in(DOMAIN, "wonny").await).await, "DELETION_DISABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_confirmed_in_its_session_only_and_for_the_current_address() {
    let (app, client) = app().await;
    let other = app.signed_in(DOMAIN, "wonny").await;
    let code_of = |payload: Value| payload["errors"][0]["code"].as_str().map(str::to_owned);
    assert_eq!(code_of(confirm(&client, "123456").await).as_deref(), Some("NOTHING_PENDING"));
    let code = request(&app, &client, MAIL).await;
    assert_eq!(client.error_code("requestAccountDeletion", Value::Null).await, "RATE_LIMITED");
    assert_eq!(code_of(confirm(&client, "12345").await).as_deref(), Some("INVALID"));
    assert_eq!(code_of(confirm(&other, &code).await).as_deref(), Some("NOTHING_PENDING"));
    let wrong = confirm(&client, if code == "000000" { "000001" } else { "000000" }).await;
    assert_eq!((&wrong["errors"][0]["code"], &wrong["errors"][0]["attemptsLeft"]), (&json!("INVALID_CODE"), &json!(4)));
    app.import(&User::new("wonny").without_password().verified_email("other@example.com").line()).await;
    assert_eq!(code_of(confirm(&client, &code).await).as_deref(), Some("NOTHING_PENDING"));
    app.import(&wonny().without_password().line()).await;
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(code_of(confirm(&client, &code).await).as_deref(), Some("EXPIRED_CODE"));
    assert!(outlives_its_grace(&app, "wonny").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_invalidates_the_code() {
    let (app, client) = app().await;
    let code = request(&app, &client, MAIL).await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.mutate_ok("updatePassword", change, "user { id }").await;
    assert_eq!(confirm(&client, &code).await["errors"][0]["code"], "NOTHING_PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_delete_their_accounts_at_once_one_stays() {
    let app = TestApp::start().await;
    let admin = |name: &str| User::new(name).verified_email(&format!("{name}@example.com")).admin();
    app.import_users(&[admin("ada"), admin("bea")]).await;
    let (ada, bea) = (app.signed_in(DOMAIN, "ada").await, app.signed_in(DOMAIN, "bea").await);
    let first = request(&app, &ada, "ada@example.com").await;
    let second = request(&app, &bea, "bea@example.com").await;
    let (first, second) = join(confirm(&ada, &first), confirm(&bea, &second)).await;
    let scheduled = [&first, &second].into_iter().filter(|payload| payload["deletionScheduledAt"].is_string()).count();
    assert_eq!(scheduled, 1, "{first} {second}");
    let codes = [&first["errors"][0]["code"], &second["errors"][0]["code"]];
    assert!(codes.contains(&&json!("LAST_ADMIN")), "{codes:?}");
}

/// A server of the previous version does not cancel a deletion when the user signs in.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_used_since_is_not_deleted() {
    let database = crate::support::database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[wonny()]).await;
    schedule(&app, &app.signed_in(DOMAIN, "wonny").await, MAIL).await;
    database
        .execute("UPDATE users SET last_accessed_at = (SELECT expires_at FROM codes WHERE purpose = 'CANCEL_DELETION')")
        .await;
    assert!(outlives_its_grace(&app, "wonny").await);
    assert_eq!(database.count("codes WHERE purpose = 'CANCEL_DELETION'").await, 0);
}

/// A grace period may be shorter than the time in which a changed address can be restored.
#[tokio::test(flavor = "multi_thread")]
async fn a_thief_cannot_delete_an_account_before_its_address_can_no_longer_be_restored() {
    let app = TestApp::with_user(wonny()).await.with_policy(|policy| policy.deletion.grace = TimeDelta::days(1));
    let thief = app.signed_in(DOMAIN, "wonny").await;
    let other = "thief@example.com";
    thief.mutate_ok("verifyEmail", json!({ "email": other }), "sentTo").await;
    thief.mutate_ok("confirmEmail", json!({ "verifyCode": app.code(other).await }), "user { id }").await;
    schedule(&app, &thief, other).await;
    app.clock.advance(TimeDelta::days(6));
    app.services.delete_due_accounts().await.unwrap();
    assert!(exists(&app, "wonny").await);
    app.clock.advance(TimeDelta::days(1));
    app.services.delete_due_accounts().await.unwrap();
    assert!(!exists(&app, "wonny").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reset_and_a_sign_in_with_a_passkey_cancel_a_deletion() {
    let app = TestApp::with_users(&["mei"]).await;
    app.import_users(&[wonny()]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let mut authenticator = crate::support::authenticator::Authenticator::new();
    crate::passkeys::add(&client, &mut authenticator).await;
    schedule(&app, &client, MAIL).await;
    let client = crate::passkeys::sign_in(&app.client(), &mut authenticator).await.unwrap();
    assert_eq!(client.me("deletionScheduledAt").await["deletionScheduledAt"], Value::Null);
    app.clock.advance(TimeDelta::minutes(2));
    schedule(&app, &client, MAIL).await;
    app.client().mutate_ok("resetPassword", json!({ "domainId": DOMAIN, "userId": "wonny" }), "ok").await;
    let reset = json!({ "token": app.last_message(MAIL).await.token(), "newPassword": "quite another 4" });
    app.client().mutate_ok("confirmPasswordReset", reset, "ok").await;
    assert!(outlives_its_grace(&app, "wonny").await);
}

/// An operator can stop all deletions: of an installation that was restored from a backup, for example.
#[tokio::test(flavor = "multi_thread")]
async fn scheduled_deletions_wait_while_the_setting_is_off() {
    let (app, client) = app().await;
    let code = request(&app, &client, MAIL).await;
    let app = app.with_policy(|policy| policy.deletion.is_allowed = false);
    let refused = app.client().with_tokens(client.tokens.clone().unwrap());
    assert_eq!(confirm(&refused, &code).await["errors"][0]["code"], "DELETION_DISABLED");
    let app = app.with_policy(|policy| policy.deletion.is_allowed = true);
    let client = app.client().with_tokens(client.tokens.unwrap());
    assert!(confirm(&client, &code).await["deletionScheduledAt"].is_string(), "the refusal consumed the code");
    let app = app.with_policy(|policy| policy.deletion.is_allowed = false);
    assert!(outlives_its_grace(&app, "wonny").await);
    let app = app.with_policy(|policy| policy.deletion.is_allowed = true);
    app.services.delete_due_accounts().await.unwrap();
    assert!(!exists(&app, "wonny").await);
}

/// A sign-in at the moment of the deletion comes before it, or after it: the user has an account with a session, or
/// neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_and_a_deletion_at_once() {
    let database = crate::support::database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("mei"), wonny()]).await;
    for _ in 0..10 {
        app.import(&wonny().line()).await;
        schedule(&app, &app.signed_in(DOMAIN, "wonny").await, MAIL).await;
        app.clock.advance(GRACE);
        let guest = app.client();
        let sign_in = guest.try_sign_in(DOMAIN, "wonny", PASSWORD);
        let (signed_in, deleted) = join(sign_in, app.services.delete_due_accounts()).await;
        deleted.unwrap();
        let has_session = signed_in.data()["signIn"]["session"].is_object();
        assert_eq!(exists(&app, "wonny").await, has_session);
        let sessions =
            database.count("sessions AS s LEFT JOIN users AS u ON u.id = s.owner_id WHERE u.id IS NULL").await;
        assert_eq!(sessions, 0, "a session of nobody is left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_deleted_with_the_last_session() {
    let (app, client) = app().await;
    let code = request(&app, &client, MAIL).await;
    let query = "mutation($input: ConfirmAccountDeletionInput!) {
        confirmAccountDeletion(input: $input) { deletionScheduledAt } }";
    let body = json!({ "query": query, "variables": { "input": { "verifyCode": code } } });
    let request = client.request(axum::http::Method::POST, "/graphql").header("content-type", "application/json");
    let request = request.header("x-userprofile-session", "cookie").body(body.to_string().into()).unwrap();
    let response = client.send(request).await;
    assert!(response.data()["confirmAccountDeletion"]["deletionScheduledAt"].is_string(), "{}", response.text);
    let cookies =
        response.headers.get_all("set-cookie").iter().filter(|cookie| cookie.to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(cookies.count(), 2);
}
