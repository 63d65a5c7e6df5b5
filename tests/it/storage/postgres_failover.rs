//! Failover drills: the primary database is killed while three servers are under load, and its standby takes over; and
//! one of three servers is killed.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use userprofile::domain::outbox::LEASE;
use userprofile::storage::migrate;

use super::postgres_pair::Pair;
use crate::cli::{Binary, Server};
use crate::support::mail::Behavior;
use crate::support::{Client, DOMAIN, MailServer, ManualClock, TestApp, User, database};

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const SENDER: &str = "noreply@failover.test";
/// The servers under load.
const SERVERS: usize = 3;
/// The users who change their names without pause, one after the other.
const WRITERS: usize = 6;
/// The users who each request one link to reset their password.
const RESETTERS: usize = 120;
/// The time within which service must be back.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// The longest that anything else may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was acknowledged to a client.
#[derive(Default)]
struct Acknowledged {
    /// The number in the last name that was accepted.
    last: usize,
    /// When the first write after the failover was accepted.
    back_at: Option<Instant>,
    failures: usize,
}

/// Changes a name until `stop`, each time on another server. Every failure must be UNAVAILABLE.
async fn write_names(clients: Vec<Client>, stop: Arc<AtomicBool>, is_killed: Arc<AtomicBool>) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        let client = &clients[number % clients.len()];
        let was_killed = is_killed.load(Ordering::Relaxed);
        let input = json!({ "name": format!("name {number}") });
        let response = client.try_mutate("updateProfile", input, "user { name }").await;
        if response.body["data"]["updateProfile"]["user"].is_object() {
            acknowledged.last = number;
            if was_killed {
                acknowledged.back_at.get_or_insert_with(Instant::now);
            }
        } else {
            assert_eq!(response.error_code(), "UNAVAILABLE", "{}", response.body);
            acknowledged.failures += 1;
        }
    }
    acknowledged
}

