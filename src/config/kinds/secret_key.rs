//! The secret key, 32 bytes in base64, or several of them.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Kind;
use crate::config::mask::MASK;
use crate::domain::keyring::SecretKeys;
use crate::domain::secret::SecretKey;

/// What a key is, as a noun.
pub(in super::super) const KEY_FORMAT: &str =
    "32 random bytes in base64 (generate them with `openssl rand -base64 32`)";

/// Padding is optional, because not all programs that generate keys add it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secret keys.
pub(in super::super) fn secret_keys() -> Kind<SecretKeys> {
    Kind::new("KEY", KEY_FORMAT, parse_secret_keys).secret(mask)
}

/// The ids of keys, which do not reveal them; of what is no key, nothing.
fn mask(text: &str) -> String {
    let mask =
        |key: &str| decode(key.trim()).map_or(MASK.to_owned(), |key| format!("{MASK} ({})", SecretKey::new(key).id()));
    if text.is_empty() { String::new() } else { text.split(',').map(mask).collect::<Vec<_>>().join(", ") }
}

/// Parses keys in base64 (RFC 4648), in the standard or the URL-safe alphabet, separated by commas. The first one
/// encrypts.
pub(in super::super) fn parse_secret_keys(text: &str) -> Result<SecretKeys, String> {
    let keys: Vec<_> = text.split(',').map(str::trim).collect();
    let decode = |(place, key): (usize, &&str)| {
        let wrong = |wrong| if keys.len() == 1 { wrong } else { format!("of key {}, {wrong}", place + 1) };
        decode(key).map_err(wrong)
    };
    let decoded = keys.iter().enumerate().map(decode).collect::<Result<Vec<_>, _>>()?;
    if let Some(place) =
        (1..decoded.len()).find(|place| decoded.iter().take(*place).any(|key| Some(key) == decoded.get(*place)))
    {
        return Err(format!("key {} is given twice", place + 1));
    }
    let mut keys = decoded.into_iter().map(SecretKey::new);
    let first = keys.next().ok_or_else(|| "it is empty".to_owned())?;
    Ok(SecretKeys::new(first, keys.collect()))
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
        let kind = secret_keys();
        assert_eq!(wrong(&kind, &BASE64.encode([1; 31])), "it decodes to 31 bytes instead of 32");
        assert_eq!(wrong(&kind, &BASE64.encode([1; 33])), "it decodes to 33 bytes instead of 32");
        assert_eq!(wrong(&kind, "correct horse battery staple"), "it is not base64");
        assert_eq!((kind.mask.unwrap())("AAAA"), "***");
    }

    #[test]
    fn several_keys_are_separated_by_commas_and_named_by_their_ids() {
        let [one, other] = [1, 2].map(|byte| BASE64.encode([byte; 32]));
        let keys = parse_secret_keys(&format!("{one}, {other}")).unwrap();
        let ids: Vec<_> = keys.iter().map(SecretKey::id).collect();
        assert_eq!(ids, [1, 2].map(|byte| SecretKey::new([byte; 32]).id()));
        assert_eq!(mask(&format!("{one},{other}")), format!("*** ({}), *** ({})", ids[0], ids[1]));
        let wrong = |text: &str| parse_secret_keys(text).unwrap_err();
        assert_eq!(wrong(&format!("{one},{one}")), "key 2 is given twice");
        assert_eq!(wrong(&format!("{one},")), "of key 2, it decodes to 0 bytes instead of 32");
    }
}
