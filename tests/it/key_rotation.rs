//! Rotation of the secret key: nothing is lost, whatever happens meanwhile.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use userprofile::domain::keyring::SecretKeys;
use userprofile::domain::secret::SecretKey;
use userprofile::services::secret_keys::{Rotated, SecretKeyError};

use crate::cli::{Binary, assert_says, said};
use crate::mfa::Authenticator;
use crate::support::database::{self, Database};
use crate::support::{Client, DOMAIN, ManualClock, PASSWORD, TestApp, Tokens, User, domain};

const MAIL: &str = "mina@example.com";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const WRONG: &str = "wrong horse 7";

/// Keys of which each byte has the given value. The first one encrypts.
fn keys<const N: usize>(bytes: [u8; N]) -> SecretKeys {
    let mut keys = bytes.into_iter().map(|byte| SecretKey::new([byte; 32]));
    SecretKeys::new(keys.next().unwrap(), keys.collect())
}

/// The same for the binary.
fn setting<const N: usize>(bytes: [u8; N]) -> String {
    bytes.map(|byte| STANDARD.encode([byte; 32])).join(",")
}

/// The servers on one database.
struct Installation {
    database: Database,
    clock: Arc<ManualClock>,
}

impl Installation {
    async fn new() -> Self {
        Self { database: database::create().await, clock: Arc::default() }
    }

    async fn try_serve(&self, keys: SecretKeys) -> Result<TestApp, SecretKeyError> {
        TestApp::with_keys(&self.database, self.clock.clone(), keys).await
    }

    async fn serve(&self, keys: SecretKeys) -> TestApp {
        self.try_serve(keys).await.unwrap()
    }
}

/// What a user holds in their hands while the key is rotated.
struct InFlight {
    client: Client,
    pending: Authenticator,
    recovery_code: String,
    challenge: Value,
}

async fn challenge(client: &Client, user: &str) -> Value {
    let response = client.try_sign_in(DOMAIN, user, PASSWORD).await;
    response.data()["signIn"]["mfaChallenge"]["token"].clone()
}

async fn confirm(client: &Client, challenge: &Value, code: &str) -> Value {
    let input = json!({ "challengeToken": challenge, "verifyCode": code });
    client.mutate("confirmSignIn", input, "session { accessToken refreshToken }").await
}

async fn sign_in_with_app(app: &TestApp, user: &str, code: &str) -> Client {
    let client = app.client();
    let payload = confirm(&client, &challenge(&client, user).await, code).await;
    assert!(payload["session"].is_object(), "{payload}");
    client.with_tokens(Tokens::from(&payload["session"]))
}

/// Everything that a key protects: a factor, an enrolment, recovery codes, an emailed code, counters, and a message.
async fn begin(app: &TestApp) -> InFlight {
    app.import_users(&[
        User::new("wonny").otp_mfa(SECRET),
        User::new("mina").verified_email(MAIL).email_mfa(MAIL),
        User::new("minho"),
        User::new("busy"),
    ])
    .await;
    let client = sign_in_with_app(app, "wonny", &Authenticator::new(SECRET).code(app)).await;
    let codes = client.mutate_ok("regenerateRecoveryCodes", Value::Null, "recoveryCodes").await;
    let begun = client.mutate_ok("enableMfa", json!({ "mfaType": "OTP" }), "otp { secret }").await;
    let guest = app.client();
    for _ in 0..5 {
        guest.try_sign_in(DOMAIN, "minho", WRONG).await;
    }
    InFlight {
        client,
        pending: Authenticator::new(begun["otp"]["secret"].as_str().unwrap()),
        recovery_code: codes["recoveryCodes"][0].as_str().unwrap().to_owned(),
        challenge: challenge(&guest, "mina").await,
    }
}

