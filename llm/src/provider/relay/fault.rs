//! Faults in the response of a provider.

use super::{super::secrets::Secrets, error_message, report::Ending};
use crate::ModelError;

/// Reasons why an answer cannot be forwarded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The provider sent an error message, in JSON, HTML or plain text.
    Reported(String),
    /// The provider sent a document instead of a stream.
    NotAStream(String),
    /// The finish reason means failure.
    Finish(String),
    /// The data of an event is not JSON.
    InvalidJson,
    /// The text is not UTF-8.
    InvalidUtf8,
    /// The body has a content encoding that was not requested.
    ContentEncoding(String),
    /// A limit was exceeded.
    Oversized { what: &'static str, limit: usize },
    /// The connection ended before the answer did.
    Cut(String),
    /// The connection was lost, possibly after the last event.
    Lost(String),
}

impl Fault {
    /// Returns the fault of a connection that was closed in the middle of an answer.
    pub(super) fn closed() -> Self {
        Self::Cut("it was closed before the answer was complete".to_owned())
    }

    /// Converts the fault to the ending that the caller receives.
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
            Self::Reported(text) => error_message::message(&text),
            Self::NotAStream(text) => match error_message::known_message(&text) {
                Some(message) => message,
                None => {
                    format!("its answer is not an event stream: {}", error_message::message(&text))
                }
            },
            Self::Finish(reason) => format!("the model ended with the finish reason `{reason}`"),
            Self::InvalidJson => "part of its answer could not be read".to_owned(),
            Self::InvalidUtf8 => "its answer is not UTF-8".to_owned(),
            Self::ContentEncoding(encoding) => {
                format!("its answer has the content encoding `{encoding}`, which was not requested")
            }
        };
        Ending::Failed(ModelError::GaveUp { reason: secrets.printable(&reason) })
    }
}
