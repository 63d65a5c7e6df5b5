//! The output of `userprofile config`, and giving it back.

use super::{KEY, given, line};
use crate::config::{Config, LogFormat};

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
    // A key is named by its id.
    assert!(line(&config, "secret_key").starts_with(r#"secret_key = "*** (407d744b)""#));
    assert!(line(&config, "smtp_url").ends_with("# environment variable SMTP_URL (masked)"));
}

#[test]
fn the_output_is_a_settings_file() {
    let config = given()
        .file("trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nrust_log = 'info,[a{b=\"c\"}]=debug'\nsecret_key_file = 'C:\\key'")
        .flag("log_format", "json")
        .env("DATABASE_URL", "postgres://ann@db/up")
        .env("MAIL_FROM", "\"Acme, Inc.\" <a@b>")
        .env("USERPROFILE_CODE_TRIES", "007")
        .config();
    let again = given().file(&config.to_masked_toml()).config();
    let values = |config: &Config| config.settings.iter().map(|effective| effective.text.clone()).collect::<Vec<_>>();
    assert_eq!(values(&again).iter().filter(|text| *text == "7").count(), 1);
    assert_eq!(again.log_format, Some(LogFormat::Json));
    let third = given().file(&again.to_masked_toml()).config();
    assert_eq!(values(&third), values(&again));
    assert_eq!(third.log_filter, config.log_filter);
}

#[test]
fn a_mask_is_not_accepted_as_a_secret() {
    let config =
        given().env("DATABASE_URL", "postgres://ann:hunter2@db/up").env("USERPROFILE_SECRET_KEY", KEY).config();
    let printed = config.to_masked_toml();
    let errors = given().file(&printed).errors();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].starts_with("up.toml: database_url: it contains ***, which is printed in place of a secret"));
    let again = given().file(&printed).env("DATABASE_URL", "sqlite:x.db").env("USERPROFILE_SECRET_KEY", KEY);
    again.config();
}
