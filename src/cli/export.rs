//! `export`.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use super::arguments::ExportOptions as Arguments;
use super::error::CliError;
use super::set_up::SetUp;
use super::{log, set_up};
use crate::config::Config;
use crate::services::Services;
use crate::services::transfer::export::ExportOptions;

/// Exports to a file or to standard output.
pub(super) async fn export(config: Config, arguments: Arguments) -> Result<(), CliError> {
    log::start(&config)?;
    let services = set_up::services(&config, SetUp::default()).await?;
    let options = ExportOptions { with_secrets: arguments.with_secrets };
    if arguments.file == Path::new("-") {
        services.export(BufWriter::new(io::stdout()), options).await?;
        return Ok(());
    }
    let path = &arguments.file;
    // A file that is not a regular one is written to, not replaced: a named pipe, a device, `>(…)`.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let file = File::options().write(true).open(path).map_err(|error| unwritable(path, &error))?;
        services.export(BufWriter::new(file), options).await?;
        return Ok(());
    }
    // A symbolic link is kept; its target is replaced.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    into_file(&services, &path, options).await
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::failed(format!("{} cannot be written: {error}", path.display()))
}

/// Writes a temporary file and renames it when it is complete; only its owner can read it (mode 600).
async fn into_file(services: &Services, path: &Path, options: ExportOptions) -> Result<(), CliError> {
    let unwritable = |error: io::Error| unwritable(path, &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    let writer: File = aside.as_file().try_clone().map_err(unwritable)?;
    services.export(BufWriter::new(writer), options).await?;
    aside.as_file().sync_all().map_err(unwritable)?;
    aside.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}
