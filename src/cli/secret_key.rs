//! The secret key: as it was given, or kept in a file beside the SQLite file and made with it.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::CliError;
use crate::config::KeySource;
use crate::domain::secret::SecretKey;
use crate::entropy;
use crate::services::installation::has_secret_key;
use crate::storage::{Db, files};

/// The key. One that is kept beside a SQLite file is made when there is none, unless the database was used with one
/// before: then it is lost, and a new one would not do.
pub(super) async fn load(source: KeySource, db: &Db) -> Result<SecretKey, CliError> {
    let path = match source {
        KeySource::Given(key) => return Ok(SecretKey::new(*key.expose())),
        KeySource::BesideDatabase(path) => path,
    };
    if !path.exists() {
        let is_used = has_secret_key(db).await?;
        // The file is made before the database is used. Looked at again, it may have come from another server that
        // starts at this moment.
        if is_used && !path.exists() {
            return Err(lost(&path));
        }
        make(&path).map_err(|error| CliError::failed(format!("{} cannot be written: {error}", path.display())))?;
    }
    read(&path).map_err(|wrong| CliError::usage(format!("{}: {wrong}", path.display())))
}

fn lost(path: &Path) -> CliError {
    CliError::usage(format!(
        "the file with the secret key of this database, {}, is missing; put it back, or give the key with \
         USERPROFILE_SECRET_KEY",
        path.display()
    ))
}

/// Writes a new key aside and puts it in place in one step. Of two servers that start at once one is the first; the
/// other takes its key. The file can be read by its owner only (mode 600), which is how temporary files are made.
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

fn read(path: &Path) -> Result<SecretKey, String> {
    files::restrict(path).map_err(|error| format!("cannot be kept from others: {error}"))?;
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let bytes = STANDARD.decode(text.trim()).map_err(|_| "holds no key in base64".to_owned())?;
    let key = bytes.try_into().map_err(|_| "holds a key that has not 32 bytes".to_owned())?;
    Ok(SecretKey::new(key))
}
