//! What the action of a prompt calls.

use super::{PromptError, PromptStream};
use crate::Change;
use burdock::{ActionError, Context};

/// The next change, for the action to yield.
///
/// # Errors
/// Returns an error if the answer has no value.
pub async fn next<T>(
    answer: &mut PromptStream<'_, T>,
    cx: &Context,
) -> Result<Option<Change<T>>, ActionError> {
    match answer.next().await {
        Some(Err(error)) => Err(failed(answer, error, cx).await),
        Some(Ok(change)) => Ok(Some(change)),
        None => Ok(None),
    }
}

/// The whole value, for the action to write.
///
/// # Errors
/// Returns an error if the answer has no value.
pub async fn finish<T>(answer: &mut PromptStream<'_, T>, cx: &Context) -> Result<T, ActionError> {
    match answer.finish().await {
        Ok(value) => Ok(value),
        Err(error) => Err(failed(answer, error, cx).await),
    }
}

/// The error of the action. After a stop there is none: half a value cannot be written, and a failure
/// would take the error edge and supersede what was shown. So the step is abandoned.
async fn failed<T>(
    answer: &mut PromptStream<'_, T>,
    error: PromptError,
    cx: &Context,
) -> ActionError {
    if answer.is_stopped() {
        match cx.abandon().await {}
    }
    error.into_action()
}
