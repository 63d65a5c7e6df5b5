//! A backup that is made while servers write, and its restoration.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::cli::{assert_says, said};
use crate::mfa::Authenticator;
use crate::support::database::{self, Database};
use crate::support::{Client, DOMAIN, PASSWORD, TestApp, User};

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Runs the script on a database.
fn backup(command: &str, file: &std::path::Path, database: &Database) -> Output {
    backup_with_key(command, file, database, KEY)
}

fn backup_with_key(command: &str, file: &std::path::Path, database: &Database, key: &str) -> Output {
    let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/backup"));
    // As in production, the URL is in a file.
    let url = file.with_extension("url");
    std::fs::write(&url, database.url()).unwrap();
    script.arg(command).arg(file).env("DATABASE_URL_FILE", url).env("USERPROFILE_SECRET_KEY", key);
    script.env("USERPROFILE", env!("CARGO_BIN_EXE_userprofile")).env("RUST_LOG", "warn").output().unwrap()
}

/// Changes names until `stop`.
async fn write(client: &Client, stop: &AtomicBool) -> usize {
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) {
        written += 1;
        client.mutate_ok("updateProfile", json!({ "name": format!("name {written}") }), "user { id }").await;
    }
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_is_restored_without_its_sessions() {
    let (database, folder) = (database::create().await, tempfile::tempdir().unwrap());
    let app = TestApp::on(&database).await;
    app.use_key().await;
    app.import_users(&[User::new("wonny"), User::new("mina").otp_mfa(SECRET)]).await;
    let client = app.signed_in(DOMAIN, "wonny").await;
    database.execute("UPDATE sessions SET expires_at = now() + interval '1 day'").await;
    let (file, stop) = (folder.path().join("backup"), AtomicBool::new(false));
    let saving = async {
        let saved = tokio::task::block_in_place(|| backup("save", &file, &database));
        stop.store(true, Ordering::Relaxed);
        saved
    };
    let (written, saved) = tokio::join!(write(&client, &stop), saving);
    assert!(saved.status.success() && written > 0, "{}", said(&saved));
    assert_says(&backup("restore", &file, &database), 1, &["restore into an empty one"]);

    let with_other_key = database::create_empty().await;
    let other_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_says(&backup_with_key("restore", &file, &with_other_key, "x"), 1, &["nothing was restored"]);
    assert_says(&backup_with_key("restore", &file, &with_other_key, other_key), 2, &["its sessions are NOT ended"]);
    let empty = database::create_empty().await;
    assert_says(&backup("restore", &file, &empty), 0, &["domain-a: 1 sessions revoked"]);
    let restored = TestApp::on(&empty).await;
    assert!(!client.with_http_app(restored.http_app()).is_authenticated().await);
    restored.signed_in(DOMAIN, "wonny").await;
    let guest = restored.client();
    let response = guest.try_sign_in(DOMAIN, "mina", PASSWORD).await;
    let token = &response.data()["signIn"]["mfaChallenge"]["token"];
    let code = Authenticator::new(SECRET).code(&restored);
    let input = json!({ "challengeToken": token, "verifyCode": code });
    let session = guest.mutate("confirmSignIn", input, "session { accessToken }").await;
    assert!(session["session"].is_object(), "{session}");
}
