//! Rules between settings.

use std::fs;

use super::{KEY, given};
use crate::{
    config::KeySource,
    domain::{keyring::SecretKeys, secret::SecretKey},
};

fn is_key_of_ones(keys: &SecretKeys) -> bool {
    keys.first().digest("test", &[]) == SecretKey::new([1; 32]).digest("test", &[])
}

#[test]
fn email_needs_a_sender_and_a_public_url() {
    let config = given()
        .env("SMTP_URL", "smtps://ann:hunter2@mail")
        .env("MAIL_FROM", "Acme <a@b>")
        .env("USERPROFILE_PUBLIC_URL", "https://id.example.com/")
        .config();
    assert_eq!(config.links.reset_password, "https://id.example.com/reset-password");
    let smtp = config.smtp.unwrap();
    assert_eq!((smtp.host.as_str(), smtp.from_name.as_deref()), ("mail", Some("Acme")));
    assert!(given().env("MAIL_FROM", "a@b").config().smtp.is_none());
}

#[test]
fn the_default_name_for_ehlo_is_the_public_host() {
    let mail = |public_url: &str| {
        given().env("SMTP_URL", "smtp://mail").env("MAIL_FROM", "a@b").env("USERPROFILE_PUBLIC_URL", public_url)
    };
    for (public_url, name) in [
        ("https://id.example.com:8443/id", "id.example.com"),
        ("https://exämple.com", "xn--exmple-cua.com"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("http://[2001:db8::1]:8080", "2001:db8::1"),
    ] {
        assert_eq!(mail(public_url).config().smtp.unwrap().helo_name, name);
    }
    let named = mail("https://id.example.com").env("USERPROFILE_SMTP_HELO_NAME", "mail.example.com").config();
    assert_eq!(named.smtp.unwrap().helo_name, "mail.example.com");
    let errors = mail("https://id.example.com").env("USERPROFILE_SMTP_HELO_NAME", "mail.example.com:25").errors();
    assert!(errors[0].contains("USERPROFILE_SMTP_HELO_NAME") && errors[0].contains("is not a host name"), "{errors:?}");
}

#[test]
fn an_invalid_sender_does_not_hide_a_missing_public_url() {
    let errors = given().env("SMTP_URL", "smtp://mail").env("MAIL_FROM", "nobody").errors();
    assert_eq!(errors.len(), 2);
    assert!(errors[1].contains("it needs USERPROFILE_PUBLIC_URL"));
}

#[test]
fn metrics_need_a_port_of_their_own() {
    let listen =
        |address: &str| given().env("USERPROFILE_LISTEN", "127.0.0.1:80").env("USERPROFILE_METRICS_LISTEN", address);
    for address in ["127.0.0.1:80", "0.0.0.0:80", "[::]:80"] {
        let errors = listen(address).errors();
        assert!(
            errors[0].contains("USERPROFILE_METRICS_LISTEN: USERPROFILE_LISTEN has the same port"),
            "{address}: {errors:?}"
        );
    }
    listen("127.0.0.1:81").config();
    given().env("USERPROFILE_LISTEN", "127.0.0.1:0").env("USERPROFILE_METRICS_LISTEN", "127.0.0.1:0").config();
}

#[test]
fn argon2_needs_memory_for_its_lanes() {
    let errors = given().env("USERPROFILE_ARGON2_MEMORY", "16KiB").env("USERPROFILE_ARGON2_PARALLELISM", "4").errors();
    assert!(errors[0].contains("4 lanes need at least 32KiB"), "{}", errors[0]);
    given().env("USERPROFILE_ARGON2_MEMORY", "32KiB").env("USERPROFILE_ARGON2_PARALLELISM", "4").config();
}

#[test]
fn the_secret_key_is_given_once() {
    let errors = given().env("USERPROFILE_SECRET_KEY", KEY).flag("secret_key_file", "key").errors();
    assert_eq!(
        errors,
        [
            "flag --secret-key-file: USERPROFILE_SECRET_KEY is given too (environment variable USERPROFILE_SECRET_KEY); give only one of the two"
        ]
    );
    let config = given().env("USERPROFILE_SECRET_KEY", KEY).config();
    assert!(matches!(config.key_source(), Ok(KeySource::Given(key)) if is_key_of_ones(&key)));
}

#[test]
fn the_secret_key_is_generated_for_sqlite_and_must_be_given_for_postgresql() {
    let source = given().env("DATABASE_URL", "sqlite:data/up.db").config().key_source();
    assert!(matches!(source, Ok(KeySource::BesideDatabase(path)) if *path == *"data/up.db.key"));
    let config = given().env("DATABASE_URL", "postgres://db/up").config();
    let error = config.key_source().expect_err("no key is generated for PostgreSQL").to_string();
    assert!(error.starts_with("environment variable USERPROFILE_SECRET_KEY: it is not set"), "{error}");
    let config = given().env("DATABASE_URL", "postgres://db/up").env("USERPROFILE_SECRET_KEY", KEY).config();
    assert!(config.key_source().is_ok());
}

#[test]
fn the_secret_key_can_be_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let source = || given().flag("secret_key_file", path.to_str().unwrap()).config().key_source();
    let missing = source().expect_err("there is no file yet").to_string();
    assert!(missing.starts_with("flag --secret-key-file: ") && missing.contains("cannot be read"), "{missing}");
    fs::write(&path, "hunter2!").unwrap();
    let wrong = source().expect_err("it holds no key").to_string();
    assert!(wrong.contains("contains no valid key: it is not base64") && !wrong.contains("hunter2"), "{wrong}");
    fs::write(&path, format!("{KEY}\n")).unwrap();
    assert!(matches!(source(), Ok(KeySource::Given(key)) if is_key_of_ones(&key)));
}
