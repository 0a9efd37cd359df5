//! Request bodies.

use super::scan;
use crate::problem::Problem;
use axum::{
    Json,
    extract::{FromRequest, Request},
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Extracts a JSON body.
///
/// Rejects numbers that do not fit in 64 bits, and bodies that are nested too deeply.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(text) = Json::<Box<RawValue>>::from_request(request, state).await?;
        read(text.get()).map(Self)
    }
}

/// Deserializes well-formed JSON.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    scan::check(text).map_err(|rejected| Problem::invalid_inputs(rejected.to_string()))?;
    let value = serde_json::from_str::<serde_json::Value>(text)
        .map_err(|error| Problem::bad_request("malformed_body", error.to_string()))?;
    serde_path_to_error::deserialize(value)
        .map_err(|error| Problem::invalid_inputs(error.to_string()))
}
