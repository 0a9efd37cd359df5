//! Runtime of the action of a prompt.

use super::{PromptError, PromptStream};
use crate::Change;
use burdock::{ActionError, Context};

/// Returns the next change, for the action to yield.
///
/// # Errors
/// Returns an error if the answer is not a value of the type.
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

/// Returns the whole value, for the action to write.
///
/// # Errors
/// Returns an error if the answer is not a value of the type.
pub async fn finish<T>(answer: &mut PromptStream<'_, T>, cx: &Context) -> Result<T, ActionError> {
    match answer.finish().await {
        Ok(value) => Ok(value),
        Err(error) => Err(failed(answer, error, cx).await),
    }
}

/// Returns the error of the action. After a stop, the step is abandoned instead: an incomplete value
/// cannot be written, and a failure would follow the error edge and supersede the items that were
/// shown.
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
