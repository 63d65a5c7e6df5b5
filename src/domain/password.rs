//! Passwords: the rules for new ones, and a type that never prints one.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::login::{LoginId, fold};
use super::secret_value::Secret;

/// The maximum length of a password in code points, after normalisation.
pub const MAX_PASSWORD_LENGTH: usize = 128;
/// The minimum length of a part of the user's own data that a password is searched for.
const MIN_PERSONAL_LENGTH: usize = 4;

/// The 10,000 most common passwords of public breaches, in lower case, one a line.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A password as the user typed it, in NFC: the same characters are the same password, however a keyboard composes
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    normalized: Secret<str>,
    /// The password as submitted, if that is not in NFC: other systems hashed it in this form.
    submitted: Option<Secret<str>>,
}

impl Password {
    /// Wraps a submitted password. Any text may be attempted.
    pub fn from_input(text: &str) -> Self {
        let normalized: String = text.nfc().collect();
        let submitted = (normalized != text).then(|| Secret::new(text));
        Self { normalized: Secret::new(normalized), submitted }
    }

    /// The form that is hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.normalized.reveal().as_bytes()
    }

    /// The password as submitted, if that differs: an imported hash may have been computed from it.
    pub fn as_submitted(&self) -> Option<&[u8]> {
        self.submitted.as_ref().map(|text| text.reveal().as_bytes())
    }

    /// Whether it exceeds the maximum length, so that it can be refused without computing a hash.
    pub fn is_too_long(&self) -> bool {
        self.normalized.reveal().chars().count() > MAX_PASSWORD_LENGTH
    }
}

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// It has fewer code points than the minimum.
    #[error("the password must have at least {min_length} characters")]
    TooShort {
        /// The minimum.
        min_length: usize,
    },
    /// It has more than [`MAX_PASSWORD_LENGTH`] code points.
    #[error("the password may have at most {MAX_PASSWORD_LENGTH} characters")]
    TooLong,
    /// It is among the 10,000 most common.
    #[error("this password is too common; choose another")]
    TooCommon,
    /// It contains the user's name, user id, or email address.
    #[error("the password must not contain your name, user id, or email address")]
    Personal,
}

/// The user's data that a password must not contain.
#[derive(Debug, Clone, Copy)]
pub struct Personal<'a> {
    /// The user id.
    pub login: &'a LoginId,
    /// The email address, in the form that is compared.
    pub email: Option<&'a str>,
    /// The user's name.
    pub name: Option<&'a str>,
}

/// Checks a new password. The error is the first rule that it violates.
pub fn check(password: &Password, min_length: usize, personal: Personal<'_>) -> Result<(), Weakness> {
    check_for_anyone(password, min_length)?;
    let folded = fold(password.normalized.reveal());
    if personal_parts(personal).any(|part| folded.contains(&part)) { Err(Weakness::Personal) } else { Ok(()) }
}

/// Checks a new password if its user is unknown.
pub fn check_for_anyone(password: &Password, min_length: usize) -> Result<(), Weakness> {
    let length = password.normalized.reveal().chars().count();
    if length < min_length {
        Err(Weakness::TooShort { min_length })
    } else if length > MAX_PASSWORD_LENGTH {
        Err(Weakness::TooLong)
    } else if COMMON.contains(fold(password.normalized.reveal()).as_str()) {
        Err(Weakness::TooCommon)
    } else {
        Ok(())
    }
}

fn personal_parts(personal: Personal<'_>) -> impl Iterator<Item = String> {
    let before_at = |text: &str| text.rsplit_once('@').map(|(local, _)| local.to_owned());
    let login = personal.login.key();
    [
        Some(login.to_owned()),
        before_at(login),
        personal.email.map(str::to_owned),
        personal.email.and_then(before_at),
        personal.name.map(str::to_owned),
    ]
    .into_iter()
    .flatten()
    .map(|part| fold(&part))
    .filter(|part| part.chars().count() >= MIN_PERSONAL_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), Weakness> {
        let login = LoginId::parse("Wonny@Example.com").unwrap();
        let personal = Personal { login: &login, email: Some("w.kim@example.com"), name: Some("Wonny Kim") };
        check(&Password::from_input(password), 8, personal)
    }

    #[test]
    fn length_is_counted_in_code_points_after_normalisation() {
        assert_eq!(verdict("äöüäöüä"), Err(Weakness::TooShort { min_length: 8 }));
        assert_eq!(verdict("a\u{308}o\u{308}u\u{308}a\u{308}"), Err(Weakness::TooShort { min_length: 8 }));
        assert_eq!(verdict(&"ä".repeat(128)), Ok(()));
        assert_eq!(verdict(&"ä".repeat(129)), Err(Weakness::TooLong));
    }

    #[test]
    fn common_and_personal_passwords_are_rejected_in_any_case() {
        assert_eq!(verdict("Password123"), Err(Weakness::TooCommon));
        for personal in ["my-WONNY-pass", "xw.KIMx2024", "xx wonny kim xx", "wonny@example.com!"] {
            assert_eq!(verdict(personal), Err(Weakness::Personal), "{personal}");
        }
        assert_eq!(verdict("correct horse"), Ok(()));
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", Password::from_input("hunter2")), "Password { normalized: ***, submitted: None }");
    }

    #[test]
    fn the_list_of_common_passwords_has_ten_thousand_entries() {
        assert_eq!(COMMON.len(), 10_000);
        assert!(COMMON.iter().all(|password| *password == fold(password)));
    }
}
