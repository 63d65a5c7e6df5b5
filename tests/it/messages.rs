//! The content of messages, and messages that the mail server rejects.

use std::net::TcpListener;

use chrono::TimeDelta;
use serde_json::json;
use userprofile::clock::Clock;

use userprofile::domain::outbox::JobKind;

use crate::support::mail::Behavior;
use crate::support::{CapturedLog, Client, DOMAIN, Domain, MailServer, PASSWORD, TestApp, User};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/141.0.0.0 Safari/537.36";
const HARBOR: &str = "domain-h";
const ADDRESS: &str = "wonny@example.com";

/// A server with its own mail server, and the sender address.
async fn with_mail_server() -> (TestApp, MailServer, String) {
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    (TestApp::with_transport(Some(transport)).await, server, sender)
}

async fn wonny(app: &TestApp) -> Client {
    let user = User::new("wonny@bluebell.example").verified_email(ADDRESS).with("timezone", "Asia/Seoul");
    app.import(&(Domain::new(DOMAIN).name("Bluebell Robotics").line() + &user.line())).await;
    app.signed_in(DOMAIN, "wonny@bluebell.example").await
}

/// The number of waiting and of failed messages.
async fn outbox(app: &TestApp) -> (i64, i64) {
    app.services.count_jobs(&JobKind::OF_MAIL).await.unwrap()
}

/// Sends one message, and returns what was logged meanwhile.
async fn send_one(app: &TestApp) -> String {
    let log = CapturedLog::start();
    assert!(app.services.run_next_job().await.unwrap());
    log.text()
}

#[tokio::test]
async fn a_rejection_of_this_server_keeps_the_message_and_names_the_setting() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    for (number, (command, code, text, setting)) in [
        ("RCPT", 504, "5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", "SMTP_HELO_NAME"),
        ("RCPT", 550, "5.7.1 <noreply@example.com>: Sender address rejected: not owned", "MAIL_FROM"),
        ("RCPT", 550, "5.1.8 Bad sender's system address", "MAIL_FROM"),
        ("MAIL", 550, "5.7.1 You may not send from this address", "MAIL_FROM"),
        ("RCPT", 554, "5.7.1 <wonny@example.com>: Relay access denied", "SMTP_URL"),
        ("RCPT", 550, "relaying denied", "SMTP_URL"),
        ("MAIL", 530, "5.7.0 Authentication required", "SMTP_URL"),
        (".", 550, "5.7.26 This message does not pass DMARC", "MAIL_FROM"),
    ]
    .into_iter()
    .enumerate()
    {
        server.set_behavior(Behavior::Reply(command, code, text));
        client.mutate_ok("verifyEmail", json!({ "email": format!("new{number}@example.com") }), "sentTo").await;
        let log = send_one(&app).await;
        assert!(log.contains("ERROR") && log.contains(setting), "{text}: {log}");
        assert!(!log.contains("new") && !log.contains("wonny"), "{log}");
        assert_eq!(outbox(&app).await, (1, 0), "{text}");
        server.set_behavior(Behavior::Normal);
        app.clock.advance(TimeDelta::seconds(61));
        send_one(&app).await;
        assert_eq!((server.received(&sender).len(), outbox(&app).await), (number + 1, (0, 0)), "{text}");
    }
}

#[tokio::test]
async fn a_full_mailbox_is_retried_without_an_error_in_the_log() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    for (number, text) in ["5.2.2 Mailbox full", "Quota exceeded"].into_iter().enumerate() {
        server.set_behavior(Behavior::Reply("RCPT", 552, text));
        client.mutate_ok("verifyEmail", json!({ "email": format!("new{number}@example.com") }), "sentTo").await;
        let log = send_one(&app).await;
        assert!(log.contains("WARN") && !log.contains("ERROR"), "{log}");
        server.set_behavior(Behavior::Normal);
        app.clock.advance(TimeDelta::seconds(61));
        send_one(&app).await;
        assert_eq!(server.received(&sender).len(), number + 1);
    }
}

#[tokio::test]
async fn a_rejected_recipient_or_message_is_marked_failed() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    for (number, (command, code, text)) in [
        ("RCPT", 550, "5.1.1 No such user"),
        ("RCPT", 556, "5.1.10 Domain does not accept mail"),
        ("RCPT", 550, "5.2.1 Mailbox disabled"),
        (".", 552, "5.3.4 Message too big"),
        (".", 554, "5.6.0 Malformed message"),
    ]
    .into_iter()
    .enumerate()
    {
        server.set_behavior(Behavior::Reply(command, code, text));
        client.mutate_ok("verifyEmail", json!({ "email": format!("new{number}@example.com") }), "sentTo").await;
        send_one(&app).await;
        assert_eq!(outbox(&app).await, (0, i64::try_from(number).unwrap() + 1), "{text}");
        app.clock.advance(TimeDelta::seconds(61));
    }
    server.set_behavior(Behavior::Normal);
    assert!(!app.services.run_next_job().await.unwrap());
    assert!(server.received(&sender).is_empty());
}

/// Retries continue for about 14 hours.
#[tokio::test]
async fn a_message_survives_half_a_day_with_a_wrong_setting() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    server.set_behavior(Behavior::Reply("RCPT", 504, "5.5.2 <localhost>: Helo command rejected"));
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.mutate_ok("updatePassword", input, "user { id }").await;
    let changed_at = app.clock.now();
    while app.clock.now() - changed_at < TimeDelta::hours(13) {
        while app.services.run_next_job().await.unwrap() {}
        app.clock.advance(TimeDelta::minutes(10));
    }
    assert_eq!(outbox(&app).await, (1, 0));
    server.set_behavior(Behavior::Normal);
    app.clock.advance(TimeDelta::hours(1));
    assert!(app.services.run_next_job().await.unwrap());
    assert_eq!((server.received(&sender).len(), outbox(&app).await), (1, (0, 0)));
}

