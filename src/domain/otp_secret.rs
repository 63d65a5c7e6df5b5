//! The secret of an authenticator app (RFC 6238).

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};

use super::Invalid;
use super::secret_value::Secret;

/// The minimum length of an imported secret in bytes: 80 bits, as Google Authenticator has generated them.
pub const MIN_OTP_SECRET_BYTES: usize = 10;
/// The length of a new secret in bytes: 160 bits (RFC 4226, 4, R6).
pub const NEW_OTP_SECRET_BYTES: usize = 20;
/// The maximum length of a secret in bytes.
pub const MAX_OTP_SECRET_BYTES: usize = 128;
/// The purpose for which secrets are encrypted with the server's secret key before they are stored.
pub const OTP_SECRET_PURPOSE: &str = "otp secret";

/// A secret shared with an authenticator app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtpSecret(Secret<[u8]>);

impl OtpSecret {
    /// Parses a secret in base32 (RFC 4648, 6); case, spaces, hyphens, and padding do not matter.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let compact: String = text.chars().filter(|c| !matches!(c, '-' | '=') && !c.is_whitespace()).collect();
        let bytes = BASE32_NOPAD_NOCASE
            .decode(compact.as_bytes())
            .map_err(|_| Invalid::malformed("not base32 (RFC 4648): use the letters A to Z and the digits 2 to 7"))?;
        if !(MIN_OTP_SECRET_BYTES..=MAX_OTP_SECRET_BYTES).contains(&bytes.len()) {
            let (least, most) = (MIN_OTP_SECRET_BYTES * 8, MAX_OTP_SECRET_BYTES * 8);
            return Err(Invalid::malformed(format!(
                "this must have {least} to {most} bits: at least 16 characters of base32"
            )));
        }
        Ok(Self(Secret::new(bytes)))
    }

    /// Generates a secret of 160 random bits.
    pub fn from_random(bytes: [u8; NEW_OTP_SECRET_BYTES]) -> Self {
        Self(Secret::new(bytes.to_vec()))
    }

    /// Wraps a stored secret.
    pub fn from_stored(bytes: Vec<u8>) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes that are encrypted and stored.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.reveal()
    }

    /// The secret in base32 without padding.
    pub fn reveal(&self) -> String {
        BASE32_NOPAD.encode(self.0.reveal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_parsed_leniently_and_written_canonically() {
        let secret = OtpSecret::parse("gezd gnbv gy3t qojq GEZD GNBV GY3T QOJQ").unwrap();
        assert_eq!(secret.as_bytes(), b"12345678901234567890");
        assert_eq!(secret.reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(OtpSecret::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGE======").unwrap().as_bytes().len(), 21);
        assert_eq!(OtpSecret::parse(" gezd-gnbv-gy3t-qojq ").unwrap().as_bytes(), b"1234567890");
        assert_eq!(format!("{secret:?}"), "OtpSecret(***)");
    }

    #[test]
    fn short_or_malformed_base32_is_rejected() {
        for wrong in ["", "GEZDGNBVGY3TQOI", "GEZDGNBVGY3TQO", "0EZDGNBVGY3TQOJQ", &"A".repeat(206)] {
            assert!(OtpSecret::parse(wrong).is_err(), "{wrong}");
        }
    }
}
