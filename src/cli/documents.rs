//! Trusted documents.

use std::fs;

use super::error::CliError;
use crate::config::Config;
use crate::graphql::TrustedCheck;
use crate::graphql::documents::Documents;
use crate::graphql::limits::RequestLimits;

/// The documents of the manifest, if there is one; each of them must be within `limits`.
pub(super) fn documents(config: &Config, limits: &RequestLimits) -> Result<Documents, CliError> {
    let settings = &config.documents;
    let Some(file) = &settings.manifest else { return Ok(Documents::untrusted(settings.automatic)) };
    let refused = |wrong: String| {
        let remedy = "name a manifest as written by graphql-codegen, Relay, or Apollo's tools";
        CliError::from(config.error("documents", format!("{} {wrong}", file.display()), remedy))
    };
    let manifest = fs::read_to_string(file).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let check = TrustedCheck::new(limits);
    Documents::trusted(&manifest, settings.mode, settings.automatic, |text| check.check(text))
        .map_err(|error| refused(format!("is invalid: {error}")))
}
