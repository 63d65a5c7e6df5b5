//! `rotate-key`.

use super::error::CliError;
use super::set_up::SetUp;
use super::{log, output, secret_key, set_up};
use crate::config::{Config, KeySource};
use crate::services::secret_keys::{self, Rotated};
use crate::storage::Db;

/// Encrypts everything with the first key, and prints how much that was. Gives up what is encrypted with the key `lost`.
pub(super) async fn rotate_key(config: Config, lost: Option<String>) -> Result<(), CliError> {
    log::start(&config)?;
    let mut key_source = config.key_source()?;
    if let Some(id) = &lost {
        let db = Db::open(&config.database, 1).await.map_err(|error| set_up::unusable(&config, &error))?;
        let keys = secret_key::load(key_source, &db).await?;
        secret_keys::forget(&db, &keys, id).await.map_err(|error| CliError::failed(error.to_string()))?;
        key_source = KeySource::Given(keys);
    }
    let needs = SetUp { encrypts: true, ..SetUp::default() };
    let services = set_up::services_with(&config, key_source, needs, None).await?;
    let first = services.keyring.keys().first().id();
    let progress = |Rotated { otp_secrets, pending_otp_secrets, jobs, .. }: &Rotated| {
        tracing::info!(otp_secrets, pending_otp_secrets, messages = jobs, "encrypted again so far");
    };
    let rotated = services.rotate_key(progress).await?;
    if rotated.undecryptable > 0 {
        let values = rotated.undecryptable;
        tracing::warn!(values, "values cannot be decrypted with any of the keys and were left as they are");
    }
    let Rotated { otp_secrets, pending_otp_secrets, jobs, is_complete, .. } = rotated;
    output::print(&format!(
        "Encrypted with key {first}: {otp_secrets} one-time password secrets, {pending_otp_secrets} pending ones, {jobs} \
         messages.\n"
    ))?;
    if !is_complete {
        return Err(CliError::failed(
            "a server still encrypts with another key; restart it with this key as the first, and run this again",
        ));
    }
    output::print(
        "Only this key is needed now. Remove the others once every server was started with it as the first.\n",
    )
}
