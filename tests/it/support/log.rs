//! With `TEST_LOG=FOLDER` a run of the tests keeps all that was logged, at the most talkative level, in `FOLDER/log`, and
//! all secrets that it used in `FOLDER/secrets`, a line each. `scripts/test` sees to it that none of these is in the log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

/// Fields whose values are secrets, in inputs or in answers.
const SECRET_FIELDS: [&str; 11] = [
    "password",
    "currentPassword",
    "newPassword",
    "accessToken",
    "refreshToken",
    "token",
    "challengeToken",
    "secret",
    "uri",
    "qrCode",
    "recoveryCodes",
];
/// Shorter ones are words that a log may well hold.
const SHORTEST: usize = 6;

fn folder() -> Option<PathBuf> {
    std::env::var_os("TEST_LOG").map(PathBuf::from)
}

/// Begins to log, once.
pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let Some(folder) = folder() else { return };
        let file = File::create(folder.join("log")).unwrap();
        // Without the time, whose digits could be anybody's code.
        tracing_subscriber::fmt()
            // All but what the tests' own mail server says of the mails that it takes.
            .with_env_filter("trace,mailin=off")
            .without_time()
            .with_ansi(false)
            .with_writer(Mutex::new(file))
            .init();
    });
}

/// Keeps a secret that was used.
pub fn note(secret: &str) {
    static SECRETS: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let open = |folder: PathBuf| OpenOptions::new().create(true).append(true).open(folder.join("secrets")).unwrap();
    let secrets = SECRETS.get_or_init(|| folder().map(|folder| Mutex::new(open(folder))));
    let fits = secret.len() >= SHORTEST && !secret.contains('\n');
    if let Some(file) = secrets.as_ref().filter(|_| fits) {
        writeln!(file.lock().unwrap(), "{secret}").unwrap();
    }
}

/// Keeps all secrets of an input or an answer.
pub fn note_all(value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if SECRET_FIELDS.contains(&name.as_str()) => note(text),
            Value::Array(texts) if SECRET_FIELDS.contains(&name.as_str()) => {
                texts.iter().filter_map(Value::as_str).for_each(note);
            }
            value => note_all(value),
        }),
        Value::Array(values) => values.iter().for_each(note_all),
        _ => {}
    }
}
