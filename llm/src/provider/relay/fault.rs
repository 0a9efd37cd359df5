//! Faults in what a provider sends.

use super::{super::secrets::Secrets, complaint, report::Ending};
use crate::ModelError;

/// Why an answer cannot be passed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// An error message of the provider, in JSON, HTML or plain text.
    Complaint(String),
    /// A document instead of a stream.
    NoStream(String),
    /// A finish reason that means failure.
    Finish(String),
    /// The data of an event is not JSON.
    NoJson,
    /// The text is not UTF-8.
    NoText,
    /// The body is packed in a way that was not asked for.
    Packed(String),
    /// A limit was passed.
    Oversized { what: &'static str, limit: usize },
    /// The connection ended before the answer did.
    Cut(String),
    /// The connection was lost, perhaps behind the last event.
    Lost(String),
}

impl Fault {
    /// A connection that was closed in the middle of an answer.
    pub(super) fn closed() -> Self {
        Self::Cut("it was closed before the answer was complete".to_owned())
    }

    /// Returns what the caller receives.
    pub(super) fn ending(self, secrets: &Secrets) -> Ending {
        let reason = match self {
            Self::Cut(reason) => {
                let reason = secrets.printable(&reason);
                return Ending::Cut(ModelError::Connection { reason });
            }
            Self::Lost(reason) => {
                let reason = secrets.printable(&reason);
                return Ending::Lost(ModelError::Connection { reason });
            }
            Self::Oversized { what, limit } => {
                return Ending::Failed(ModelError::Oversized { what, limit });
            }
            Self::Complaint(text) => complaint::message(&text),
            Self::NoStream(text) => match complaint::known_message(&text) {
                Some(message) => message,
                None => format!("its answer is not an event stream: {}", complaint::message(&text)),
            },
            Self::Finish(reason) => format!("the model ended with the finish reason `{reason}`"),
            Self::NoJson => "part of its answer could not be read".to_owned(),
            Self::NoText => "its answer is not UTF-8".to_owned(),
            Self::Packed(how) => {
                format!("its answer is packed with `{how}`, which was not asked for")
            }
        };
        Ending::Failed(ModelError::GaveUp { reason: secrets.printable(&reason) })
    }
}
