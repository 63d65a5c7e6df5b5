//! The trusted documents.

use std::fs;

use super::error::CliError;
use crate::config::{Config, DocumentsMode};
use crate::graphql::TrustedCheck;
use crate::graphql::documents::{Documents, Mode};
use crate::graphql::limits::RequestLimits;

/// The documents of the manifest, if there is one; each of them must be within `limits`.
pub(super) fn documents(config: &Config, limits: &RequestLimits) -> Result<Documents, CliError> {
    let settings = &config.documents;
    let Some(file) = &settings.manifest else { return Ok(Documents::untrusted(settings.automatic)) };
    let mode = match settings.mode {
        Some(DocumentsMode::Off) => Mode::Off,
        Some(DocumentsMode::Prefer) | None => Mode::Prefer,
        Some(DocumentsMode::Require) => Mode::Require,
    };
    let refused = |wrong: String| {
        let right = "name a manifest as graphql-codegen, Relay or Apollo's tools write it";
        CliError::from(config.fault("documents", format!("{} {wrong}", file.display()), right))
    };
    let manifest = fs::read_to_string(file).map_err(|error| refused(format!("cannot be read: {error}")))?;
    let check = TrustedCheck::new(limits);
    Documents::trusted(&manifest, mode, settings.automatic, |text| check.check(text))
        .map_err(|fault| refused(format!("is not right: {fault}")))
}
