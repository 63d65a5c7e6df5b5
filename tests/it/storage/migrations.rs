//! Migrations.

use userprofile::storage::migrate;

use crate::support::database;

/// The statements of the migration that adds the actors of events.
macro_rules! migration {
    ($database:literal, $direction:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/",
            $database,
            "/2026-11-26-000006_event_actors/",
            $direction,
            ".sql"
        ))
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_once() {
    let database = database::create_empty().await;
    let location = database.location();
    assert!(!migrate::pending(&location).await.unwrap().is_empty());
    assert!(!migrate::apply(&location).await.unwrap().is_empty());
    assert!(migrate::apply(&location).await.unwrap().is_empty());
    assert!(migrate::pending(&location).await.unwrap().is_empty());
}

/// Servers that start at the same moment: one applies, the others wait and find nothing left to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_start_concurrently_migrate_once() {
    let database = database::create_empty().await;
    let location = database.location();
    let servers = (0..4).map(|_| {
        let location = location.clone();
        tokio::spawn(async move { migrate::apply(&location).await.unwrap().len() })
    });
    let applied: Vec<usize> = futures_util::future::join_all(servers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(applied.iter().filter(|applied| **applied > 0).count(), 1, "{applied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_from_before_there_were_actors_get_an_actor() {
    let database = database::create().await;
    let (sqlite, postgres) = (migration!("sqlite", "down"), migration!("postgres", "down"));
    database.execute_on(sqlite, postgres).await;
    let insert = "INSERT INTO security_events (event_id, owner_id, event_type, created_at, client_address)
                  VALUES ('1', 'user-1', 'SIGNED_IN', $now, '::1'), ('2', 'user-1', 'PASSWORD_SET', $now, NULL),
                         ('3', 'user-1', 'SESSIONS_REVOKED', $now, '::1'), ('4', 'user-1', 'SESSIONS_REVOKED', $now, NULL),
                         ('5', 'user-1', 'REFRESH_TOKEN_REUSED', $now, '::1')";
    database.execute_on(&insert.replace("$now", "0"), &insert.replace("$now", "now()")).await;
    let (sqlite, postgres) = (migration!("sqlite", "up"), migration!("postgres", "up"));
    database.execute_on(sqlite, postgres).await;
    let actors = "SELECT actor AS value FROM security_events ORDER BY event_id";
    assert_eq!(database.texts(actors, actors).await, ["USER", "OPERATOR", "USER", "OPERATOR", "SYSTEM"]);
}
