//! Submitted codes: six digits from a message or an authenticator app, or a recovery code.

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

use super::Invalid;
use super::secret_value::Secret;

/// The length of a code in digits.
pub const CODE_DIGITS: usize = 6;
/// How many recovery codes a user has.
pub const RECOVERY_CODES: usize = 10;
/// The length of a recovery code in random bytes: 80 bits, which is 16 characters of base32.
pub const RECOVERY_CODE_BYTES: usize = 10;

/// A submitted code, by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyCode {
    /// Six digits.
    Digits(Digits),
    /// A recovery code.
    Recovery(RecoveryCode),
}

/// Six digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits(Secret<str>);

/// A recovery code in the form that is compared: 16 capital letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode(Secret<str>);

impl VerifyCode {
    /// Parses a code that the user typed or pasted. Spaces and hyphens of any kind, invisible characters, the width of
    /// letters and digits, and the case of letters do not matter.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let typed: String = text.chars().filter(|c| !is_separator(*c)).map(half_width).take(64).collect();
        if typed.is_empty() {
            return Err(Invalid::required("enter the code"));
        }
        let is_digits = typed.len() == CODE_DIGITS && typed.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits {
            return Ok(Self::Digits(Digits(Secret::new(typed))));
        }
        RecoveryCode::parse(&typed)
            .map(Self::Recovery)
            .ok_or_else(|| Invalid::malformed("a code has 6 digits, a recovery code 16 letters and digits"))
    }
}

/// Whether a character only separates or formats the text around it: white space, a hyphen or dash, or a character that
/// is added when text is copied from a message or a word processor.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{AD}' // soft hyphen
            | '\u{58A}' | '\u{5BE}' // Armenian and Hebrew hyphens
            | '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' // direction
            | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' // no width
            | '\u{FE00}'..='\u{FE0F}' // variation selectors
            | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2E3A}' | '\u{2E3B}' // dashes, minus
            | '\u{301C}' | '\u{30FC}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{FF70}' // those of East Asia
            | '\u{3164}' | '\u{FFA0}' // Hangul fillers
    ) || c.is_whitespace()
}

/// The ASCII form of a full-width letter or digit, as East Asian keyboards write them; any other character unchanged.
fn half_width(c: char) -> char {
    const OFFSET: u32 = 0xFEE0;
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - OFFSET).unwrap_or(c),
        other => other,
    }
}

impl Digits {
    /// Parses six digits, where a recovery code is not accepted.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match VerifyCode::parse(text)? {
            VerifyCode::Digits(digits) => Ok(digits),
            VerifyCode::Recovery(_) => Err(Invalid::malformed("the code has 6 digits")),
        }
    }

    /// Generates six digits from 64 random bits. A million does not divide 2⁶⁴, which favours some codes by less than
    /// one in ten million million.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(Secret::new(format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000)))
    }

    pub(super) fn new(number: u32) -> Self {
        Self(Secret::new(format!("{number:06}")))
    }

    /// The digits themselves.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl RecoveryCode {
    /// Generates a recovery code from 80 random bits.
    pub fn from_random(bytes: [u8; RECOVERY_CODE_BYTES]) -> Self {
        Self(Secret::new(ENCODING.encode(&bytes)))
    }

    fn parse(typed: &str) -> Option<Self> {
        let bytes = ENCODING.decode(typed.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self::from_random)
    }

    /// The form that is compared.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.reveal().as_bytes()
    }

    /// The code in the form that its owner sees once: `7QK4-M0ZT-3XNE-V81B`.
    pub fn reveal(&self) -> String {
        let letters: Vec<char> = self.0.reveal().chars().collect();
        letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
    }
}

/// Douglas Crockford's base32, which omits I, L, O, and U. `0` and `O`, and `1`, `I`, and `L`, are interchangeable, as
/// they look alike.
static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.translate.from.push_str("abcdefghjkmnpqrstvwxyzOoIiLl");
    specification.translate.to.push_str("ABCDEFGHJKMNPQRSTVWXYZ001111");
    specification.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn six_digits_are_parsed_in_any_common_form() {
        for text in [
            "012345",
            " 012 345 ",
            "012-345",
            "０１２３４５",
            "０１２　３４５",
            "012\u{A0}345",
            "012\u{2009}345",
            "012\u{202F}345",
            "\u{FEFF}012\u{200B}345\u{200D}",
            "\u{200E}012345\u{200F}",
            "\u{202A}012345\u{202C}",
            "\u{2067}012345\u{2069}",
            "012\u{2060}345\n",
            "012–345",
            "012—345",
            "012‑345",
            "012−345",
            "012－345",
            "012ー345",
            "012\u{AD}345",
        ] {
            assert_eq!(VerifyCode::parse(text), Ok(VerifyCode::Digits(Digits(Secret::new("012345")))), "{text:?}");
        }
        assert_eq!(Digits::from_random([0; 8]).reveal(), "000000");
        assert_eq!(Digits::from_random(1_000_042_u64.to_be_bytes()).reveal(), "000042");
    }

    #[test]
    fn malformed_codes_are_rejected() {
        for text in [
            "",
            " - ",
            "\u{200B}–",
            "12345",
            "①②③④⑤⑥",
            "1２3４5６7",
            "12.456",
            "1234567",
            "abcdef",
            "١٢٣٤٥٦",
            "7QK4-M0ZT-3XNE-V81",
            "7QK4-M0ZT-3XNE-V81U",
        ] {
            assert!(VerifyCode::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn recovery_codes_are_parsed_in_any_common_form(bytes: [u8; 10], spaced: bool) {
            let code = RecoveryCode::from_random(bytes);
            let shown = code.reveal();
            prop_assert_eq!(shown.len(), 19);
            let typed = shown.to_lowercase().replace('0', "o").replace('1', "l");
            let typed = if spaced { typed.replace('-', " ") } else { typed.replace('-', "") };
            prop_assert_eq!(VerifyCode::parse(&typed), Ok(VerifyCode::Recovery(code.clone())));
            // As a word processor or an East Asian keyboard writes it.
            let wide = |c: char| if c == '-' { '‐' } else { char::from_u32(u32::from(c) + 0xFEE0).unwrap() };
            for pasted in [shown.replace('-', "–"), shown.replace('-', " — "), shown.chars().map(wide).collect()] {
                prop_assert_eq!(VerifyCode::parse(&pasted), Ok(VerifyCode::Recovery(code.clone())));
            }
        }

        #[test]
        fn arbitrary_input_never_panics(text in "\\PC{0,80}") {
            let _ = VerifyCode::parse(&text);
        }
    }
}
