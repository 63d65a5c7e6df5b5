//! E-mail addresses: wishing for one, proving it, undoing the change.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, DOMAIN, TestApp, domain, user};

const OLD: &str = "old@example.com";
const NEW: &str = "New@Example.com";

async fn app() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let verified = format!(r#""email":"{OLD}","email_verified":true"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &verified) + &user(DOMAIN, "other", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    (app, client)
}

async fn state(client: &Client) -> Value {
    client.me("email emailVerified pendingEmail").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_pending_until_its_code_proves_it() {
    let (app, client) = app().await;
    let done = client.done("updateProfile", json!({ "email": NEW }), "sentTo expiresAt user { pendingEmail }").await;
    assert_eq!(
        done,
        json!({ "sentTo": NEW, "expiresAt": "2026-11-23T09:10:00Z", "user": { "pendingEmail": NEW }, "errors": [] })
    );
    assert_eq!(state(&client).await, json!({ "email": OLD, "emailVerified": true, "pendingEmail": NEW }));

    let mails = app.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].recipients, ["New@example.com"]);
    let code = mails[0].code();
    let done =
        client.done("confirmEmail", json!({ "verifyCode": code }), "user { email emailVerified pendingEmail }").await;
    assert_eq!(done["user"], json!({ "email": NEW, "emailVerified": true, "pendingEmail": null }));
    assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": code })).await, "NOTHING_PENDING");

    // Both are told; the old one alone gets a link.
    let told = &app.mails().await[1..];
    let mut recipients: Vec<_> = told.iter().map(|mail| mail.recipients[0].as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["New@example.com", OLD]);
    let to_new = told.iter().find(|mail| mail.recipients != [OLD]).unwrap();
    assert!(!to_new.text.contains("token="));
    assert!(app.last_mail(OLD).await.text.contains("https://id.test/undo-email-change#token=upe_"));
    assert_eq!(app.mails().await.len(), 3, "and nothing more");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_tries_are_looked_at_whoever_makes_them() {
    let (app, client) = app().await;
    let elsewhere = app.signed_in(DOMAIN, "wonny").await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code = app.code(NEW).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for text in ["12345", "abcdef", "", "7QK4-M0ZT-3XNE-V81B"] {
        let refused = client.refused("confirmEmail", json!({ "verifyCode": text })).await;
        assert!(matches!(refused[0].0.as_str(), "INVALID" | "REQUIRED"), "{refused:?}");
        assert_eq!(refused[0].1.as_deref(), Some("verifyCode"));
    }
    for (left, client) in [(4, &client), (3, &elsewhere), (2, &client), (1, &elsewhere), (0, &client)] {
        let payload = client.mutate("confirmEmail", json!({ "verifyCode": wrong }), "user { id }").await;
        assert_eq!(payload["errors"][0]["code"], "INVALID_CODE");
        assert_eq!(payload["errors"][0]["attemptsLeft"], left);
    }
    assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": code })).await, "TOO_MANY_TRIES");
    // A new one is another one.
    app.clock.advance(TimeDelta::minutes(1));
    client.done("verifyEmail", json!({}), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code(NEW).await }), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_wrong_tries_a_day_are_looked_at() {
    let (app, client) = app().await;
    let mut looked_at = 0;
    let mut last = String::new();
    for round in 0..6 {
        let email = format!("new{round}@example.com");
        client.done("updateProfile", json!({ "email": email }), "sentTo").await;
        let code = app.code(&email).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            last = client.refusal("confirmEmail", json!({ "verifyCode": wrong })).await;
            looked_at += i32::from(last == "INVALID_CODE");
        }
        app.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!((looked_at, last.as_str()), (20, "TOO_MANY_TRIES"));
    let payload = client.mutate("confirmEmail", json!({ "verifyCode": "000000" }), "user { id }").await;
    assert!(payload["errors"][0]["retryAfter"].as_u64().unwrap() > 23 * 3600);
    // A day later it goes on.
    app.clock.advance(TimeDelta::hours(24));
    let client = app.signed_in(DOMAIN, "wonny").await;
    client.done("verifyEmail", json!({}), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code("new5@example.com").await }), "user { id }").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_right_answers_at_once_one_wins() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code = app.code(NEW).await;
    let answers = (0..50).map(|_| {
        let (client, code) = (client.clone(), code.clone());
        tokio::spawn(async move { client.mutate("confirmEmail", json!({ "verifyCode": code }), "user { id }").await })
    });
    let answers = futures_util::future::join_all(answers).await;
    let won = answers.iter().filter(|answer| answer.as_ref().unwrap()["user"].is_object()).count();
    assert_eq!(won, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_guesses_are_looked_at_when_they_come_at_once() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code: u32 = app.code(NEW).await.parse().unwrap();
    let requests = (0..50).map(|n| {
        let (client, guess) = (client.clone(), format!("{:06}", (code + 1 + n) % 1_000_000));
        tokio::spawn(
            async move { client.mutate("confirmEmail", json!({ "verifyCode": guess }), "errors { code }").await },
        )
    });
    let mut looked_at = 0;
    for payload in futures_util::future::join_all(requests).await {
        looked_at += usize::from(payload.unwrap()["errors"][0]["code"] == "INVALID_CODE");
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_under_aliases_are_not_looked_at_at_all() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let code = app.code(NEW).await;
    let field = |alias: &str, code: &str| {
        format!(
            "{alias}: confirmEmail(input: {{ verifyCode: \"{code}\" }}) {{ user {{ id }} errors {{ attemptsLeft }} }} "
        )
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let answer = client.query(&format!("mutation {{ {} {} }}", field("a", wrong), field("b", &code))).await;
    assert_eq!(answer.error_code(), "LIMIT_EXCEEDED");
    let told = &answer.body["errors"][0]["extensions"];
    assert_eq!((&told["limit"], &told["allowed"], &told["asked"]), (&json!("attempts"), &json!(1), &json!(2)));
    // Nothing was counted, and nothing was done.
    let answer = client.query(&format!("mutation {{ {} }}", field("a", wrong))).await;
    assert_eq!(answer.data()["a"]["errors"], json!([{ "attemptsLeft": 4 }]));
    let answer = client.query(&format!("mutation {{ {} }}", field("a", &code))).await;
    assert!(answer.data()["a"]["user"].is_object(), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_runs_out_and_a_new_one_voids_the_old() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let first = app.code(NEW).await;
    app.clock.advance(TimeDelta::minutes(1));
    client.done("verifyEmail", json!({}), "sentTo").await;
    let second = app.code(NEW).await;
    if first != second {
        assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": first })).await, "INVALID_CODE");
    }
    // A refused send voids nothing.
    assert_eq!(client.refusal("verifyEmail", json!({})).await, "RATE_LIMITED");
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": second })).await, "EXPIRED_CODE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_address_is_replaced_or_cancelled() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    let first = app.code(NEW).await;
    client.done("updateProfile", json!({ "email": "third@example.com" }), "sentTo").await;
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "third@example.com" }));
    let code = app.code("third@example.com").await;
    if code != first {
        assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": first })).await, "INVALID_CODE");
    }
    let done = client
        .done("updateProfile", json!({ "email": OLD.to_uppercase() }), "sentTo user { email pendingEmail }")
        .await;
    assert_eq!(done["sentTo"], Value::Null);
    assert_eq!(done["user"], json!({ "email": OLD, "pendingEmail": null }));
    assert_eq!(client.refusal("confirmEmail", json!({ "verifyCode": code })).await, "NOTHING_PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_email_takes_the_pending_else_the_present_address() {
    let app = TestApp::start().await;
    let unverified = user(DOMAIN, "wonny", r#""email":"w@example.com""#);
    app.import(&(domain(DOMAIN) + &unverified + &user(DOMAIN, "bare", ""))).await;
    let bare = app.signed_in(DOMAIN, "bare").await;
    assert_eq!(bare.refused("verifyEmail", json!({})).await, [("REQUIRED".to_owned(), Some("email".to_owned()))]);
    let answer = bare.query("mutation { verifyEmail { errors { code } } }").await;
    assert_eq!(answer.user_errors("verifyEmail"), ["REQUIRED"]);

    let client = app.signed_in(DOMAIN, "wonny").await;
    let done = client.done("verifyEmail", json!({}), "sentTo").await;
    assert_eq!(done["sentTo"], "w@example.com");
    let code = app.code("w@example.com").await;
    client.done("confirmEmail", json!({ "verifyCode": code }), "user { id }").await;
    assert_eq!(state(&client).await, json!({ "email": "w@example.com", "emailVerified": true, "pendingEmail": null }));
    assert_eq!(app.mails().await.len(), 1, "nothing was changed, so nobody is told");
    assert_eq!(client.refusal("verifyEmail", json!({})).await, "EMAIL_ALREADY_VERIFIED");
    assert_eq!(client.refusal("verifyEmail", json!({ "email": "W@example.com" })).await, "EMAIL_ALREADY_VERIFIED");
    let done = client.done("verifyEmail", json!({ "email": "next@example.com" }), "sentTo").await;
    assert_eq!(done["sentTo"], "next@example.com");
    assert_eq!(client.me("pendingEmail").await, json!({ "pendingEmail": "next@example.com" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_elsewhere_shows_only_to_who_reads_it() {
    let (app, client) = app().await;
    let other = app.signed_in(DOMAIN, "other").await;
    let free = other.mutate("verifyEmail", json!({ "email": "free@example.com" }), "sentTo expiresAt").await;
    let mut taken = other.mutate("verifyEmail", json!({ "email": OLD }), "sentTo expiresAt").await;
    assert_eq!(taken["sentTo"], OLD);
    taken["sentTo"] = free["sentTo"].clone();
    assert_eq!(taken, free);
    let code = app.code(OLD).await;
    assert_eq!(other.refusal("confirmEmail", json!({ "verifyCode": code })).await, "EMAIL_TAKEN");
    assert_eq!(state(&other).await, json!({ "email": null, "emailVerified": false, "pendingEmail": null }));
    assert_eq!(state(&client).await["email"], OLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_users_who_verify_one_address_at_once_one_gets_it_and_no_other_keeps_it_pending() {
    const USERS: [&str; 4] = ["one", "two", "three", "four"];
    let app = TestApp::with_users(&USERS).await;
    let mut users = Vec::new();
    for user in USERS {
        let client = app.signed_in(DOMAIN, user).await;
        client.done("verifyEmail", json!({ "email": NEW }), "sentTo").await;
        users.push((client, app.code(NEW).await));
    }
    let confirmed =
        users.iter().map(|(client, code)| client.mutate("confirmEmail", json!({ "verifyCode": code }), "user { id }"));
    let answers = futures_util::future::join_all(confirmed).await;
    let taken = answers.iter().filter(|answer| answer["errors"][0]["code"] == "EMAIL_TAKEN").count();
    assert_eq!(taken, USERS.len() - 1, "{answers:?}");
    for (client, _) in &users {
        assert_eq!(state(client).await["pendingEmail"], json!(null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_old_address_undoes_the_change() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code(NEW).await }), "user { id }").await;
    let first = app.last_mail(OLD).await.token();
    // A thief changes it twice; the first link is still good.
    app.clock.advance(TimeDelta::minutes(1));
    client.done("updateProfile", json!({ "email": "thief@example.com" }), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code("thief@example.com").await }), "user { id }").await;
    let second = app.last_mail(NEW).await.token();
    client.done("updateProfile", json!({ "email": "more@example.com" }), "sentTo").await;
    let input = json!({ "password": "taken over 99", "currentPassword": crate::support::PASSWORD });
    client.done("updateProfile", input, "user { id }").await;

    app.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(2));
    let nobody = app.client();
    assert_eq!(nobody.refusal("undoEmailChange", json!({ "token": "upe_nonsense" })).await, "INVALID_TOKEN");
    nobody.done("undoEmailChange", json!({ "token": first }), "ok").await;
    assert!(!client.is_somebody().await);
    let mut client = app.client();
    client.sign_in(DOMAIN, "wonny", "taken over 99").await;
    assert_eq!(state(&client).await, json!({ "email": OLD, "emailVerified": true, "pendingEmail": null }));
    // Links that came later, to addresses that he may never have had, are void.
    for token in [first, second] {
        assert_eq!(nobody.refusal("undoEmailChange", json!({ "token": token })).await, "INVALID_TOKEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_is_good_for_seven_days() {
    let (app, client) = app().await;
    client.done("updateProfile", json!({ "email": NEW }), "sentTo").await;
    client.done("confirmEmail", json!({ "verifyCode": app.code(NEW).await }), "user { id }").await;
    let token = app.last_mail(OLD).await.token();
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(app.client().refusal("undoEmailChange", json!({ "token": token })).await, "INVALID_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_much_mail_and_no_more() {
    let (app, client) = app().await;
    // Five an hour to one address.
    for _ in 0..5 {
        client.done("verifyEmail", json!({ "email": NEW }), "sentTo").await;
        app.clock.advance(TimeDelta::minutes(1));
    }
    let payload = client.mutate("verifyEmail", json!({ "email": NEW }), "sentTo").await;
    assert_eq!(payload["errors"][0]["code"], "RATE_LIMITED");
    assert_eq!(payload["errors"][0]["retryAfter"], 55 * 60);
    // Twenty an hour for one user.
    for n in 5..20 {
        client.done("verifyEmail", json!({ "email": format!("n{n}@example.com") }), "sentTo").await;
    }
    assert_eq!(client.refusal("verifyEmail", json!({ "email": "n20@example.com" })).await, "RATE_LIMITED");
    // Thirty an hour for one client; another user from there has ten left.
    let other = app.signed_in(DOMAIN, "other").await;
    for n in 0..10 {
        other.done("verifyEmail", json!({ "email": format!("o{n}@example.com") }), "sentTo").await;
    }
    assert_eq!(other.refusal("verifyEmail", json!({ "email": "o10@example.com" })).await, "RATE_LIMITED");
    other.at("198.51.100.7").done("verifyEmail", json!({ "email": "o10@example.com" }), "sentTo").await;
    assert_eq!(app.mails().await.len(), 31);
}
