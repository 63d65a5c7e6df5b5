//! The webhook for security events.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use userprofile::domain::webhook_secret::WebhookSecret;
use userprofile::webhook::WebhookSettings;

use crate::cli::{Binary, assert_says};
use crate::support::{CapturedLog, DOMAIN, PASSWORD, TestApp, User, database};

const SECRET: &str = "whsec_c2VjcmV0IG9mIHRoZSByZWNlaXZlciwgbG9uZw==";
const TOKEN: &str = "path-token-5512";
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver on a socket.
#[derive(Clone, Default)]
struct Receiver(Arc<Inbox>);

#[derive(Default)]
struct Inbox {
    /// Each attempt: id, time, and body.
    received: Mutex<Vec<(String, i64, Value)>>,
    /// The statuses of the next answers; then, 204.
    answers: Mutex<VecDeque<StatusCode>>,
    /// Whether it never answers.
    is_silent: AtomicBool,
    arrived: Notify,
}

impl Receiver {
    async fn start(&self) -> WebhookSettings {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/{TOKEN}", listener.local_addr().unwrap()).parse().unwrap();
        let router = Router::new().route(&format!("/{TOKEN}"), post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        WebhookSettings { url, secret: WebhookSecret::parse(SECRET).unwrap() }
    }

    fn received(&self) -> Vec<(String, i64, Value)> {
        self.0.received.lock().unwrap().clone()
    }

    /// All events that were received, each once, as pairs of type and user.
    fn events(&self) -> Vec<(String, Value)> {
        let bodies = self.received().into_iter().map(|(_, _, body)| body);
        let events = bodies.flat_map(|body| body["data"]["events"].as_array().unwrap().clone());
        events.map(|event| (event["type"].as_str().unwrap().to_owned(), event["userId"].clone())).collect()
    }
}

/// Refuses what is not signed.
async fn receive(State(Receiver(inbox)): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    assert_eq!(header("content-type"), "application/json");
    inbox.received.lock().unwrap().push((id, time.parse().unwrap(), serde_json::from_str(&body).unwrap()));
    inbox.arrived.notify_one();
    if inbox.is_silent.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    inbox.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::NO_CONTENT)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_reported_signed_after_the_commit_until_they_are_accepted() {
    let log = CapturedLog::start();
    let receiver = Receiver::default();
    let database = database::create().await;
    let app = TestApp::on(&database).await.with_webhook(receiver.start().await);
    app.import_users(&[User::new("wonny")]).await;
    let client = app.client().at("203.0.113.5");
    client.try_sign_in(DOMAIN, "wonny", "something else").await;
    client.try_sign_in(DOMAIN, "nobody", "something else").await;
    let signed_in = app.signed_in(DOMAIN, "wonny").await;
    let id = signed_in.me("id").await["id"].clone();
    // A refused request has no effect.
    signed_in.errors("updatePassword", json!({ "currentPassword": PASSWORD, "newPassword": "short" })).await;
    assert!(receiver.received().is_empty());

    let statuses = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::MOVED_PERMANENTLY];
    receiver.0.answers.lock().unwrap().extend(statuses);
    while app.services.run_next_job().await.unwrap() {}
    let expected = [("SIGN_IN_FAILED", &id), ("SIGN_IN_FAILED", &Value::Null), ("SIGNED_IN", &id)];
    let mut events = receiver.events();
    events.sort_by_key(|(event_type, user)| (event_type.clone() != "SIGN_IN_FAILED", user.is_null()));
    assert_eq!(events, expected.map(|(event_type, user)| (event_type.to_owned(), user.clone())));
    let first = receiver.received();
    let failed = first.iter().map(|(_, _, body)| &body["data"]["events"][0]);
    let failed = failed.filter(|event| event["type"] == "SIGN_IN_FAILED" && event["userId"] == id);
    let failed = failed.collect::<Vec<_>>()[0];
    assert_eq!((&failed["clientAddress"], &failed["actor"]), (&json!("203.0.113.5"), &json!("USER")));
    let stored =
        database.count(&format!("security_events WHERE event_id = '{}'", failed["id"].as_str().unwrap())).await;
    assert_eq!(stored, 1);

