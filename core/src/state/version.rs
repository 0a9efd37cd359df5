//! Migrations of states from earlier versions.

use super::Document;
use super::State;
use std::error::Error;

/// A function that migrates a recorded state from one version to the next.
pub type Migration = fn(Document) -> Result<Document, Box<dyn Error + Send + Sync>>;

/// Errors that occur while a recorded state is migrated to the version of this program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The version is unknown to this program: a newer program wrote it.
    #[error("the state has version {found}, and this program knows versions up to {known}")]
    UnknownVersion {
        /// The version in the log.
        found: u32,
        /// The version of the state in this program.
        known: u32,
    },
    /// A migration failed.
    #[error("the state cannot be migrated from version {from}")]
    Failed {
        /// The version from which the migration started.
        from: u32,
        /// The error of the migration.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Runs the migrations that a document of this version needs.
pub(super) fn migrate<S: State>(
    version: u32,
    document: Document,
) -> Result<Document, MigrateError> {
    if version == 0 || version > S::VERSION {
        return Err(MigrateError::UnknownVersion { found: version, known: S::VERSION });
    }
    (version..S::VERSION).zip(S::MIGRATIONS.iter().skip(version as usize - 1)).try_fold(
        document,
        |document, (from, migration)| {
            migration(document).map_err(|source| MigrateError::Failed { from, source })
        },
    )
}

/// Converts the result of a function in `migrate = […]` into that of a [`Migration`].
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn migrated<R: Migrated>(result: R) -> Result<Document, Box<dyn Error + Send + Sync>> {
    result.migrated()
}

/// The result of a function in `migrate = […]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a migration must return a `Result<Document, E>`",
    label = "returns another type",
    note = "`E` is an error that is `Send + Sync`, or a string",
    note = "a migration is a `fn(Document) -> Result<Document, E>`; see `burdock::log::Document`"
)]
pub trait Migrated {
    #[allow(clippy::missing_errors_doc, reason = "not called by people")]
    fn migrated(self) -> Result<Document, Box<dyn Error + Send + Sync>>;
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Migrated for Result<Document, E> {
    fn migrated(self) -> Result<Document, Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}
