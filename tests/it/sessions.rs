//! Sessions: sign-in, sign-out, token rotation, expiry, and revocation.

use chrono::TimeDelta;
use serde_json::json;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;

use crate::support::{Client, DOMAIN, Domain, PASSWORD, Response, TestApp, Tokens, User, database, domain};

fn tokens(response: &Response) -> Tokens {
    Tokens::from(&response.data()["refreshSession"]["session"])
}

async fn session_ids(client: &Client) -> Vec<String> {
    let response = client.query("{ me { sessions { id } } }").await;
    let sessions = response.data()["me"]["sessions"].as_array().unwrap();
    sessions.iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correct_password_creates_a_session_whatever_the_case_of_the_user_id() {
    let app = TestApp::with_users(&["Wonny@Example.com"]).await;
    let mut client = app.client();
    assert!(!client.is_authenticated().await);
    client.sign_in(DOMAIN, " wonny@EXAMPLE.com ", PASSWORD).await;
    let response = client
        .query(
            "{ me { userId lastAccessedAt sessions { isCurrent clientAddress } securityEvents { nodes { type } } } }",
        )
        .await;
    let me = &response.data()["me"];
    assert_eq!(me["userId"], "Wonny@Example.com");
    assert_eq!(me["lastAccessedAt"], "2026-11-23T09:00:00Z");
    assert_eq!(me["sessions"], json!([{ "isCurrent": true, "clientAddress": "192.0.2.1" }]));
    assert_eq!(me["securityEvents"]["nodes"], json!([{ "type": "SIGNED_IN" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_sign_in_gets_invalid_credentials() {
    let app = TestApp::start().await;
    let users = [
        User::new("local"),
        User::new("disabled").state("DISABLED"),
        User::new("external").external(),
        User::new("local").in_domain("domain-off"),
        User::new("passwordless").without_password(),
    ];
    let domains = domain(DOMAIN) + &Domain::new("domain-off").disabled().line();
    app.import(&(domains + &users.map(|user| user.line()).concat())).await;
    let client = app.client();
    let wrong = client.try_sign_in(DOMAIN, "local", "something else").await;
    assert_eq!(wrong.user_errors("signIn"), ["INVALID_CREDENTIALS"]);
    let others = [
        (DOMAIN, "unknown", PASSWORD),
        (DOMAIN, "disabled", PASSWORD),
        (DOMAIN, "external", PASSWORD),
        (DOMAIN, "passwordless", PASSWORD),
        ("domain-off", "local", PASSWORD),
        ("domain-none", "local", PASSWORD),
    ];
    for (domain, user, password) in others {
        let response = client.try_sign_in(domain, user, password).await;
        assert_eq!((&response.body, response.status), (&wrong.body, wrong.status), "{domain} {user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_input_errors_of_sign_in_are_reported_at_once() {
    let app = TestApp::with_users(&["wonny"]).await;
    let response = app.client().try_sign_in("nonsense", "  ", "").await;
    let errors = response.data()["signIn"]["errors"].as_array().unwrap();
    let errors: Vec<_> = errors.iter().map(|e| (e["code"].as_str().unwrap(), e["field"].as_str().unwrap())).collect();
    assert_eq!(errors, [("INVALID", "domainId"), ("REQUIRED", "userId"), ("REQUIRED", "password")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_domain_may_be_omitted_only_if_there_is_one() {
    let app = TestApp::with_users(&["wonny"]).await;
    let sign_in = format!(
        "mutation {{ signIn(input: {{ userId: \"wonny\", password: \"{PASSWORD}\" }}) \
         {{ session {{ expiresAt }} errors {{ code field }} }} }}"
    );
    assert_eq!(app.client().query(&sign_in).await.data()["signIn"]["session"]["expiresAt"], "2026-11-23T09:15:00Z");
    app.import(&domain("domain-b")).await;
    let response = app.client().query(&sign_in).await;
    assert_eq!(response.data()["signIn"]["errors"], json!([{ "code": "REQUIRED", "field": "domainId" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_in_enables_a_pending_user() {
    let app = TestApp::with_user(User::new("new").state("PENDING")).await;
    let client = app.signed_in(DOMAIN, "new").await;
    assert_eq!(client.query("{ me { state } }").await.data()["me"]["state"], "ENABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshing_rotates_tokens_and_reuse_ends_the_session() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let first = client.tokens.clone().unwrap();
    let second = tokens(&client.refresh(&first.refresh).await);
    assert_ne!(first, second);
    // Within the grace period, the old token gets another pair of the same session.
    app.clock.advance(TimeDelta::seconds(10));
    let third = tokens(&client.refresh(&first.refresh).await);
    for tokens in [&first, &second, &third] {
        assert!(client.with_tokens(tokens.clone()).is_authenticated().await);
    }
    assert_eq!(session_ids(&client).await.len(), 1);
    // Afterwards, its reuse ends the whole token family.
    app.clock.advance(TimeDelta::seconds(1));
    let reused = client.refresh(&first.refresh).await;
    assert_eq!(reused.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    for tokens in [first, second, third] {
        assert!(!client.with_tokens(tokens.clone()).is_authenticated().await);
        assert_eq!(client.refresh(&tokens.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    }
    let again = app.signed_in(DOMAIN, "wonny").await;
    let events = again.query("{ me { securityEvents { nodes { type } } } }").await;
    let reused = json!({ "type": "REFRESH_TOKEN_REUSED" });
    assert!(events.data()["me"]["securityEvents"]["nodes"].as_array().unwrap().contains(&reused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_gets_pairs_in_its_grace_period_but_a_session_keeps_32_pairs() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let first = client.tokens.clone().unwrap();
    let mut pairs = vec![first.clone()];
    for _ in 0..100 {
        app.clock.advance(TimeDelta::milliseconds(1));
        pairs.push(tokens(&client.refresh(&first.refresh).await));
    }
    let valid = futures_util::future::join_all(
        pairs.iter().map(async |pair| client.with_tokens(pair.clone()).is_authenticated().await),
    );
    let valid: Vec<bool> = valid.await;
    assert!(valid.iter().rev().take(32).all(|valid| *valid), "the newest");
    assert_eq!(valid.iter().filter(|valid| **valid).count(), 32);
    assert_eq!(database.count("session_tokens WHERE purpose = 'ACCESS'").await, 32);
    assert_eq!(database.count("session_tokens WHERE purpose = 'REFRESH' AND rotated_at IS NULL").await, 32);
    assert_eq!(session_ids(&client.with_tokens(pairs[100].clone())).await.len(), 1);
    // Reuse of an evicted token is detected, too: an attacker with a copy may have evicted it.
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(client.refresh(&pairs[1].refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert!(!client.with_tokens(pairs[100].clone()).is_authenticated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_remembers_a_limited_number_of_rotated_tokens() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
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
    assert!(client.with_tokens(refreshed).is_authenticated().await);
    assert_eq!(database.count("session_tokens WHERE rotated_at IS NOT NULL").await, 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_sign_ins_with_an_outdated_hash_all_succeed() {
    let app = TestApp::with_user(User::new("old").password_hash(&bcrypt::hash(PASSWORD, 4).unwrap())).await;
    let client = app.client();
    let tries = (0..6).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.try_sign_in(DOMAIN, "old", PASSWORD).await })
    });
    for response in futures_util::future::join_all(tries).await {
        let response = response.unwrap();
        assert!(response.data()["signIn"]["session"].is_object(), "{}", response.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tabs_that_refresh_concurrently_stay_signed_in() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let token = client.tokens.clone().unwrap().refresh;
    let tabs = (0..10).map(|_| client.refresh(&token));
    for response in futures_util::future::join_all(tabs).await {
        assert!(client.with_tokens(tokens(&response)).is_authenticated().await);
    }
    assert_eq!(session_ids(&client).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_sessions_expire() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let first = client.tokens.clone().unwrap();
    app.clock.advance(TimeDelta::minutes(15));
    assert!(!client.is_authenticated().await);
    app.clock.advance(TimeDelta::minutes(164));
    let second = tokens(&client.refresh(&first.refresh).await);
    app.clock.advance(TimeDelta::hours(3));
    assert_eq!(client.refresh(&second.refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
    assert_eq!(session_ids(&app.signed_in(DOMAIN, "wonny").await).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_expires_after_thirty_days_however_often_it_is_refreshed() {
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
async fn only_an_admin_may_have_a_longer_refresh_timeout() {
    let app = TestApp::start().await;
    app.import_users(&[
        User::new("admin").admin().with("refresh_timeout", 86_400),
        User::new("short").admin().with("refresh_timeout", 1800),
        User::new("user").with("refresh_timeout", 86_400),
    ])
    .await;
    for (name, ends) in
        [("admin", "2026-11-24T09:00:00Z"), ("short", "2026-11-23T12:00:00Z"), ("user", "2026-11-23T12:00:00Z")]
    {
        let response = app.signed_in(DOMAIN, name).await.query("{ me { sessions { expiresAt } } }").await;
        assert_eq!(response.data()["me"]["sessions"][0]["expiresAt"], ends, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_ends_only_the_current_session() {
    let app = TestApp::with_users(&["wonny"]).await;
    let (one, other) = (app.signed_in(DOMAIN, "wonny").await, app.signed_in(DOMAIN, "wonny").await);
    assert_eq!(one.query("mutation { signOut { ok errors { code } } }").await.data()["signOut"]["ok"], true);
    assert!(!one.is_authenticated().await && other.is_authenticated().await);
    assert_eq!(one.query("mutation { signOut { ok } }").await.error_code(), "UNAUTHENTICATED");
    let refresh = one.tokens.clone().unwrap().refresh;
    assert_eq!(other.refresh(&refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_revoked_one_by_one_or_all_others_at_once() {
    let app = TestApp::with_users(&["wonny", "other"]).await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(app.signed_in(DOMAIN, "wonny").await);
        app.clock.advance(TimeDelta::seconds(1));
    }
    let stranger = app.signed_in(DOMAIN, "other").await;
    let ids = session_ids(&clients[0]).await;
    let revoke = "mutation($id: ID!) { revokeSession(input: { id: $id }) { revoked errors { code field } } }";
    // The most recently used session is first.
    let response = clients[0].execute(revoke, json!({ "id": ids[0] })).await;
    assert_eq!(response.data()["revokeSession"], json!({ "revoked": 1, "errors": [] }));
    assert!(!clients[3].is_authenticated().await);
    for id in [&ids[0], &session_ids(&stranger).await[0], "nonsense"] {
        let response = clients[0].execute(revoke, json!({ "id": id })).await;
        assert_eq!(response.user_errors("revokeSession"), ["NOT_FOUND"], "{id}");
    }
    assert_eq!(clients[0].execute(revoke, json!({ "id": "" })).await.user_errors("revokeSession"), ["REQUIRED"]);
    let others = "mutation { revokeOtherSessions { revoked errors { code } } }";
    assert_eq!(clients[0].query(others).await.data()["revokeOtherSessions"]["revoked"], 2);
    assert!(clients[0].is_authenticated().await && stranger.is_authenticated().await);
    assert!(!clients[1].is_authenticated().await && !clients[2].is_authenticated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_sessions_requires_step_up_authentication() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let id = session_ids(&client).await.remove(0);
    app.clock.advance(TimeDelta::minutes(10));
    // Refreshing the session is no authentication.
    let refreshed = tokens(&client.refresh(&client.tokens.clone().unwrap().refresh).await);
    let client = client.with_tokens(refreshed);
    let one = "mutation($id: ID!) { revokeSession(input: { id: $id }) { revoked errors { code } } }";
    let response = client.execute(one, json!({ "id": id })).await;
    assert_eq!(response.user_errors("revokeSession"), ["REAUTHENTICATION_REQUIRED"]);
    let response = client.query("mutation { revokeOtherSessions { errors { code } } }").await;
    assert_eq!(response.user_errors("revokeOtherSessions"), ["REAUTHENTICATION_REQUIRED"]);
    assert!(client.is_authenticated().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hundred_and_first_session_ends_the_oldest() {
    let app = TestApp::with_users(&["wonny"]).await;
    let first = app.signed_in(DOMAIN, "wonny").await;
    let mut last = first.clone();
    for _ in 0..100 {
        app.clock.advance(TimeDelta::seconds(1));
        last = app.signed_in(DOMAIN, "wonny").await;
    }
    assert!(!first.is_authenticated().await);
    assert_eq!(session_ids(&last).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_a_user_or_domain_ends_sessions_at_once() {
    let app = TestApp::with_users(&["wonny"]).await;
    let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    let client = app.signed_in(DOMAIN, "wonny").await;
    app.services.disable_user(&domain_id, &login).await.unwrap();
    assert!(!client.is_authenticated().await);
    app.services.enable_user(&domain_id, &login).await.unwrap();
    assert!(!client.is_authenticated().await, "the sessions were revoked");
    let client = app.signed_in(DOMAIN, "wonny").await;
    app.import(&Domain::new(DOMAIN).disabled().line()).await;
    assert!(!client.is_authenticated().await);
    let refresh = client.tokens.clone().unwrap().refresh;
    assert_eq!(client.refresh(&refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_token_is_unauthenticated_and_does_not_prevent_sign_in() {
    let app = TestApp::with_users(&["wonny"]).await;
    let signed_in = app.signed_in(DOMAIN, "wonny").await;
    let refresh = signed_in.tokens.clone().unwrap().refresh;
    for token in ["x", "upa_", &refresh, "upa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "upa_\u{e4}"] {
        let mut client = signed_in.with_tokens(Tokens { access: token.to_owned(), refresh: String::new() });
        assert!(!client.is_authenticated().await, "{token}");
        client.sign_in(DOMAIN, "wonny", PASSWORD).await;
        assert!(client.is_authenticated().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_hash_is_replaced_at_the_next_sign_in() {
    let app = TestApp::with_user(User::new("old").password_hash(&bcrypt::hash(PASSWORD, 4).unwrap())).await;
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
