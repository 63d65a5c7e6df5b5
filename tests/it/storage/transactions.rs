//! Transactions, when the one who asked for something goes away in the middle of it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use chrono::TimeDelta;
use userprofile::clock::Clock;
use userprofile::domain::event::Client;
use userprofile::domain::ids::DomainId;
use userprofile::domain::login::LoginId;
use userprofile::domain::password::Password;
use userprofile::services::sign_in::SignIn;
use userprofile::storage::{events, sessions, users};

use crate::support::{DOMAIN, PASSWORD, TestApp};

/// However far signing in got before its future was dropped, no lock is left behind and nothing is half written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_sign_in_leaves_no_lock_and_no_partial_write() {
    let names: Vec<String> = (0..60).map(|number| format!("user{number}")).collect();
    let app = TestApp::with_users(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let client = Client { address: "192.0.2.9".parse().unwrap(), user_agent: None };
    let domain = DomainId::parse(DOMAIN).unwrap();
    for (number, name) in names.iter().enumerate() {
        let login = LoginId::parse(name).unwrap();
        let who = SignIn { domain_id: domain.clone(), login, password: Password::from_input(PASSWORD) };
        drop_after(2 * number, app.services.sign_in(who, &client)).await;
    }
    let (db, now) = (&app.services.db, app.clock.now());
    let mut signed_in = 0;
    for name in &names {
        let found = users::find_credentials(db, &domain, &LoginId::parse(name).unwrap()).await.unwrap().unwrap();
        let sessions = sessions::list_by_owner(db, &found.user.id, now).await.unwrap().len();
        let events = events::count_by_owner(db, &found.user.id, now - TimeDelta::days(1)).await.unwrap();
        assert_eq!(i64::try_from(sessions).unwrap(), events, "{name}");
        assert_eq!(found.user.last_accessed_at.is_some(), sessions == 1, "{name}");
        signed_in += sessions;
    }
    assert!(signed_in > 0 && signed_in < names.len(), "all or none got through: {signed_in}");
    let again = tokio::time::timeout(Duration::from_secs(5), app.signed_in(DOMAIN, "user0")).await;
    assert!(again.expect("a lock was left behind").is_authenticated().await);
}

/// Drops `future` when it has had to wait that many times, if it is not done before.
async fn drop_after(waits: usize, future: impl Future) {
    let mut future = pin!(future);
    let mut waited = 0;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Pending if waited < waits => {
            waited += 1;
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}
