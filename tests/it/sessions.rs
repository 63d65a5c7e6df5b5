//! Signing in and out, refreshing, revoking: what a client sees.

use chrono::TimeDelta;
use serde_json::json;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use crate::support::{DOMAIN, PASSWORD, TestApp, Tokens, database, domain, user};

fn tokens(answer: &crate::support::Answer) -> Tokens {
    Tokens::from(&answer.data()["refreshSession"]["session"])
}

async fn session_ids(client: &crate::support::Client) -> Vec<String> {
    let answer = client.query("{ me { sessions { id } } }").await;
    let sessions = answer.data()["me"]["sessions"].as_array().unwrap();
    sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_opens_a_session_whatever_the_case_of_the_user_id() {
    let app = TestApp::with_users(&["Wonny@Example.com"]).await;
    let mut client = app.client();
    assert!(!client.is_somebody().await);
    client.sign_in(DOMAIN, " wonny@EXAMPLE.com ", PASSWORD).await;
    let answer = client
        .query(
            "{ me { userId lastAccessedAt sessions { isCurrent clientAddress } securityEvents { nodes { type } } } }",
        )
        .await;
    let me = &answer.data()["me"];
    assert_eq!(me["userId"], "Wonny@Example.com");
    assert_eq!(me["lastAccessedAt"], "2026-11-23T09:00:00Z");
    assert_eq!(me["sessions"], json!([{ "isCurrent": true, "clientAddress": "192.0.2.1" }]));
    assert_eq!(me["securityEvents"]["nodes"], json!([{ "type": "SIGNED_IN" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_sign_in_gets_the_answer_of_a_wrong_password() {
    let app = TestApp::start().await;
    let mut lines = domain(DOMAIN) + &domain("domain-off").replace('}', ",\"state\":\"DISABLED\"}");
    lines += &user(DOMAIN, "local", "");
    lines += &user(DOMAIN, "disabled", r#""state":"DISABLED""#);
    lines += &user(DOMAIN, "external", r#""auth_type":"EXTERNAL""#);
    lines += &user("domain-off", "local", "");
    lines += "{\"kind\":\"user\",\"domain_id\":\"domain-a\",\"user_id\":\"passwordless\"}\n";
    app.import(&lines).await;
    let client = app.client();
    let wrong = client.try_sign_in(DOMAIN, "local", "something else").await;
    assert_eq!(wrong.user_errors("signIn"), ["INVALID_CREDENTIALS"]);
    let others = [
        (DOMAIN, "nobody", PASSWORD),
        (DOMAIN, "disabled", PASSWORD),
        (DOMAIN, "external", PASSWORD),
        (DOMAIN, "passwordless", PASSWORD),
        ("domain-off", "local", PASSWORD),
        ("domain-none", "local", PASSWORD),
    ];
    for (domain, user, password) in others {
        let answer = client.try_sign_in(domain, user, password).await;
        assert_eq!((&answer.body, answer.status), (&wrong.body, wrong.status), "{domain} {user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_the_input_is_told_at_once() {
    let app = TestApp::with_users(&["wonny"]).await;
    let answer = app.client().try_sign_in("nonsense", "  ", "").await;
    let errors = answer.data()["signIn"]["errors"].as_array().unwrap();
    let told: Vec<_> = errors.iter().map(|e| (e["code"].as_str().unwrap(), e["field"].as_str().unwrap())).collect();
    assert_eq!(told, [("INVALID", "domainId"), ("REQUIRED", "userId"), ("REQUIRED", "password")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_domain_may_be_left_out_only_where_there_is_one() {
    let app = TestApp::with_users(&["wonny"]).await;
    let sign_in = format!(
        "mutation {{ signIn(input: {{ userId: \"wonny\", password: \"{PASSWORD}\" }}) \
         {{ session {{ expiresAt }} errors {{ code field }} }} }}"
    );
    assert_eq!(app.client().query(&sign_in).await.data()["signIn"]["session"]["expiresAt"], "2026-11-23T09:15:00Z");
    app.import(&domain("domain-b")).await;
    let answer = app.client().query(&sign_in).await;
    assert_eq!(answer.data()["signIn"]["errors"], json!([{ "code": "REQUIRED", "field": "domainId" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_in_enables_a_pending_user() {
    let app = TestApp::start().await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "new", r#""state":"PENDING""#))).await;
    let client = app.signed_in(DOMAIN, "new").await;
    assert_eq!(client.query("{ me { state } }").await.data()["me"]["state"], "ENABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_rotates_and_an_old_token_ends_the_session() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let first = client.tokens.clone().unwrap();
    let second = tokens(&client.refresh(&first.refresh).await);
    assert_ne!(first, second);
    // Within the grace it gets another pair of the same session.
    app.clock.advance(TimeDelta::seconds(10));
    let third = tokens(&client.refresh(&first.refresh).await);
    for tokens in [&first, &second, &third] {
        assert!(client.with_tokens(tokens.clone()).is_somebody().await);
    }
    assert_eq!(session_ids(&client).await.len(), 1);
    // After it, the whole family ends.
    app.clock.advance(TimeDelta::seconds(1));
    let reused = client.refresh(&first.refresh).await;
    assert_eq!(reused.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    for tokens in [first, second, third] {
        assert!(!client.with_tokens(tokens.clone()).is_somebody().await);
        assert_eq!(client.refresh(&tokens.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    }
    let again = app.signed_in(DOMAIN, "wonny").await;
    let events = again.query("{ me { securityEvents { nodes { type } } } }").await;
    let reused = json!({ "type": "REFRESH_TOKEN_REUSED" });
    assert!(events.data()["me"]["securityEvents"]["nodes"].as_array().unwrap().contains(&reused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_gets_pairs_within_its_grace_but_a_session_keeps_few_tokens() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let first = client.tokens.clone().unwrap();
    let mut pairs = vec![first.clone()];
    for _ in 0..100 {
        app.clock.advance(TimeDelta::milliseconds(1));
        pairs.push(tokens(&client.refresh(&first.refresh).await));
    }
    let valid = futures_util::future::join_all(
        pairs.iter().map(async |pair| client.with_tokens(pair.clone()).is_somebody().await),
    );
    let valid: Vec<bool> = valid.await;
    assert!(valid.iter().rev().take(32).all(|valid| *valid), "the newest");
    assert_eq!(valid.iter().filter(|valid| **valid).count(), 32);
    assert_eq!(database.count("session_tokens WHERE purpose = 'ACCESS'").await, 32);
    assert_eq!(database.count("session_tokens WHERE purpose = 'REFRESH' AND rotated_at IS NULL").await, 32);
    assert_eq!(session_ids(&client.with_tokens(pairs[100].clone())).await.len(), 1);
    // One that was pushed out is remembered: somebody may have pushed it out who has a copy.
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(client.refresh(&pairs[1].refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert!(!client.with_tokens(pairs[100].clone()).is_somebody().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_remembers_a_limited_number_of_rotated_tokens() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let rotated = "INSERT INTO session_tokens (digest, session_id, purpose, expires_at, rotated_at, issued_at)";
    database
        .execute_on(
            &format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500)
                 {rotated} SELECT CAST(printf('%032d', i) AS BLOB), session_id, 'REFRESH', expires_at, created_at, i
                 FROM n, sessions"
            ),
            &format!(
                "{rotated} SELECT lpad(i::text, 32, '0')::bytea, session_id, 'REFRESH', expires_at, created_at,
                                  to_timestamp(i)
                 FROM generate_series(1, 3500) i, sessions"
            ),
        )
        .await;
    let refreshed = tokens(&client.refresh(&client.tokens.clone().unwrap().refresh).await);
    assert!(client.with_tokens(refreshed).is_somebody().await);
    assert_eq!(database.count("session_tokens WHERE rotated_at IS NOT NULL").await, 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ins_at_once_with_an_outdated_hash_all_succeed() {
    let app = TestApp::start().await;
    let bcrypt = bcrypt::hash(PASSWORD, 4).unwrap();
    let line = format!(
        "{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"old\",\"password_hash\":\"{bcrypt}\"}}\n"
    );
    app.import(&(domain(DOMAIN) + &line)).await;
    let client = app.client();
    let tries = (0..6).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.try_sign_in(DOMAIN, "old", PASSWORD).await })
    });
    for answer in futures_util::future::join_all(tries).await {
        let answer = answer.unwrap();
        assert!(answer.data()["signIn"]["session"].is_object(), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tabs_that_refresh_at_once_stay_signed_in() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let token = client.tokens.clone().unwrap().refresh;
    let tabs = (0..10).map(|_| client.refresh(&token));
    for answer in futures_util::future::join_all(tabs).await {
        assert!(client.with_tokens(tokens(&answer)).is_somebody().await);
    }
    assert_eq!(session_ids(&client).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_sessions_run_out() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let first = client.tokens.clone().unwrap();
    app.clock.advance(TimeDelta::minutes(15));
    assert!(!client.is_somebody().await);
    app.clock.advance(TimeDelta::minutes(164));
    let second = tokens(&client.refresh(&first.refresh).await);
    app.clock.advance(TimeDelta::hours(3));
    assert_eq!(client.refresh(&second.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert_eq!(session_ids(&app.signed_in(DOMAIN, "wonny").await).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let mut tokens_now = client.tokens.clone().unwrap();
    for _ in 0..(30 * 24 / 2 - 1) {
        app.clock.advance(TimeDelta::hours(2));
        tokens_now = tokens(&client.refresh(&tokens_now.refresh).await);
    }
    app.clock.advance(TimeDelta::hours(2));
    assert_eq!(client.refresh(&tokens_now.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_has_a_longer_idle_time_of_his_own() {
    let app = TestApp::start().await;
    let mut lines = domain(DOMAIN);
    lines += &user(DOMAIN, "admin", r#""role_type":"DOMAIN_ADMIN","refresh_timeout":86400"#);
    lines += &user(DOMAIN, "short", r#""role_type":"DOMAIN_ADMIN","refresh_timeout":1800"#);
    lines += &user(DOMAIN, "user", r#""refresh_timeout":86400"#);
    app.import(&lines).await;
    for (name, ends) in
        [("admin", "2026-11-24T09:00:00Z"), ("short", "2026-11-23T12:00:00Z"), ("user", "2026-11-23T12:00:00Z")]
    {
        let answer = app.signed_in(DOMAIN, name).await.query("{ me { sessions { expiresAt } } }").await;
        assert_eq!(answer.data()["me"]["sessions"][0]["expiresAt"], ends, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_this_session_only() {
    let app = TestApp::with_users(&["wonny"]).await;
    let (one, other) = (app.signed_in(DOMAIN, "wonny").await, app.signed_in(DOMAIN, "wonny").await);
    assert_eq!(one.query("mutation { signOut { ok errors { code } } }").await.data()["signOut"]["ok"], true);
    assert!(!one.is_somebody().await && other.is_somebody().await);
    assert_eq!(one.query("mutation { signOut { ok } }").await.error_code(), "UNAUTHENTICATED");
    let refresh = one.tokens.clone().unwrap().refresh;
    assert_eq!(other.refresh(&refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_revoked_one_by_one_or_all_others() {
    let app = TestApp::with_users(&["wonny", "other"]).await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(app.signed_in(DOMAIN, "wonny").await);
        app.clock.advance(TimeDelta::seconds(1));
    }
    let stranger = app.signed_in(DOMAIN, "other").await;
    let ids = session_ids(&clients[0]).await;
    let revoke = "mutation($id: ID!) { revokeSession(input: { id: $id }) { revoked errors { code field } } }";
    // The one used last comes first.
    let answer = clients[0].execute(revoke, json!({ "id": ids[0] })).await;
    assert_eq!(answer.data()["revokeSession"], json!({ "revoked": 1, "errors": [] }));
    assert!(!clients[3].is_somebody().await);
    for id in [&ids[0], &session_ids(&stranger).await[0], "nonsense"] {
        let answer = clients[0].execute(revoke, json!({ "id": id })).await;
        assert_eq!(answer.user_errors("revokeSession"), ["NOT_FOUND"], "{id}");
    }
    assert_eq!(clients[0].execute(revoke, json!({ "id": "" })).await.user_errors("revokeSession"), ["REQUIRED"]);
    let others = "mutation { revokeOtherSessions { revoked errors { code } } }";
    assert_eq!(clients[0].query(others).await.data()["revokeOtherSessions"]["revoked"], 2);
    assert!(clients[0].is_somebody().await && stranger.is_somebody().await);
    assert!(!clients[1].is_somebody().await && !clients[2].is_somebody().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_asks_for_a_fresh_sign_in() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let id = session_ids(&client).await.remove(0);
    app.clock.advance(TimeDelta::minutes(10));
    // Refreshing does not make it fresh.
    let refreshed = tokens(&client.refresh(&client.tokens.clone().unwrap().refresh).await);
    let client = client.with_tokens(refreshed);
    let one = "mutation($id: ID!) { revokeSession(input: { id: $id }) { revoked errors { code } } }";
    let answer = client.execute(one, json!({ "id": id })).await;
    assert_eq!(answer.user_errors("revokeSession"), ["REAUTHENTICATION_REQUIRED"]);
    let answer = client.query("mutation { revokeOtherSessions { errors { code } } }").await;
    assert_eq!(answer.user_errors("revokeOtherSessions"), ["REAUTHENTICATION_REQUIRED"]);
    assert!(client.is_somebody().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_first_session_ends_the_oldest() {
    let app = TestApp::with_users(&["wonny"]).await;
    let first = app.signed_in(DOMAIN, "wonny").await;
    let mut last = first.clone();
    for _ in 0..100 {
        app.clock.advance(TimeDelta::seconds(1));
        last = app.signed_in(DOMAIN, "wonny").await;
    }
    assert!(!first.is_somebody().await);
    assert_eq!(session_ids(&last).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_shut_out_is_out_at_once() {
    let app = TestApp::with_users(&["wonny"]).await;
    let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    let client = app.signed_in(DOMAIN, "wonny").await;
    app.services.disable_user(&domain_id, &login).await.unwrap();
    assert!(!client.is_somebody().await);
    app.services.enable_user(&domain_id, &login).await.unwrap();
    assert!(!client.is_somebody().await, "his sessions had ended");
    let client = app.signed_in(DOMAIN, "wonny").await;
    app.import(&domain(DOMAIN).replace('}', ",\"state\":\"DISABLED\"}")).await;
    assert!(!client.is_somebody().await);
    let refresh = client.tokens.clone().unwrap().refresh;
    assert_eq!(client.refresh(&refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_for_a_token_is_nobody_and_stands_in_nobodys_way() {
    let app = TestApp::with_users(&["wonny"]).await;
    let signed_in = app.signed_in(DOMAIN, "wonny").await;
    let refresh = signed_in.tokens.clone().unwrap().refresh;
    for token in ["x", "upa_", &refresh, "upa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "upa_\u{e4}"] {
        let mut client = signed_in.with_tokens(Tokens { access: token.to_owned(), refresh: String::new() });
        assert!(!client.is_somebody().await, "{token}");
        client.sign_in(DOMAIN, "wonny", PASSWORD).await;
        assert!(client.is_somebody().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_hash_is_made_anew_at_the_next_sign_in() {
    let app = TestApp::start().await;
    let bcrypt = bcrypt::hash(PASSWORD, 4).unwrap();
    let line = format!(
        "{{\"kind\":\"user\",\"domain_id\":\"{DOMAIN}\",\"user_id\":\"old\",\"password_hash\":\"{bcrypt}\"}}\n"
    );
    app.import(&(domain(DOMAIN) + &line)).await;
    let stored = async || {
        let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("old").unwrap());
        let found = userprofile::storage::users::find_credentials(&app.services.db, &domain, &login).await;
        found.unwrap().unwrap().password_hash.unwrap()
    };
    app.signed_in(DOMAIN, "old").await;
    let hash = stored().await;
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    app.signed_in(DOMAIN, "old").await;
    assert_eq!(stored().await, hash);
}
