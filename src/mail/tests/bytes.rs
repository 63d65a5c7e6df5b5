//! Messages as they are transmitted.

use lettre::message::Mailbox as Sender;
use proptest::prelude::*;

use super::super::envelope::{Unsendable, build_message, parse_address};
use super::*;

fn sender() -> Sender {
    Sender::new(Some("계정, Inc.".into()), parse_address("no-reply@Exämple.com").unwrap())
}

fn bytes(mail: &OutgoingMail) -> String {
    let mail = build_message(mail, &sender(), "mail-a1b2c3", written_at()).unwrap();
    String::from_utf8(mail.formatted()).unwrap()
}

/// The header fields, unfolded.
fn fields(mail: &str) -> Vec<(&str, String)> {
    let (header, _) = mail.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in header.split("\r\n") {
        match line.split_once(": ") {
            Some((name, value)) if !line.starts_with(' ') => fields.push((name, value.into())),
            _ => fields.last_mut().unwrap().1.push_str(line),
        }
    }
    fields
}

#[test]
fn a_message_has_exactly_the_required_headers() {
    for language in ["en", "ko-KR", "ja"] {
        for message in messages() {
            let mail = OutgoingMail { language: language.into(), ..mail("Wonny@Exämple.org", message) };
            let mail = bytes(&mail);
            assert!(mail.is_ascii());
            let fields = fields(&mail);
            let value = |name: &str| {
                let mut found = fields.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
                let (_, value) = found.next().unwrap_or_else(|| panic!("{name}: {mail}"));
                assert!(found.next().is_none(), "{name}");
                value.as_str()
            };
            assert_eq!(value("To"), "Wonny@xn--exmple-cua.org");
            assert!(value("From").starts_with("=?utf-8?b?"));
            assert!(value("From").ends_with(" <no-reply@xn--exmple-cua.com>"));
            assert!(!value("Subject").is_empty());
            assert_eq!(value("Date"), "Wed, 25 Nov 2026 04:15:09 +0000");
            assert_eq!(value("Message-ID"), "<mail-a1b2c3@xn--exmple-cua.com>");
            assert_eq!(value("Auto-Submitted"), "auto-generated");
            assert_eq!(value("X-Auto-Response-Suppress"), "All");
            assert_eq!(value("Content-Language"), &language[..2]);
            assert_eq!(value("MIME-Version"), "1.0");
            assert!(value("Content-Type").starts_with("multipart/alternative;"));
            assert_eq!(fields.len(), 10, "{fields:?}");
            let (plain, html) = (mail.find("text/plain; charset=utf-8"), mail.find("text/html; charset=utf-8"));
            assert!(plain.is_some() && plain < html);
        }
    }
}

#[test]
fn an_english_message_is_sent_byte_for_byte() {
    let mail = bytes(&code_letter("wonny@example.com"));
    assert!(mail.contains(&format!("\r\n{CODE}\r\n")), "{mail}");
}

#[test]
fn the_recipient_is_the_only_recipient() {
    let mail = code_letter("wonny@example.com");
    let mail = build_message(&mail, &sender(), "a", written_at()).unwrap();
    assert_eq!(mail.envelope().to(), [parse_address("wonny@example.com").unwrap()]);
    assert_eq!(mail.envelope().from(), Some(&sender().email));
}

#[test]
fn text_with_two_addresses_is_rejected() {
    let hostile = [
        "v@x,e@y",
        "v@x, e@y",
        "v@x;e@y",
        "v@x e@y",
        "a@b\r\nBcc: c@d",
        "a@b\nBcc: c@d",
        "a\r\nBcc: c@d.ef",
        "\"a,b\"@c.de",
        "\"a> RCPT TO:<b\"@c.de",
        "<a@b.cd>",
        "A <a@b.cd>",
        "a@b.cd>",
        "a@b.cd,",
        "a(b)@c.de",
        "@b.cd",
        "a@",
        "a",
        "",
        "a@b@c.de",
        "a@b..c",
        "a@b.c\u{0}d",
        "a@b,c",
    ];
    for to in hostile {
        let refused = build_message(&code_letter(to), &sender(), "a", written_at());
        assert_eq!(refused.err(), Some(Unsendable::Recipient), "{to:?}");
    }
}

#[test]
fn a_non_ascii_local_part_is_one_recipient() {
    let mail = bytes(&code_letter("원이@example.com"));
    assert_eq!(fields(&mail).iter().filter(|(name, _)| *name == "To").count(), 1);
    assert!(mail.contains("\r\nTo: 원이@example.com\r\n"));
}

proptest! {
    #[test]
    fn no_address_injects_a_recipient_or_a_header(to in "[\\PC\\r\\n,;<>\"@ ]{0,12}@[\\PC\\r\\n,;<>.]{0,12}") {
        if let Ok(mail) = build_message(&code_letter(&to), &sender(), "a", written_at()) {
            prop_assert_eq!(mail.envelope().to().len(), 1);
            let mail = String::from_utf8(mail.formatted()).unwrap();
            let fields = fields(&mail);
            prop_assert_eq!(fields.len(), 10);
            let to: Vec<_> = fields.iter().filter(|(name, _)| *name == "To").collect();
            prop_assert_eq!(to.len(), 1);
            prop_assert!(!to[0].1.contains([',', ' ', ';', '<']) && to[0].1.matches('@').count() == 1);
        }
    }
}
