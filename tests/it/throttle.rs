//! Wrong passwords slow the next try down, whoever is guessed at.

use chrono::TimeDelta;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;
use userprofile::services::Error;
use userprofile::services::admin::AdminRefusal;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, database};

const WRONG: &str = "something else";

async fn try_codes(client: &Client, user: &str, password: &str) -> (String, Option<u64>) {
    let answer = client.try_sign_in(DOMAIN, user, password).await;
    let error = &answer.data()["signIn"]["errors"][0];
    (error["code"].as_str().unwrap_or("OK").to_owned(), error["retryAfter"].as_u64())
}

fn refused(seconds: u64) -> (String, Option<u64>) {
    ("RATE_LIMITED".to_owned(), Some(seconds))
}

fn wrong() -> (String, Option<u64>) {
    ("INVALID_CREDENTIALS".to_owned(), None)
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_passwords_are_free_then_each_doubles_the_wait() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.client();
    for user in ["wonny", "nobody"] {
        for _ in 0..6 {
            assert_eq!(try_codes(&client, user, WRONG).await, wrong());
        }
        for wait in [1, 2, 4, 8] {
            // Refused tries are not counted, and not even the right password is looked at.
            assert_eq!(try_codes(&client, user, WRONG).await, refused(wait));
            assert_eq!(try_codes(&client, user, PASSWORD).await, refused(wait));
            app.clock.advance(TimeDelta::seconds(i64::try_from(wait).unwrap()));
            assert_eq!(try_codes(&client, user, WRONG).await, wrong());
        }
    }
    app.clock.advance(TimeDelta::seconds(16));
    assert_eq!(try_codes(&client, "wonny", PASSWORD).await.0, "OK");
    // A full sign-in clears the count.
    for _ in 0..6 {
        assert_eq!(try_codes(&client, "wonny", WRONG).await, wrong());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_network_is_not_held_up_until_all_together_are() {
    let app = TestApp::with_users(&["wonny"]).await;
    let from = |address: &str| app.client().at(address);
    // He is known at home.
    assert_eq!(try_codes(&from("198.51.100.7"), "wonny", PASSWORD).await.0, "OK");
    for network in 0..10 {
        for _ in 0..5 {
            assert_eq!(try_codes(&from(&format!("10.0.{network}.1")), "wonny", WRONG).await, wrong());
        }
    }
    assert_eq!(try_codes(&from("10.0.99.1"), "wonny", WRONG).await, wrong());
    assert_eq!(try_codes(&from("10.0.100.1"), "wonny", PASSWORD).await, refused(1));
    // Neighbours share a network.
    assert_eq!(try_codes(&from("198.51.100.200"), "wonny", PASSWORD).await.0, "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_forgotten_after_thirty_days() {
    let app = TestApp::with_users(&["wonny"]).await;
    let from = |address: &str| app.client().at(address);
    assert_eq!(try_codes(&from("198.51.100.7"), "wonny", PASSWORD).await.0, "OK");
    app.clock.advance(TimeDelta::days(30));
    for number in 0..51 {
        assert_eq!(try_codes(&from(&format!("10.0.{number}.1")), "wonny", WRONG).await, wrong());
    }
    assert_eq!(try_codes(&from("198.51.100.7"), "wonny", PASSWORD).await, refused(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_failure_forgets_all() {
    let app = TestApp::with_users(&["wonny"]).await;
    for _ in 0..6 {
        try_codes(&app.client(), "wonny", WRONG).await;
    }
    app.clock.advance(TimeDelta::hours(24));
    app.services.prune().await.unwrap();
    for _ in 0..6 {
        assert_eq!(try_codes(&app.client(), "wonny", WRONG).await, wrong());
    }
}

/// Guesses made at the same moment, over two servers on one database, are counted one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_over_two_servers_buy_nothing() {
    let database = database::create().await;
    let one = TestApp::on(&database).await;
    let other = TestApp::with_clock(&database, one.clock.clone()).await;
    one.import(&(crate::support::domain(DOMAIN) + &crate::support::user(DOMAIN, "wonny", ""))).await;
    let clients = [one.client(), other.client()];
    let guesses = (0..40).map(|number| try_codes(&clients[number % 2], "wonny", WRONG));
    let answers = futures_util::future::join_all(guesses).await;
    assert_eq!(answers.iter().filter(|answer| **answer == wrong()).count(), 6, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.0 == "RATE_LIMITED").count(), 34, "{answers:?}");
}

/// The one who has the right password is never held up by himself, however many windows he opens at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn right_passwords_at_once_are_all_let_in() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.client();
    let tries = (0..20).map(|_| try_codes(&client, "wonny", PASSWORD));
    for answer in futures_util::future::join_all(tries).await {
        assert_eq!(answer.0, "OK");
    }
}

/// Fails for so many user ids, each at an address of its own in one network.
async fn spray(app: &TestApp, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let client = app.client().at(&format!("203.0.113.{}", number % 256));
        assert_eq!(try_codes(&client, &format!("nobody{number}"), WRONG).await, wrong(), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_three_hundred_free_failures_an_hour_over_all_users() {
    let app = TestApp::with_users(&["wonny", "mallory", "other"]).await;
    let here = app.client().at("203.0.113.9");
    // These two are known on the network.
    for user in ["wonny", "mallory"] {
        assert_eq!(try_codes(&here, user, PASSWORD).await.0, "OK");
    }
    spray(&app, 0..301).await;
    let mut number = 1000;
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        // Nothing is compared or counted during the delay, for whatever user id.
        for (user, password) in [("other", PASSWORD), ("nobody0", WRONG), ("somebody", WRONG)] {
            assert_eq!(try_codes(&here, user, password).await, refused(wait));
        }
        app.clock.advance(TimeDelta::seconds(i64::try_from(wait).unwrap()));
        number += 1;
        spray(&app, number..number + 1).await;
    }
    // Users who are known there do not notice, and clear nothing for the others.
    for user in ["mallory", "wonny"] {
        assert_eq!(try_codes(&here, user, PASSWORD).await.0, "OK");
        assert_eq!(try_codes(&here, "other", PASSWORD).await, refused(60));
    }
    // Neither does anybody elsewhere.
    assert_eq!(try_codes(&app.client().at("203.0.114.9"), "other", PASSWORD).await.0, "OK");
    // An hour after the first failures they are no longer counted.
    app.clock.advance(TimeDelta::hours(1));
    spray(&app, 2000..2003).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn correct_passwords_do_not_count_against_the_network() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(crate::support::domain(DOMAIN) + &crate::support::user(DOMAIN, "wonny", ""))).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for _ in 0..3 {
        assert_eq!(try_codes(&client, "wonny", PASSWORD).await.0, "OK");
        client.done("reauthenticate", serde_json::json!({ "password": PASSWORD }), "user { id }").await;
    }
    assert_eq!(database.count("tallies").await, 0);
    assert_eq!(database.count("password_attempts WHERE failures > 0").await, 0);
    // Wrong current passwords in a session do.
    client.refusal("reauthenticate", serde_json::json!({ "password": WRONG })).await;
    assert_eq!(database.count("tallies").await, 1);
}

/// Attempts over all users that arrive together are counted one by one, over two servers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_attempts_for_many_users_gain_nothing() {
    let database = database::create().await;
    let one = TestApp::on(&database).await;
    let other = TestApp::with_clock(&database, one.clock.clone()).await;
    one.import(&(crate::support::domain(DOMAIN) + &crate::support::user(DOMAIN, "wonny", ""))).await;
    spray(&one, 0..295).await;
    let clients = [one.client().at("203.0.113.1"), other.client().at("203.0.113.2")];
    let guesses = (0..40).map(|number| {
        let client = clients[number % 2].clone();
        tokio::spawn(async move { try_codes(&client, &format!("another{number}"), WRONG).await })
    });
    let answers = futures_util::future::join_all(guesses).await;
    let compared = answers.iter().filter(|answer| *answer.as_ref().unwrap() == wrong()).count();
    assert_eq!(compared, 6, "{answers:?}");
}

/// Counting, clearing by a sign-in, clearing by a new password, and pruning lock the same rows: none waits for another in
/// a circle.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn counting_and_clearing_at_once_never_deadlock() {
    let app = std::sync::Arc::new(TestApp::with_users(&["wonny"]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..4 {
        let app = app.clone();
        tasks.spawn(async move {
            for round in 0..40 {
                let client = app.client().at(&format!("10.0.{}.1", (task + round) % 6));
                let password = if round % 3 == 0 { PASSWORD } else { WRONG };
                // `try_codes` accepts no failure of the server.
                try_codes(&client, "wonny", password).await;
            }
        });
    }
    for _ in 0..2 {
        let app = app.clone();
        tasks.spawn(async move {
            let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
            for round in 0..40 {
                let password = Password::typed(if round % 2 == 0 { "battery staple 8" } else { PASSWORD });
                // The other task may have set the same.
                match app.services.set_password(&domain_id, &login, password).await {
                    Ok(_) | Err(Error::Refused(AdminRefusal::Unchanged)) => {}
                    Err(error) => panic!("{error:?}"),
                }
                app.clock.advance(TimeDelta::hours(1));
                app.services.prune().await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}
