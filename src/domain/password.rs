//! Passwords: which are acceptable, and a type that never shows one.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::login::{LoginId, fold};

/// How many code points a password may have, after normalisation.
pub const MAX_PASSWORD_LENGTH: usize = 128;
/// The shortest part of a user's own data that a password is searched for.
const MIN_PERSONAL_LENGTH: usize = 4;

/// The 10,000 most common passwords of public breaches, in lower case, one a line.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A password as somebody typed it, in NFC: the same characters, however a keyboard composes them, are the same
/// password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    normalized: String,
    /// What was typed, where that is not in NFC: what other systems hashed.
    submitted: Option<String>,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}

impl Password {
    /// Takes what was typed; anything may be tried.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let normalized: String = text.nfc().collect();
        let submitted = (normalized != text).then(|| text.to_owned());
        Self { normalized, submitted }
    }

    /// What is hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.normalized.as_bytes()
    }

    /// What was typed, where that is something else: a hash from elsewhere may have been made of it.
    #[must_use]
    pub fn as_submitted(&self) -> Option<&[u8]> {
        self.submitted.as_deref().map(str::as_bytes)
    }

    /// Whether it is longer than any password may be, so that no hash needs to be computed to refuse it.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.normalized.chars().count() > MAX_PASSWORD_LENGTH
    }
}

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer code points than the least allowed.
    #[error("a password needs at least {min_length} characters")]
    TooShort {
        /// The least allowed.
        min_length: usize,
    },
    /// More than [`MAX_PASSWORD_LENGTH`] code points.
    #[error("a password has at most {MAX_PASSWORD_LENGTH} characters")]
    TooLong,
    /// It is among the 10,000 most common.
    #[error("this password is one of the most common; choose another")]
    TooCommon,
    /// It holds the user's name, id or e-mail address.
    #[error("a password must not contain your name, user id or e-mail address")]
    Personal,
}

/// What a password must not contain.
#[derive(Debug, Clone, Copy)]
pub struct Personal<'a> {
    /// What the user signs in with.
    pub login: &'a LoginId,
    /// His e-mail address, in the form that is compared.
    pub email: Option<&'a str>,
    /// What he is called.
    pub name: Option<&'a str>,
}

/// Checks a new password.
///
/// # Errors
/// The first reason to refuse it.
pub fn check(password: &Password, min_length: usize, personal: Personal<'_>) -> Result<(), Weakness> {
    check_for_anyone(password, min_length)?;
    let folded = fold(&password.normalized);
    if personal_parts(personal).any(|part| folded.contains(&part)) { Err(Weakness::Personal) } else { Ok(()) }
}

/// Checks a new password whose user is not known.
///
/// # Errors
/// The first reason to refuse it, whoever the user is.
pub fn check_for_anyone(password: &Password, min_length: usize) -> Result<(), Weakness> {
    let length = password.normalized.chars().count();
    if length < min_length {
        Err(Weakness::TooShort { min_length })
    } else if length > MAX_PASSWORD_LENGTH {
        Err(Weakness::TooLong)
    } else if COMMON.contains(fold(&password.normalized).as_str()) {
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
        check(&Password::typed(password), 8, personal)
    }

    #[test]
    fn length_is_counted_in_code_points_after_normalisation() {
        assert_eq!(verdict("äöüäöüä"), Err(Weakness::TooShort { min_length: 8 }));
        assert_eq!(verdict("a\u{308}o\u{308}u\u{308}a\u{308}"), Err(Weakness::TooShort { min_length: 8 }));
        assert_eq!(verdict(&"ä".repeat(128)), Ok(()));
        assert_eq!(verdict(&"ä".repeat(129)), Err(Weakness::TooLong));
    }

    #[test]
    fn common_and_personal_ones_are_refused_whatever_their_case() {
        assert_eq!(verdict("Password123"), Err(Weakness::TooCommon));
        for personal in ["my-WONNY-pass", "xw.KIMx2024", "xx wonny kim xx", "wonny@example.com!"] {
            assert_eq!(verdict(personal), Err(Weakness::Personal), "{personal}");
        }
        assert_eq!(verdict("correct horse"), Ok(()));
    }

    #[test]
    fn is_never_shown() {
        assert_eq!(format!("{:?}", Password::typed("hunter2")), "Password(***)");
    }

    #[test]
    fn the_list_holds_ten_thousand() {
        assert_eq!(COMMON.len(), 10_000);
        assert!(COMMON.iter().all(|password| *password == fold(password)));
    }
}
