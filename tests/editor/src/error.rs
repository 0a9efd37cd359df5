//! Errors that end the program.

use std::{fmt, io};

/// An error that ends the program.
pub(crate) enum Error {
    Io(io::Error),
    /// rust-analyzer cannot be started.
    Start(io::Error),
    /// rust-analyzer ended, or did not answer.
    Silent,
    /// rust-analyzer was still loading at each attempt at a request.
    Busy(&'static str),
    /// rust-analyzer reports that it cannot load the workspace.
    Load(String),
    /// An error response.
    Response(&'static str, String),
    /// A message that does not follow the protocol.
    Protocol,
    /// A case whose text is not once in its file.
    Case {
        file: &'static str,
        text: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Start(error) => write!(
                f,
                "cannot start `rust-analyzer`: {error}\n\
                 help: install it: `rustup component add rust-analyzer rust-src`"
            ),
            Self::Silent => f.write_str("`rust-analyzer` ended, or does not answer"),
            Self::Busy(method) => {
                write!(f, "`rust-analyzer` is still loading after each attempt at `{method}`")
            }
            Self::Load(message) => {
                write!(f, "`rust-analyzer` cannot load the workspace: {message}")
            }
            Self::Response(method, message) => write!(f, "`{method}` failed: {message}"),
            Self::Protocol => f.write_str("`rust-analyzer` sent an invalid message"),
            Self::Case { file, text } => {
                write!(f, "{file} does not contain exactly once: `{text}`")
            }
        }
    }
}

/// `main` prints its error with `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
