//! The secret keys of the installation: which ones it requires, and their rotation.
//!
//! The database lists the check values of all keys that something may be encrypted with. What encrypts adds its first key
//! to the list, and everything must have all of the others. A rotation leaves only the first one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::HEXLOWER;

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
/// How many values are read at once.
const PAGE: i64 = 100;
/// How often everything is read, at most. More than three times means that another server encrypts with another key.
const MOST_PASSES: usize = 10;

/// The database cannot be used with these keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretKeyError {
    /// The encrypted data could not be decrypted, and every counter would start again.
    #[error(
        "the secret key is not the one that this database needs{}; provide that key, from a backup if need be: with another, \
         everything that was encrypted with it (one-time password secrets, messages not yet sent) is lost", named(.0)
    )]
    Differs(Vec<String>),
    /// Some of the encrypted data could not be decrypted.
    #[error(
        "values of this database may be encrypted with a key that is missing here ({}); append it after a comma, and run \
         `userprofile rotate-key` before removing it. If it is lost, `userprofile rotate-key --forget` gives up what is \
         encrypted with it", .0.join(", ")
    )]
    Missing(Vec<String>),
    /// The key to forget is not in the list, or it is given.
    #[error("{0} is not the id of a key that is missing here")]
    NotMissing(String),
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
    /// Whether only the first key is needed now. Otherwise another server encrypts with another first key.
    pub is_complete: bool,
}

/// The keyring of the installation, with these `keys`. The first use generates the key of the digests. Otherwise this only
/// reads: a standby, or a full disk, is no reason not to start.
pub async fn open(db: &Db, keys: SecretKeys) -> Result<Keyring, SecretKeyError> {
    let Some(stored) = read(db, CHECK_VALUES).await? else {
        return begin(db, keys).await;
    };
    check_keys(&stored, &keys)?;
    let oldest = stored.split(',').next().unwrap_or_default();
    let digest_key = find_digest_key(db, &keys, oldest).await?;
    Ok(Keyring::new(keys, digest_key))
}

/// Adds the first of `keys` to the list, before anything is encrypted with it. Writes only if it is new.
pub async fn announce(db: &Db, keys: &SecretKeys) -> Result<(), Failure> {
    add_check_value(db, &check_value(keys.first())).await
}

/// Removes a lost key, which must be none of `keys`, from the list: what is encrypted with it is lost.
pub async fn forget(db: &Db, keys: &SecretKeys, id: &str) -> Result<(), SecretKeyError> {
    let not_missing = || SecretKeyError::NotMissing(id.to_owned());
    let stored = read(db, CHECK_VALUES).await?.ok_or_else(not_missing)?;
    let given: Vec<String> = keys.iter().map(check_value).collect();
    let is_lost = |known: &&str| !given.iter().any(|given| given == *known) && id_of(known) == id;
    let kept: Vec<&str> = stored.split(',').filter(|known| !is_lost(known)).collect();
    // At least one of the keys must be right: with none, a typing mistake would look like a loss.
    if kept.len() == stored.split(',').count() || !kept.iter().any(|kept| given.iter().any(|given| given == kept)) {
        return Err(not_missing());
    }
    installation::replace(db, CHECK_VALUES, &stored, &kept.join(",")).await.map_err(Failure::from)?;
    Ok(())
}

/// Checks that `keys` are those that the database requires. Writes nothing.
pub async fn check(db: &Db, keys: &SecretKeys) -> Result<(), SecretKeyError> {
    read(db, CHECK_VALUES).await?.map_or(Ok(()), |stored| check_keys(&stored, keys))
}

fn check_keys(stored: &str, keys: &SecretKeys) -> Result<(), SecretKeyError> {
    let given: Vec<String> = keys.iter().map(check_value).collect();
    let missing: Vec<&str> = stored.split(',').filter(|known| !given.iter().any(|given| given == known)).collect();
    match missing.len() {
        0 => Ok(()),
        all if all == stored.split(',').count() => Err(SecretKeyError::Differs(ids(&missing))),
        _ => Err(SecretKeyError::Missing(ids(&missing))),
    }
}

/// The keyring of a database that was used with no key so far.
async fn begin(db: &Db, keys: SecretKeys) -> Result<Keyring, SecretKeyError> {
    let key = SecretKey::new(entropy::bytes().map_err(Failure::from)?);
    let encrypted = encrypt_digest_key(keys.first(), &key)?;
    let stored = installation::find_or_insert(db, DIGEST_KEY, &encrypted).await.map_err(Failure::from)?;
    // Of several first starts at once, one has stored it; the list begins with its key.
    let (used, digest_key) = decrypt_digest_key(&keys, &stored).map_err(|_| SecretKeyError::Differs(Vec::new()))?;
    let listed = installation::find_or_insert(db, CHECK_VALUES, &check_value(used)).await.map_err(Failure::from)?;
    check_keys(&listed, &keys)?;
    Ok(Keyring::new(keys.clone(), digest_key))
}

/// Whether a database was used with a secret key before.
pub async fn has_secret_key(db: &Db) -> Result<bool, Failure> {
    Ok(read(db, CHECK_VALUES).await?.is_some())
}

