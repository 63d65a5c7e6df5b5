//! Rules between settings.

use std::fs;

use super::{KEY, given};
use crate::config::KeySource;

#[test]
fn mail_needs_a_sender_and_a_base_and_then_is_whole() {
    let config = given()
        .env("SMTP_URL", "smtps://ann:hunter2@mail")
        .env("MAIL_FROM", "Acme <a@b>")
        .env("USERPROFILE_PUBLIC_URL", "https://id.example.com/")
        .config();
    assert_eq!(config.reset_page(config.public_url.as_deref().unwrap()), "https://id.example.com/reset-password");
    let mail = config.mail.unwrap();
    assert_eq!((mail.server.host.as_str(), mail.from.name.as_deref()), ("mail", Some("Acme")));
    assert!(given().env("MAIL_FROM", "a@b").config().mail.is_none());
}

#[test]
fn the_name_for_ehlo_is_the_public_host_unless_another_is_given() {
    let mail = |public_url: &str| {
        given().env("SMTP_URL", "smtp://mail").env("MAIL_FROM", "a@b").env("USERPROFILE_PUBLIC_URL", public_url)
    };
    for (public_url, name) in [
        ("https://id.example.com:8443/id", "id.example.com"),
        ("https://exämple.com", "xn--exmple-cua.com"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("http://[2001:db8::1]:8080", "2001:db8::1"),
    ] {
        assert_eq!(mail(public_url).config().mail.unwrap().helo_name, name);
    }
    let named = mail("https://id.example.com").env("USERPROFILE_SMTP_HELO_NAME", "mail.example.com").config();
    assert_eq!(named.mail.unwrap().helo_name, "mail.example.com");
    let faults = mail("https://id.example.com").env("USERPROFILE_SMTP_HELO_NAME", "mail.example.com:25").faults();
    assert!(faults[0].contains("USERPROFILE_SMTP_HELO_NAME") && faults[0].contains("is not a host name"), "{faults:?}");
}

#[test]
fn a_wrong_value_among_those_of_mail_does_not_hide_that_another_is_missing() {
    let faults = given().env("SMTP_URL", "smtp://mail").env("MAIL_FROM", "nobody").faults();
    assert_eq!(faults.len(), 2);
    assert!(faults[1].contains("it needs USERPROFILE_PUBLIC_URL"));
}

#[test]
fn argon2_needs_memory_for_its_lanes() {
    let faults = given().env("USERPROFILE_ARGON2_MEMORY", "16KiB").env("USERPROFILE_ARGON2_PARALLELISM", "4").faults();
    assert!(faults[0].contains("4 lanes need at least 32KiB"), "{}", faults[0]);
    given().env("USERPROFILE_ARGON2_MEMORY", "32KiB").env("USERPROFILE_ARGON2_PARALLELISM", "4").config();
}

#[test]
fn the_secret_key_is_given_once() {
    let faults = given().env("USERPROFILE_SECRET_KEY", KEY).flag("secret_key_file", "key").faults();
    assert_eq!(faults, ["flag --secret-key-file: the secret key itself is given too; give only one of the two"]);
    let config = given().env("USERPROFILE_SECRET_KEY", KEY).config();
    assert!(matches!(config.key_source(), Ok(KeySource::Given(key)) if key.expose() == &[1; 32]));
}

#[test]
fn the_secret_key_is_made_for_sqlite_and_must_be_given_for_postgresql() {
    let source = given().env("DATABASE_URL", "sqlite:data/up.db").config().key_source();
    assert!(matches!(source, Ok(KeySource::BesideDatabase(path)) if *path == *"data/up.db.key"));
    let config = given().env("DATABASE_URL", "postgres://db/up").config();
    let fault = config.key_source().expect_err("PostgreSQL keeps no key").to_string();
    assert!(fault.starts_with("environment variable USERPROFILE_SECRET_KEY: it is not set"), "{fault}");
    let config = given().env("DATABASE_URL", "postgres://db/up").env("USERPROFILE_SECRET_KEY", KEY).config();
    assert!(config.key_source().is_ok());
}

#[test]
fn the_secret_key_can_stand_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let source = || given().flag("secret_key_file", path.to_str().unwrap()).config().key_source();
    let missing = source().expect_err("there is no file yet").to_string();
    assert!(missing.starts_with("flag --secret-key-file: ") && missing.contains("cannot be read"), "{missing}");
    fs::write(&path, "hunter2!").unwrap();
    let wrong = source().expect_err("it holds no key").to_string();
    assert!(wrong.contains("holds no key: it is not base64") && !wrong.contains("hunter2"), "{wrong}");
    fs::write(&path, format!("{KEY}\n")).unwrap();
    assert!(matches!(source(), Ok(KeySource::Given(key)) if key.expose() == &[1; 32]));
}
