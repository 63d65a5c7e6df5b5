//! All errors at once, each with its place.

use std::{collections::BTreeMap, path::PathBuf};

use super::given;
use crate::config::load;

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
    let faults = given().flag("code_tries", "x").file("access_ttl = \"5m\"\nsecret_key = hunter2\n").faults();
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("up.toml: line 2: it is not TOML ("), "{}", faults[0]);
    assert!(!faults[0].contains("hunter2"));
    let twice = given().file("listen = \"[::1]:1\"\nlisten = \"[::1]:2\"\n").faults();
    assert!(twice[0].starts_with("up.toml: line 2: it is not TOML (duplicate key"), "{}", twice[0]);
}

#[test]
fn what_a_broken_file_might_give_is_not_told_to_be_missing() {
    let faults = given().env("SMTP_URL", "smtp://mail").file("mail_from = \"a@b\"\npublic_url = https://c\n").faults();
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_beside_all_else() {
    let flags = BTreeMap::from([("code_tries", "x".to_owned())]);
    let faults = load(flags, Some(PathBuf::from("does/not/exist.toml"))).expect_err("there is no file");
    let text = faults.to_string();
    assert!(text.starts_with("flag --config: does/not/exist.toml cannot be read: "), "{text}");
    assert!(text.contains("\nflag --code-tries: "), "{text}");
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_not_text_is_a_fault() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};
    let mut given = given();
    given.environment.insert("USERPROFILE_LISTEN".to_owned(), OsString::from_vec(vec![0xff]));
    assert!(given.faults()[0].starts_with("environment variable USERPROFILE_LISTEN: it is not UTF-8; "));
}
