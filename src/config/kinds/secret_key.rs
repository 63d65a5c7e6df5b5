//! The secret key, 32 bytes in base64.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Kind;
use crate::{config::mask::MASK, domain::secret::SecretKey};

/// What a key is, as a noun.
pub(in super::super) const KEY_FORMAT: &str =
    "32 random bytes in base64 (generate them with `openssl rand -base64 32`)";

/// Padding is optional, because not all programs that generate keys add it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secret key.
pub(in super::super) fn secret_key() -> Kind<SecretKey> {
    let mask = |text: &str| if text.is_empty() { String::new() } else { MASK.to_owned() };
    Kind::new("KEY", KEY_FORMAT, parse_secret_key).secret(mask)
}

/// Parses a key in base64 (RFC 4648), in the standard or the URL-safe alphabet.
pub(in super::super) fn parse_secret_key(text: &str) -> Result<SecretKey, String> {
    decode(text).map(SecretKey::new)
}

fn decode(text: &str) -> Result<[u8; 32], String> {
    let standard = text.replace('-', "+").replace('_', "/");
    let bytes = BASE64.decode(standard).map_err(|_| "it is not base64".to_owned())?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| format!("it decodes to {length} bytes instead of 32"))
}

#[cfg(test)]
mod tests {
    use super::{super::wrong, *};

    #[test]
    fn keys_may_use_both_alphabets_with_or_without_padding() {
        let key = [0xfb; 32];
        let standard = BASE64.encode(key);
        let url_safe = standard.replace('+', "-").replace('/', "_");
        for text in [&standard, &url_safe, standard.trim_end_matches('='), url_safe.trim_end_matches('=')] {
            assert_eq!(decode(text), Ok(key), "{text}");
        }
    }

    #[test]
    fn malformed_keys_are_refused_and_not_quoted() {
        let kind = secret_key();
        assert_eq!(wrong(&kind, &BASE64.encode([1; 31])), "it decodes to 31 bytes instead of 32");
        assert_eq!(wrong(&kind, &BASE64.encode([1; 33])), "it decodes to 33 bytes instead of 32");
        assert_eq!(wrong(&kind, "correct horse battery staple"), "it is not base64");
        assert_eq!((kind.mask.unwrap())("AAAA"), "***");
    }
}
