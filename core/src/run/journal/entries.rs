//! Values of the program in entries: written, and read back before the log has them.

use crate::{
    action::{Context, Writes},
    graph::{Graph, Next, Node},
    log::{Draft, EntryKind, LogError, Noted, Writer},
    panics::{Panicked, caught},
    state::{
        FieldPatches, FieldSet, ReadBack, State, dropped, fields_to_json, to_json, unreadable,
    },
};
use serde::Serialize;
use serde_json::Value;

/// Makes the entry of an item; known where the log is given, so that only logged items have to
/// serialise.
pub(in crate::run) type EncodeItem<G> =
    fn(&Writer, &Context, &<G as Graph>::Item) -> Result<Draft, LogError>;

/// Makes the entry of an item, once it is certain that the item can be read from it.
pub(in crate::run) fn encode_item<G: Graph<Item: Serialize>>(
    writer: &Writer,
    context: &Context,
    item: &G::Item,
) -> Result<Draft, LogError> {
    let (step, node, attempt) = (context.step, context.node(), context.attempt);
    let refused = |error: serde_json::Error| LogError::NotSerialisable {
        what: format!("an item of node `{node}`"),
        reason: error.to_string(),
    };
    let item = to_json(item).map_err(refused)?;
    G::check_item(&item).map_err(|error| refused(unreadable(&error)))?;
    writer.draft(&Noted::Item { step, node, attempt, item })
}

/// The inputs of a run as the log has them, once it is certain that they can be read from there.
pub(super) fn inputs_json<G: Graph>(inputs: &G::Inputs) -> Result<Value, LogError> {
    serialised("the inputs", || {
        let json = fields_to_json(inputs)?;
        ReadBack::<G::Inputs>::json(&json).map(dropped).map_err(|error| unreadable(&error))?;
        Ok(json)
    })
}

/// What a commit changed.
pub(super) fn commit_patches<W: Writes<State: State>>(
    undo: &W::Undo,
    state: &W::State,
    declared: FieldSet,
) -> Result<FieldPatches, LogError> {
    match serialised("the state", || Ok(W::patches(undo, state)))? {
        Some(patches) => Ok(patches?),
        None => whole_fields(state, declared),
    }
}

/// The patches of hand-written writes, which do not say what changed: every field they declare.
pub(super) fn whole_fields<S: State>(
    state: &S,
    declared: FieldSet,
) -> Result<FieldPatches, LogError> {
    let mut patches = FieldPatches::new();
    for index in declared.iter() {
        let Some(field) = S::FIELDS.get(index) else { continue };
        let what = format!("field `{}`", field.name);
        if let Some(patch) = serialised(&what, || state.__whole(index))? {
            patches.push((field.key, patch));
        }
    }
    Ok(patches)
}

/// Calls serde on a value of the program's.
fn serialised<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, serde_json::Error>,
) -> Result<T, LogError> {
    let refused = |reason| LogError::NotSerialisable { what: what.into(), reason };
    match caught(work) {
        Ok(result) => result.map_err(|error| refused(error.to_string())),
        Err(panicked) => Err(refused(in_serde(&panicked))),
    }
}

pub(super) fn in_serde(Panicked(message): &Panicked) -> String {
    format!("its `Serialize` or `Deserialize` panicked: {message}")
}

pub(super) fn name<N: Node>(node: N) -> String {
    node.name().to_owned()
}

/// The entry of a run that is over because of what followed its last step.
pub(super) fn run_over<N: Node>(next: Next<N>) -> Option<EntryKind> {
    match next {
        Next::Node(_) => None,
        Next::Pause(node) => Some(EntryKind::RunPaused { node: name(node) }),
        Next::End => Some(EntryKind::RunEnded),
    }
}
