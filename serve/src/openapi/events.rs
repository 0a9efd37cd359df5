//! One schema for each type of event.

use super::parts::{integer, object, reference, text};
use serde_json::{Value, json};

type Property = (&'static str, Value);

pub(super) fn events() -> Vec<Value> {
    let (node, next) = (|| ("node", reference("Node")), || ("next", reference("Next")));
    let (error, attempt) = (|| ("error", text()), || ("attempt", integer()));
    let stepped = |kind, more: &[Property], sometimes: &[Property]| {
        event(kind, &[&[("step", integer()), node()], more].concat(), sometimes)
    };
    let placed = |kind| event(kind, &[node()], &[]);
    vec![
        event(
            "run_started",
            &[("run", integer()), node(), ("inputs", reference("PublicInputs"))],
            &[("prompt", text())],
        ),
        placed("run_resumed"),
        stepped("step_started", &[], &[]),
        stepped("item", &[attempt()], &[("item", reference("Item")), ("text", text())]),
        stepped("items_superseded", &[("items", integer())], &[]),
        stepped("attempt_failed", &[error(), ("retry_in", integer())], &[]),
        stepped("step_failed", &[error()], &[next()]),
        stepped("step_committed", &[attempt(), next(), ("patches", reference("Patches"))], &[]),
        placed("run_paused"),
        event("run_ended", &[], &[]),
        placed("run_halted"),
        placed("run_stopped"),
        placed("run_cancelled"),
        event("run_failed", &[node(), error()], &[]),
        placed("session_reopened"),
        without_time("rewound", &[], &[("to", reference("Cursor"))]),
        without_time("error", &[("code", text()), ("detail", text())], &[]),
    ]
}

/// An event of the log.
fn event(kind: &str, always: &[Property], sometimes: &[Property]) -> Value {
    without_time(kind, &[always, &[("at", integer())]].concat(), sometimes)
}

/// An event of the server.
fn without_time(kind: &str, always: &[Property], sometimes: &[Property]) -> Value {
    object(&[&[("type", json!({ "const": kind }))], always].concat(), sometimes)
}