/// All of it still works on `app`.
async fn finish(app: &TestApp, InFlight { client, pending, recovery_code, challenge: emailed }: InFlight) {
    let guest = app.client();
    let sixth = guest.try_sign_in(DOMAIN, "minho", WRONG).await;
    assert_eq!(sixth.user_errors("signIn"), ["INVALID_CREDENTIALS"]);
    let seventh = guest.try_sign_in(DOMAIN, "minho", PASSWORD).await;
    assert_eq!(seventh.user_errors("signIn"), ["RATE_LIMITED"], "the first five attempts are not forgotten");
    let payload = confirm(&guest, &emailed, &app.code(MAIL).await).await;
    assert!(payload["session"].is_object(), "{payload}");
    app.clock.advance(TimeDelta::seconds(30));
    sign_in_with_app(app, "wonny", &Authenticator::new(SECRET).code(app)).await;
    sign_in_with_app(app, "wonny", &recovery_code).await;
    let client = guest.with_tokens(client.tokens.unwrap());
    client.mutate_ok("confirmMfa", json!({ "verifyCode": pending.code(app) }), "recoveryCodes").await;
    app.clock.advance(TimeDelta::seconds(30));
    sign_in_with_app(app, "wonny", &pending.code(app)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_by_rotations_beside_running_servers() {
    let installation = Installation::new().await;
    let old = installation.serve(keys([1])).await;
    let in_flight = begin(&old).await;
    let both = installation.serve(keys([2, 1])).await;
    let another = installation.serve(keys([2, 1])).await;
    let users: Vec<User> = (0..150).map(|number| User::new(&format!("user{number}")).otp_mfa(SECRET)).collect();
    old.import_users(&users).await;
    let rotations = join(both.services.rotate_key(|_| {}), another.services.rotate_key(|_| {}));
    let sign_ins = join_all((0..20).map(|_| another.signed_in(DOMAIN, "busy")));
    let ((first, second), _) = join(rotations, sign_ins).await;
    let [first, second] = [first.unwrap(), second.unwrap()];
    assert_eq!(first.otp_secrets + second.otp_secrets, 151);
    assert_eq!(first.pending_otp_secrets + second.pending_otp_secrets, 1);
    assert!(first.jobs + second.jobs > 0);
    assert_eq!((first.undecryptable + second.undecryptable, first.is_complete, second.is_complete), (0, true, true));
    let new = installation.serve(keys([2])).await;
    finish(&new, in_flight).await;
    assert_eq!(new.services.rotate_key(|_| {}).await.unwrap(), Rotated { is_complete: true, ..Rotated::default() });
    assert!(matches!(installation.try_serve(keys([1])).await, Err(SecretKeyError::Differs(_))));
}

/// Databases of version 0.1 make their digests with their secret key.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_by_the_rotation_of_an_older_installation() {
    let installation = Installation::new().await;
    let first = installation.serve(keys([1])).await;
    installation.database.execute("DELETE FROM installation WHERE name = 'digest_key'").await;
    drop(first);
    let in_flight = begin(&installation.serve(keys([1])).await).await;
    installation.serve(keys([3, 1])).await.services.rotate_key(|_| {}).await.unwrap();
    finish(&installation.serve(keys([3])).await, in_flight).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_must_have_every_key_that_is_in_use() {
    let installation = Installation::new().await;
    installation.serve(keys([1])).await;
    assert!(matches!(installation.try_serve(keys([2])).await, Err(SecretKeyError::Differs(_))));
    installation.serve(keys([1, 2])).await;
    assert!(installation.try_serve(keys([1])).await.is_ok(), "nothing is encrypted with the second key");
    installation.serve(keys([2, 1])).await;
    for (given, missing) in [(keys([1]), 2), (keys([2]), 1), (keys([3, 2]), 1)] {
        let Err(SecretKeyError::Missing(ids)) = installation.try_serve(given).await else { panic!("it starts") };
        assert_eq!(ids, [SecretKey::new([missing; 32]).id()]);
    }
    installation.serve(keys([3, 1, 2])).await.services.rotate_key(|_| {}).await.unwrap();
    assert!(installation.try_serve(keys([3])).await.is_ok());
}

/// Of several first starts at once, the keys of all that start are known.
#[tokio::test(flavor = "multi_thread")]
async fn first_starts_with_different_lists_agree() {
    for _ in 0..5 {
        let installation = Installation::new().await;
        let (both, one) = join(installation.try_serve(keys([2, 1])), installation.try_serve(keys([1]))).await;
        assert!(both.is_ok() || one.is_ok());
        let is_refused = |started: &Result<TestApp, _>| started.is_err();
        assert!(installation.try_serve(keys([2, 1])).await.is_ok(), "{} {}", is_refused(&both), is_refused(&one));
    }
}

/// A key that a server was started with by mistake does not lock all others out for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_can_be_forgotten_and_commands_that_encrypt_nothing_add_none() {
    let (database, binary) = (database::create().await, Binary::new());
    let run = |arguments: &[&str], keys: &str| {
        let mut command = binary.command(arguments);
        command.env("DATABASE_URL", database.url()).env("USERPROFILE_SECRET_KEY", keys).output().unwrap()
    };
    binary.write("domain.jsonl", &(domain(DOMAIN) + &User::new("wonny").otp_mfa(SECRET).line()));
    assert_says(&run(&["import", "domain.jsonl"], &setting([1])), 0, &[]);
    for command in [&["domain", "list"][..], &["export", "-"], &["outbox", "list"]] {
        assert_says(&run(command, &setting([9, 1])), 0, &[]);
    }
    assert_says(&run(&["domain", "list"], &setting([1])), 0, &[]);
    assert_says(&run(&["import", "domain.jsonl"], &setting([9, 1])), 0, &[]);
    let id = SecretKey::new([9; 32]).id();
    assert_says(&run(&["domain", "list"], &setting([1])), 2, &["missing here", &id, "--forget"]);
    for (given, keys) in [("12345678", setting([1])), (&id, setting([9, 1])), (&id, setting([5]))] {
        assert_says(&run(&["rotate-key", "--forget", given], &keys), 1, &["not the id of a key that is missing"]);
    }
    assert_says(&run(&["rotate-key", "--forget", &id], &setting([1])), 0, &["Only this key is needed now"]);
    assert_says(&run(&["domain", "list"], &setting([1])), 0, &[DOMAIN]);
}

/// A server without the key of a message leaves it to one that has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_for_a_server_with_its_key() {
    let installation = Installation::new().await;
    let old = installation.serve(keys([1])).await;
    old.import_users(&[User::new("mina").verified_email(MAIL).email_mfa(MAIL)]).await;
    let new = installation.serve(keys([2, 1])).await;
    let challenge = challenge(&new.client(), "mina").await;
    assert!(old.services.run_next_job().await.unwrap());
    new.clock.advance(TimeDelta::seconds(5));
    let payload = confirm(&new.client(), &challenge, &new.code(MAIL).await).await;
    assert!(payload["session"].is_object(), "{payload}");
}

