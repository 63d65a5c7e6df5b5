//! What messages say, and what becomes of those that the mail server refuses.

use std::net::TcpListener;

use chrono::TimeDelta;
use serde_json::json;
use userprofile::clock::Clock;

use crate::support::mail::Mood;
use crate::support::{CapturedLog, Client, DOMAIN, MailServer, PASSWORD, TestApp, user};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/141.0.0.0 Safari/537.36";
const HARBOR: &str = "domain-h";
const ADDRESS: &str = "wonny@example.com";

/// A domain with a name that is not its id.
fn named_domain(id: &str, name: &str) -> String {
    format!("{{\"kind\":\"domain\",\"domain_id\":\"{id}\",\"name\":\"{name}\"}}\n")
}

/// An app with a mail server of its own.
async fn with_mail_server() -> (TestApp, MailServer, String) {
    let server = MailServer::on(TcpListener::bind("127.0.0.1:0").unwrap());
    let (transport, sender) = server.transport();
    (TestApp::with_transport(Some(transport)).await, server, sender)
}

async fn wonny(app: &TestApp) -> Client {
    let more = format!(r#""email":"{ADDRESS}","email_verified":true,"timezone":"Asia/Seoul""#);
    app.import(&(named_domain(DOMAIN, "Bluebell Robotics") + &user(DOMAIN, "wonny@bluebell.example", &more))).await;
    app.signed_in(DOMAIN, "wonny@bluebell.example").await
}

/// What waits, and what was given up.
async fn outbox(app: &TestApp) -> (i64, i64) {
    app.services.count_outbox().await.unwrap()
}

/// Does one job, and gives what was logged of it.
async fn work(app: &TestApp) -> String {
    let log = CapturedLog::start();
    assert!(app.services.work_once().await.unwrap());
    log.text()
}

#[tokio::test]
async fn a_refusal_of_this_server_keeps_the_message_and_names_the_setting() {
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
        server.set_mood(Mood::Answering(command, code, text));
        client.done("verifyEmail", json!({ "email": format!("new{number}@example.com") }), "sentTo").await;
        let log = work(&app).await;
        assert!(log.contains("ERROR") && log.contains(setting), "{text}: {log}");
        assert!(!log.contains("new") && !log.contains("wonny"), "{log}");
        assert_eq!(outbox(&app).await, (1, 0), "{text}");
        server.set_mood(Mood::Well);
        app.clock.advance(TimeDelta::seconds(61));
        work(&app).await;
        assert_eq!((server.received(&sender).len(), outbox(&app).await), (number + 1, (0, 0)), "{text}");
    }
}

#[tokio::test]
async fn a_full_mailbox_is_tried_again_without_an_error() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    for (number, text) in ["5.2.2 Mailbox full", "Quota exceeded"].into_iter().enumerate() {
        server.set_mood(Mood::Answering("RCPT", 552, text));
        client.done("verifyEmail", json!({ "email": format!("new{number}@example.com") }), "sentTo").await;
        let log = work(&app).await;
        assert!(log.contains("WARN") && !log.contains("ERROR"), "{log}");
        server.set_mood(Mood::Well);
        app.clock.advance(TimeDelta::seconds(61));
        work(&app).await;
        assert_eq!(server.received(&sender).len(), number + 1);
    }
}

#[tokio::test]
async fn a_refusal_of_the_recipient_or_the_message_erases_it() {
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
        server.set_mood(Mood::Answering(command, code, text));
        client.done("verifyEmail", json!({ "email": format!("new{number}@example.com") }), "sentTo").await;
        work(&app).await;
        assert_eq!(outbox(&app).await, (0, i64::try_from(number).unwrap() + 1), "{text}");
        app.clock.advance(TimeDelta::seconds(61));
    }
    server.set_mood(Mood::Well);
    assert!(!app.services.work_once().await.unwrap());
    assert!(server.received(&sender).is_empty());
}

/// For about 14 hours.
#[tokio::test]
async fn a_message_outlives_a_setting_that_is_wrong_for_half_a_day() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    server.set_mood(Mood::Answering("RCPT", 504, "5.5.2 <localhost>: Helo command rejected"));
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.done("updatePassword", input, "user { id }").await;
    let changed_at = app.clock.now();
    while app.clock.now() - changed_at < TimeDelta::hours(13) {
        while app.services.work_once().await.unwrap() {}
        app.clock.advance(TimeDelta::minutes(10));
    }
    assert_eq!(outbox(&app).await, (1, 0));
    server.set_mood(Mood::Well);
    app.clock.advance(TimeDelta::hours(1));
    assert!(app.services.work_once().await.unwrap());
    assert_eq!((server.received(&sender).len(), outbox(&app).await), (1, (0, 0)));
}

