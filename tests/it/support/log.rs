//! With `TEST_LOG=FOLDER` a run of the tests keeps all that was logged, at the most talkative level, in `FOLDER/log`, and
//! all secrets that it used in `FOLDER/secrets`, a line each. `scripts/test` sees to it that none of these is in the log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

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

/// Beside one subscriber alone, what tracing asks at a callsite is whether the thread that comes there first has one, and it
/// remembers the answer for all threads. Of two it asks each.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// What the current thread logs while it exists, at the level `warn`.
pub struct CapturedLog {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl CapturedLog {
    /// Begins to keep it. The test must run on one thread.
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

/// Writes into a text that several share.
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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
