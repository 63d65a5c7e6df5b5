//! Delivery of messages to a server.

use std::time::{Duration, Instant};

use super::server::{Answers, Server};
use super::*;

fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        security: SmtpSecurity::Plain,
        host: "127.0.0.1".into(),
        port,
        helo_name: "id.example.com".into(),
        credentials: None,
        from_address: "no-reply@example.com".into(),
        from_name: Some("Acme\r\nBcc: x@y".into()),
    }
}

async fn send(smtp: &Smtp, to: &str) -> Result<(), SendError> {
    Transport::Smtp(smtp.clone()).send(&code_letter(to), "mail-1", written_at()).await
}

async fn refused(answers: Answers) -> SendError {
    let server = Server::start(answers);
    let mut settings = settings(server.port);
    settings.credentials = Some(("ann".into(), "hunter2".into()));
    send(&Smtp::new(&settings).unwrap(), "wonny@example.com").await.unwrap_err()
}

#[tokio::test]
async fn messages_reuse_one_connection() {
    let server = Server::start(&[]);
    let smtp = Smtp::new(&settings(server.port)).unwrap();
    for to in ["wonny@example.com", "ann@exämple.org"] {
        send(&smtp, to).await.unwrap();
    }
    let heard: Vec<_> = server.heard().into_iter().filter(|line| !line.starts_with("EHLO ")).collect();
    let expected = [
        "(connected)",
        "MAIL FROM:<no-reply@example.com>",
        "RCPT TO:<wonny@example.com>",
        "DATA",
        "NOOP",
        "MAIL FROM:<no-reply@example.com>",
        "RCPT TO:<ann@xn--exmple-cua.org>",
        "DATA",
    ];
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn at_most_four_connections_are_open() {
    let server = Server::start(&[]);
    let smtp = Smtp::new(&settings(server.port)).unwrap();
    let sending: Vec<_> = (0..20)
        .map(|number| {
            let smtp = smtp.clone();
            tokio::spawn(async move { send(&smtp, &format!("w{number}@example.com")).await })
        })
        .collect();
    for sent in sending {
        sent.await.unwrap().unwrap();
    }
    let heard = server.heard();
    assert_eq!(heard.iter().filter(|line| line.starts_with("RCPT")).count(), 20);
    assert!(heard.iter().filter(|line| *line == "(connected)").count() <= 4);
}

/// What follows from a reply alone is tested with `judge`. Here, each command leads to the verdict of its stage.
#[tokio::test]
async fn a_refusal_at_each_command_is_final_or_names_the_setting() {
    let answers: [(Answers, bool, &str); 18] = [
        (&[("", "554 no service here")], false, "SMTP_URL"),
        (&[("EHLO", "550 who are you")], false, "SMTP_URL"),
        (&[("EHLO", "501 5.5.4 Invalid domain name"), ("HELO", "501 5.5.4 no")], false, "SMTP_HELO_NAME"),
        (&[("AUTH", "535 5.7.8 wrong password")], false, "SMTP_URL"),
        (&[("AUTH", "550 not you")], false, "SMTP_URL"),
        (&[("MAIL", "530 5.7.0 sign in first")], false, "SMTP_URL"),
        (&[("MAIL", "553 no such sender")], false, "MAIL_FROM"),
        (&[("MAIL", "552 5.3.4 Message size exceeds limit")], false, "SMTP_URL"),
        (&[("RCPT", "550 5.1.1 <wonny@example.com>: unknown")], true, ""),
        (&[("RCPT", "450 4.2.0 greylisted")], false, ""),
        (&[("RCPT", "552 5.2.2 over quota")], false, ""),
        (&[("RCPT", "504 5.5.2 <localhost>: Helo command rejected: need a name")], false, "SMTP_HELO_NAME"),
        (&[("RCPT", "550 5.7.1 not for you")], false, "MAIL_FROM"),
        (&[("DATA", "421 going away")], false, ""),
        (&[("DATA", "554 5.7.1 not for you")], false, "SMTP_URL"),
        (&[(".", "554 5.6.0 malformed: 834201")], true, ""),
        (&[(".", "554 5.7.1 looks like spam: 834201")], false, "SMTP_URL"),
        (&[(".", "550 5.7.26 DMARC check failed")], false, "MAIL_FROM"),
    ];
    for (answers, is_final, setting) in answers {
        let error = refused(answers).await;
        assert_eq!(error.is_final, is_final, "{error:?}");
        let advice = error.advice.unwrap_or_default();
        assert!(advice.contains(setting) && advice.is_empty() == setting.is_empty(), "{setting}: {error:?}");
        let reason = error.reason.to_lowercase();
        assert!(!reason.contains("wonny") && !reason.contains(CODE) && !reason.contains("hunter2"), "{reason}");
    }
    assert_eq!(refused(answers[8].0).await.reason, "permanent error (550): 5.1.1 (…) unknown");
}

/// The log never contains what a server may repeat, in any encoding: the message, or the password that it received.
#[tokio::test]
async fn nothing_that_a_server_echoes_is_logged() {
    let echoes: [(Answers, &str); 11] = [
        (&[(".", "554 5.6.0 Bad content: ODM0MjAx")], "permanent error (554): 5.6.0 Bad content (…)"),
        (&[(".", "554-5.6.0 Bad content: 834\r\n554 5.6.0 201")], "permanent error (554): 5.6.0 Bad content (…)"),
        (&[(".", "554 5.6.0 8 3 4 2 0 1")], "permanent error (554): 5.6.0 (…)"),
        (&[(".", "554 5.6.0 %38%33%34%32%30%31")], "permanent error (554): 5.6.0 (…)"),
        (&[(".", "554 383334323031")], "permanent error (554): (…)"),
        (&[(".", "554 5.834.201 no")], "permanent error (554): (…) no"),
        (&[(".", "834201")], "the server closed the connection, or its reply is malformed"),
        (&[("DATA", "451 834=201")], "transient error (451): (…)"),
        (
            &[("RCPT", "550 5.1.1 d29ubnlAZXhhbXBsZS5jb20=: User unknown")],
            "permanent error (550): 5.1.1 (…) User unknown",
        ),
        (
            &[("AUTH", "535 5.7.8 Error: authentication failed: AGFubgBodW50ZXIy")],
            "could not connect: permanent error (535): 5.7.8 Error authentication failed (…)",
        ),
        (
            &[("AUTH", "AGFubgBodW50ZXIy")],
            "could not connect: the server closed the connection, or its reply is malformed",
        ),
    ];
    for (answers, told) in echoes {
        assert_eq!(refused(answers).await.reason, told);
    }
}

#[tokio::test]
async fn missing_authentication_support_names_the_setting() {
    for offer in ["250 here", "250-here\r\n250 AUTH CRAM-MD5 GSSAPI"] {
        let error = refused(Box::leak(Box::new([("EHLO", offer)]))).await;
        assert!(!error.is_final && error.reason.contains("AUTH"), "{error:?}");
        assert!(error.advice.is_some_and(|advice| advice.contains("SMTP_URL") && advice.contains("user")), "{error:?}");
    }
}

#[tokio::test]
async fn the_configured_helo_name_is_sent() {
    for (name, greeting) in [
        ("id.example.com", "EHLO id.example.com"),
        ("192.0.2.1", "EHLO [192.0.2.1]"),
        ("2001:db8::1", "EHLO [IPv6:2001:db8::1]"),
    ] {
        let server = Server::start(&[]);
        let settings = SmtpSettings { helo_name: name.into(), ..settings(server.port) };
        send(&Smtp::new(&settings).unwrap(), "wonny@example.com").await.unwrap();
        assert!(server.heard().contains(&greeting.to_owned()), "{:?}", server.heard());
    }
}

#[tokio::test]
async fn no_message_is_sent_without_starttls() {
    let server = Server::start(&[]);
    let mut settings = settings(server.port);
    settings.security = SmtpSecurity::StartTls;
    settings.credentials = Some(("ann".into(), "hunter2".into()));
    let error = send(&Smtp::new(&settings).unwrap(), "wonny@example.com").await.unwrap_err();
    assert_eq!((error.is_final, error.reason.as_str()), (false, "the server does not offer STARTTLS"));
    assert!(server.heard().iter().all(|line| line.starts_with("EHLO") || line == "(connected)"));
}

#[tokio::test]
async fn an_unreachable_server_is_a_temporary_failure() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = send(&Smtp::new(&settings(port)).unwrap(), "wonny@example.com").await.unwrap_err();
    assert!(!error.is_final && error.reason.starts_with("could not connect"), "{error:?}");
    let mut tls = settings(Server::start(&[]).port);
    tls.security = SmtpSecurity::Tls;
    let error = send(&Smtp::new(&tls).unwrap(), "wonny@example.com").await.unwrap_err();
    assert!(!error.is_final, "{error:?}");
    assert!(error.advice.is_some_and(|advice| advice.contains("TLS") && advice.contains("SMTP_URL")), "{error:?}");
}

