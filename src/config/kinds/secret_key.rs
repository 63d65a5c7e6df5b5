//! The secret key, 32 bytes in base64.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Kind;
use crate::config::secret::{MASK, SecretKey};

/// Padding is optional, because not all programs that generate keys add it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keys in base64 (RFC 4648), in the standard or the URL-safe alphabet.
pub(in super::super) struct SecretKeys;

impl Kind for SecretKeys {
    type Value = SecretKey;

    fn value_name(&self) -> &'static str {
        "KEY"
    }

    fn accepts(&self) -> String {
        format!("{} random bytes in base64 (`openssl rand -base64 {0}` makes them)", SecretKey::LENGTH)
    }

    fn parse(&self, text: &str) -> Result<SecretKey, String> {
        let standard = text.replace('-', "+").replace('_', "/");
        let bytes = BASE64.decode(standard).map_err(|_| "it is not base64".to_owned())?;
        let length = bytes.len();
        let key = bytes.try_into().map_err(|_| format!("it decodes to {length} bytes"))?;
        Ok(SecretKey::new(key))
    }

    fn is_secret(&self) -> bool {
        true
    }

    fn mask(&self, text: &str) -> String {
        if text.is_empty() { String::new() } else { MASK.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn takes_both_alphabets_with_and_without_padding() {
        let key = [0xfb; 32];
        let standard = BASE64.encode(key);
        let url_safe = standard.replace('+', "-").replace('/', "_");
        for text in [&standard, &url_safe, standard.trim_end_matches('='), url_safe.trim_end_matches('=')] {
            assert_eq!(SecretKeys.parse(text).unwrap().expose(), &key, "{text}");
        }
    }

    #[test]
    fn refuses_other_lengths_and_other_texts_without_showing_them() {
        assert_eq!(wrong(&SecretKeys, &BASE64.encode([1; 31])), "it decodes to 31 bytes");
        assert_eq!(wrong(&SecretKeys, &BASE64.encode([1; 33])), "it decodes to 33 bytes");
        assert_eq!(wrong(&SecretKeys, "correct horse battery staple"), "it is not base64");
        assert_eq!(SecretKeys.mask("AAAA"), "***");
    }
}
