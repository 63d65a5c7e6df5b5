//! Time-based one-time passwords (RFC 6238) of six digits, a new one every 30 seconds, with HMAC-SHA-1, which every
//! authenticator app supports.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::Sha1;

use super::Timestamp;
use super::otp_secret::OtpSecret;
use super::verify_code::Digits;

/// The time step in seconds (RFC 6238, 4.1: X).
const STEP_SECONDS: i64 = 30;
/// The accepted clock drift in steps, in either direction (RFC 6238, 5.2).
const TOLERANCE: i64 = 1;
/// The maximum length of a URI in bytes: the capacity of the largest QR code at its lowest level of error correction
/// (ISO/IEC 18004, version 40-L).
pub const LONGEST_URI: usize = 2953;
/// `…`, percent-encoded.
const ELLIPSIS: &str = "%E2%80%A6";
/// Characters that are not percent-encoded in a URI (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The time step whose code equals `given`, among those around `now` and after `last`, the last accepted step: no code
/// is accepted twice.
pub fn accepted_step(secret: &OtpSecret, given: &Digits, last: Option<i64>, now: Timestamp) -> Option<i64> {
    let present = now.timestamp().div_euclid(STEP_SECONDS);
    (present - TOLERANCE..=present + TOLERANCE)
        .filter(|step| last.is_none_or(|last| *step > last))
        .find(|step| code_at(secret, *step).as_ref() == Some(given))
}

/// The code that an authenticator app shows at `now`.
pub fn code(secret: &OtpSecret, now: Timestamp) -> Option<Digits> {
    code_at(secret, now.timestamp().div_euclid(STEP_SECONDS))
}

/// RFC 4226, 5.3.
fn code_at(secret: &OtpSecret, step: i64) -> Option<Digits> {
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last()? & 0xf);
    let four = hash.get(offset..)?.first_chunk::<4>()?;
    Some(Digits::new((u32::from_be_bytes(*four) & 0x7fff_ffff) % 1_000_000))
}

/// The URI in the QR code: the secret, and the names that the app shows with its codes. It has at most [`LONGEST_URI`]
/// bytes. A non-ASCII character takes up to twelve bytes in a URI; names that are too long together are truncated and
/// end in `…`.
pub fn uri(secret: &OtpSecret, issuer: &str, account: &str) -> String {
    let (mut issuer, mut account) = (encode(issuer), encode(account));
    let room = LONGEST_URI.saturating_sub(uri_of(secret, "", "").len());
    // The URI contains the issuer twice.
    if 2 * issuer.len() + account.len() > room {
        account = shorten(&account, room.saturating_sub(2 * issuer.len()).max(room / 3));
        issuer = shorten(&issuer, room.saturating_sub(account.len()) / 2);
    }
    uri_of(secret, &issuer, &account)
}

/// A name encoded for the URI. A colon separates issuer and account, so neither may contain one.
fn encode(name: &str) -> String {
    utf8_percent_encode(&name.replace(':', " "), RESERVED).to_string()
}

/// The longest prefix of an encoded name that fits into `longest` bytes with `…` at its end. No character is split.
fn shorten(encoded: &str, longest: usize) -> String {
    if encoded.len() <= longest {
        return encoded.to_owned();
    }
    let name = percent_decode_str(encoded).decode_utf8_lossy();
    let mut shortened = String::new();
    for character in name.chars() {
        let more = utf8_percent_encode(character.encode_utf8(&mut [0; 4]), RESERVED).to_string();
        if shortened.len() + more.len() + ELLIPSIS.len() > longest {
            break;
        }
        shortened.push_str(&more);
    }
    shortened + ELLIPSIS
}

