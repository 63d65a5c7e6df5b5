//! What the parts do together: ranking, faults, masking, rules. The kinds have their own tests.

use std::{collections::BTreeMap, ffi::OsString, fs, path::PathBuf, time::Duration};

use super::{Config, ConfigFile, DatabaseUrl, Fallback, Faults, KeySource, LogFormat, resolve, settings};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// What is given, in the order of rank.
#[derive(Default)]
struct Given {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    file: Option<ConfigFile>,
}

impl Given {
    fn flag(mut self, name: &'static str, text: &str) -> Self {
        self.flags.insert(name, text.to_owned());
        self
    }

    fn env(mut self, variable: &str, text: &str) -> Self {
        self.environment.insert(variable.to_owned(), text.into());
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.file = Some(ConfigFile {
            path: PathBuf::from("up.toml"),
            text: text.to_owned(),
        });
        self
    }

    fn resolve(self) -> Result<Config, Faults> {
        resolve(self.flags, self.environment, self.file)
    }

    #[track_caller]
    fn config(self) -> Config {
        self.resolve().expect("the settings are right")
    }

    #[track_caller]
    fn faults(self) -> Vec<String> {
        self.resolve()
            .expect_err("the settings are wrong")
            .to_string()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

fn given() -> Given {
    Given::default()
}

/// The one line of `config` for the setting `name`.
fn line(config: &Config, name: &str) -> String {
    let text = config.to_masked_toml();
    text.lines()
        .find(|line| line.starts_with(&format!("{name} = ")))
        .expect("every setting is printed")
        .to_owned()
}

#[test]
fn flags_beat_environment_beats_file_beats_default() {
    let in_file = || given().file(r#"access_ttl = "3m""#);
    let in_environment = || in_file().env("USERPROFILE_ACCESS_TTL", "4m");
    let flagged = || in_environment().flag("access_ttl", "5m");
    for (given, minutes, origin) in [
        (given(), 15, "default"),
        (in_file(), 3, "up.toml: access_ttl"),
        (in_environment(), 4, "environment variable USERPROFILE_ACCESS_TTL"),
        (flagged(), 5, "flag --access-ttl"),
    ] {
        let config = given.config();
        assert_eq!(config.tokens.access_ttl, Duration::from_mins(minutes));
        assert!(line(&config, "access_ttl").ends_with(&format!("# {origin}")));
    }
}

#[test]
fn only_what_wins_has_to_be_right() {
    assert_eq!(
        given()
            .flag("code_tries", "7")
            .env("USERPROFILE_CODE_TRIES", "many")
            .config()
            .codes
            .tries,
        7
    );
}

#[test]
fn an_empty_variable_is_not_set_but_an_empty_text_elsewhere_is_one() {
    let smtp = r#"
        smtp_url = "smtp://mail"
        mail_from = "a@b"
        public_url = "https://c"
    "#;
    assert!(given().file(smtp).env("SMTP_URL", "").config().mail.is_some());
    assert!(given().file(smtp).flag("smtp_url", "").config().mail.is_none());
    let faults = given().flag("access_ttl", "").faults();
    assert_eq!(
        faults,
        [r#"flag --access-ttl: "" is not a duration; give a duration from 1s to 1d, such as 15m"#]
    );
}

#[test]
fn defaults_are_those_that_are_promised() {
    let config = given().config();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert!(matches!(&config.database.url, DatabaseUrl::Sqlite(path) if path == &PathBuf::from("userprofile.db")));
    assert_eq!(config.hashing.argon2_memory, 19 * 1024 * 1024);
    assert!(config.hashing.concurrency >= 1);
    assert_eq!(config.http.body_limit, 1 << 20);
    assert!(config.mail.is_none() && config.secret_key.is_none() && config.trusted_proxies.is_empty());
    let promised = "
        code_ttl_email 10m, code_ttl_mfa 5m, otp_enrolment_ttl 15m, reset_token_ttl 30m, code_tries 5,
        code_tries_per_day 20, sends_per_minute 1, sends_per_hour 5, sends_per_hour_per_user 20,
        sends_per_hour_per_client 30, password_free_tries 5, password_max_wait 15m, password_free_tries_per_user 50,
        password_max_wait_per_user 60s, password_min_length 8, argon2_memory 19MiB, argon2_iterations 2,
        argon2_parallelism 1, hash_wait 5s, access_ttl 15m, refresh_ttl 3h, refresh_max_age 30d, refresh_grace 10s,
        fresh_for 10m, body_limit 1MiB, limit_depth 15, limit_nesting 64, limit_aliases 15, limit_root_fields 20,
        limit_tokens 4000, limit_errors 20, batch_size 0, header_timeout 10s, request_timeout 30s, rust_log info,
        database_connections 16, listen 127.0.0.1:8080, database_url sqlite:userprofile.db";
    for promise in promised.split(',') {
        let (name, value) = promise.trim().split_once(' ').unwrap();
        let setting = settings().iter().find(|setting| setting.name == name).expect(name);
        assert!(
            matches!(setting.fallback, Fallback::Value(default) if default == value),
            "{name}"
        );
    }
}

#[test]
fn every_setting_can_be_named_in_every_way() {
    for setting in settings() {
        assert!(
            ["DATABASE_URL", "SMTP_URL", "MAIL_FROM", "RUST_LOG"].contains(&setting.environment.as_str())
                || setting.environment.starts_with("USERPROFILE_")
        );
        assert_eq!(
            setting.environment.trim_start_matches("USERPROFILE_").to_lowercase(),
            setting.name
        );
        assert_eq!(setting.flag, setting.name.replace('_', "-"));
        assert!(
            setting.meaning.ends_with('.') && !setting.meaning.contains('\n'),
            "{}",
            setting.name
        );
        assert_eq!(settings().iter().filter(|other| other.name == setting.name).count(), 1);
    }
    let config = given().config();
    let names: Vec<_> = config.in_force.iter().map(|in_force| in_force.name).collect();
    assert_eq!(names, settings().iter().map(|setting| setting.name).collect::<Vec<_>>());
}

#[test]
fn all_faults_are_told_at_once_each_with_its_place() {
    let faults = given()
        .flag("listen", "here")
        .env("USERPROFILE_CODE_TRIES", "0")
        .env("SMTP_URL", "smtp://mail")
        .file("acess_ttl = \"5m\"\nfresh_for = 10\nlimit_depth = true\nzebra = 1\n[codes]\n")
        .faults();
    assert_eq!(
        faults,
        [
            "up.toml: acess_ttl: there is no such setting; did you mean access_ttl?",
            "up.toml: codes: there is no such setting; take it out (`userprofile config` prints all that there are)",
            "up.toml: limit_depth: a value of the type boolean fits no setting; give a text in quotes, a whole number, or a list of texts",
            "up.toml: zebra: there is no such setting; take it out (`userprofile config` prints all that there are)",
            "flag --listen: \"here\" is not an IP address and a port (IPv6 stands in brackets: [::1]:8080); give an IP address and a port, such as 127.0.0.1:8080",
            "environment variable USERPROFILE_CODE_TRIES: \"0\" is less than 1; give a whole number from 1 to 1000, such as 5",
            "up.toml: fresh_for: \"10\" has a number without a unit (ms, s, m, h, d); give a duration from 1s to 30d, such as 10m",
            "environment variable SMTP_URL: it needs MAIL_FROM, which is not set; set it to an e-mail address, such as `Acme <noreply@example.com>`",
            "environment variable SMTP_URL: it needs USERPROFILE_PUBLIC_URL, which is not set; set it to the address under which people reach the server",
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_told_by_its_line_and_hides_no_other_fault() {
    let faults = given()
        .flag("code_tries", "x")
        .file("access_ttl = \"5m\"\nsecret_key = hunter2\n")
        .faults();
    assert_eq!(faults.len(), 2);
    assert!(
        faults[0].starts_with("up.toml: line 2: it is not TOML ("),
        "{}",
        faults[0]
    );
    assert!(!faults[0].contains("hunter2"));
    let twice = given().file("listen = \"[::1]:1\"\nlisten = \"[::1]:2\"\n").faults();
    assert!(
        twice[0].starts_with("up.toml: line 2: it is not TOML (duplicate key"),
        "{}",
        twice[0]
    );
}

#[test]
fn the_file_takes_numbers_texts_and_lists() {
    let config = given()
        .file("code_tries = 7\nbody_limit = 2048\nlimit_errors = \"9\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]")
        .config();
    assert_eq!(
        (config.codes.tries, config.http.body_limit, config.limits.errors),
        (7, 2048, 9)
    );
    assert_eq!(config.trusted_proxies.len(), 2);
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_not_text_is_a_fault() {
    use std::os::unix::ffi::OsStringExt as _;
    let mut given = given();
    given
        .environment
        .insert("USERPROFILE_LISTEN".to_owned(), OsString::from_vec(vec![0xff]));
    assert!(given.faults()[0].starts_with("environment variable USERPROFILE_LISTEN: it is not UTF-8; "));
}

#[test]
fn mail_needs_a_sender_and_a_base_and_then_is_whole() {
    let config = given()
        .env("SMTP_URL", "smtps://ann:hunter2@mail")
        .env("MAIL_FROM", "Acme <a@b>")
        .env("USERPROFILE_PUBLIC_URL", "https://id.example.com/")
        .config();
    assert_eq!(
        config.reset_page(config.public_url.as_deref().unwrap()),
        "https://id.example.com/reset-password"
    );
    let mail = config.mail.unwrap();
    assert_eq!(
        (mail.server.host.as_str(), mail.from.name.as_deref()),
        ("mail", Some("Acme"))
    );
    assert!(given().env("MAIL_FROM", "a@b").config().mail.is_none());
}

#[test]
fn a_wrong_value_among_those_of_mail_does_not_hide_that_another_is_missing() {
    let faults = given()
        .env("SMTP_URL", "smtp://mail")
        .env("MAIL_FROM", "nobody")
        .faults();
    assert_eq!(faults.len(), 2);
    assert!(faults[1].contains("it needs USERPROFILE_PUBLIC_URL"));
}

#[test]
fn argon2_needs_memory_for_its_lanes() {
    let faults = given()
        .env("USERPROFILE_ARGON2_MEMORY", "16KiB")
        .env("USERPROFILE_ARGON2_PARALLELISM", "4")
        .faults();
    assert!(faults[0].contains("4 lanes need at least 32KiB"), "{}", faults[0]);
    given()
        .env("USERPROFILE_ARGON2_MEMORY", "32KiB")
        .env("USERPROFILE_ARGON2_PARALLELISM", "4")
        .config();
}

#[test]
fn the_secret_key_is_given_once() {
    let faults = given()
        .env("USERPROFILE_SECRET_KEY", KEY)
        .flag("secret_key_file", "key")
        .faults();
    assert_eq!(
        faults,
        ["flag --secret-key-file: the secret key itself is given too; give only one of the two"]
    );
    let config = given().env("USERPROFILE_SECRET_KEY", KEY).config();
    assert!(matches!(config.key_source(), Ok(KeySource::Given(key)) if key.expose() == &[1; 32]));
}

#[test]
fn the_secret_key_is_made_for_sqlite_and_must_be_given_for_postgresql() {
    let source = given().env("DATABASE_URL", "sqlite:data/up.db").config().key_source();
    assert!(matches!(source, Ok(KeySource::BesideDatabase(path)) if path == "data/up.db.key"));
    let config = given().env("DATABASE_URL", "postgres://db/up").config();
    let fault = config.key_source().expect_err("PostgreSQL keeps no key").to_string();
    assert!(
        fault.starts_with("environment variable USERPROFILE_SECRET_KEY: it is not set"),
        "{fault}"
    );
    let config = given()
        .env("DATABASE_URL", "postgres://db/up")
        .env("USERPROFILE_SECRET_KEY", KEY)
        .config();
    assert!(config.key_source().is_ok());
}

#[test]
fn the_secret_key_can_stand_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let source = || {
        given()
            .flag("secret_key_file", path.to_str().unwrap())
            .config()
            .key_source()
    };
    let missing = source().expect_err("there is no file yet").to_string();
    assert!(
        missing.starts_with("flag --secret-key-file: ") && missing.contains("cannot be read"),
        "{missing}"
    );
    fs::write(&path, "hunter2!").unwrap();
    let wrong = source().expect_err("it holds no key").to_string();
    assert!(
        wrong.contains("holds no key: it is not base64") && !wrong.contains("hunter2"),
        "{wrong}"
    );
    fs::write(&path, format!("{KEY}\n")).unwrap();
    assert!(matches!(source(), Ok(KeySource::Given(key)) if key.expose() == &[1; 32]));
}

#[test]
fn secrets_are_masked_wherever_they_print() {
    let config = given()
        .env("USERPROFILE_SECRET_KEY", KEY)
        .env("DATABASE_URL", "postgres://ann:hunter2@db/up?password=hunter2")
        .env("SMTP_URL", "smtps://ann:hunter%32@mail")
        .env("MAIL_FROM", "a@b")
        .env("USERPROFILE_PUBLIC_URL", "https://c")
        .config();
    let masked = config.to_masked_toml();
    let debug = format!("{config:?}");
    for secret in ["hunter2", "hunter%32", KEY] {
        assert!(!masked.contains(secret) && !debug.contains(secret), "{secret}");
    }
    assert!(line(&config, "database_url").starts_with(r#"database_url = "postgres://ann:***@db/up?password=***" # "#));
    assert!(line(&config, "secret_key").starts_with(r#"secret_key = "***""#));
    assert!(line(&config, "smtp_url").ends_with("# environment variable SMTP_URL (masked)"));
}

#[test]
fn what_is_printed_can_be_given_back() {
    let config = given()
        .file("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nrust_log = 'info,[a{b=\"c\"}]=debug'\nsecret_key_file = 'C:\\key'")
        .flag("log_format", "json")
        .env("DATABASE_URL", "postgres://ann@db/up")
        .env("MAIL_FROM", "\"Acme, Inc.\" <a@b>")
        .env("USERPROFILE_CODE_TRIES", "007")
        .config();
    let again = given().file(&config.to_masked_toml()).config();
    let values = |config: &Config| {
        config
            .in_force
            .iter()
            .map(|in_force| in_force.masked.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(&again).iter().filter(|text| *text == "7").count(), 1);
    assert_eq!(again.log.format, Some(LogFormat::Json));
    let third = given().file(&again.to_masked_toml()).config();
    assert_eq!(values(&third), values(&again));
    assert_eq!(format!("{:?}", third.log), format!("{:?}", config.log));
}

#[test]
fn a_mask_is_not_taken_for_a_secret() {
    let config = given()
        .env("DATABASE_URL", "postgres://ann:hunter2@db/up")
        .env("USERPROFILE_SECRET_KEY", KEY)
        .config();
    let printed = config.to_masked_toml();
    let faults = given().file(&printed).faults();
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("up.toml: database_url: it holds ***, which is printed in place of a secret"));
    let again = given()
        .file(&printed)
        .env("DATABASE_URL", "sqlite:x.db")
        .env("USERPROFILE_SECRET_KEY", KEY);
    again.config();
}

#[test]
fn unknown_variables_are_warned_of() {
    let config = given()
        .env("USERPROFILE_ZEBRA", "1")
        .env("USERPROFILE_SERVICE_HOST", "10.0.0.1")
        .config();
    assert_eq!(
        config.warnings,
        ["environment variable USERPROFILE_ZEBRA: there is no such setting"]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_told_beside_all_else() {
    let flags = BTreeMap::from([("code_tries", "x".to_owned())]);
    let faults = super::load(flags, Some(PathBuf::from("does/not/exist.toml"))).expect_err("there is no file");
    let text = faults.to_string();
    assert!(
        text.starts_with("flag --config: does/not/exist.toml cannot be read: "),
        "{text}"
    );
    assert!(text.contains("\nflag --code-tries: "), "{text}");
}
