//! With `TEST_LOG=FOLDER`, the tests write their log at level `trace` to `FOLDER/log`, and all secrets that they use to
//! `FOLDER/secrets`, one per line. `scripts/test` then checks that the log contains none of them.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

/// Fields of inputs and responses whose values are secrets.
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
/// Shorter values may occur in the log by chance.
const SHORTEST: usize = 6;

fn folder() -> Option<PathBuf> {
    std::env::var_os("TEST_LOG").map(PathBuf::from)
}

/// Starts logging to the file, once.
pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let Some(folder) = folder() else { return };
        let file = File::create(folder.join("log")).unwrap();
        // Without the time, whose digits could equal a verification code.
        tracing_subscriber::fmt()
            // Everything except the log of the tests' own mail server, which contains the messages.
            .with_env_filter("trace,mailin=off")
            .without_time()
            .with_ansi(false)
            .with_writer(Mutex::new(file))
            .init();
    });
}

/// A second dispatcher. With only one, tracing caches for all threads whether the first thread at a callsite has a
/// subscriber; with two, it asks each of them.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Captures what the current thread logs at level `warn` and above, until it is dropped.
pub struct CapturedLog {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl CapturedLog {
    /// Starts capturing. The test must run on one thread.
    pub fn start() -> Self {
        let text = Arc::<Mutex<Vec<u8>>>::default();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("warn")
            .without_time()
            .with_ansi(false)
            .with_writer({
                let text = text.clone();
                move || Shared(text.clone())
            })
            .finish();
        LazyLock::force(&SECOND);
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The text so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    /// The lines so far that contain all of `words`.
    pub fn lines(&self, words: &[&str]) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| words.iter().all(|word| line.contains(word)));
        lines.map(str::to_owned).collect()
    }
}

/// Writes into a shared buffer.
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Records a secret that the test used.
pub fn record_secret(secret: &str) {
    static SECRETS: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let open = |folder: PathBuf| OpenOptions::new().create(true).append(true).open(folder.join("secrets")).unwrap();
    let secrets = SECRETS.get_or_init(|| folder().map(|folder| Mutex::new(open(folder))));
    let fits = secret.len() >= SHORTEST && !secret.contains('\n');
    if let Some(file) = secrets.as_ref().filter(|_| fits) {
        writeln!(file.lock().unwrap(), "{secret}").unwrap();
    }
}

/// Records all secrets in an input or a response.
pub fn record_secrets(value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if SECRET_FIELDS.contains(&name.as_str()) => record_secret(text),
            Value::Array(texts) if SECRET_FIELDS.contains(&name.as_str()) => {
                texts.iter().filter_map(Value::as_str).for_each(record_secret);
            }
            value => record_secrets(value),
        }),
        Value::Array(values) => values.iter().for_each(record_secrets),
        _ => {}
    }
}
