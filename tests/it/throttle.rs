//! Wrong passwords slow the next try down, whoever is guessed at.

use chrono::TimeDelta;

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
