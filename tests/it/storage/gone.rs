//! A user who was deleted or replaced meanwhile: a lock that finds no row is no lock, and a change of no row no change.

use chrono::TimeDelta;
use userprofile::clock::Clock;
use userprofile::domain::ids::{DomainId, SessionId};
use userprofile::domain::login::LoginId;
use userprofile::domain::user::UserState;
use userprofile::storage::users::AuthenticatorApp;
use userprofile::storage::{Error, sessions, users};

use crate::support::{DOMAIN, TestApp};

#[track_caller]
fn assert_gone(result: Result<(), Error>) {
    assert!(matches!(result, Err(Error::Gone { .. })), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn locking_or_changing_a_deleted_user_fails() {
    let app = TestApp::with_users(&["wonny"]).await;
    let (db, now) = (&app.services.db, app.clock.now());
    let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    let user = users::find_credentials(db, &domain, &login).await.unwrap().unwrap().user;
    app.services.delete_user(&domain, &login).await.unwrap();

    let mut tx = db.begin().await.unwrap();
    let session = SessionId::from_random([1; 6]);
    assert!(users::find_credentials_locked(&mut tx, &user.id).await.unwrap().is_none());
    assert!(users::find_locked(&mut tx, &domain, &login).await.unwrap().is_none());
    assert!(sessions::find_caller_locked(&mut tx, &user.id, &session, now).await.unwrap().is_none());
    assert_gone(users::update(&mut tx, &user).await);
    assert_gone(users::update_authenticator_app(&mut tx, &user.id, &AuthenticatorApp::default()).await);
    assert_gone(users::update_password_hash(&mut tx, &user.id, "hash").await);
    assert_gone(users::update_state(&mut tx, &user.id, UserState::Enabled).await);
    assert_gone(users::update_last_accessed(&mut tx, &user.id, now).await);
    assert_gone(users::delete(&mut tx, &user.id).await);
    assert_gone(sessions::touch(&mut tx, &session, now, now).await);
    assert_gone(sessions::update_authenticated(&mut tx, &session, now).await);
    assert!(!users::accept_step(&mut tx, &user.id, b"secret", 1).await.unwrap());
    tx.roll_back().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_step_is_accepted_once_and_only_for_the_secret_that_is_stored() {
    let app = TestApp::with_users(&["wonny"]).await;
    let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    let mut tx = app.services.db.begin().await.unwrap();
    let id = users::find_locked(&mut tx, &domain, &login).await.unwrap().unwrap().id;
    let stored = AuthenticatorApp { secret: Some(b"secret".to_vec()), last_step: None };
    users::update_authenticator_app(&mut tx, &id, &stored).await.unwrap();
    for (secret, step, is_accepted) in
        [("other", 7, false), ("secret", 7, true), ("secret", 7, false), ("secret", 6, false), ("secret", 8, true)]
    {
        let accepted = users::accept_step(&mut tx, &id, secret.as_bytes(), step).await.unwrap();
        assert_eq!(accepted, is_accepted, "{secret} {step}");
    }
    tx.roll_back().await.unwrap();
}

/// Another transaction replaces the user's row while sign-ins wait for its lock: the row that they find afterwards is not
/// the one that they locked.
#[cfg(feature = "postgres-tests")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sign_ins_that_wait_while_the_user_is_replaced_at_most_one_consumes_the_code() {
    use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
    use serde_json::json;

    use crate::mfa::Authenticator;
    use crate::support::{PASSWORD, database, domain, user};

    // Fewer than the connections of the pool.
    const WAITING: i64 = 5;
    if database::server().is_none() {
        return;
    }
    let database = database::create().await;
    let app = TestApp::on(&database).await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let mfa = format!(r#""mfa":{{"state":"ENABLED","mfa_type":"OTP","otp_secret":"{secret}"}}"#);
    app.import(&(domain(DOMAIN) + &user(DOMAIN, "wonny", &mfa))).await;
    let code = Authenticator::new(secret).code(&app);
    let mut inputs = Vec::new();
    for _ in 0..WAITING {
        let answer = app.client().try_sign_in(DOMAIN, "wonny", PASSWORD).await;
        let token = answer.data()["signIn"]["mfaChallenge"]["token"].clone();
        inputs.push(json!({ "challengeToken": token, "verifyCode": code }));
    }

    let mut replacing = AsyncPgConnection::establish(&database.url()).await.unwrap();
    let replace = "BEGIN;
        CREATE TEMP TABLE copy AS SELECT * FROM users;
        DELETE FROM users;
        INSERT INTO users SELECT * FROM copy;";
    replacing.batch_execute(replace).await.unwrap();
    let sign_ins = inputs.into_iter().map(|input| {
        let client = app.client();
        tokio::spawn(async move { client.mutate("confirmSignIn", input, "session { accessToken }").await })
    });
    let sign_ins: Vec<_> = sign_ins.collect();
    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.count(waiting).await < WAITING {}
    replacing.batch_execute("COMMIT").await.unwrap();
    let done = futures_util::future::join_all(sign_ins).await;
    let signed_in = done.iter().filter(|payload| payload.as_ref().unwrap()["session"].is_object()).count();
    assert!(signed_in <= 1, "{done:?}");
    let refresh = database.count("sessions").await;
    assert_eq!(refresh, i64::try_from(signed_in).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_of_a_deleted_user_is_invalid() {
    let app = TestApp::with_users(&["wonny"]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    let (domain, login) = (DomainId::parse(DOMAIN).unwrap(), LoginId::parse("wonny").unwrap());
    app.services.delete_user(&domain, &login).await.unwrap();
    app.clock.advance(TimeDelta::seconds(1));
    let refresh = client.tokens.clone().unwrap().refresh;
    assert_eq!(client.refresh(&refresh).await.user_errors("refreshSession"), ["INVALID_TOKEN"]);
}
