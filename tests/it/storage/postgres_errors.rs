//! Errors of PostgreSQL: recognised by their SQLSTATE, in whatever language the server tells them.

use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use userprofile::storage::db::Location;

use crate::support::database::{self, Database};
use crate::support::{Client, DOMAIN, PASSWORD, Response, TestApp, domain, user};

/// Ends all sessions but the one that says so, and waits until they have ended.
const END_OTHER_SESSIONS: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// A server on a database of its own, which holds one user.
async fn start() -> (Database, TestApp) {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", ""))).await;
    (database, app)
}

/// Whatever is written to a table fails from now on, if `condition` holds, and says so in Korean.
async fn refuse_writes(database: &Database, table: &str, state: &str, condition: &str) {
    let sql = format!(
        "CREATE SEQUENCE IF NOT EXISTS writes_{state};
         CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF {condition} THEN RAISE EXCEPTION '잠금 시간 초과로 작업을 취소합니다' USING ERRCODE = '{state}'; END IF;
           RETURN NEW; END $$;
         CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse();"
    );
    database.administer(&sql).await;
}

async fn reset(client: &Client) -> Response {
    client.try_mutate("resetPassword", json!({ "domainId": DOMAIN, "userId": "wonny" }), "ok").await
}

#[track_caller]
fn assert_unavailable(answer: &Response, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.error_code()), (503, "UNAVAILABLE"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_errors_are_unavailable_in_any_language() {
    let (database, app) = start().await;
    for state in ["25006", "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "57P01", "08006"] {
        refuse_writes(&database, "tallies", state, "true").await;
        assert_unavailable(&reset(&app.client()).await, state);
    }
    refuse_writes(&database, "tallies", "42501", "true").await;
    assert_eq!(reset(&app.client()).await.error_code(), "INTERNAL_SERVER_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_transaction_is_run_again() {
    let (database, app) = start().await;
    for state in ["40001", "40P01"] {
        refuse_writes(&database, "tallies", state, &format!("nextval('writes_{state}') = 1")).await;
        let client = app.client().at(if state == "40001" { "192.0.2.1" } else { "192.0.2.2" });
        let answer = client.try_mutate("resetPassword", json!({ "domainId": DOMAIN, "userId": state }), "ok").await;
        assert_eq!(answer.data()["resetPassword"]["ok"], true, "{state}");
    }
    assert_eq!(database.count("outbox").await, 2);
    let client = app.signed_in(DOMAIN, "wonny").await;
    database.administer("CREATE SEQUENCE refreshes").await;
    refuse_writes(&database, "session_tokens", "40P01", "nextval('refreshes') = 1").await;
    let refreshed = client.refresh(&client.tokens.as_ref().unwrap().refresh).await;
    assert!(refreshed.data()["refreshSession"]["session"].is_object(), "{}", refreshed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_verification_is_completed() {
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", r#""email":"wonny@example.com","email_verified":true"#)))
        .await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(reset(&client).await.data()["resetPassword"]["ok"], true);
    let token = app.last_message("wonny@example.com").await.token();
    database.administer("CREATE SEQUENCE proofs").await;
    refuse_writes(&database, "sessions", "40P01", "nextval('proofs') = 1").await;
    client.mutate_ok("reauthenticate", json!({ "password": PASSWORD }), "user { id }").await;
    database.administer("ALTER SEQUENCE proofs RESTART").await;
    refuse_writes(&database, "security_events", "40001", "nextval('proofs') = 1").await;
    client
        .mutate_ok("confirmPasswordReset", json!({ "token": token, "newPassword": "another lantern 77" }), "ok")
        .await;
    let mut again = app.client();
    again.sign_in(DOMAIN, "wonny", "another lantern 77").await;
}

/// Somebody holds a lock for longer than a statement may wait for one, or the statement takes longer than any may. The
/// transaction must not go on, where every statement would fail for having failed before.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_timeout_is_unavailable() {
    let (database, _) = start().await;
    for limit in ["lock_timeout", "statement_timeout"] {
        let url = format!("{}?options=-c%20{limit}%3D100ms", database.url());
        let app = TestApp::at(&Location::Postgres(url.parse().unwrap())).await;
        let mut other = database.connect().await;
        other.batch_execute("BEGIN; LOCK TABLE tallies, password_attempts").await.unwrap();
        assert_unavailable(&reset(&app.client()).await, limit);
        let answer = app.client().try_sign_in(DOMAIN, "wonny", "wrong horse 7").await;
        assert_unavailable(&answer, limit);
    }
}

/// While the operator of PostgreSQL ends a session, in whatever language, requests report that the service is
/// not available, or are served by another session.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn terminated_database_sessions_are_unavailable_and_never_an_internal_error() {
    let (database, app) = start().await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    for _ in 0..20 {
        let ask = (0..8).map(|_| client.query("{ me { userId workspaces { totalCount } } }"));
        let end = database.administer(END_OTHER_SESSIONS);
        let (answers, ()) = tokio::join!(futures_util::future::join_all(ask), end);
        for answer in answers.iter().filter(|answer| answer.body.get("errors").is_some()) {
            let errors = answer.body["errors"].as_array().unwrap();
            assert!(errors.iter().all(|error| error["extensions"]["code"] == "UNAVAILABLE"), "{}", answer.body);
        }
    }
    assert_eq!(client.query("{ me { userId } }").await.data()["me"]["userId"], "wonny");
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_read_committed_whatever_the_default_is() {
    let (database, _) = start().await;
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    database.administer(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    refuse_writes(&database, "tallies", "XX000", "current_setting('transaction_isolation') <> 'read committed'").await;
    let app = TestApp::on(&database).await;
    assert_eq!(reset(&app.client()).await.data()["resetPassword"]["ok"], true);
}

/// As after a failover, or where an operator wants nothing to be written.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_database_is_not_ready_and_refuses_writes_but_serves_reads() {
    let (database, app) = start().await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    assert_eq!(app.readiness().await, 200);
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    database.administer(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    database.administer(END_OTHER_SESSIONS).await;
    assert_eq!(app.readiness().await, 503);
    assert_unavailable(&reset(&app.client()).await, "resetPassword");
    assert_eq!(app.client().try_sign_in(DOMAIN, "wonny", "wrong horse 7").await.error_code(), "UNAVAILABLE");
    assert_eq!(client.query("{ me { userId } }").await.data()["me"]["userId"], "wonny");
    let again = format!("BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT");
    database.administer(&again).await;
    database.administer(END_OTHER_SESSIONS).await;
    // The first answers may still come from sessions that were ended.
    while app.readiness().await != 200 {}
    assert_eq!(reset(&app.client()).await.data()["resetPassword"]["ok"], true);
}

/// Sessions keep the default that they began with. They are replaced, so the server recovers by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_writable_again_is_ready_though_no_session_was_ended() {
    let (database, app) = start().await;
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    database.administer(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    database.administer(END_OTHER_SESSIONS).await;
    while app.readiness().await != 503 {}
    let again = format!("BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT");
    database.administer(&again).await;
    while app.readiness().await != 200 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_space_is_not_ready_until_a_write_succeeds() {
    let (database, app) = start().await;
    refuse_writes(&database, "tallies", "53100", "true").await;
    refuse_writes(&database, "installation", "53100", "true").await;
    assert_eq!(app.readiness().await, 200);
    assert_unavailable(&reset(&app.client()).await, "resetPassword");
    assert_eq!(app.readiness().await, 503);
    database.administer("DROP TRIGGER refuse ON tallies; DROP TRIGGER refuse ON installation").await;
    assert_eq!(app.readiness().await, 200);
}
