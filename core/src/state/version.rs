//! States of earlier versions, and how they become the present one.

use super::Document;
use super::State;
use std::error::Error;

/// Turns what a log has of one version of a state into the next version.
pub type Migration = fn(Document) -> Result<Document, Box<dyn Error + Send + Sync>>;

/// Why a state from a log cannot become the state of this program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// This program does not know the version: a newer one wrote it.
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
        /// The version that the migration began with.
        from: u32,
        /// What the migration says.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Calls the migrations that a document of this version needs.
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

/// Makes a [`Migration`]'s result of what a function in `migrate = […]` returns.
#[doc(hidden)]
#[allow(clippy::missing_errors_doc, reason = "not called by people")]
pub fn migrated<R: Migrated>(result: R) -> Result<Document, Box<dyn Error + Send + Sync>> {
    result.migrated()
}

/// What a function in `migrate = […]` returns.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a migration returns a `Result<Document, E>`",
    label = "this one does not",
    note = "`E` is an error that is `Send + Sync`, or a text",
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
