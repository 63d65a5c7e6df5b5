//! `rotate-key`.

use super::error::CliError;
use super::{log, output, set_up};
use crate::config::Config;
use crate::services::secret_keys::Rotated;

/// Encrypts everything with the first key, and prints how much that was.
pub(super) async fn rotate_key(config: Config) -> Result<(), CliError> {
    log::start(&config)?;
    let services = set_up::services(&config, false).await?;
    let first = services.keyring.keys().first().id();
    let progress = |Rotated { otp_secrets, pending_otp_secrets, jobs, .. }: &Rotated| {
        tracing::info!(otp_secrets, pending_otp_secrets, messages = jobs, "encrypted again so far");
    };
    let rotated = services.rotate_key(progress).await?;
    if rotated.undecryptable > 0 {
        let values = rotated.undecryptable;
        tracing::warn!(values, "values cannot be decrypted with any of the keys and were left as they are");
    }
    output::print(&format!(
        "Encrypted with key {first}: {}.\nOnly this key is needed now. Remove the others once every server was started with \
         it as the first.\n",
        summary(&rotated)
    ))
}

fn summary(rotated: &Rotated) -> String {
    let Rotated { otp_secrets, pending_otp_secrets, jobs, .. } = rotated;
    format!("{otp_secrets} one-time password secrets, {pending_otp_secrets} pending ones, {jobs} messages")
}
