//! One schema for each type of event.

use super::parts::{integer, object, reference, text};
use burdock::names;
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
            names::RUN_STARTED,
            &[("run", integer()), node(), ("inputs", reference("PublicInputs"))],
            &[("prompt", text())],
        ),
        placed(names::RUN_RESUMED),
        stepped(names::STEP_STARTED, &[], &[]),
        stepped(names::ITEM, &[attempt()], &[("item", reference("Item")), ("text", text())]),
        stepped(names::ITEMS_SUPERSEDED, &[("items", integer())], &[]),
        stepped(names::ATTEMPT_FAILED, &[error(), ("retry_in", integer())], &[]),
        stepped(names::STEP_FAILED, &[error()], &[next()]),
        stepped(
            names::STEP_COMMITTED,
            &[attempt(), next(), ("patches", reference("Patches"))],
            &[],
        ),
        placed(names::RUN_PAUSED),
        event(names::RUN_ENDED, &[], &[]),
        placed(names::RUN_HALTED),
        placed(names::RUN_STOPPED),
        placed(names::RUN_CANCELLED),
        event(names::RUN_FAILED, &[node(), error()], &[]),
        placed(names::SESSION_REOPENED),
        without_time(names::REWOUND, &[], &[("to", reference("Cursor"))]),
        without_time(names::ERROR, &[("code", text()), ("detail", text())], &[]),
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::Event;
    use std::collections::BTreeSet;

    #[test]
    fn described_events_are_those_that_serde_knows() {
        let described = events();
        let described: BTreeSet<_> = described
            .iter()
            .map(|schema| schema["properties"]["type"]["const"].as_str().unwrap())
            .collect();
        let error =
            serde_json::from_value::<Event>(json!({ "type": "?" })).unwrap_err().to_string();
        let (_, known) = error.split_once("expected one of ").unwrap();
        let known: BTreeSet<_> = known.split(", ").map(|name| name.trim_matches('`')).collect();
        assert_eq!(described, known);
    }
}
