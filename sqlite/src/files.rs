//! The files of a log: which ones were opened, and whether they are still at their paths.

use crate::fault::{Fault, refused};
use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};

/// The database and its write-ahead log, as they were when the log was opened.
///
/// Nobody else can see what a process writes to a file that was removed or replaced, and it is gone
/// with the process. SQLite does not notice, so each transaction compares the files with this.
pub(crate) struct Files([(PathBuf, Identity); 2]);

impl Files {
    /// Remembers the files of a database that is open in WAL mode.
    pub(crate) fn of(database: &Path) -> Result<Self, Fault> {
        let identified = |path: PathBuf| match Identity::of(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(error) => Err(missing(database, &path, &error)),
        };
        // SQLite has the other one where a link leads to
        let target =
            fs::canonicalize(database).map_err(|error| missing(database, database, &error))?;
        Ok(Self([identified(database.into())?, identified(with_suffix(&target, "-wal"))?]))
    }

    /// Returns an error if a file is not the one that was opened.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let [(database, _), ..] = &self.0;
        for (path, opened) in &self.0 {
            match Identity::of(path) {
                Ok(found) if found == *opened => {}
                Ok(_) => {
                    let detail = format_args!("`{}` is another file", path.display());
                    return Err(refused(moved(database), detail).into());
                }
                Err(error) if is_gone(&error) => return Err(missing(database, path, &error)),
                // a file that this process may not look at any more need not be gone
                Err(_) => {}
            }
        }
        Ok(())
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn missing(database: &Path, path: &Path, error: &io::Error) -> Fault {
    let detail = format_args!("`{}`: {error}", path.display());
    refused(moved(database), detail).into()
}

fn moved(database: &Path) -> String {
    format!("`{}` was removed, moved or replaced while it was open", database.display())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// What tells a file from another one at the same path. The number of a file that is open is not given
/// to another one.
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

    /// Windows does not let a file be removed or renamed that SQLite has open.
    #[cfg(not(unix))]
    fn new(_: &Metadata) -> Self {
        Self {}
    }
}

/// Makes a file that only its owner can read, if there is none. SQLite gives its permissions to the files
/// beside it.
pub(crate) fn create(path: &Path) {
    use std::sync::Mutex;

    /// While a file that SQLite has open is closed by other means, the process loses its locks on it.
    static CREATING: Mutex<()> = Mutex::new(());

    let _alone = crate::sync::lock(&CREATING);
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
    // what goes wrong is told when SQLite opens it
    let _ = options.open(path);
}