    // What was not accepted is sent again, with the same id and a new time.
    app.clock.advance(TimeDelta::seconds(10));
    while app.services.run_next_job().await.unwrap() {}
    let all = receiver.received();
    let again: Vec<_> = all[first.len()..].iter().collect();
    assert_eq!(again.len(), 2, "{again:?}");
    for (id, time, body) in again {
        let before = first.iter().find(|(first, _, _)| first == id).unwrap();
        assert_eq!((time - before.1, body), (10, &before.2));
    }
    assert_eq!(database.count("outbox").await, 0);
    let postponed = log.lines(&["WARN", "kind=\"EVENTS\"", "status 500"]);
    assert_eq!(postponed.len(), 1, "{postponed:?}");
    assert!(log.lines(&[TOKEN]).is_empty() && log.lines(&["c2VjcmV0"]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_receiver_delays_no_email() {
    let receiver = Receiver::default();
    receiver.0.is_silent.store(true, Ordering::Relaxed);
    let database = database::create().await;
    let app = TestApp::on(&database).await.with_webhook(receiver.start().await);
    app.import_users(&[User::new("wonny").verified_email("wonny@example.com")]).await;
    let stop = CancellationToken::new();
    let working = tokio::spawn(app.services.clone().run_worker(stop.clone()));
    for _ in 0..8 {
        app.client().try_sign_in(DOMAIN, "wonny", "something else").await;
    }
    timeout(PATIENCE, receiver.0.arrived.notified()).await.expect("nothing is reported");
    app.client().mutate_ok("resetPassword", json!({ "domainId": DOMAIN, "userId": "wonny" }), "ok").await;
    let sent = async {
        while app.received_messages().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // The receiver has as long as this for one report.
    timeout(Duration::from_secs(10), sent).await.expect("the email waits for the receiver");
    stop.cancel();
    working.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_an_import_are_reported_together() {
    let receiver = Receiver::default();
    let app = TestApp::start().await.with_webhook(receiver.start().await);
    let users = |name: &str| (0..250).map(|number| User::new(&format!("user{number}")).with("name", name)).collect();
    let (before, after): (Vec<User>, Vec<User>) = (users("before"), users("after"));
    app.import_users(&before).await;
    app.import_users(&after).await;
    while app.services.run_next_job().await.unwrap() {}
    let updated = receiver.events().into_iter().filter(|(event_type, _)| event_type == "USER_UPDATED").count();
    assert_eq!(updated, 250);
    assert!(receiver.received().len() <= 10, "{}", receiver.received().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_no_server_sends_any_more_are_pruned() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let reporting = app.with_webhook(Receiver::default().start().await);
    reporting.signed_in(DOMAIN, "wonny").await;
    let (services, clock) = (reporting.services.clone(), reporting.clock.clone());
    clock.advance(TimeDelta::days(4) + TimeDelta::hours(23));
    services.prune().await.unwrap();
    assert_eq!(database.count("outbox").await, 1);
    clock.advance(TimeDelta::hours(2));
    services.prune().await.unwrap();
    assert_eq!(database.count("outbox").await, 0);
}

#[test]
fn url_and_secret_need_each_other() {
    let binary = Binary::new();
    for (variable, value) in
        [("USERPROFILE_EVENT_WEBHOOK_URL", "https://siem.example.com"), ("USERPROFILE_EVENT_WEBHOOK_SECRET", SECRET)]
    {
        let output = binary.command(&["config"]).env(variable, value).output().unwrap();
        assert_says(&output, 2, &[variable, "set both, or neither"]);
    }
}

/// The event of a deletion is reported, although it is not stored.
#[tokio::test(flavor = "multi_thread")]
async fn the_deletion_of_an_account_is_reported() {
    let receiver = Receiver::default();
    let database = database::create().await;
    let app = TestApp::on(&database).await.with_webhook(receiver.start().await);
    app.import_users(&[User::new("wonny").verified_email("wonny@example.com")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let id = client.me("id").await["id"].clone();
    client.mutate_ok("requestAccountDeletion", Value::Null, "sentTo").await;
    let code = json!({ "verifyCode": app.code("wonny@example.com").await });
    client.mutate_ok("confirmAccountDeletion", code, "deletionScheduledAt").await;
    app.messages().await;
    let before = receiver.events().len();
    app.clock.advance(TimeDelta::days(14));
    app.services.delete_due_accounts().await.unwrap();
    app.messages().await;
    assert_eq!(receiver.events()[before..], [("ACCOUNT_DELETED".to_owned(), id.clone())]);
    let (_, _, body) = receiver.received().pop().unwrap();
    assert_eq!(body["data"]["events"][0]["actor"], "SYSTEM");
    assert_eq!(database.count("security_events").await, 0);
}
