//! The secret keys of the installation: which ones it requires, and their rotation.
//!
//! The database lists the check values of all keys that something may be encrypted with. A server adds its first key when
//! it starts, and must have all of the others. A rotation leaves only the first one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Failure, Services, retry};
use crate::domain::keyring::{Keyring, SecretKeys};
use crate::domain::otp_secret::OTP_SECRET_PURPOSE;
use crate::domain::outbox::PAYLOAD_PURPOSE;
use crate::domain::secret::{DecryptionError, SecretKey};
use crate::entropy;
use crate::storage::encrypted::{Encrypted, EncryptedColumn, Jobs, OtpSecrets, PendingOtpSecrets};
use crate::storage::{Db, installation};

/// The name under which the check values are stored, separated by commas, the oldest first.
const CHECK_VALUES: &str = "secret_key_check";
/// The name under which the key of the digests is stored. An installation that began without one makes its digests with
/// its first secret key.
const DIGEST_KEY: &str = "digest_key";
/// The purpose for which the key of the digests is encrypted.
const DIGEST_KEY_PURPOSE: &str = "digest key";
/// How many values are encrypted again in one transaction.
const BATCH: i64 = 100;

/// The database cannot be used with these keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretKeyError {
    /// The encrypted data could not be decrypted, and every counter would start again.
    #[error(
        "the secret key is not the one that this database was first used with; provide that key, or everything \
         that was encrypted with it (one-time password secrets, messages not yet sent) is lost"
    )]
    Differs,
    /// Some of the encrypted data could not be decrypted.
    #[error(
        "this database also holds values that are encrypted with another key ({0} of the keys that it was used with are \
         missing); append that key after a comma, and run `userprofile rotate-key` before removing it"
    )]
    Missing(usize),
    /// The check itself failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What a rotation has encrypted again so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotated {
    /// The secrets of authenticator apps.
    pub otp_secrets: usize,
    /// Those that are not confirmed yet.
    pub pending_otp_secrets: usize,
    /// Messages and requests in the outbox.
    pub jobs: usize,
    /// The values that none of the keys decrypts; they are left as they are.
    pub undecryptable: usize,
}

impl Rotated {
    fn changed(&self) -> usize {
        self.otp_secrets + self.pending_otp_secrets + self.jobs
    }
}

/// The keyring of the installation, with these `keys`. The first start generates the key of the digests. Otherwise this
/// writes only if the first key is new: a standby, or a full disk, is no reason not to start.
pub async fn open(db: &Db, keys: SecretKeys) -> Result<Keyring, SecretKeyError> {
    let Some(stored) = read(db, CHECK_VALUES).await? else {
        return begin(db, keys).await;
    };
    check_keys(&stored, &keys)?;
    let oldest = stored.split(',').next().unwrap_or_default();
    let digest_key = find_digest_key(db, &keys, oldest).await?;
    add_check_value(db, &check_value(keys.first())).await?;
    Ok(Keyring::new(keys, digest_key))
}

/// Checks that `keys` are those that the database requires. Writes nothing.
pub async fn check(db: &Db, keys: &SecretKeys) -> Result<(), SecretKeyError> {
    read(db, CHECK_VALUES).await?.map_or(Ok(()), |stored| check_keys(&stored, keys))
}

fn check_keys(stored: &str, keys: &SecretKeys) -> Result<(), SecretKeyError> {
    let given: Vec<String> = keys.iter().map(check_value).collect();
    let missing = stored.split(',').filter(|known| !given.iter().any(|given| given == known)).count();
    match missing {
        0 => Ok(()),
        all if all == stored.split(',').count() => Err(SecretKeyError::Differs),
        some => Err(SecretKeyError::Missing(some)),
    }
}

/// The keyring of a database that was used with no key so far.
async fn begin(db: &Db, keys: SecretKeys) -> Result<Keyring, SecretKeyError> {
    let key = SecretKey::new(entropy::bytes().map_err(Failure::from)?);
    let encrypted = encrypt_digest_key(keys.first(), &key)?;
    let stored = installation::find_or_insert(db, DIGEST_KEY, &encrypted).await.map_err(Failure::from)?;
    // Of several first starts at once, all use the same keys.
    let digest_key = decrypt_digest_key(&keys, &stored).map_err(|_| SecretKeyError::Differs)?;
    let value = check_value(keys.first());
    let kept = installation::find_or_insert(db, CHECK_VALUES, &value).await.map_err(Failure::from)?;
    if kept == value { Ok(Keyring::new(keys, digest_key)) } else { Err(SecretKeyError::Differs) }
}

/// Whether a database was used with a secret key before.
pub async fn has_secret_key(db: &Db) -> Result<bool, Failure> {
    Ok(read(db, CHECK_VALUES).await?.is_some())
}

async fn find_digest_key(db: &Db, keys: &SecretKeys, oldest: &str) -> Result<SecretKey, SecretKeyError> {
    match read(db, DIGEST_KEY).await? {
        Some(stored) => decrypt_digest_key(keys, &stored).map_err(|_| SecretKeyError::Differs),
        None => keys.iter().find(|key| check_value(key) == oldest).cloned().ok_or(SecretKeyError::Differs),
    }
}

