//! The user id that a user signs in with.

use unicode_normalization::UnicodeNormalization;

use super::Invalid;

/// The maximum length of a user id in characters.
pub const MAX_LOGIN_LENGTH: usize = 256;

/// The `user_id` of the API: the name that a user signs in with, usually an email address.
///
/// It is kept as typed, but user ids that differ only in case or Unicode form are the same: they have the same
/// [`key`](Self::key), and only keys are compared.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct LoginId {
    typed: String,
    #[serde(skip)]
    key: String,
}

impl LoginId {
    /// Parses a user id as the user typed it; surrounding white space is removed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let typed = text.trim();
        if typed.is_empty() {
            return Err(Invalid::required("enter a user id"));
        }
        if typed.chars().count() > MAX_LOGIN_LENGTH {
            return Err(Invalid::too_long(format!("a user id may have at most {MAX_LOGIN_LENGTH} characters")));
        }
        if typed.chars().any(char::is_control) {
            return Err(Invalid::malformed("a user id must not contain control characters"));
        }
        Ok(Self { typed: typed.to_owned(), key: fold(typed) })
    }

    /// Wraps a stored user id, which was validated before it was stored.
    pub fn from_stored(typed: String, key: String) -> Self {
        Self { typed, key }
    }

    /// The user id as typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form that is compared: NFC and Unicode lower case.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// `text` in the form in which user ids and addresses are compared: NFC, Unicode lower case with `ς` as `σ`, and NFC
/// again, because lower-casing can leave a text that is not in NFC. Which of the two sigmas a capital becomes depends
/// on whether it ends a word, so without the replacement `ΝΙΚΟΣ` and `Νικοσ` would differ.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().collect::<String>().to_lowercase().replace('ς', "σ").nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_normal_form_and_surrounding_spaces_do_not_matter() {
        let key = |text| LoginId::parse(text).unwrap().key().to_owned();
        assert_eq!(key(" Wonny@Example.com "), key("wonny@example.com"));
        assert_eq!(key("JOSE\u{301}"), key("josé"));
        assert_eq!(LoginId::parse(" Wonny ").unwrap().as_str(), "Wonny");
    }

    #[test]
    fn a_text_and_its_capitals_have_the_same_key() {
        for text in ["νικος", "ΝΙΚΟΣ", "Νικοσ", "νίκος@παράδειγμα.ελ", "σίσυφος ς", "ǆ", "ŉame"]
        {
            assert_eq!(fold(text), fold(&text.to_lowercase()), "{text}");
        }
        for text in ["νικος", "Νικοσ", "νίκος", "σίσυφος ς", "джон", "josé"] {
            assert_eq!(fold(text), fold(&text.to_uppercase()), "{text}");
        }
    }

    #[test]
    fn empty_and_long_user_ids_and_control_characters_are_rejected() {
        for wrong in ["", "  ", "a\0b", "a\r\nb", &"x".repeat(257)] {
            assert!(LoginId::parse(wrong).is_err());
        }
    }

    proptest! {
        #[test]
        fn folding_is_idempotent(text in "\\PC{1,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