#[tokio::test]
async fn a_connection_with_an_aborted_message_is_not_reused() {
    for answers in [&[(".", "")], &[("RCPT", "")], &[("DATA", "")]] {
        let server = Server::start(answers);
        let smtp = Smtp::new(&settings(server.port)).unwrap().with_limit(Duration::from_millis(50));
        for _ in 0..2 {
            let begun = Instant::now();
            let error = send(&smtp, "wonny@example.com").await.unwrap_err();
            assert!(!error.is_final && error.reason.contains("too long"), "{error:?}");
            assert!(begun.elapsed() < Duration::from_secs(5));
        }
        let heard = server.heard();
        assert_eq!(heard.iter().filter(|line| *line == "(connected)").count(), 2, "{heard:?}");
        assert!(!heard.contains(&"NOOP".to_owned()));
    }
}

#[tokio::test]
async fn an_address_that_needs_smtputf8_waits_for_a_server_that_offers_it() {
    let server = Server::start(&[]);
    let smtp = Smtp::new(&settings(server.port)).unwrap();
    assert!(!Transport::Smtp(smtp.clone()).lacks_smtputf8(), "it was not asked yet");
    let error = send(&smtp, "원이@example.com").await.unwrap_err();
    assert!(!error.is_final && error.reason.contains("SMTPUTF8"), "{error:?}");
    assert!(error.advice.is_some_and(|advice| advice.contains("SMTPUTF8") && advice.contains("SMTP_URL")));
    assert!(Transport::Smtp(smtp).lacks_smtputf8());
    assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")));

    let server = Server::start(&[("EHLO", "250-here\r\n250-8BITMIME\r\n250 SMTPUTF8")]);
    let smtp = Smtp::new(&settings(server.port)).unwrap();
    send(&smtp, "원이@example.com").await.unwrap();
    assert!(!Transport::Smtp(smtp).lacks_smtputf8());
    let heard = server.heard();
    assert!(heard.contains(&"RCPT TO:<원이@example.com>".to_owned()), "{heard:?}");
    assert!(heard.iter().any(|line| line.starts_with("MAIL") && line.contains("SMTPUTF8")), "{heard:?}");
}

