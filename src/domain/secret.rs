//! The server's secret key, and what it is used for: keyed digests and encryption.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::secret_value::Secret;

/// The length of a nonce in random bytes.
pub const NONCE_LENGTH: usize = 12;

/// 32 secret bytes that all keys of the server are derived from.
#[derive(Debug, Clone)]
pub struct SecretKey(Secret<[u8]>);

/// A keyed digest (HMAC-SHA-256): shows whether two values are equal, and nothing else about them.
pub type Digest = [u8; 32];

/// Decryption failed: the value was encrypted with another key or for another purpose, or it was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an encrypted value cannot be decrypted with this secret key; if the key was replaced, give all keys")]
pub struct DecryptionError;

impl SecretKey {
    /// Wraps the key's bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes.to_vec()))
    }

    /// The keyed digest of `parts`, for one `purpose`. Two digests are equal only if the purpose and every part are
    /// equal.
    pub fn digest(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        let mut mac = self.mac();
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// What is stored to recognise the key.
    pub fn check_value(&self) -> Digest {
        self.digest("check", &[])
    }

    /// The length of [`id`](Self::id).
    pub const ID_LENGTH: usize = 8;

    /// What identifies the key to an operator: hexadecimal digits.
    pub fn id(&self) -> String {
        let [a, b, c, d, ..] = self.check_value();
        HEXLOWER.encode(&[a, b, c, d])
    }

    /// Encrypts another key.
    pub fn encrypt_key(
        &self,
        purpose: &str,
        nonce: [u8; NONCE_LENGTH],
        key: &SecretKey,
    ) -> Result<Vec<u8>, DecryptionError> {
        self.encrypt(purpose, nonce, key.0.reveal())
    }

    /// The key that [`encrypt_key`](Self::encrypt_key) encrypted, decrypted before.
    pub fn from_decrypted(bytes: &[u8]) -> Result<Self, DecryptionError> {
        bytes.try_into().map(Self::new).map_err(|_| DecryptionError)
    }

    /// Encrypts `plain` so that only this key, for the same `purpose`, can decrypt it. `nonce` must be random. Never
    /// fails for texts that fit into memory.
    pub fn encrypt(&self, purpose: &str, nonce: [u8; NONCE_LENGTH], plain: &[u8]) -> Result<Vec<u8>, DecryptionError> {
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let encrypted = self.cipher().encrypt(&Nonce::from(nonce), payload).map_err(|_| DecryptionError)?;
        Ok([nonce.as_slice(), &encrypted].concat())
    }

    /// Decrypts a value that [`encrypt`](Self::encrypt) encrypted.
    pub fn decrypt(&self, purpose: &str, encrypted: &[u8]) -> Result<Vec<u8>, DecryptionError> {
        let (nonce, encrypted) = encrypted.split_first_chunk::<NONCE_LENGTH>().ok_or(DecryptionError)?;
        let payload = Payload { msg: encrypted, aad: purpose.as_bytes() };
        self.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| DecryptionError)
    }

    /// HMAC pads a key with zeros to the hash's block size (RFC 2104, 2).
    fn mac(&self) -> Hmac<Sha256> {
        let mut block = [0; 64];
        block.iter_mut().zip(self.0.reveal()).for_each(|(to, from)| *to = *from);
        <Hmac<Sha256> as hmac::KeyInit>::new(&block.into())
    }

    /// Encryption has its own derived key, so that no published digest can equal it.
    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.digest("seal", &[])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_purpose_parts_and_key() {
        let key = SecretKey::new([1; 32]);
        let digest = key.digest("a", &[b"bc", b"d"]);
        assert_eq!(digest, key.digest("a", &[b"bc", b"d"]));
        for other in [key.digest("ab", &[b"c", b"d"]), key.digest("a", &[b"b", b"cd"]), key.digest("a", &[b"bcd"])] {
            assert_ne!(digest, other);
        }
        assert_ne!(digest, SecretKey::new([2; 32]).digest("a", &[b"bc", b"d"]));
    }

    #[test]
    fn an_encrypted_value_is_decrypted_only_with_the_same_key_and_purpose() {
        let key = SecretKey::new([1; 32]);
        let encrypted = key.encrypt("otp", [7; 12], b"secret").unwrap();
        assert_eq!(key.decrypt("otp", &encrypted).unwrap(), b"secret");
        assert_eq!(key.decrypt("mail", &encrypted), Err(DecryptionError));
        assert_eq!(SecretKey::new([2; 32]).decrypt("otp", &encrypted), Err(DecryptionError));
        assert_eq!(key.decrypt("otp", &encrypted[..10]), Err(DecryptionError));
        let mut altered = encrypted;
        altered[14] ^= 1;
        assert_eq!(key.decrypt("otp", &altered), Err(DecryptionError));
    }
}
