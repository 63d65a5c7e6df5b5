//! Invalid files are refused with all of their errors, and nothing is written.

use std::io::{BufReader, Write};

use userprofile::services::Error;
use userprofile::services::transfer::import::{ImportOptions, ImportRefusal, Phase, Progress};

use super::assert_errors;
use crate::support::{DOMAIN, TestApp, domain, user};

#[tokio::test(flavor = "multi_thread")]
async fn all_errors_within_lines_are_reported_and_nothing_is_written() {
    let app = TestApp::start().await;
    let lines = [
        r#"{"kind":"domain","domain_id":"domain-a","name":"right"}"#,
        r#"{"kind":"domain","domain_id":"domain-a""#,
        "",
        r#"{"kind":"planet"}"#,
        r#"{"domain_id":"domain-b","kind":"domain","name":"x"}"#,
        r#"{"kind":"domain","domain_id":"domain-c","name":"x","name":"y"}"#,
        r#"{"kind":"domain","domain_id":"acme","name":"x"}"#,
        r#"{"kind":"domain","domain_id":"domain-d","name":"x","color":"red"}"#,
        r#"{"kind":"user","domain_id":"domain-a","user_id":"u","password":"hunter2"}"#,
        r#"{"kind":"user","domain_id":"domain-a","user_id":"v","password_hash":"hunter2"}"#,
        r#"{"kind":"user","domain_id":"domain-a","user_id":"w","email":"nobody"}"#,
        r#"{"kind":"workspace","domain_id":"domain-a","workspace_id":"workspace-1"}"#,
        "null",
    ];
    let result = app.try_import(&lines.join("\n")).await;
    assert!(!result.as_ref().unwrap_err().to_string().contains("hunter2"));
    let expected = [
        (2, "not JSON"),
        (4, "`kind`: this must be one of"),
        (6, "twice"),
        (7, "`domain_id`: the id must begin with 'domain-'"),
        (8, "`color`: unknown field"),
        (9, "`password`: the password must have at least 8"),
        (10, "`password_hash`"),
        (11, "`email`"),
        (12, "`name`: this field is missing"),
        (13, "not a JSON object"),
    ];
    assert_errors(result, &expected);
    assert_eq!(app.export().await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_between_lines_are_reported_together_with_the_others() {
    let app = TestApp::with_users(&["old"]).await;
    let before = app.export_with_secrets().await;
    let workspace = |domain: &str| {
        format!(
            "{{\"kind\":\"workspace\",\"domain_id\":\"{domain}\",\"workspace_id\":\"workspace-1\",\"name\":\"w\"}}\n"
        )
    };
    let lines = [
        user("domain-nowhere", "x", ""),
        user(DOMAIN, "twice", ""),
        user(DOMAIN, " TWICE", ""),
        "nonsense\n".to_owned(),
        user(DOMAIN, "a", r#""email":"One@x.org","email_verified":true"#),
        user(DOMAIN, "b", r#""email":"one@X.org","email_verified":true"#),
        user(DOMAIN, "c", r#""email":"one@x.org""#),
        user(DOMAIN, "d", r#""id":"user-1""#),
        user(DOMAIN, "e", r#""id":"user-1""#),
        workspace(DOMAIN),
        workspace("domain-b"),
        domain("domain-b"),
        domain("domain-b"),
    ];
    let expected = [
        (1, "the domain domain-nowhere does not exist"),
        (3, "line 2 has the same key"),
        (4, "not a JSON object"),
        (6, "`email`: the user on line 5"),
        (9, "`id`: the user on line 8"),
        (11, "line 10 has the same key"),
        (13, "line 12"),
    ];
    assert_errors(app.try_import(&lines.concat()).await, &expected);
    assert_eq!(app.export_with_secrets().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_stays_in_its_domain() {
    let app = TestApp::start().await;
    let entities = |domain: &str| {
        format!(
            r#"{{"kind":"user","domain_id":"{domain}","user_id":"u","id":"user-1"}}
{{"kind":"workspace_group","domain_id":"{domain}","workspace_group_id":"wg-1","name":"g"}}
{{"kind":"workspace","domain_id":"{domain}","workspace_id":"workspace-1","name":"w"}}
{{"kind":"role_binding","domain_id":"{domain}","role_binding_id":"rb-1","user_id":"u","role_id":"r","role_type":"WORKSPACE_OWNER","resource_group":"DOMAIN"}}
{{"kind":"role","domain_id":"{domain}","role_id":"r","name":"r","role_type":"WORKSPACE_OWNER"}}
"#
        )
    };
    app.import(&(domain(DOMAIN) + &domain("domain-b") + &entities(DOMAIN))).await;
    let before = app.export().await;
    let elsewhere = "belongs to another domain";
    let expected = [(1, elsewhere), (2, elsewhere), (3, elsewhere), (4, elsewhere)];
    assert_errors(app.try_import(&entities("domain-b")).await, &expected);
    let deletion = r#"{"kind":"workspace","workspace_id":"workspace-1","domain_id":"domain-b","delete":true}"#;
    assert_errors(app.try_import(deletion).await, &[(1, elsewhere)]);
    assert_eq!(app.export().await, before);
    app.import(&entities(DOMAIN)).await;
    assert_eq!(app.export().await.lines().count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_domain_does_not_invalidate_the_entities_in_it() {
    let app = TestApp::start().await;
    let lines = format!("{{\"kind\":\"domain\",\"domain_id\":\"{DOMAIN}\"}}\n{}", user(DOMAIN, "u", ""));
    assert_errors(app.try_import(&lines).await, &[(1, "`name`: this field is missing")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_errors_are_listed_and_the_rest_are_counted() {
    let app = TestApp::start().await;
    let errors = app.try_import(&"nonsense\n".repeat(2500)).await.unwrap_err();
    assert_eq!((errors.listed.len(), errors.more), (1000, 1500));
    let text = errors.to_string();
    assert!(text.starts_with("line 1: ") && text.contains("and 1500 more"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_returns_the_same_summary_and_writes_nothing() {
    let app = TestApp::start().await;
    let lines = domain(DOMAIN) + &user(DOMAIN, "u", "");
    let dry = ImportOptions { dry_run: true };
    let summary = app.import_with(&lines, dry).await.unwrap();
    assert_eq!(app.export().await, "");
    assert_eq!(app.try_import(&lines).await.unwrap(), summary);
    assert_eq!((summary.lines, summary.kinds.len()), (2, 2));
    assert_errors(app.import_with("nonsense", dry).await, &[(1, "not a JSON object")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_changes_nothing() {
    let app = TestApp::with_users(&["u"]).await;
    let before = app.export_with_secrets().await;
    for nothing in ["", "\n\n \r\n"] {
        assert_eq!(app.try_import(nothing).await.unwrap().lines, 0);
    }
    assert_eq!(app.export_with_secrets().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_read_is_refused() {
    let app = TestApp::start().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all((domain(DOMAIN) + &user(DOMAIN, "u", "")).as_bytes()).unwrap();
    let path = file.path().to_owned();
    let change = |progress: Progress| {
        if progress.phase == Phase::Checking {
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(b"\n").unwrap();
        }
    };
    let source = BufReader::new(file.reopen().unwrap());
    let result = app.services.import(source, ImportOptions::default(), change).await;
    assert!(matches!(result, Err(Error::Refused(ImportRefusal::Changed))), "{result:?}");
    assert_eq!(app.export().await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_reaches_the_total_of_each_phase() {
    let app = TestApp::start().await;
    let lines = domain(DOMAIN)
        + &(0..2500)
            .map(|n| format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"u{n}\"}}\n"))
            .collect::<String>();
    let seen = std::sync::Mutex::new(Vec::new());
    let source = std::io::Cursor::new(lines.clone().into_bytes());
    app.services
        .import(source, ImportOptions::default(), |progress| seen.lock().unwrap().push(progress))
        .await
        .unwrap();
    let seen = seen.into_inner().unwrap();
    for (phase, total) in [(Phase::Reading, lines.len() as u64), (Phase::Checking, 2501), (Phase::Writing, 2501)] {
        let of_phase: Vec<_> = seen.iter().filter(|progress| progress.phase == phase).collect();
        assert!(of_phase.is_sorted_by_key(|progress| progress.done) && of_phase.len() >= 3, "{of_phase:?}");
        assert!(of_phase.iter().all(|progress| progress.total == total));
        assert_eq!(of_phase.last().unwrap().done, total);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_import_writes_nothing_and_releases_its_locks() {
    let app = TestApp::start().await;
    let line = |n| format!("{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"u{n}\"}}\n");
    let lines = domain(DOMAIN) + &(0..10_000).map(line).collect::<String>();
    let is_writing = tokio::sync::Notify::new();
    let notify = |progress: Progress| {
        if progress.phase == Phase::Writing {
            is_writing.notify_one();
        }
    };
    let source = std::io::Cursor::new(lines.clone().into_bytes());
    tokio::select! {
        biased;
        () = is_writing.notified() => {}
        result = app.services.import(source, ImportOptions::default(), notify) => panic!("{result:?}"),
    }
    assert_eq!(app.export().await, "");
    app.import(&lines).await;
    assert_eq!(app.export().await.lines().count(), 10_001);
}
