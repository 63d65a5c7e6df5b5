//! Mails: written with what needs them, sent after it, once; and what becomes of them when the mail server does not play
//! along.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::mail::{Mood, transport};
use crate::support::{Client, DOMAIN, MailServer, TestApp, database, domain, user};

const MAIL: &str = "wonny@example.com";

async fn prepare(app: &TestApp, language: &str) -> Client {
    let more = format!(r#""email":"{MAIL}","email_verified":true,"language":"{language}""#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &more))).await;
    app.signed_in(DOMAIN, "wonny").await
}

async fn ask_for_code(client: &Client, email: &str) {
    client.done("verifyEmail", json!({ "email": email }), "sentTo").await;
}

/// What waits, and what was given up.
async fn outbox(app: &TestApp) -> (i64, i64) {
    app.services.count_outbox().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_says_who_what_and_when_and_goes_to_one() {
    let app = TestApp::start().await;
    let client = prepare(&app, "en").await;
    ask_for_code(&client, "new@example.com").await;
    assert_eq!(outbox(&app).await, (1, 0));
    let mail = app.last_mail("new@example.com").await;
    assert_eq!(outbox(&app).await, (0, 0), "what was sent is gone");
    for header in [
        "From: UserProfile <noreply-",
        "To: new@example.com\r\n",
        "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n",
        "Message-ID: <job-",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(mail.raw.contains(header), "{header} is not in {}", mail.raw);
    }
    assert!(mail.html.contains(&mail.code()) && mail.html.contains("<html lang=\"en\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_in_the_language_of_their_reader() {
    let mut subjects = Vec::new();
    for language in ["ko", "ja", "en", "de"] {
        let app = TestApp::start().await;
        let client = prepare(&app, language).await;
        ask_for_code(&client, "new@example.com").await;
        let mail = app.last_mail("new@example.com").await;
        mail.code();
        subjects.push(mail.subject);
    }
    assert_eq!(subjects[2], subjects[3], "English for all others");
    subjects.dedup();
    assert_eq!(subjects.len(), 3, "{subjects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_gets_the_mail_when_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let sender = "noreply@down.test";
    let app = TestApp::with_transport(Some(transport(port, sender))).await;
    let client = prepare(&app, "en").await;
    ask_for_code(&client, "new@example.com").await;
    assert!(app.services.work_once().await.unwrap());
    assert_eq!(outbox(&app).await, (1, 0));
    assert!(!app.services.work_once().await.unwrap(), "it waits before it tries again");
    // Nobody had to wait for it, and everything else works.
    assert!(client.is_somebody().await);

    let server = MailServer::on(TcpListener::bind(("127.0.0.1", port)).unwrap());
    app.clock.advance(TimeDelta::seconds(5));
    assert!(app.services.work_once().await.unwrap());
    assert_eq!(outbox(&app).await, (0, 0));
    assert_eq!(server.received(sender).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_has_run_out_is_not_sent() {
    let app = TestApp::start().await;
    let client = prepare(&app, "en").await;
    ask_for_code(&client, "new@example.com").await;
    app.clock.advance(TimeDelta::minutes(10));
    assert!(app.mails().await.is_empty());
    assert_eq!(outbox(&app).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_buried_where_it_can_be_seen() {
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let app = TestApp::with_transport(Some(transport)).await;
    let client = prepare(&app, "en").await;
    // For the moment: it is tried again.
    server.set_mood(Mood::Refusing(450));
    ask_for_code(&client, "one@example.com").await;
    assert!(app.services.work_once().await.unwrap());
    assert_eq!(outbox(&app).await, (1, 0));
    server.set_mood(Mood::Well);
    app.clock.advance(TimeDelta::seconds(5));
    assert!(app.services.work_once().await.unwrap());
    assert_eq!(server.received(&sender).len(), 1);
    // For good: it is not.
    server.set_mood(Mood::Refusing(550));
    ask_for_code(&client, "two@example.com").await;
    assert!(app.services.work_once().await.unwrap());
    assert_eq!(outbox(&app).await, (0, 1));
    server.set_mood(Mood::Well);
    app.clock.advance(TimeDelta::hours(2));
    assert!(!app.services.work_once().await.unwrap());
    // And a while later it is forgotten.
    app.clock.advance(TimeDelta::days(30));
    app.services.prune().await.unwrap();
    assert_eq!(outbox(&app).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_holds_up_no_request() {
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let app = TestApp::with_transport(Some(transport)).await;
    let client = prepare(&app, "en").await;
    let slow = Duration::from_millis(700);
    server.set_mood(Mood::Slow(slow));
    let stop = CancellationToken::new();
    let working = tokio::spawn(app.services.clone().work(stop.clone()));
    let began = Instant::now();
    ask_for_code(&client, "new@example.com").await;
    client.done("updateProfile", json!({ "name": "Still quick" }), "user { name }").await;
    assert!(began.elapsed() < slow);
    // Told to stop, the worker finishes what is in hand.
    while outbox(&app).await.0 > 0 && server.received(&sender).is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    working.await.unwrap();
    assert_eq!((server.received(&sender).len(), outbox(&app).await), (1, (0, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_servers_send_each_mail_once() {
    let database = database::create().await;
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let mut apps = Vec::new();
    let clock = Arc::default();
    for _ in 0..3 {
        apps.push(TestApp::sharing(&database, Arc::clone(&clock), transport.clone()).await);
    }
    let mut lines = domain(DOMAIN);
    for n in 0..40 {
        lines += &user(DOMAIN, &format!("u{n}"), &format!(r#""email":"u{n}@example.com","email_verified":true"#));
    }
    apps[0].import(&lines).await;
    for n in 0..40 {
        let client = apps[n % 3].client().at(&format!("198.51.{n}.1"));
        client.done("resetPassword", json!({ "userId": format!("u{n}"), "domainId": DOMAIN }), "ok").await;
    }
    let stop = CancellationToken::new();
    let workers: Vec<_> = apps.iter().map(|app| tokio::spawn(app.services.clone().work(stop.clone()))).collect();
    while outbox(&apps[0]).await.0 > 0 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    let mut recipients: Vec<String> =
        server.received(&sender).into_iter().map(|mail| mail.recipients[0].clone()).collect();
    assert_eq!(recipients.len(), 40);
    recipients.sort_unstable();
    recipients.dedup();
    assert_eq!(recipients.len(), 40);
}

/// A worker that dies holds its mail no longer than its lease.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_held_is_sent_by_another() {
    let database = database::create().await;
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    let app = TestApp::sharing(&database, Arc::default(), transport).await;
    let client = prepare(&app, "en").await;
    ask_for_code(&client, "new@example.com").await;
    server.set_mood(Mood::Refusing(450));
    {
        // Dropped in the middle, as by a kill: after it took the job, before it could let it go.
        let mut work = Box::pin(app.services.work_once());
        while outbox_is_free(&database).await {
            assert!(futures_util::poll!(&mut work).is_pending());
            tokio::task::yield_now().await;
        }
    }
    server.set_mood(Mood::Well);
    assert!(!app.services.work_once().await.unwrap(), "it is still held");
    app.clock.advance(TimeDelta::seconds(60));
    assert!(app.services.work_once().await.unwrap());
    assert_eq!((server.received(&sender).len(), outbox(&app).await), (1, (0, 0)));
}

/// Whether nobody holds anything, asked over a connection of its own.
async fn outbox_is_free(database: &database::Database) -> bool {
    database.count("outbox WHERE leased_until IS NOT NULL").await == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_mail_can_be_read_in_the_database() {
    let database = database::create().await;
    let (transport, _) = MailServer::shared().transport();
    let app = TestApp::sharing(&database, Arc::default(), transport).await;
    let client = prepare(&app, "en").await;
    ask_for_code(&client, "secret.reader@example.com").await;
    let payloads = database
        .texts("SELECT hex(payload) AS value FROM outbox", "SELECT encode(payload, 'hex') AS value FROM outbox")
        .await;
    assert_eq!(payloads.len(), 1);
    let readable: String = "secret.reader".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!payloads[0].to_lowercase().contains(&readable));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_what_guards_an_account_is_told_to_its_owner() {
    let app = TestApp::start().await;
    let client = prepare(&app, "en").await;
    let events = async || {
        let events = client.me("securityEvents { nodes { type clientAddress } }").await;
        let nodes = events["securityEvents"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let input = json!({ "currentPassword": crate::support::PASSWORD, "newPassword": "quite another 4" });
    client.done("updatePassword", input, "user { id }").await;
    assert_eq!(app.mails().await.len(), 1);
    assert!(events().await.contains(&"PASSWORD_CHANGED".to_owned()));
    client.done("enableMfa", json!({ "mfaType": "EMAIL" }), "sentTo").await;
    client.done("confirmMfa", json!({ "verifyCode": app.code(MAIL).await }), "recoveryCodes").await;
    assert_eq!(app.mails().await.len(), 3);
    assert!(events().await.contains(&"MFA_ENABLED".to_owned()));
    // Reuse of a refresh token.
    let first = client.tokens.clone().unwrap();
    let second = client.refresh(&first.refresh).await.data()["refreshSession"]["session"].clone();
    assert!(second.is_object());
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(client.refresh(&first.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    let mails = app.mails().await;
    assert_eq!(mails.len(), 4);
    assert!(mails.iter().all(|mail| mail.recipients == [MAIL]));
    assert_eq!(client.query("{ me { id } }").await.body["data"]["me"], Value::Null);
}
