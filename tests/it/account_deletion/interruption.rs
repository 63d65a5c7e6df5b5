//! Deletions under load, and deletions that are interrupted.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::Value;

use super::{GRACE, exists, schedule};
use crate::cli::{Binary, Server};
use crate::support::database::{self, Database};
use crate::support::{DOMAIN, TestApp, User, domain};

fn user(number: usize) -> User {
    User::new(&format!("user{number}")).verified_email(&format!("user{number}@example.com"))
}

/// While others read, export, and sign in, accounts are deleted by two servers at once: each of them once, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn exports_and_deletions_under_load() {
    const LEAVING: usize = 8;
    const STAYING: usize = 8;
    let database = database::create().await;
    let first = TestApp::on(&database).await;
    let second = TestApp::with_clock(&database, first.clock.clone()).await;
    let users: Vec<User> = (0..LEAVING + STAYING).map(user).collect();
    first.import_users(&users).await;
    for number in 0..LEAVING {
        let client = first.signed_in(DOMAIN, &format!("user{number}")).await;
        schedule(&first, &client, &format!("user{number}@example.com")).await;
        // The limit of messages for one client.
        first.clock.advance(TimeDelta::minutes(10));
    }
    first.clock.advance(GRACE);
    let staying = (LEAVING..LEAVING + STAYING).map(|number| {
        let app = if number % 2 == 0 { &first } else { &second };
        async move {
            let name = format!("user{number}");
            for _ in 0..3 {
                let client = app.signed_in(DOMAIN, &name).await;
                let data = client.mutate_ok("exportData", Value::Null, "data").await["data"].clone();
                assert_eq!(data["user"]["userId"], name.as_str());
                assert_eq!(client.me("userId").await["userId"], name.as_str());
            }
        }
    });
    let deletions = [&first, &second, &first, &second].map(|app| async {
        app.services.delete_due_accounts().await.unwrap();
    });
    tokio::join!(join_all(staying), join_all(deletions));
    for number in 0..LEAVING + STAYING {
        assert_eq!(exists(&first, &format!("user{number}")).await, number >= LEAVING, "user{number}");
    }
    let farewells = [&first, &second].map(TestApp::messages);
    let farewells: Vec<_> = join_all(farewells).await.concat();
    let farewells = farewells.iter().filter(|message| message.subject == "Your account was deleted").count();
    assert_eq!(farewells, LEAVING);
}

/// That of [`TestApp`].
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const ACCOUNTS: i64 = 2000;

/// How many of the accounts exist, whole; and how many are there in part.
async fn whole_and_partial(database: &Database) -> (i64, i64) {
    let whole = database
        .count("users AS u JOIN security_events AS e ON e.owner_id = u.id JOIN codes AS c ON c.owner_id = u.id")
        .await;
    let users = database.count("users WHERE user_id LIKE 'leaving%'").await;
    let events = database.count("security_events").await;
    let codes = database.count("codes").await;
    (whole, (users - whole).abs() + (events - whole).abs() + (codes - whole).abs())
}

/// A server is killed while it deletes accounts. No account is deleted in part, and the next server deletes the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_deletion_is_resumed() {
    let (database, binary) = (database::create().await, Binary::new());
    let app = TestApp::on(&database).await;
    let users = (0..ACCOUNTS).map(|number| User::new(&format!("leaving{number}")).without_password().line());
    app.import(&(domain(DOMAIN) + &users.collect::<String>() + &User::new("staying").line())).await;
    let of_each = "FROM users WHERE user_id LIKE 'leaving%'";
    database
        .execute(&format!(
            "INSERT INTO security_events (event_id, owner_id, event_type, created_at, actor)
                 SELECT 'event-' || id, id, 'SIGNED_IN', created_at, 'USER' {of_each};
             INSERT INTO codes (code_id, owner_id, purpose, tries, created_at, expires_at)
                 SELECT 'code-' || id, id, 'CANCEL_DELETION', 0, created_at, created_at {of_each};"
        ))
        .await;
    assert_eq!(whole_and_partial(&database).await, (ACCOUNTS, 0));

    let serve = || {
        let mut command = binary.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("DATABASE_URL", database.url()).env("USERPROFILE_SECRET_KEY", KEY);
        command.env("USERPROFILE_ACCOUNT_DELETION", "on");
        Server::from_command(command)
    };
    let killed = serve();
    let deadline = Instant::now() + Duration::from_mins(1);
    while database.count("users").await > ACCOUNTS {
        assert!(Instant::now() < deadline, "no account is deleted");
    }
    // With SIGKILL.
    drop(killed);
    let (whole, partial) = whole_and_partial(&database).await;
    assert!(0 < whole && whole < ACCOUNTS, "{whole}");
    assert_eq!(partial, 0);

    let _resumed = serve();
    while database.count("users").await > 1 {
        assert!(Instant::now() < deadline, "{:?} accounts are left", whole_and_partial(&database).await);
    }
    assert_eq!(whole_and_partial(&database).await, (0, 0));
    assert!(exists(&app, "staying").await);
}
