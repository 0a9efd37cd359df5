//! Errors of the bodies of requests.

/// Error of a request body that exceeds the limit of all bodies together.
#[derive(Debug, thiserror::Error)]
#[error("too many bytes of request bodies are in memory")]
pub(crate) struct TooManyBytes;

/// Error of a request body that did not arrive in time.
#[derive(Debug, thiserror::Error)]
#[error("the body of the request did not arrive in time")]
pub(crate) struct BodyTimeout;
