//! The secret keys: given in a setting, or generated with a SQLite database and stored in a file beside it.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::CliError;
use crate::config::{KeySource, read_secret_keys};
use crate::domain::keyring::SecretKeys;
use crate::entropy;
use crate::services::secret_keys::has_secret_key;
use crate::storage::{Db, files};

/// Loads the keys. A key beside a SQLite file is generated if it does not exist, unless the database was used with a key
/// before: then that key is lost, and a new one cannot replace it.
pub(super) async fn load(source: KeySource, db: &Db) -> Result<SecretKeys, CliError> {
    let path = match source {
        KeySource::Given(keys) => return Ok(keys),
        KeySource::BesideDatabase(path) => path,
    };
    if !path.exists() {
        let is_used = has_secret_key(db).await?;
        // The file is created before the database is used. Check again: another server that is starting may have
        // created it meanwhile.
        if is_used && !path.exists() {
            return Err(lost(&path));
        }
        make(&path).map_err(|error| CliError::failed(format!("{} cannot be written: {error}", path.display())))?;
    }
    let unusable =
        |wrong: String| CliError::usage(format!("the file with the secret key, {}, {wrong}", path.display()));
    files::restrict(&path).map_err(|error| unusable(format!("cannot be made readable by its owner only: {error}")))?;
    read_secret_keys(&path).map_err(unusable)
}

fn lost(path: &Path) -> CliError {
    CliError::usage(format!(
        "the file with the secret key of this database, {}, is missing; put it back, or give the key with \
         USERPROFILE_SECRET_KEY",
        path.display()
    ))
}

/// Writes a new key to a temporary file and puts it in place in one step. If two servers start at once, the second uses
/// the key of the first. Only the owner can read the file (mode 600), as temporary files are created with that mode.
fn make(path: &Path) -> std::io::Result<()> {
    let key: [u8; 32] = entropy::bytes().map_err(std::io::Error::other)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}
