//! Mails as they are read.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const LANGUAGES: [&str; 3] = ["en", "ko", "ja"];

/// Runs of six digits or more; what a program that looks for a code would find.
fn runs_of_digits(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_numeric()).filter(|run| run.chars().count() >= 6).collect()
}

#[test]
fn a_code_mail_holds_the_code_and_nothing_that_looks_like_one() {
    for language in LANGUAGES {
        for message in codes() {
            let Rendered { subject, text, html } = rendered(&message, language);
            assert_eq!(runs_of_digits(&text), [CODE], "{text}");
            assert_eq!(runs_of_digits(&html), [CODE], "{html}");
            assert!(text.lines().any(|line| line == CODE) && html.contains(&format!(">{CODE}</p>")));
            assert!(runs_of_digits(&subject).is_empty());
            assert!(text.contains("10"), "{text}");
            assert!(!text.contains("wonny") && !html.contains("wonny"));
        }
    }
}

#[test]
fn a_notice_holds_no_code_and_no_token_but_that_of_the_undo_link() {
    for language in LANGUAGES {
        for message in notices() {
            let Rendered { text, html, .. } = rendered(&message, language);
            for shown in [text, html] {
                assert!(runs_of_digits(&shown).is_empty() && !shown.contains("token="), "{shown}");
                assert!(shown.contains("2026-11-25 04:15 UTC") && shown.contains("203.0.113.7"), "{shown}");
                assert!(shown.contains("Gecko/2010… Firefox/128.0"), "{shown}");
            }
        }
        let Rendered { text, html, .. } = rendered(&undo_notice(), language);
        assert_eq!((text.matches("token=").count(), html.matches("token=").count()), (1, 2));
        assert!(runs_of_digits(&text).is_empty() && runs_of_digits(&html).is_empty());
        assert!(text.contains('7') && text.contains(&format!("undo-email-change#token={TOKEN}\n")));
    }
}

#[test]
fn every_mail_has_a_subject_of_its_own_in_every_language() {
    let mut subjects = HashSet::new();
    for language in LANGUAGES {
        for message in messages() {
            let Rendered { subject, text, html } = rendered(&message, language);
            assert!(!subject.is_empty() && !subject.contains(char::is_control));
            assert!(html.contains(&format!("<html lang=\"{language}\"")) && html.ends_with("</html>\n"));
            assert!(!html.contains("src=") && !html.contains("url(") && !html.contains("<script"));
            assert!(language != "en" || text.replace('…', "").is_ascii(), "{text}");
            assert!(subjects.insert(subject.clone()), "{subject}");
        }
    }
    assert_eq!(subjects.len(), 3 * messages().len());
}

#[test]
fn a_reader_of_another_language_is_written_to_in_english() {
    for (tag, expected) in [("ko-KR", "ko"), ("JA", "ja"), ("de", "en"), ("", "en")] {
        for message in messages() {
            assert_eq!(rendered(&message, tag), rendered(&message, expected));
        }
    }
}

#[test]
fn what_kind_of_factor_and_how_many_codes_is_told() {
    let told = |n: Notice| rendered(&notice(n), "en").text;
    assert!(told(Notice::MfaEnabled { mfa_type: MfaType::Email }).contains("by email"));
    assert!(told(Notice::MfaEnabled { mfa_type: MfaType::Otp }).contains("authenticator app"));
    for (left, words) in [(0, "no recovery codes left"), (1, "1 recovery code left"), (9, "9 recovery codes left")] {
        assert!(told(Notice::RecoveryCodeUsed { left }).contains(words));
    }
}

#[test]
fn an_administrators_deed_is_told_as_one() {
    let circumstances = Circumstances { at: written_at(), client_address: None, user_agent: None };
    let message = Message::Notice { notice: Notice::PasswordChanged, circumstances };
    let text = rendered(&message, "en").text;
    assert!(text.contains("From: an administrator") && !text.contains("Client"), "{text}");
}

#[test]
fn a_hostile_client_is_quoted_and_not_obeyed() {
    let circumstances = Circumstances {
        at: written_at(),
        client_address: Some("<img src=x>".into()),
        user_agent: Some("\"><script>alert('1')</script>\r\n\r\nPay & go \u{202e}https://evil.example".into()),
    };
    let message = Message::Notice { notice: Notice::PasswordChanged, circumstances };
    for language in LANGUAGES {
        let Rendered { text, html, .. } = rendered(&message, language);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("href"), "{html}");
        assert!(
            html.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; Pay &amp; go https"),
            "{html}"
        );
        assert!(text.contains("</script> Pay & go https://evil.example\n"), "{text}");
    }
}

#[test]
fn what_is_secret_is_not_printed() {
    for message in messages() {
        let letter = Letter { to: "w@example.com".into(), language: "en".into(), message };
        let printed = format!("{letter:?} {:?}", render(&letter));
        assert!(!printed.contains(CODE) && !printed.contains("token="), "{printed}");
    }
}

proptest! {
    #[test]
    fn no_client_changes_how_a_notice_is_built(address in any::<String>(), agent in any::<String>()) {
        let circumstances = Circumstances { at: written_at(), client_address: Some(address), user_agent: Some(agent) };
        let message = Message::Notice { notice: Notice::MfaDisabled, circumstances };
        let Rendered { text, html, .. } = rendered(&message, "en");
        let plain = rendered(&notice(Notice::MfaDisabled), "en");
        let client_rows = html.matches("<tr>").count();
        prop_assert!(client_rows == 2 || client_rows == 3);
        prop_assert_eq!(html.matches('<').count() + (3 - client_rows) * 6, plain.html.matches('<').count());
        prop_assert_eq!(text.lines().count() + (3 - client_rows), plain.text.lines().count());
        prop_assert!(runs_of_digits(&text).is_empty());
    }
}
