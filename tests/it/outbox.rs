//! The outbox: messages are written with the change that causes them and sent once after its commit, even if the mail
//! server or a worker fails.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use userprofile::domain::outbox::JobKind;

use crate::support::mail::{Behavior, transport};
use crate::support::{Client, DOMAIN, MailServer, PASSWORD, TestApp, User, database};

const MAIL: &str = "wonny@example.com";

/// Imports a user with this language, and signs them in.
async fn prepare(app: &TestApp, language: &str) -> Client {
    app.import_users(&[User::new("wonny").verified_email(MAIL).with("language", language)]).await;
    app.signed_in(DOMAIN, "wonny").await
}

async fn request_code(client: &Client, email: &str) {
    client.mutate_ok("verifyEmail", json!({ "email": email }), "sentTo").await;
}

/// The number of waiting and of failed messages.
async fn outbox(app: &TestApp) -> (i64, i64) {
    app.services.count_jobs(&JobKind::OF_MAIL).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_standard_headers_and_one_recipient() {
    let app = TestApp::start().await;
    let client = prepare(&app, "en").await;
    request_code(&client, "new@example.com").await;
    assert_eq!(outbox(&app).await, (1, 0));
    let message = app.last_message("new@example.com").await;
    assert_eq!(outbox(&app).await, (0, 0), "a sent message is deleted");
    for header in [
        "From: UserProfile <noreply-",
        "To: new@example.com\r\n",
        "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n",
        "Message-ID: <job-",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(message.raw.contains(header), "{header} is not in {}", message.raw);
    }
    assert!(message.html.contains(&message.code()) && message.html.contains("<html lang=\"en\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_in_the_language_of_the_user() {
    let mut subjects = Vec::new();
    for language in ["ko", "ja", "en", "de"] {
        let app = TestApp::start().await;
        let client = prepare(&app, language).await;
        request_code(&client, "new@example.com").await;
        let message = app.last_message("new@example.com").await;
        message.code();
        subjects.push(message.subject);
    }
    assert_eq!(subjects[2], subjects[3], "English for all others");
    subjects.dedup();
    assert_eq!(subjects.len(), 3, "{subjects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_when_the_mail_server_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let sender = "noreply@down.test";
    let app = TestApp::with_transport(Some(transport(port, sender))).await;
    let client = prepare(&app, "en").await;
    request_code(&client, "new@example.com").await;
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!(outbox(&app).await, (1, 0));
    assert!(!app.services.run_next_job().await.unwrap(), "the worker waits before it retries");
    // Meanwhile, all other operations work.
    assert!(client.is_authenticated().await);

    let server = MailServer::on(TcpListener::bind(("127.0.0.1", port)).unwrap());
    app.clock.advance(TimeDelta::seconds(5));
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!(outbox(&app).await, (0, 0));
    assert_eq!(server.received(sender).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_is_not_sent() {
    let app = TestApp::start().await;
    let client = prepare(&app, "en").await;
    request_code(&client, "new@example.com").await;
    app.clock.advance(TimeDelta::minutes(10));
    assert!(app.messages().await.is_empty());
    assert_eq!(outbox(&app).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanently_rejected_message_is_marked_failed() {
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let app = TestApp::with_transport(Some(transport)).await;
    let client = prepare(&app, "en").await;
    // A temporary rejection is retried.
    server.set_behavior(Behavior::RejectRecipients(450));
    request_code(&client, "one@example.com").await;
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!(outbox(&app).await, (1, 0));
    server.set_behavior(Behavior::Normal);
    app.clock.advance(TimeDelta::seconds(5));
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!(server.received(&sender).len(), 1);
    // A permanent rejection is not.
    server.set_behavior(Behavior::RejectRecipients(550));
    request_code(&client, "two@example.com").await;
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!(outbox(&app).await, (0, 1));
    server.set_behavior(Behavior::Normal);
    app.clock.advance(TimeDelta::hours(2));
    assert!(!app.services.run_next_job().await.unwrap());
    // Failed messages are deleted after their retention.
    app.clock.advance(TimeDelta::days(30));
    app.services.prune().await.unwrap();
    assert_eq!(outbox(&app).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_mail_server_delays_no_request() {
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let app = TestApp::with_transport(Some(transport)).await;
    let client = prepare(&app, "en").await;
    let slow = Duration::from_millis(700);
    server.set_behavior(Behavior::Slow(slow));
    let stop = CancellationToken::new();
    let working = tokio::spawn(app.services.clone().run_worker(stop.clone()));
    let began = Instant::now();
    request_code(&client, "new@example.com").await;
    client.mutate_ok("updateProfile", json!({ "name": "Still quick" }), "user { name }").await;
    assert!(began.elapsed() < slow);
    // When it is stopped, the worker finishes the current message.
    while outbox(&app).await.0 > 0 && server.received(&sender).is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    working.await.unwrap();
    assert_eq!((server.received(&sender).len(), outbox(&app).await), (1, (0, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_workers_send_each_message_once() {
    let database = database::create().await;
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let mut apps = Vec::new();
    let clock = Arc::default();
    for _ in 0..3 {
        apps.push(TestApp::sharing(&database, Arc::clone(&clock), transport.clone()).await);
    }
    let user = |n| User::new(&format!("u{n}")).verified_email(&format!("u{n}@example.com"));
    apps[0].import_users(&(0..40).map(user).collect::<Vec<_>>()).await;
    for n in 0..40 {
        let client = apps[n % 3].client().at(&format!("198.51.{n}.1"));
        client.mutate_ok("resetPassword", json!({ "userId": format!("u{n}"), "domainId": DOMAIN }), "ok").await;
    }
    let stop = CancellationToken::new();
    let workers: Vec<_> = apps.iter().map(|app| tokio::spawn(app.services.clone().run_worker(stop.clone()))).collect();
    while outbox(&apps[0]).await.0 > 0 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    let mut recipients: Vec<String> =
        server.received(&sender).into_iter().map(|message| message.recipients[0].clone()).collect();
    assert_eq!(recipients.len(), 40);
    recipients.sort_unstable();
    recipients.dedup();
    assert_eq!(recipients.len(), 40);
}

/// The lease of a worker that dies expires.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_leased_by_a_dead_worker_is_sent_by_another() {
    let database = database::create().await;
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let app = TestApp::sharing(&database, Arc::default(), transport).await;
    let client = prepare(&app, "en").await;
    request_code(&client, "new@example.com").await;
    server.set_behavior(Behavior::RejectRecipients(450));
    {
        // The worker is dropped after it leased the job and before it released it, as if it was killed.
        let mut work = Box::pin(app.services.run_next_job());
        while no_job_is_leased(&database).await {
            assert!(futures_util::poll!(&mut work).is_pending());
            tokio::task::yield_now().await;
        }
    }
    server.set_behavior(Behavior::Normal);
    assert!(!app.services.run_next_job().await.unwrap(), "the job is still leased");
    app.clock.advance(TimeDelta::seconds(60));
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!((server.received(&sender).len(), outbox(&app).await), (1, (0, 0)));
}

/// Whether no worker has a lease, read over a separate connection.
async fn no_job_is_leased(database: &database::Database) -> bool {
    database.count("outbox WHERE leased_until IS NOT NULL").await == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_encrypted_in_the_database() {
    let database = database::create().await;
    let (transport, _) = MailServer::shared().transport();
    let app = TestApp::sharing(&database, Arc::default(), transport).await;
    let client = prepare(&app, "en").await;
    request_code(&client, "secret.reader@example.com").await;
    let payloads = database
        .texts("SELECT hex(payload) AS value FROM outbox", "SELECT encode(payload, 'hex') AS value FROM outbox")
        .await;
    assert_eq!(payloads.len(), 1);
    let readable: String = "secret.reader".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!payloads[0].to_lowercase().contains(&readable));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_security_relevant_change_is_notified() {
    let app = TestApp::start().await;
    let client = prepare(&app, "en").await;
    let events = async || {
        let events = client.me("securityEvents { nodes { type clientAddress } }").await;
        let nodes = events["securityEvents"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.mutate_ok("updatePassword", input, "user { id }").await;
    assert_eq!(app.messages().await.len(), 1);
    assert!(events().await.contains(&"PASSWORD_CHANGED".to_owned()));
    client.mutate_ok("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    client.mutate_ok("confirmMfa", json!({ "verifyCode": app.code(MAIL).await }), "recoveryCodes").await;
    assert_eq!(app.messages().await.len(), 3);
    assert!(events().await.contains(&"MFA_ENABLED".to_owned()));
    // Reuse of a refresh token.
    let first = client.tokens.clone().unwrap();
    let second = client.refresh(&first.refresh).await.data()["refreshSession"]["session"].clone();
    assert!(second.is_object());
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(client.refresh(&first.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    let messages = app.messages().await;
    assert_eq!(messages.len(), 4);
    assert!(messages.iter().all(|message| message.recipients == [MAIL]));
    assert_eq!(client.query("{ me { id } }").await.body["data"]["me"], Value::Null);
}