#[tokio::test]
async fn an_address_that_needs_smtputf8_is_refused_once_the_server_is_known_to_lack_it() {
    let (app, server, sender) = with_mail_server().await;
    let client = wonny(&app).await;
    // Nobody has asked the mail server yet: the message waits, and the log says what it needs.
    client.done("verifyEmail", json!({ "email": "tëst@example.com" }), "sentTo").await;
    let log = work(&app).await;
    assert!(log.contains("ERROR") && log.contains("SMTPUTF8") && log.contains("SMTP_URL"), "{log}");
    assert!(!log.contains("tëst"), "{log}");
    assert_eq!((outbox(&app).await, server.received(&sender).len()), ((1, 0), 0));

    let address = "zoë@example.com";
    let invalid = |field: &str| vec![("INVALID".to_owned(), Some(field.to_owned()))];
    assert_eq!(client.refused("verifyEmail", json!({ "email": address })).await, invalid("email"));
    assert_eq!(client.refused("updateProfile", json!({ "email": address })).await, invalid("email"));
    let input = json!({ "mfaType": "EMAIL", "options": { "email": address } });
    assert_eq!(client.refused("enableMfa", input).await, invalid("options.email"));
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "tëst@example.com" }));
    // A domain beyond ASCII needs nothing of the server.
    client.done("verifyEmail", json!({ "email": "new@exämple.com" }), "sentTo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_names_the_product_the_domain_and_the_user_id() {
    let app = TestApp::start().await;
    let client = wonny(&app).await;
    let also = format!(r#""email":"{ADDRESS}","email_verified":true,"language":"ko""#);
    app.import(&(named_domain(HARBOR, "Harbor Light Ferries") + &user(HARBOR, "kim-2", &also))).await;
    for (domain, user_id) in [(DOMAIN, "wonny@bluebell.example"), (HARBOR, "kim-2")] {
        app.client().done("resetPassword", json!({ "userId": user_id, "domainId": domain }), "ok").await;
    }
    client.done("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.done("updatePassword", input, "user { id }").await;
    let mails = app.mails().await;
    assert_eq!(mails.len(), 4);
    let (harbor, bluebell): (Vec<_>, Vec<_>) = mails.iter().partition(|mail| mail.text.contains("Harbor"));
    assert_eq!((harbor.len(), bluebell.len()), (1, 3));
    for (mails, domain, user_id) in
        [(harbor, "Harbor Light Ferries", "kim-2"), (bluebell, "Bluebell Robotics", "wonny@bluebell.example")]
    {
        for mail in mails {
            for named in ["UserProfile", domain, user_id] {
                assert!(mail.text.contains(named) && mail.html.contains(named), "{named}: {}", mail.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_tells_the_time_and_the_device_in_the_users_words() {
    let app = TestApp::start().await;
    let client = wonny(&app).await.with_user_agent(CHROME);
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "quite another 4" });
    client.done("updatePassword", input, "user { id }").await;
    let mail = app.last_mail(ADDRESS).await;
    for told in ["2026-11-23 18:00 (UTC+09:00)", "Chrome on Windows", "192.0.2.1"] {
        assert!(mail.text.contains(told) && mail.html.contains(told), "{told}: {}", mail.text);
    }
    assert!(!mail.text.contains("Mozilla") && !mail.html.contains("Mozilla"));
}

/// The text has exactly one run of six digits, even where the user id is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_the_only_six_digits_of_its_message() {
    let app = TestApp::start().await;
    let user_id = "20261126.123456@bluebell.example";
    app.import(&(named_domain(DOMAIN, "Works 1234567") + &user(DOMAIN, user_id, ""))).await;
    let client = app.signed_in(DOMAIN, user_id).await;
    client.done("verifyEmail", json!({ "email": "new@example.com" }), "sentTo").await;
    let mail = app.last_mail("new@example.com").await;
    let code = mail.code();
    assert!(mail.text.replace('\u{2060}', "").contains(user_id), "{}", mail.text);
    // Nothing is put into what is longer, and nothing that is copied into HTML.
    assert!(mail.text.contains("20261126.123") && mail.text.contains("Works 1234567"), "{}", mail.text);
    assert!(mail.html.replace("<wbr>", "").contains(user_id) && !mail.html.contains('\u{2060}'), "{}", mail.html);
    client.done("confirmEmail", json!({ "verifyCode": code }), "user { id }").await;
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
