//! The secret keys of an installation. A rotation replaces the key that encrypts; the key of the digests stays, and is
//! itself stored encrypted, because what is stored under a digest cannot be digested again.

use super::secret::{DecryptionError, Digest, NONCE_LENGTH, SecretKey};

/// One or more secret keys: the first one encrypts, all of them decrypt.
#[derive(Debug, Clone)]
pub struct SecretKeys {
    first: SecretKey,
    others: Vec<SecretKey>,
}

impl SecretKeys {
    /// Keys of which `first` encrypts.
    pub fn new(first: SecretKey, others: Vec<SecretKey>) -> Self {
        Self { first, others }
    }

    /// The key that encrypts.
    pub fn first(&self) -> &SecretKey {
        &self.first
    }

    /// All keys, the first one first.
    pub fn iter(&self) -> impl Iterator<Item = &SecretKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Decrypts a value with the key that encrypted it.
    pub fn decrypt(&self, purpose: &str, encrypted: &[u8]) -> Result<Vec<u8>, DecryptionError> {
        self.iter().find_map(|key| key.decrypt(purpose, encrypted).ok()).ok_or(DecryptionError)
    }
}

/// Encrypts, decrypts, and digests everything that an installation stores.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: SecretKeys,
    digest_key: SecretKey,
}

impl Keyring {
    /// The keyring of an installation whose digests are made with `digest_key`.
    pub fn new(keys: SecretKeys, digest_key: SecretKey) -> Self {
        Self { keys, digest_key }
    }

    /// The keys that encrypt and decrypt.
    pub fn keys(&self) -> &SecretKeys {
        &self.keys
    }

    /// The key of the digests.
    pub fn digest_key(&self) -> &SecretKey {
        &self.digest_key
    }

    /// See [`SecretKey::digest`].
    pub fn digest(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        self.digest_key.digest(purpose, parts)
    }

    /// See [`SecretKey::encrypt`].
    pub fn encrypt(&self, purpose: &str, nonce: [u8; NONCE_LENGTH], plain: &[u8]) -> Result<Vec<u8>, DecryptionError> {
        self.keys.first.encrypt(purpose, nonce, plain)
    }

    /// See [`SecretKeys::decrypt`].
    pub fn decrypt(&self, purpose: &str, encrypted: &[u8]) -> Result<Vec<u8>, DecryptionError> {
        self.keys.decrypt(purpose, encrypted)
    }

    /// Whether the first key encrypted a value.
    pub fn is_current(&self, purpose: &str, encrypted: &[u8]) -> bool {
        self.keys.first.decrypt(purpose, encrypted).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_encrypts_and_all_keys_decrypt() {
        let [old, new] = [1, 2].map(|byte| SecretKey::new([byte; 32]));
        let before = Keyring::new(SecretKeys::new(old.clone(), vec![]), old.clone());
        let rotating = Keyring::new(SecretKeys::new(new.clone(), vec![old.clone()]), old.clone());
        let after = Keyring::new(SecretKeys::new(new, vec![]), old);
        let [of_old, of_new] = [&before, &rotating].map(|keyring| keyring.encrypt("otp", [7; 12], b"secret").unwrap());
        assert_eq!(rotating.decrypt("otp", &of_old).unwrap(), b"secret");
        assert_eq!(after.decrypt("otp", &of_new).unwrap(), b"secret");
        assert_eq!(after.decrypt("otp", &of_old), Err(DecryptionError));
        assert_eq!((rotating.is_current("otp", &of_old), rotating.is_current("otp", &of_new)), (false, true));
        assert_eq!(before.digest("a", &[b"b"]), after.digest("a", &[b"b"]));
    }
}
