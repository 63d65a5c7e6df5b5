//! What somebody types to prove something: six digits from a mail or an authenticator app, or a recovery code.

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

use super::Invalid;

/// How many digits a code has.
pub const CODE_DIGITS: usize = 6;
/// How many recovery codes a user has at a time.
pub const RECOVERY_CODES: usize = 10;
/// How many random bytes a recovery code is made of: 80 bits, which is 16 characters of base32.
pub const RECOVERY_CODE_BYTES: usize = 10;

const RECOVERY_CODE_LENGTH: usize = 16;
/// The digits and letters of Douglas Crockford's base32, which leaves out I, L, O and U.
const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What was typed, by its form.
#[derive(Clone, PartialEq, Eq)]
pub enum VerifyCode {
    /// Six digits.
    Digits(Digits),
    /// A recovery code.
    Recovery(RecoveryCode),
}

/// Six digits. Prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

/// A recovery code in the form that is compared: 16 capitals and digits. Prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl VerifyCode {
    /// Takes what somebody typed. Spaces and hyphens, and the case of letters, do not matter.
    ///
    /// # Errors
    /// When it can be neither six digits nor a recovery code.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let typed: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(64).collect();
        if typed.is_empty() {
            return Err(Invalid::required("a code is needed"));
        }
        let is_digits = typed.len() == CODE_DIGITS && typed.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits {
            return Ok(Self::Digits(Digits(typed)));
        }
        RecoveryCode::parse(&typed).map(Self::Recovery).ok_or_else(|| {
            Invalid::malformed("this cannot be a code: one has 6 digits, a recovery code 16 letters and digits")
        })
    }
}

impl Digits {
    /// Takes six digits that somebody typed, where nothing else will do.
    ///
    /// # Errors
    /// When it cannot be six digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match VerifyCode::parse(text)? {
            VerifyCode::Digits(digits) => Ok(digits),
            VerifyCode::Recovery(_) => Err(Invalid::malformed("this cannot be the code: it has 6 digits")),
        }
    }

    /// Makes six digits of 64 random bits. That a million does not divide 2⁶⁴ favours some codes by less than one in
    /// ten million million.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000))
    }

    pub(super) fn new(number: u32) -> Self {
        Self(format!("{number:06}"))
    }

    /// The digits themselves.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl RecoveryCode {
    /// Makes a recovery code of 80 random bits.
    #[must_use]
    pub fn from_random(bytes: [u8; RECOVERY_CODE_BYTES]) -> Self {
        Self(ENCODING.encode(&bytes))
    }

    /// `0` and `O`, and `1`, `I` and `L`, are taken for each other, as they look alike.
    fn parse(typed: &str) -> Option<Self> {
        let code: String = typed
            .chars()
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        (code.len() == RECOVERY_CODE_LENGTH && code.chars().all(|c| CROCKFORD.contains(c))).then_some(Self(code))
    }

    /// What is compared.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The code as it is shown to its owner, once: `7QK4-M0ZT-3XNE-V81B`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
    }
}

static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str(CROCKFORD);
    specification.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
});

impl std::fmt::Debug for VerifyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifyCode(***)")
    }
}

impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digits(***)")
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn six_digits_are_read_as_people_write_them() {
        for text in ["012345", " 012 345 ", "012-345"] {
            assert_eq!(VerifyCode::parse(text), Ok(VerifyCode::Digits(Digits("012345".to_owned()))), "{text}");
        }
        assert_eq!(Digits::from_random([0; 8]).reveal(), "000000");
        assert_eq!(Digits::from_random(1_000_042_u64.to_be_bytes()).reveal(), "000042");
    }

    #[test]
    fn what_cannot_be_a_code_is_refused() {
        for text in ["", " - ", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "7QK4-M0ZT-3XNE-V81", "7QK4-M0ZT-3XNE-V81U"]
        {
            assert!(VerifyCode::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_recovery_code_is_read_back_however_it_is_typed(bytes: [u8; 10], spaced: bool) {
            let code = RecoveryCode::from_random(bytes);
            let shown = code.reveal();
            prop_assert_eq!(shown.len(), 19);
            let typed = shown.to_lowercase().replace('0', "o").replace('1', "l");
            let typed = if spaced { typed.replace('-', " ") } else { typed.replace('-', "") };
            prop_assert_eq!(VerifyCode::parse(&typed), Ok(VerifyCode::Recovery(code)));
        }

        #[test]
        fn nothing_that_is_typed_breaks_it(text in "\\PC{0,80}") {
            let _ = VerifyCode::parse(&text);
        }
    }
}
