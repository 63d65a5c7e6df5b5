//! All errors at once, each with its place.

use std::{collections::BTreeMap, path::PathBuf};

use super::given;
use crate::config::Given;

#[test]
fn all_errors_are_reported_at_once_each_with_its_place() {
    let errors = given()
        .flag("listen", "here")
        .env("USERPROFILE_CODE_TRIES", "0")
        .env("SMTP_URL", "smtp://mail")
        .file("acess_ttl = \"5m\"\nfresh_for = 10\nlimit_depth = true\nzebra = 1\n[codes]\n")
        .errors();
    assert_eq!(
        errors,
        [
            "up.toml: acess_ttl: there is no such setting; did you mean access_ttl?",
            "up.toml: codes: there is no such setting; remove it (`userprofile config` prints all settings)",
            "up.toml: zebra: there is no such setting; remove it (`userprofile config` prints all settings)",
            "flag --listen: \"here\" is not an IP address and a port (write IPv6 in brackets: [::1]:8080); give an IP address and a port, such as 127.0.0.1:8080",
            "environment variable USERPROFILE_CODE_TRIES: \"0\" is less than 1; give a whole number from 1 to 1000, such as 5",
            "up.toml: fresh_for: \"10\" has a number without a unit (ms, s, m, h, d); give a duration from 1s to 30d, such as 10m",
            "up.toml: limit_depth: a TOML boolean is neither a text in quotes, a whole number, nor a list; give a whole number from 1 to 32, such as 15",
            "environment variable SMTP_URL: it needs MAIL_FROM, which is not set; set it to an email address, such as `Acme <noreply@example.com>`",
            "environment variable SMTP_URL: it needs USERPROFILE_PUBLIC_URL, which is not set; set it to the address at which users reach the server",
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_reported_with_its_line_and_beside_all_other_errors() {
    let errors = given().flag("code_tries", "x").file("access_ttl = \"5m\"\nsecret_key = hunter2\n").errors();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].starts_with("up.toml: line 2: it is not TOML ("), "{}", errors[0]);
    assert!(!errors[0].contains("hunter2"));
    let twice = given().file("listen = \"[::1]:1\"\nlisten = \"[::1]:2\"\n").errors();
    assert!(twice[0].starts_with("up.toml: line 2: it is not TOML (duplicate key"), "{}", twice[0]);
}

#[test]
fn settings_that_an_invalid_file_may_contain_are_not_reported_as_missing() {
    let errors = given().env("SMTP_URL", "smtp://mail").file("mail_from = \"a@b\"\npublic_url = https://c\n").errors();
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_reported_beside_all_other_errors() {
    let flags = BTreeMap::from([("code_tries", "x".to_owned())]);
    let errors =
        Given::read(flags, Some(PathBuf::from("does/not/exist.toml"))).resolve().expect_err("there is no file");
    assert!(errors[0].to_string().starts_with("flag --config: does/not/exist.toml cannot be read: "), "{errors:?}");
    assert!(errors[1].to_string().starts_with("flag --code-tries: "), "{errors:?}");
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_not_unicode_is_an_error() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};
    let mut given = given();
    given.0.environment.insert("USERPROFILE_LISTEN".to_owned(), OsString::from_vec(vec![0xff]));
    assert!(given.errors()[0].starts_with("environment variable USERPROFILE_LISTEN: it is not UTF-8; "));
}