/// Adds a check value to the list, unless it is there.
async fn add_check_value(db: &Db, value: &str) -> Result<(), Failure> {
    loop {
        let stored = read(db, CHECK_VALUES).await?.unwrap_or_default();
        if stored.split(',').any(|known| known == value) {
            return Ok(());
        }
        // Another server may have changed the list meanwhile.
        if installation::replace(db, CHECK_VALUES, &stored, &format!("{stored},{value}")).await? {
            return Ok(());
        }
    }
}

async fn read(db: &Db, name: &str) -> Result<Option<String>, Failure> {
    Ok(installation::find(db, name).await?)
}

fn check_value(key: &SecretKey) -> String {
    BASE64.encode(key.check_value())
}

fn encrypt_digest_key(key: &SecretKey, digest_key: &SecretKey) -> Result<String, Failure> {
    Ok(BASE64.encode(key.encrypt_key(DIGEST_KEY_PURPOSE, entropy::bytes()?, digest_key)?))
}

fn decrypt_digest_key(keys: &SecretKeys, stored: &str) -> Result<SecretKey, DecryptionError> {
    let encrypted = BASE64.decode(stored).map_err(|_| DecryptionError)?;
    SecretKey::from_decrypted(&keys.decrypt(DIGEST_KEY_PURPOSE, &encrypted)?)
}

impl Services {
    /// Encrypts everything with the first key that is encrypted with another one, in batches, and reports to `progress`
    /// after each. It may be interrupted, run again, and run several times at once. Servers may run meanwhile, if the
    /// first of their keys is the same: what others write after this has passed is missed.
    pub async fn rotate_key(&self, progress: impl Fn(&Rotated)) -> Result<Rotated, Failure> {
        let known = read(&self.db, CHECK_VALUES).await?.unwrap_or_default();
        let mut rotated = Rotated::default();
        loop {
            let before = rotated;
            rotated.undecryptable = 0;
            let column = self.rotate::<OtpSecrets>(OTP_SECRET_PURPOSE, rotated, |r| &mut r.otp_secrets, &progress);
            rotated = column.await?;
            let column = self.rotate::<PendingOtpSecrets>(
                OTP_SECRET_PURPOSE,
                rotated,
                |r| &mut r.pending_otp_secrets,
                &progress,
            );
            rotated = column.await?;
            rotated = self.rotate::<Jobs>(PAYLOAD_PURPOSE, rotated, |r| &mut r.jobs, &progress).await?;
            // Something may have been written behind it.
            if rotated.changed() == before.changed() {
                break;
            }
        }
        self.rotate_digest_key().await?;
        let first = check_value(self.keyring.keys().first());
        if known != first {
            // Not if a server with another first key was started meanwhile: it is in the list then, and in use.
            installation::replace(&self.db, CHECK_VALUES, &known, &first).await?;
        }
        Ok(rotated)
    }

    async fn rotate<C: EncryptedColumn>(
        &self,
        purpose: &str,
        mut rotated: Rotated,
        count: impl Fn(&mut Rotated) -> &mut usize,
        progress: &impl Fn(&Rotated),
    ) -> Result<Rotated, Failure> {
        let mut after = None;
        loop {
            let page = C::page(&self.db, after.as_ref(), BATCH).await?;
            let Some(last) = page.last() else { return Ok(rotated) };
            after = Some(last.id.clone());
            let outdated: Vec<_> =
                page.into_iter().filter(|encrypted| !self.keyring.is_current(purpose, &encrypted.value)).collect();
            if outdated.is_empty() {
                continue;
            }
            let mut renewed = Vec::new();
            for encrypted in &outdated {
                match self.keyring.decrypt(purpose, &encrypted.value) {
                    Ok(plain) => {
                        renewed.push((encrypted, self.keyring.encrypt(purpose, entropy::bytes()?, &plain)?));
                    }
                    Err(DecryptionError) => rotated.undecryptable += 1,
                }
            }
            *count(&mut rotated) += retry(|| self.replace_all::<C>(&renewed)).await?;
            progress(&rotated);
        }
    }

    /// Replaces values that have not changed, and returns how many.
    async fn replace_all<C: EncryptedColumn>(
        &self,
        renewed: &[(&Encrypted<C::Id>, Vec<u8>)],
    ) -> Result<usize, Failure> {
        let mut tx = self.db.begin().await?;
        let mut replaced = 0;
        for (before, after) in renewed {
            replaced += usize::from(C::replace(&mut tx, before, after).await?);
        }
        tx.commit().await?;
        Ok(replaced)
    }

    async fn rotate_digest_key(&self) -> Result<(), Failure> {
        let renewed = encrypt_digest_key(self.keyring.keys().first(), self.keyring.digest_key())?;
        let stored = installation::find_or_insert(&self.db, DIGEST_KEY, &renewed).await?;
        // Another rotation may have replaced it meanwhile.
        if stored != renewed {
            installation::replace(&self.db, DIGEST_KEY, &stored, &renewed).await?;
        }
        Ok(())
    }
}
