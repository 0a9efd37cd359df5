//! Conversion of `genai` errors, without secrets.
//!
//! These errors concern requests that cannot be created, and events that `genai` cannot parse. Other
//! responses of a provider do not reach `genai`, because the relay handles them.

use super::{relay, secrets::Secrets};
use crate::ModelError;
use std::error::Error;

/// Converts an error of `genai`.
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
        // the message quotes the URL
        genai::Error::Internal(_) => {
            ModelError::Request { reason: "the URL is invalid".to_owned() }
        }
        other => ModelError::Request { reason: secrets.printable(&other.to_string()) },
    }
}

fn connection(error: &(dyn Error + 'static), secrets: &Secrets) -> ModelError {
    ModelError::Connection { reason: secrets.printable(&relay::innermost(error).to_string()) }
}
