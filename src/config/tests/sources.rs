//! The precedence of the sources, and what each may contain.

use std::time::Duration;

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
        assert_eq!(config.tokens.access_ttl, Duration::from_mins(minutes));
        assert!(line(&config, "access_ttl").ends_with(&format!("# {origin}")));
    }
}

#[test]
fn only_what_wins_has_to_be_right() {
    assert_eq!(given().flag("code_tries", "7").env("USERPROFILE_CODE_TRIES", "many").config().codes.tries, 7);
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
    assert_eq!(faults, [r#"flag --access-ttl: "" is not a duration; give a duration from 1s to 1d, such as 15m"#]);
}

#[test]
fn the_file_takes_numbers_texts_and_lists() {
    let config = given()
        .file("code_tries = 7\nbody_limit = 2048\nlimit_errors = \"9\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]")
        .config();
    assert_eq!((config.codes.tries, config.http.body_limit, config.limits.errors), (7, 2048, 9));
    assert_eq!(config.trusted_proxies.len(), 2);
}

#[test]
fn unknown_variables_are_warned_of() {
    let config = given().env("USERPROFILE_ZEBRA", "1").env("USERPROFILE_SERVICE_HOST", "10.0.0.1").config();
    assert_eq!(config.warnings, ["environment variable USERPROFILE_ZEBRA: there is no such setting"]);
}
