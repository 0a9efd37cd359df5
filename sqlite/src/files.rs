//! Identity of the files of a log: whether the opened files are still at their paths.

use crate::error::{Error, storage_error};
use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

/// The database and its write-ahead log, as they were when the log was opened.
///
/// Writes to a file that was removed or replaced are invisible to other processes and are lost when
/// the process exits. SQLite does not notice, so each transaction checks the files.
pub(crate) struct Files([(PathBuf, Identity); 2]);

impl Files {
    /// Records the files of a database that is open in WAL mode.
    pub(crate) fn of(database: &Path) -> Result<Self, Error> {
        let identified = |path: PathBuf| match Identity::of(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(error) => Err(missing(database, &path, &error)),
        };
        // SQLite resolves links: the write-ahead log is next to the target
        let target =
            fs::canonicalize(database).map_err(|error| missing(database, database, &error))?;
        Ok(Self([identified(database.into())?, identified(with_suffix(&target, "-wal"))?]))
    }

    /// Returns an error if a file is missing or is not the one that was opened.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let [(database, _), ..] = &self.0;
        for (path, opened) in &self.0 {
            match Identity::of(path) {
                Ok(found) if found == *opened => {}
                Ok(_) => {
                    let detail = format_args!("`{}` is a different file", path.display());
                    return Err(storage_error(moved(database), detail).into());
                }
                Err(error) if is_gone(&error) => return Err(missing(database, path, &error)),
                // without permission to look at the file, it may still be there
                Err(_) => {}
            }
        }
        Ok(())
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn missing(database: &Path, path: &Path, error: &io::Error) -> Error {
    let detail = format_args!("`{}`: {error}", path.display());
    storage_error(moved(database), detail).into()
}

fn moved(database: &Path) -> String {
    format!("`{}` was removed, moved or replaced while it was open", database.display())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Distinguishes a file from another one at the same path. The inode number of an open file is not
/// reused.
#[derive(PartialEq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::new(&fs::metadata(path)?))
    }

    #[cfg(unix)]
    fn new(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: file.dev(), inode: file.ino() }
    }

    /// On Windows, files that SQLite has open cannot be removed or renamed.
    #[cfg(not(unix))]
    fn new(_: &Metadata) -> Self {
        Self {}
    }
}

/// Creates a file that only its owner can read, if there is none. SQLite uses the same permissions for
/// the other files of the database.
pub(crate) fn create(path: &Path) {
    use std::sync::Mutex;

    /// Serializes callers: closing a file that SQLite has open releases the locks of the process on
    /// it.
    static CREATING: Mutex<()> = Mutex::new(());

    let _guard = crate::sync::lock(&CREATING);
    if path.exists() {
        return;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    // an error is reported when SQLite opens the file
    let _ = options.open(path);
}
