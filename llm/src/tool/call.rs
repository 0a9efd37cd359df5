//! One call, with its limits.

use super::{
    Progress, Tools,
    arguments::InvalidArguments,
    event::{ToolResult, ToolStatus},
};
use crate::{ToolCall, clock::Clock};
use burdock::ActionError;
use futures_util::{
    FutureExt,
    future::{Either, select},
};
use serde_json::Value;
use std::{panic::AssertUnwindSafe, pin::pin};

/// The result of a call, or a terminal error.
pub(super) type Outcome = Result<ToolResult, ActionError>;

pub(super) async fn call(
    tools: &Tools<'_>,
    call: ToolCall,
    progress: Progress<'_, Value>,
    clock: Clock,
) -> Outcome {
    let ToolCall { name, arguments, .. } = call;
    let Some(tool) = tools.find(&name) else {
        let names = tools.definitions().map(|tool| format!("`{}`", tool.name)).collect::<Vec<_>>();
        let text = match &*names {
            [] => format!("error: there is no tool `{name}`"),
            names => {
                format!("error: there is no tool `{name}`; the tools are {}", names.join(", "))
            }
        };
        return Ok(ToolResult::new(ToolStatus::Unknown, text));
    };
    let limit = tool.timeout().unwrap_or(tools.limits.timeout);
    // a tool may panic before it returns its future
    let running = AssertUnwindSafe(async { tool.call(arguments, progress).await }).catch_unwind();
    let outcome = match select(pin!(running), clock.sleep(limit)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => {
            let text = format!("error: the call took longer than {limit:?}");
            return Ok(ToolResult::new(ToolStatus::TimedOut, text));
        }
    };
    let (status, text) = match outcome {
        Ok(Ok(text)) => (ToolStatus::Succeeded, text),
        Ok(Err(error)) if !error.is_retryable() => return Err(error),
        Ok(Err(error)) if error.downcast_ref::<InvalidArguments>().is_some() => {
            (ToolStatus::Invalid, format!("error: {error}"))
        }
        Ok(Err(error)) => (ToolStatus::Failed, format!("error: {error}")),
        Err(_) => (ToolStatus::Panicked, "error: the tool failed".to_owned()),
    };
    Ok(ToolResult::new(status, cut(text, tools.limits.result)))
}

/// Cuts a text after `limit` bytes, and adds how much is missing.
fn cut(text: String, limit: usize) -> String {
    let length = text.len();
    if length <= limit {
        return text;
    }
    let end = text.floor_char_boundary(limit);
    format!("{}\n… (cut: {end} of {length} bytes)", &text[..end])
}