/// Requests a link for each user, half of them before the failover and half of them after. Returns the addresses of those
/// whose request was accepted.
async fn request_links(apps: &[TestApp], half: &Notify, is_killed: &AtomicBool) -> Vec<String> {
    let mut accepted = Vec::new();
    for number in 0..RESETTERS {
        let client = apps[number % apps.len()].client().at(&format!("203.0.113.{}", number + 1));
        let input = json!({ "domainId": DOMAIN, "userId": format!("resetter{number}") });
        let response = client.try_mutate("resetPassword", input, "ok").await;
        if response.body["data"]["resetPassword"]["ok"] == true {
            accepted.push(format!("resetter{number}@example.com"));
        } else {
            assert_eq!(response.error_code(), "UNAVAILABLE", "{}", response.body);
        }
        if number == RESETTERS / 2 {
            half.notify_one();
            while !is_killed.load(Ordering::Relaxed) {
                tokio::task::yield_now().await;
            }
        }
    }
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_failover_nothing_acknowledged_is_lost() {
    let pair = Pair::start();
    let location = pair.location();
    migrate::apply(&location).await.unwrap();
    let clock = Arc::<ManualClock>::default();
    let (mut apps, mut senders) = (Vec::new(), Vec::new());
    for _ in 0..SERVERS {
        let (app, sender) = TestApp::one_of_several(&location, clock.clone()).await;
        apps.push(app);
        senders.push(sender);
    }
    let writers = (0..WRITERS).map(|number| User::new(&format!("writer{number}")));
    let resetters = (0..RESETTERS)
        .map(|number| User::new(&format!("resetter{number}")).verified_email(&format!("resetter{number}@example.com")));
    apps[0].import_users(&writers.chain(resetters).collect::<Vec<_>>()).await;

    let stop_workers = CancellationToken::new();
    let workers: Vec<_> =
        apps.iter().map(|app| tokio::spawn(app.services.clone().run_worker(stop_workers.clone()))).collect();
    let (stop, is_killed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut writing = Vec::new();
    for number in 0..WRITERS {
        let signed_in = apps[0].signed_in(DOMAIN, &format!("writer{number}")).await;
        let tokens = signed_in.tokens.unwrap();
        let clients = apps.iter().map(|app| app.client().with_tokens(tokens.clone())).collect();
        writing.push(tokio::spawn(write_names(clients, stop.clone(), is_killed.clone())));
    }
    let half = Notify::new();
    let requesting = async {
        let accepted = request_links(&apps, &half, &is_killed).await;
        stop.store(true, Ordering::Relaxed);
        accepted
    };
    let failing_over = async {
        half.notified().await;
        let killed_at = Instant::now();
        let pair = &pair;
        tokio::task::block_in_place(|| {
            pair.run("kill-primary");
            is_killed.store(true, Ordering::Relaxed);
            pair.run("promote");
        });
        killed_at
    };
    let (accepted, killed_at) = tokio::join!(requesting, failing_over);

    for (number, writer) in writing.into_iter().enumerate() {
        let Acknowledged { last, back_at, failures } = writer.await.unwrap();
        let back_after = back_at.unwrap() - killed_at;
        assert!(back_after < BACK_WITHIN, "back after {back_after:?}");
        let client = apps[number % SERVERS].signed_in(DOMAIN, &format!("writer{number}")).await;
        let name = client.me("name").await["name"].as_str().unwrap().to_owned();
        let stored: usize = name.strip_prefix("name ").unwrap().parse().unwrap();
        assert!(stored >= last, "{name} is stored, and {last} was acknowledged after {failures} failures");
    }

    // What was being sent when the server died is sent again once its lease has expired.
    clock.advance(LEASE * 2);
    let received = || {
        let messages = senders.iter().flat_map(|sender| MailServer::shared().received(sender));
        messages.flat_map(|message| message.recipients).collect::<Vec<_>>()
    };
    let all_sent = async {
        while accepted.iter().any(|address| !received().contains(address)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, all_sent).await.expect("messages are lost");
    stop_workers.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    let received = received();
    let doubled = accepted.iter().filter(|address| received.iter().filter(|to| to == address).count() > 1).count();
    // Each worker was sending one message at most when the server died.
    assert!(doubled <= SERVERS * 4, "{doubled} messages are doubled");
}

/// The servers are processes here, so that one can die without any warning.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_loses_no_message() {
    const REQUESTS: usize = 40;
    /// The messages that a server sends at once.
    const WORKERS: usize = 4;
    let (database, binary) = (database::create().await, Binary::new());
    let users = (0..REQUESTS)
        .map(|number| User::new(&format!("user{number}")).verified_email(&format!("user{number}@example.com")));
    let app = TestApp::on(&database).await;
    app.use_key().await;
    app.import_users(&users.collect::<Vec<_>>()).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mail_port = listener.local_addr().unwrap().port();
    let mail_server = MailServer::on(listener);
    // So that the server dies while it is sending.
    mail_server.set_behavior(Behavior::Slow(Duration::from_millis(300)));
    let start = || {
        let mut command = binary.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("DATABASE_URL", database.url()).env("USERPROFILE_SECRET_KEY", KEY);
        command.env("SMTP_URL", format!("smtp://127.0.0.1:{mail_port}")).env("MAIL_FROM", SENDER);
        command.env("USERPROFILE_PUBLIC_URL", "https://id.test").env("USERPROFILE_SENDS_PER_HOUR_PER_CLIENT", "1000");
        Server::from_command(command)
    };
    let mut servers: Vec<Server> = (0..SERVERS).map(|_| start()).collect();
    let mut accepted = Vec::new();
    tokio::task::block_in_place(|| {
        for number in 0..REQUESTS {
            let query = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { ok } }";
            let input = json!({ "domainId": DOMAIN, "userId": format!("user{number}") });
            let body = json!({ "query": query, "variables": { "input": input } });
            if servers[number % servers.len()].post(&body, None).contains(r#""ok":true"#) {
                accepted.push(format!("user{number}@example.com"));
            }
            if number == REQUESTS / 2 {
                // SIGKILL.
                drop(servers.pop());
            }
        }
    });
    assert_eq!(accepted.len(), REQUESTS);
    // What the server was sending is sent again when its leases have expired.
    let all_sent = async {
        while database.count("outbox").await > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(LEASE.to_std().unwrap() + PATIENCE, all_sent).await.expect("messages are stuck");
    let received: Vec<_> = mail_server.received(SENDER).into_iter().flat_map(|message| message.recipients).collect();
    let lost: Vec<_> = accepted.iter().filter(|address| !received.contains(address)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let doubled = accepted.iter().filter(|address| received.iter().filter(|to| to == address).count() > 1).count();
    assert!(doubled <= WORKERS, "{doubled} messages are doubled");
}
