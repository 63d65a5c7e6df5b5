//! The secret that webhooks are signed with, as in Standard Webhooks
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Timestamp;
use super::secret_value::Secret;

/// What precedes a secret in base64.
const PREFIX: &str = "whsec_";
/// The lengths in bytes that the specification allows.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// The secret that operator and receiver share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSecret(Secret<[u8]>);

impl WebhookSecret {
    /// Parses a secret in base64, with or without `whsec_` before it, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| "it is not base64")?;
        if !LENGTHS.contains(&bytes.len()) {
            let (least, most) = LENGTHS.into_inner();
            return Err(format!("it decodes to {} bytes instead of {least} to {most}", bytes.len()));
        }
        Ok(Self(Secret::new(bytes)))
    }

    /// The signature of a message with this id: HMAC-SHA-256 over the id, the time in seconds, and the body.
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        // A key of any length is accepted.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.reveal()) else { return String::new() };
        mac.update(format!("{id}.{}.{body}", at.timestamp()).as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the reference implementation's tests.
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_timestamp(1_614_265_330, 0).unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_quoted() {
        assert_eq!(WebhookSecret::parse("correct horse").unwrap_err(), "it is not base64");
        assert_eq!(WebhookSecret::parse("AAAA").unwrap_err(), "it decodes to 3 bytes instead of 24 to 64");
        assert_eq!(format!("{:?}", WebhookSecret::parse(&STANDARD.encode([7; 32])).unwrap()), "WebhookSecret(***)");
    }
}
