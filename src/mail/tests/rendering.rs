//! Rendered messages.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const LANGUAGES: [&str; 3] = ["en", "ko", "ja"];

/// Runs of six digits or more, as a program that looks for a code would find them.
fn runs_of_digits(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_numeric()).filter(|run| run.chars().count() >= 6).collect()
}

#[test]
fn a_message_with_a_code_contains_nothing_else_that_looks_like_a_code() {
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
fn a_notification_contains_no_secret_except_the_undo_link() {
    for language in LANGUAGES {
        for message in notices() {
            let Rendered { text, html, .. } = rendered(&message, language);
            for shown in [text, html] {
                assert!(runs_of_digits(&shown).is_empty() && !shown.contains("token="), "{shown}");
                assert!(shown.contains("2026-11-25 13:15 (UTC+09:00)") && shown.contains("203.0.113.7"), "{shown}");
                assert!(shown.contains("Firefox on Linux") && !shown.contains("Gecko"), "{shown}");
            }
        }
        let Rendered { text, html, .. } = rendered(&undo_notice(), language);
        assert_eq!((text.matches("token=").count(), html.matches("token=").count()), (1, 2));
        assert!(runs_of_digits(&text).is_empty() && runs_of_digits(&html).is_empty());
        assert!(text.contains('7') && text.contains(&format!("undo-email-change#token={TOKEN}\n")));
        let Rendered { text, html, .. } = rendered(&cancel_notice(), language);
        assert!(text.contains(&format!("cancel-deletion#token={TOKEN}\n")) && html.matches("token=").count() == 2);
        for shown in [text, html] {
            assert!(runs_of_digits(&shown).is_empty() && shown.contains("2026-12-09 13:15 (UTC+09:00)"), "{shown}");
        }
    }
}

#[test]
fn a_deletion_by_the_server_names_no_client_and_no_administrator() {
    let deleted = notice_from(Notification::AccountDeleted, None, None);
    let Rendered { text, .. } = rendered(&deleted, "en");
    assert!(text.contains("When: 2026-11-25 13:15 (UTC+09:00)") && !text.contains("From:"), "{text}");
}

#[test]
fn every_message_names_product_domain_and_user_id() {
    for language in LANGUAGES {
        for message in messages() {
            let Rendered { text, html, .. } = rendered(&message, language);
            for shown in [text, html] {
                for named in ["UserProfile", "Bluebell Robotics", "won.kim@bluebell.example"] {
                    assert!(shown.contains(named), "{named}: {shown}");
                }
            }
        }
    }
}

#[test]
fn times_are_in_the_time_zone_of_the_reader_with_its_offset() {
    for (timezone, time) in [
        ("Asia/Seoul", "2026-11-25 13:15 (UTC+09:00)"),
        ("America/St_Johns", "2026-11-25 00:45 (UTC-03:30)"),
        ("UTC", "2026-11-25 04:15 (UTC+00:00)"),
        // As in messages that an earlier version stored.
        ("", "2026-11-25 04:15 (UTC+00:00)"),
    ] {
        let account = Account { timezone: timezone.into(), ..account() };
        let Rendered { text, html, .. } = rendered_for(account, &notice(Notification::PasswordChanged), "en");
        assert!(text.contains(time) && html.contains(time), "{text}");
    }
}

#[test]
fn an_unrecognised_device_is_named_unknown() {
    let message = notice_from(Notification::PasswordChanged, Some("203.0.113.7"), Some("Mozilla/5.0 (something odd)"));
    for (language, device) in [("en", "Unknown device"), ("ko", "알 수 없는 기기"), ("ja", "不明な端末")] {
        let text = rendered(&message, language).text;
        assert!(text.contains(device) && !text.contains("Mozilla"), "{text}");
    }
}

#[test]
fn korean_lines_break_between_words_only() {
    for message in messages() {
        assert!(rendered(&message, "ko").html.contains("word-break:keep-all"));
        assert!(
            !rendered(&message, "ja").html.contains("keep-all") && !rendered(&message, "en").html.contains("keep-all")
        );
    }
}

#[test]
fn a_message_stored_by_an_earlier_version_is_still_sent() {
    let old =
        r#"{"to":"w@example.com","language":"en","message":{"Code":{"reason":"SignIn","code":"834201","minutes":5}}}"#;
    let text = render(&serde_json::from_str(old).unwrap()).text;
    assert!(text.contains(CODE) && !text.contains("Domain"), "{text}");
}

#[test]
fn every_message_has_its_own_subject_in_every_language() {
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
fn notifications_name_the_factor_and_the_remaining_recovery_codes() {
    let told = |n: Notification| rendered(&notice(n), "en").text;
    assert!(told(Notification::MfaEnabled { mfa_type: MfaType::Email }).contains("by email"));
    assert!(told(Notification::MfaEnabled { mfa_type: MfaType::Otp }).contains("authenticator app"));
    for (left, words) in [(0, "no recovery codes left"), (1, "1 recovery code left"), (9, "9 recovery codes left")] {
        assert!(told(Notification::RecoveryCodeUsed { left }).contains(words));
    }
}

#[test]
fn an_action_by_an_operator_names_an_administrator() {
    let text = rendered(&notice_from(Notification::PasswordChanged, None, None), "en").text;
    assert!(text.contains("From: an administrator") && !text.contains("Device"), "{text}");
}

#[test]
fn a_user_agent_cannot_inject_markup_or_links() {
    let (address, agent) = ("<img src=x>", "https://evil.example/123456");
    let message = notice_from(Notification::PasswordChanged, Some(address), Some(agent));
    let account = Account {
        domain: "\"><script>alert('1')</script>\r\n\r\nPay & go \u{202e}https://evil.example".into(),
        ..account()
    };
    for language in LANGUAGES {
        let Rendered { text, html, .. } = rendered_for(account.clone(), &message, language);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("href"), "{html}");
        assert!(
            html.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; Pay &amp; go https"),
            "{html}"
        );
        assert!(text.contains("</script> Pay & go https://evil.example\n") && !text.contains("123456"), "{text}");
    }
}

#[test]
fn debug_output_contains_no_secret() {
    for message in messages() {
        let mail = mail("w@example.com", message);
        let printed = format!("{mail:?} {:?}", render(&mail));
        assert!(!printed.contains(CODE) && !printed.contains("token="), "{printed}");
    }
}

proptest! {
    #[test]
    fn no_user_agent_changes_the_structure_of_a_notification(address in any::<String>(), agent in any::<String>()) {
        let message = notice_from(Notification::MfaDisabled, Some(&address), Some(&agent));
        let Rendered { text, html, .. } = rendered(&message, "en");
        let plain = rendered(&notice(Notification::MfaDisabled), "en");
        let client_rows = html.matches("<tr>").count();
        prop_assert_eq!(client_rows, 5);
        prop_assert_eq!(html.matches('<').count(), plain.html.matches('<').count());
        prop_assert_eq!(text.lines().count(), plain.text.lines().count());
        prop_assert!(runs_of_digits(&text).is_empty());
    }

    /// With any names that the operator chose for a domain and a user.
    #[test]
    fn a_message_with_a_code_contains_one_run_of_six_digits(
        domain in any::<String>(),
        user_id in "[0-9a-zA-Z٠-٩０-９@. -]{0,40}",
        language in "en|ko|ja",
    ) {
        let account = Account { domain, user_id, timezone: "Asia/Seoul".into() };
        for message in codes() {
            let Rendered { subject, text, html } = rendered_for(account.clone(), &message, &language);
            let of_six: Vec<_> = runs_of_digits(&text).into_iter().filter(|run| run.chars().count() == 6).collect();
            prop_assert_eq!(of_six, [CODE]);
            prop_assert_eq!(runs_of_digits(&html), [CODE]);
            prop_assert!(runs_of_digits(&subject).is_empty());
        }
    }

    #[test]
    fn user_ids_with_digits_are_shown_in_full(user_id in "[0-9]{6,12}@[a-z]{3}[.]example") {
        let account = Account { user_id: user_id.clone(), ..account() };
        let Rendered { text, html, .. } = rendered_for(account.clone(), &code(CodeReason::SignIn), "en");
        let copied = html.replace("<wbr>", "");
        prop_assert!(copied.contains(&user_id));
        // Six digits in the text would look like a second code.
        let is_copied_from_text = runs_of_digits(&user_id).iter().all(|run| run.len() != 6);
        prop_assert_eq!(text.contains(&user_id), is_copied_from_text);
        let read = text.replace('\u{2060}', "");
        prop_assert!(read.contains(&user_id));
        prop_assert_eq!(html.find('\u{2060}'), None);
        prop_assert!(rendered_for(account, &reset(), "en").text.contains(&user_id));
    }
}
