//! Files that only their owner may read: the SQLite database, and the secret key next to it.

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// The owner may read and write.
pub const MODE: u32 = 0o600;

/// Removes the access rights of all users of the machine but the owner. A file that belongs to another user, or does
/// not exist, stays as it is.
pub fn restrict(path: &Path) -> io::Result<()> {
    let Ok(metadata) = path.metadata() else { return Ok(()) };
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_file() || !is_ours || metadata.mode() & 0o777 & !MODE == 0 {
        return Ok(());
    }
    match std::fs::set_permissions(path, Permissions::from_mode(metadata.mode() & MODE)) {
        // Another process has already deleted the file, or it cannot be changed here.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ReadOnlyFilesystem) => Ok(()),
        set => set,
    }
}