/// Kills `rotate-key` half-way, and rotates again.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rotation_is_resumed() {
    let (database, binary) = (database::create().await, Binary::new());
    let command = |arguments: &[&str], keys: &str| -> Command {
        let mut command = binary.command(arguments);
        command.env("DATABASE_URL", database.url()).env("USERPROFILE_SECRET_KEY", keys);
        command
    };
    let run = |arguments: &[&str], keys: &str| command(arguments, keys).output().unwrap();
    let users = (0..1000).map(|number| User::new(&format!("user{number}")).without_password().otp_mfa(SECRET).line());
    binary.write("users.jsonl", &(domain(DOMAIN) + &users.collect::<String>()));
    assert_says(&run(&["import", "users.jsonl"], &setting([1])), 0, &[]);
    let before = said(&run(&["export", "-", "--with-secrets"], &setting([1])));
    assert_eq!(before.matches(SECRET).count(), 1000);

    let mut rotation =
        command(&["rotate-key"], &setting([2, 1])).env("RUST_LOG", "info").stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(rotation.stderr.take().unwrap()).read_line(&mut line).unwrap();
    rotation.kill().unwrap();
    rotation.wait().unwrap();
    assert!(line.contains("so far") && line.contains("100"), "{line}");
    assert_says(&run(&["export", "-"], &setting([2])), 2, &["USERPROFILE_SECRET_KEY", "rotate-key"]);

    let id = SecretKey::new([2; 32]).id();
    let resumed = run(&["rotate-key"], &setting([2, 1]));
    assert_says(&resumed, 0, &[&format!("Encrypted with key {id}: ")]);
    assert!(!said(&resumed).contains(": 1000 one-time"), "what was done is not done again");
    assert_says(
        &run(&["export", "-"], &setting([1])),
        2,
        &[&format!("is not the one that this database needs ({id})")],
    );
    assert_eq!(said(&run(&["export", "-", "--with-secrets"], &setting([2]))), before);
    assert_says(&run(&["config"], &setting([2])), 0, &[&format!("*** ({id})")]);
}
