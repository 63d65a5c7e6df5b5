//! The precedence of the sources, and what each may contain.

use chrono::TimeDelta;

use super::{given, line};

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
        assert_eq!(config.policy.lifetimes.access, TimeDelta::minutes(minutes));
        assert!(line(&config, "access_ttl").ends_with(&format!("# {origin}")));
    }
}

#[test]
fn only_the_effective_value_has_to_be_valid() {
    assert_eq!(given().flag("code_tries", "7").env("USERPROFILE_CODE_TRIES", "many").config().policy.codes.tries, 7);
}

#[test]
fn an_empty_variable_is_unset_but_an_empty_flag_or_key_is_a_text() {
    let smtp = r#"
        smtp_url = "smtp://mail"
        mail_from = "a@b"
        public_url = "https://c"
    "#;
    assert!(given().file(smtp).env("SMTP_URL", "").config().smtp.is_some());
    assert!(given().file(smtp).flag("smtp_url", "").config().smtp.is_none());
    let errors = given().flag("access_ttl", "").errors();
    assert_eq!(errors, [r#"flag --access-ttl: "" is not a duration; give a duration from 1s to 1d, such as 15m"#]);
}

#[test]
fn the_file_accepts_numbers_texts_and_lists() {
    let config = given()
        .file("code_tries = 7\nbody_limit = 2048\nlimit_errors = \"9\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]")
        .config();
    assert_eq!((config.policy.codes.tries, config.http.body_limit, config.requests.limits.errors), (7, 2048, 9));
    assert_eq!(config.http.trusted_proxies.len(), 2);
}