#[tokio::test]
async fn an_address_that_needs_smtputf8_is_refused_once_the_server_is_known_to_lack_it() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    // Before the first connection to the mail server, the message waits, and the log names the missing extension.
    client.mutate_ok("verifyEmail", json!({ "email": "tëst@example.com" }), "sentTo").await;
    let log = send_one(&app).await;
    assert!(log.contains("ERROR") && log.contains("SMTPUTF8") && log.contains("SMTP_URL"), "{log}");
    assert!(!log.contains("tëst"), "{log}");
    assert_eq!((outbox(&app).await, server.received(&sender).len()), ((1, 0), 0));

    let address = "zoë@example.com";
    let invalid = |field: &str| vec![("INVALID".to_owned(), Some(field.to_owned()))];
    assert_eq!(client.errors("verifyEmail", json!({ "email": address })).await, invalid("email"));
    assert_eq!(client.errors("updateProfile", json!({ "email": address })).await, invalid("email"));
    let input = json!({ "mfaType": "EMAIL", "options": { "email": address } });
    assert_eq!(client.errors("enableMfa", input).await, invalid("options.email"));
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "tëst@example.com" }));
    // An internationalized domain needs no extension.
    client.mutate_ok("verifyEmail", json!({ "email": "new@exämple.com" }), "sentTo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_names_the_product_the_domain_and_the_user_id() {
    let app = TestApp::start().await;
    let client = wonny(&app).await;
    let kim = User::new("kim-2").in_domain(HARBOR).verified_email(ADDRESS).with("language", "ko");
    app.import(&(Domain::new(HARBOR).name("Harbor Light Ferries").line() + &kim.line())).await;
    for (domain, user_id) in [(DOMAIN, "wonny@bluebell.example"), (HARBOR, "kim-2")] {
        app.client().mutate_ok("resetPassword", json!({ "userId": user_id, "domainId": domain }), "ok").await;
    }
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.mutate_ok("updatePassword", input, "user { id }").await;
    let messages = app.messages().await;
    assert_eq!(messages.len(), 4);
    let (harbor, bluebell): (Vec<_>, Vec<_>) = messages.iter().partition(|message| message.text.contains("Harbor"));
    assert_eq!((harbor.len(), bluebell.len()), (1, 3));
    for (messages, domain, user_id) in
        [(harbor, "Harbor Light Ferries", "kim-2"), (bluebell, "Bluebell Robotics", "wonny@bluebell.example")]
    {
        for message in messages {
            for named in ["UserProfile", domain, user_id] {
                assert!(message.text.contains(named) && message.html.contains(named), "{named}: {}", message.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_names_the_local_time_and_the_device() {
    let app = TestApp::start().await;
    let client = wonny(&app).await.with_user_agent(CHROME);
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.mutate_ok("updatePassword", input, "user { id }").await;
    let message = app.last_message(ADDRESS).await;
    for part in ["2026-11-23 18:00 (UTC+09:00)", "Chrome on Windows", "192.0.2.1"] {
        assert!(message.text.contains(part) && message.html.contains(part), "{part}: {}", message.text);
    }
    assert!(!message.text.contains("Mozilla") && !message.html.contains("Mozilla"));
}

/// The text has exactly one run of six digits, even if the user id contains another.
#[tokio::test(flavor = "multi_thread")]
async fn the_verification_code_is_the_only_six_digits_in_its_message() {
    let app = TestApp::start().await;
    let user_id = "20261126.123456@bluebell.example";
    app.import(&(Domain::new(DOMAIN).name("Works 1234567").line() + &User::new(user_id).line())).await;
    let client = app.signed_in(DOMAIN, user_id).await;
    client.mutate_ok("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let message = app.last_message("new@example.com").await;
    let code = message.code();
    assert!(message.text.replace('\u{2060}', "").contains(user_id), "{}", message.text);
    // Longer runs of digits are not separated, and HTML gets no invisible characters that would be copied.
    assert!(message.text.contains("20261126.123") && message.text.contains("Works 1234567"), "{}", message.text);
    assert!(
        message.html.replace("<wbr>", "").contains(user_id) && !message.html.contains('\u{2060}'),
        "{}",
        message.html
    );
    client.mutate_ok("confirmEmail", json!({ "verifyCode": code }), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_security_events_name_the_device() {
    let app = TestApp::with_users(&["wonny"]).await;
    let mut client = app.client().with_user_agent(CHROME);
    client.sign_in(DOMAIN, "wonny", PASSWORD).await;
    let mut other = app.client();
    other.sign_in(DOMAIN, "wonny", PASSWORD).await;
    let me = client.me("sessions { isCurrent device userAgent } securityEvents { nodes { device userAgent } }").await;
    let mut sessions = me["sessions"].as_array().unwrap().clone();
    sessions.sort_by_key(|session| !session["isCurrent"].as_bool().unwrap());
    assert_eq!(sessions[0], json!({ "isCurrent": true, "device": "Chrome on Windows", "userAgent": CHROME }));
    assert_eq!(sessions[1], json!({ "isCurrent": false, "device": null, "userAgent": null }));
    let events = me["securityEvents"]["nodes"].as_array().unwrap();
    assert!(events.contains(&json!({ "device": "Chrome on Windows", "userAgent": CHROME })), "{events:?}");
}
