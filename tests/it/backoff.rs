//! Backoff after wrong passwords, for known and unknown users.

use chrono::TimeDelta;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;
use userprofile::services::Error;
use userprofile::services::admin::AdminRefusal;

use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User, database};

const WRONG: &str = "something else";

/// Signs in. Returns the error code, or `OK`, and `retryAfter`.
async fn sign_in_result(client: &Client, user: &str, password: &str) -> (String, Option<u64>) {
    let response = client.try_sign_in(DOMAIN, user, password).await;
    let error = &response.data()["signIn"]["errors"][0];
    (error["code"].as_str().unwrap_or("OK").to_owned(), error["retryAfter"].as_u64())
}

fn rate_limited(seconds: u64) -> (String, Option<u64>) {
    ("RATE_LIMITED".to_owned(), Some(seconds))
}

fn invalid_credentials() -> (String, Option<u64>) {
    ("INVALID_CREDENTIALS".to_owned(), None)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_passwords_each_further_one_doubles_the_backoff() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.client();
    for user in ["wonny", "unknown"] {
        for _ in 0..6 {
            assert_eq!(sign_in_result(&client, user, WRONG).await, invalid_credentials());
        }
        for wait in [1, 2, 4, 8] {
            // Attempts during the delay are not counted, and not even the correct password is compared.
            assert_eq!(sign_in_result(&client, user, WRONG).await, rate_limited(wait));
            assert_eq!(sign_in_result(&client, user, PASSWORD).await, rate_limited(wait));
            app.clock.advance(TimeDelta::seconds(i64::try_from(wait).unwrap()));
            assert_eq!(sign_in_result(&client, user, WRONG).await, invalid_credentials());
        }
    }
    app.clock.advance(TimeDelta::seconds(16));
    assert_eq!(sign_in_result(&client, "wonny", PASSWORD).await.0, "OK");
    // A completed sign-in clears the count.
    for _ in 0..6 {
        assert_eq!(sign_in_result(&client, "wonny", WRONG).await, invalid_credentials());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_network_is_delayed_only_by_the_limit_over_all_networks() {
    let app = TestApp::with_users(&["wonny"]).await;
    let from = |address: &str| app.client().at(address);
    // The user is known on this network.
    assert_eq!(sign_in_result(&from("198.51.100.7"), "wonny", PASSWORD).await.0, "OK");
    for network in 0..10 {
        for _ in 0..5 {
            assert_eq!(
                sign_in_result(&from(&format!("10.0.{network}.1")), "wonny", WRONG).await,
                invalid_credentials()
            );
        }
    }
    assert_eq!(sign_in_result(&from("10.0.99.1"), "wonny", WRONG).await, invalid_credentials());
    assert_eq!(sign_in_result(&from("10.0.100.1"), "wonny", PASSWORD).await, rate_limited(1));
    // Addresses of the same /24 are one network.
    assert_eq!(sign_in_result(&from("198.51.100.200"), "wonny", PASSWORD).await.0, "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_network_expires_after_thirty_days() {
    let app = TestApp::with_users(&["wonny"]).await;
    let from = |address: &str| app.client().at(address);
    assert_eq!(sign_in_result(&from("198.51.100.7"), "wonny", PASSWORD).await.0, "OK");
    app.clock.advance(TimeDelta::days(30));
    for number in 0..51 {
        assert_eq!(sign_in_result(&from(&format!("10.0.{number}.1")), "wonny", WRONG).await, invalid_credentials());
    }
    assert_eq!(sign_in_result(&from("198.51.100.7"), "wonny", PASSWORD).await, rate_limited(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_failures_clears_the_count() {
    let app = TestApp::with_users(&["wonny"]).await;
    for _ in 0..6 {
        sign_in_result(&app.client(), "wonny", WRONG).await;
    }
    app.clock.advance(TimeDelta::hours(24));
    app.services.prune().await.unwrap();
    for _ in 0..6 {
        assert_eq!(sign_in_result(&app.client(), "wonny", WRONG).await, invalid_credentials());
    }
}

/// Concurrent attempts on two servers with one database are counted one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_attempts_over_two_servers_gain_nothing() {
    let database = database::create().await;
    let one = TestApp::on(&database).await;
    let other = TestApp::with_clock(&database, one.clock.clone()).await;
    one.import_users(&[User::new("wonny")]).await;
    let clients = [one.client(), other.client()];
    let attempts = (0..40).map(|number| sign_in_result(&clients[number % 2], "wonny", WRONG));
    let results = futures_util::future::join_all(attempts).await;
    assert_eq!(results.iter().filter(|result| **result == invalid_credentials()).count(), 6, "{results:?}");
    assert_eq!(results.iter().filter(|result| result.0 == "RATE_LIMITED").count(), 34, "{results:?}");
}

/// Concurrent sign-ins with the correct password do not delay each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_correct_passwords_all_succeed() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.client();
    let attempts = (0..20).map(|_| sign_in_result(&client, "wonny", PASSWORD));
    for result in futures_util::future::join_all(attempts).await {
        assert_eq!(result.0, "OK");
    }
}

/// Fails to sign in as many user ids, each from its own address in one network.
async fn spray(app: &TestApp, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let client = app.client().at(&format!("203.0.113.{}", number % 256));
        assert_eq!(
            sign_in_result(&client, &format!("unknown{number}"), WRONG).await,
            invalid_credentials(),
            "{number}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_three_hundred_failures_an_hour_over_all_users_without_backoff() {
    let app = TestApp::with_users(&["wonny", "mallory", "other"]).await;
    let here = app.client().at("203.0.113.9");
    // These two users are known on the network.
    for user in ["wonny", "mallory"] {
        assert_eq!(sign_in_result(&here, user, PASSWORD).await.0, "OK");
    }
    spray(&app, 0..301).await;
    let mut number = 1000;
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        // During the delay, nothing is compared or counted for any user id.
        for (user, password) in [("other", PASSWORD), ("unknown0", WRONG), ("unknown", WRONG)] {
            assert_eq!(sign_in_result(&here, user, password).await, rate_limited(wait));
        }
        app.clock.advance(TimeDelta::seconds(i64::try_from(wait).unwrap()));
        number += 1;
        spray(&app, number..number + 1).await;
    }
    // Users who are known on the network are not delayed, and their sign-ins clear nothing for the others.
    for user in ["mallory", "wonny"] {
        assert_eq!(sign_in_result(&here, user, PASSWORD).await.0, "OK");
        assert_eq!(sign_in_result(&here, "other", PASSWORD).await, rate_limited(60));
    }
    // Other networks are not affected.
    assert_eq!(sign_in_result(&app.client().at("203.0.114.9"), "other", PASSWORD).await.0, "OK");
    // An hour after the first failures they are no longer counted.
    app.clock.advance(TimeDelta::hours(1));
    spray(&app, 2000..2003).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn correct_passwords_do_not_count_against_the_network() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import_users(&[User::new("wonny")]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for _ in 0..3 {
        assert_eq!(sign_in_result(&client, "wonny", PASSWORD).await.0, "OK");
        client.mutate_ok("reauthenticate", serde_json::json!({ "password": PASSWORD }), "user { id }").await;
    }
    assert_eq!(database.count("tallies").await, 0);
    assert_eq!(database.count("password_attempts WHERE failures > 0").await, 0);
    // Wrong current passwords in a session are counted.
    client.error_code("reauthenticate", serde_json::json!({ "password": WRONG })).await;
    assert_eq!(database.count("tallies").await, 1);
}

/// Concurrent attempts for many users on two servers are counted one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_attempts_for_many_users_gain_nothing() {
    let database = database::create().await;
    let one = TestApp::on(&database).await;
    let other = TestApp::with_clock(&database, one.clock.clone()).await;
    one.import_users(&[User::new("wonny")]).await;
    spray(&one, 0..295).await;
    let clients = [one.client().at("203.0.113.1"), other.client().at("203.0.113.2")];
    let attempts = (0..40).map(|number| {
        let client = clients[number % 2].clone();
        tokio::spawn(async move { sign_in_result(&client, &format!("another{number}"), WRONG).await })
    });
    let results = futures_util::future::join_all(attempts).await;
    let compared = results.iter().filter(|result| *result.as_ref().unwrap() == invalid_credentials()).count();
    assert_eq!(compared, 6, "{results:?}");
}

/// Counting, clearing by a sign-in, clearing by a new password, and pruning lock the same rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn concurrent_counting_and_clearing_never_deadlock() {
    let app = std::sync::Arc::new(TestApp::with_users(&["wonny"]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..4 {
        let app = app.clone();
        tasks.spawn(async move {
            for round in 0..40 {
                let client = app.client().at(&format!("10.0.{}.1", (task + round) % 6));
                let password = if round % 3 == 0 { PASSWORD } else { WRONG };
                // `sign_in_result` panics on an internal error.
                sign_in_result(&client, "wonny", password).await;
            }
        });
    }
    for _ in 0..2 {
        let app = app.clone();
        tasks.spawn(async move {
            let (domain_id, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
            for round in 0..40 {
                let password = Password::from_input(if round % 2 == 0 { "battery staple 8" } else { PASSWORD });
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
