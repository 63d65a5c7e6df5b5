//! Time-based one-time passwords (RFC 6238) of six digits, a new one every 30 seconds, over HMAC-SHA-1, which is what
//! every authenticator app knows.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;

use super::Timestamp;
use super::otp_secret::OtpSecret;
use super::verify_code::Digits;

/// Seconds that one code lasts (RFC 6238, 4.1: X).
const STEP_SECONDS: i64 = 30;
/// How many steps a clock may be off, either way (RFC 6238, 5.2).
const TOLERANCE: i64 = 1;
/// What may stand in a URI as it is (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The step whose code `given` is, among those around `now` that come after `last`, the last one that was accepted: no
/// code is good twice.
#[must_use]
pub fn accepted_step(secret: &OtpSecret, given: &Digits, last: Option<i64>, now: Timestamp) -> Option<i64> {
    let present = now.timestamp().div_euclid(STEP_SECONDS);
    (present - TOLERANCE..=present + TOLERANCE)
        .filter(|step| last.is_none_or(|last| *step > last))
        .find(|step| code_at(secret, *step).as_ref() == Some(given))
}

/// The code that an app shows at `now`.
#[must_use]
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

/// What an app reads from a QR code: the secret, and under which names to show its codes.
#[must_use]
pub fn uri(secret: &OtpSecret, issuer: &str, account: &str) -> String {
    // A colon parts issuer and account, and may stand in neither.
    let encode = |text: &str| utf8_percent_encode(&text.replace(':', " "), RESERVED).to_string();
    let (issuer, account) = (encode(issuer), encode(account));
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

    /// RFC 6238, appendix B, SHA-1: the last six of the eight digits there.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
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
    fn the_codes_by_counter_are_those_of_the_rfc() {
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, expected) in (0..).zip(expected) {
            assert_eq!(code_at(&secret(), step).unwrap().reveal(), expected);
        }
    }

    #[test]
    fn one_step_to_either_side_is_taken_and_none_twice() {
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

    proptest! {
        #[test]
        fn what_was_accepted_is_never_accepted_again(moves in prop::collection::vec(-40_i64..80, 1..60)) {
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
