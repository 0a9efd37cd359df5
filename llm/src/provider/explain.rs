//! Errors of `genai`, without a secret.
//!
//! They are about requests that cannot be made, and about events that it cannot read: what a provider
//! answers beside events does not come to it.

use super::{relay, secrets::Secrets};
use crate::ModelError;
use std::error::Error;

/// Explains an error.
pub(super) fn explain(error: &genai::Error, secrets: &Secrets) -> ModelError {
    match error {
        genai::Error::WebStream { error, .. } => {
            let inner = error.downcast_ref::<genai::Error>();
            inner.map_or_else(|| connection(&**error, secrets), |inner| explain(inner, secrets))
        }
        genai::Error::ChatResponse { body, .. } => {
            let reason = secrets.printable(&relay::message(&body.to_string()));
            ModelError::GaveUp { reason }
        }
        genai::Error::HttpError { .. } => ModelError::cut_short(),
        genai::Error::StreamParse { .. } => {
            ModelError::GaveUp { reason: "part of its answer could not be read".to_owned() }
        }
        // quotes the URL
        genai::Error::Internal(_) => {
            ModelError::Request { reason: "the URL cannot be read".to_owned() }
        }
        other => ModelError::Request { reason: secrets.printable(&other.to_string()) },
    }
}

fn connection(error: &(dyn Error + 'static), secrets: &Secrets) -> ModelError {
    ModelError::Connection { reason: secrets.printable(&relay::innermost(error).to_string()) }
}