async fn find_digest_key(db: &Db, keys: &SecretKeys, oldest: &str) -> Result<SecretKey, SecretKeyError> {
    match read(db, DIGEST_KEY).await? {
        Some(stored) => {
            decrypt_digest_key(keys, &stored).map(|(_, key)| key).map_err(|_| SecretKeyError::Differs(Vec::new()))
        }
        None => keys.iter().find(|key| check_value(key) == oldest).cloned().ok_or(SecretKeyError::Differs(Vec::new())),
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

fn ids(check_values: &[&str]) -> Vec<String> {
    check_values.iter().map(|value| id_of(value)).collect()
}

/// The ids of keys, if they are known.
fn named(ids: &[String]) -> String {
    if ids.is_empty() { String::new() } else { format!(" ({})", ids.join(", ")) }
}

/// The id of the key with this check value, as [`SecretKey::id`] returns it.
fn id_of(check_value: &str) -> String {
    HEXLOWER.encode(&BASE64.decode(check_value).unwrap_or_default()).chars().take(SecretKey::ID_LENGTH).collect()
}

fn encrypt_digest_key(key: &SecretKey, digest_key: &SecretKey) -> Result<String, Failure> {
    Ok(BASE64.encode(key.encrypt_key(DIGEST_KEY_PURPOSE, entropy::bytes()?, digest_key)?))
}

/// The key of the digests, and the key that it is encrypted with.
fn decrypt_digest_key<'a>(keys: &'a SecretKeys, stored: &str) -> Result<(&'a SecretKey, SecretKey), DecryptionError> {
    let encrypted = BASE64.decode(stored).map_err(|_| DecryptionError)?;
    let decrypt = |key: &'a SecretKey| Some((key, key.decrypt(DIGEST_KEY_PURPOSE, &encrypted).ok()?));
    let (key, decrypted) = keys.iter().find_map(decrypt).ok_or(DecryptionError)?;
    Ok((key, SecretKey::from_decrypted(&decrypted)?))
}

impl Services {
    /// Encrypts everything with the first key that is encrypted with another one, value by value, and reports to
    /// `progress`. It may be interrupted, run again, and run several times at once. Servers may run meanwhile, if the
    /// first of their keys is the same: what others write after this has passed is missed.
    pub async fn rotate_key(&self, progress: impl Fn(&Rotated)) -> Result<Rotated, Failure> {
        announce(&self.db, self.keyring.keys()).await?;
        let listed = read(&self.db, CHECK_VALUES).await?.unwrap_or_default();
        let mut rotated = Rotated::default();
        // Until a pass finds nothing: something may have been written behind the previous one.
        for _ in 0..MOST_PASSES {
            rotated.undecryptable = 0;
            let mut found =
                self.rotate::<OtpSecrets>(OTP_SECRET_PURPOSE, &mut rotated, |r| &mut r.otp_secrets, &progress).await?;
            found += self
                .rotate::<PendingOtpSecrets>(
                    OTP_SECRET_PURPOSE,
                    &mut rotated,
                    |r| &mut r.pending_otp_secrets,
                    &progress,
                )
                .await?;
            found += self.rotate::<Jobs>(PAYLOAD_PURPOSE, &mut rotated, |r| &mut r.jobs, &progress).await?;
            if found == 0 {
                self.rotate_digest_key().await?;
                let first = check_value(self.keyring.keys().first());
                // Not if another key was announced meanwhile, because that is in use.
                rotated.is_complete = installation::replace(&self.db, CHECK_VALUES, &listed, &first).await?
                    || read(&self.db, CHECK_VALUES).await? == Some(first);
                break;
            }
        }
        Ok(rotated)
    }

    /// Rotates the values of a column, and returns how many were found that the first key had not encrypted.
    async fn rotate<C: EncryptedColumn>(
        &self,
        purpose: &str,
        rotated: &mut Rotated,
        count: impl Fn(&mut Rotated) -> &mut usize,
        progress: &impl Fn(&Rotated),
    ) -> Result<usize, Failure> {
        let (mut after, mut found) = (None, 0);
        loop {
            let page = C::page(&self.db, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id.clone());
            let before = found;
            for encrypted in page.iter().filter(|encrypted| !self.keyring.is_current(purpose, &encrypted.value)) {
                let Ok(plain) = self.keyring.decrypt(purpose, &encrypted.value) else {
                    rotated.undecryptable += 1;
                    continue;
                };
                found += 1;
                let renewed = self.keyring.encrypt(purpose, entropy::bytes()?, &plain)?;
                *count(rotated) += usize::from(retry(|| self.replace::<C>(encrypted, &renewed)).await?);
            }
            if found > before {
                progress(rotated);
            }
        }
    }

    /// Replaces a value unless it has changed, and returns whether it did. In a transaction of its own, which holds no
    /// lock while it waits for another.
    async fn replace<C: EncryptedColumn>(&self, before: &Encrypted<C::Id>, after: &[u8]) -> Result<bool, Failure> {
        let mut tx = self.db.begin().await?;
        let is_replaced = C::replace(&mut tx, before, after).await?;
        tx.commit().await?;
        Ok(is_replaced)
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
