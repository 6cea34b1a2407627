//! Whose the files of a database are.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

const ROOT: u32 = 0;

/// Gives a file that root just created to the owner of its folder, as SQLite gives them the log of a database: a server that does not run
/// as root could not open it otherwise. `file` is the open file and not its name, under which the owner of the folder may have put another.
pub(crate) fn give_to_owner_of_folder(file: &File, path: &Path) {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(file_now), Ok(folder)) = (file.metadata(), fs::metadata(folder)) else { return };
    if file_now.uid() != ROOT || folder.uid() == ROOT {
        return;
    }
    if let Err(error) = fchown(file, Some(folder.uid()), Some(folder.gid())) {
        // Root of a container may be without that right, and the server be root there.
        tracing::warn!(%error, file = %path.display(), "the file could not be given to the owner of its folder");
    }
}