fn uri_of(secret: &OtpSecret, issuer: &str, account: &str) -> String {
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
        secret.reveal()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn secret() -> OtpSecret {
        OtpSecret::from_stored(b"12345678901234567890".to_vec())
    }

    /// RFC 6238, appendix B, SHA-1: the last six of its eight digits.
    #[test]
    fn codes_match_the_rfc_test_vectors() {
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, expected) in vectors {
            assert_eq!(code(&secret(), at(seconds)).unwrap().reveal(), expected, "{seconds}");
        }
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_by_counter_match_the_rfc_test_vectors() {
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, expected) in (0..).zip(expected) {
            assert_eq!(code_at(&secret(), step).unwrap().reveal(), expected);
        }
    }

    #[test]
    fn one_step_of_clock_skew_is_accepted_and_no_step_twice() {
        let now = at(1_800_000_015);
        let present = 60_000_000;
        for (step, is_taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let given = code_at(&secret(), present + step).unwrap();
            assert_eq!(accepted_step(&secret(), &given, None, now).is_some(), is_taken, "{step}");
        }
        let given = code_at(&secret(), present).unwrap();
        assert_eq!(accepted_step(&secret(), &given, Some(present - 1), now), Some(present));
        assert_eq!(accepted_step(&secret(), &given, Some(present), now), None);
    }

    #[test]
    fn the_uri_names_issuer_and_account() {
        assert_eq!(
            uri(&secret(), "Acme & Co: 회사", "wonny@example.com"),
            "otpauth://totp/Acme%20%26%20Co%20%20%ED%9A%8C%EC%82%AC:wonny%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20Co%20%20%ED%9A%8C%EC%82%AC\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn long_names_are_shortened_to_fit_a_qr_code() {
        let parts = |issuer: &str, account: &str| {
            let uri = uri(&secret(), issuer, account);
            assert!(uri.len() <= LONGEST_URI, "{}", uri.len());
            let (label, query) = uri.strip_prefix("otpauth://totp/").unwrap().split_once('?').unwrap();
            let (prefix, account) = label.split_once(':').unwrap();
            let issuer = query.split('&').find_map(|part| part.strip_prefix("issuer=")).unwrap();
            assert_eq!(prefix, issuer);
            [issuer, account].map(|text| percent_decode_str(text).decode_utf8().unwrap().into_owned())
        };
        let unchanged = |issuer: &str, account: &str| assert_eq!(parts(issuer, account), [issuer, account]);
        unchanged(&"회".repeat(123), "wonny@example.com");
        unchanged("Acme", &"회".repeat(256));
        unchanged(&"a".repeat(256), &"b".repeat(256));
        let [issuer, account] = parts(&"회".repeat(256), "wonny@example.com");
        assert_eq!((issuer.chars().count(), account.as_str()), (157, "wonny@example.com"));
        assert!(issuer.starts_with("회회") && issuer.ends_with('…'));
        let [issuer, account] = parts(&"🏢".repeat(256), &"회".repeat(256));
        assert!(issuer.starts_with("🏢🏢") && issuer.ends_with('…'));
        assert!(account.starts_with("회회") && account.ends_with('…'));
    }

    proptest! {
        #[test]
        fn no_names_are_too_long_for_a_qr_code(issuer in "\\PC{0,256}", account in "\\PC{0,256}") {
            let uri = uri(&secret(), &issuer, &account);
            prop_assert!(uri.len() <= LONGEST_URI);
            prop_assert!(percent_decode_str(&uri).decode_utf8().is_ok());
        }

        #[test]
        fn an_accepted_step_is_never_accepted_again(moves in prop::collection::vec(-40_i64..80, 1..60)) {
            let (mut now, mut last, mut accepted) = (1_800_000_000, None, std::collections::BTreeSet::new());
            for by in moves {
                now += by;
                let given = code(&secret(), at(now)).unwrap();
                if let Some(step) = accepted_step(&secret(), &given, last, at(now)) {
                    prop_assert!(accepted.insert(step));
                    prop_assert!(last.is_none_or(|last| step > last));
                    last = Some(step);
                }
            }
        }
    }
}