#[tokio::test]
async fn a_malformed_recipient_fails_permanently_without_a_connection() {
    let server = Server::start(&[]);
    let error = send(&Smtp::new(&settings(server.port)).unwrap(), "v@x,e@y").await.unwrap_err();
    assert_eq!(
        error,
        SendError { is_final: true, reason: "the recipient's address is malformed".into(), advice: None }
    );
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn the_mailbox_transport_stores_messages() {
    let mailbox = Mailbox::new();
    Transport::Mailbox(mailbox.clone()).send(&code_letter("w@example.com"), "mail-1", written_at()).await.unwrap();
    let mails = mailbox.list(written_at());
    let [Kept { id, to, subject, text, sent_at, .. }] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((id.as_str(), to.as_str(), subject.as_str()), ("mail-1", "w@example.com", "Your sign-in code"));
    assert!(text.contains(CODE) && *sent_at == written_at());
}

#[test]
fn settings_are_checked_and_their_password_is_not_printed() {
    let mut settings = settings(25);
    settings.credentials = Some(("ann".into(), "hunter2".into()));
    let smtp = Smtp::new(&settings).unwrap();
    let printed = format!("{settings:?} {smtp:?} {:?}", Transport::Smtp(smtp.clone()));
    assert!(!printed.contains("hunter2"), "{printed}");
    for wrong in ["", "acme", "a@b, c@d", "Acme <a@b.cd>", "a@b\r\nBcc: c@d"] {
        settings.from_address = wrong.into();
        assert_eq!(Smtp::new(&settings).unwrap_err(), SmtpError::Sender(wrong.into()));
    }
}
