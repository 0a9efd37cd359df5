//! Runtime of the action of a prompt.

use super::{PromptError, PromptStream};
use crate::{Change, Usage};
use burdock::{ActionError, Context};
use std::ops::AddAssign;

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

/// The type of the field in `usage`.
#[diagnostic::on_unimplemented(
    message = "the field of `usage` must be a `Usage`, not a `{Self}`",
    label = "not a `Usage`"
)]
pub trait UsageField: Copy + AddAssign<Usage> {}

impl UsageField for Usage {}

/// Returns the sum of a field and the usage of a call.
pub fn add_usage<T: UsageField>(field: &T, more: Usage) -> T {
    let mut sum = *field;
    sum += more;
    sum
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
