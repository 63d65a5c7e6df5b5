//! Migrations.

use userprofile::storage::migrate;

use crate::support::database;

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
async fn servers_that_start_at_once_do_not_disturb_each_other() {
    let database = database::create_empty().await;
    let location = database.location();
    let servers = (0..4).map(|_| {
        let location = location.clone();
        tokio::spawn(async move { migrate::apply(&location).await.unwrap().len() })
    });
    let applied: Vec<usize> = futures_util::future::join_all(servers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(applied.iter().filter(|applied| **applied > 0).count(), 1, "{applied:?}");
}
