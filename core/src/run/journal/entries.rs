//! Values of the program in entries. Each value is read back before it is appended.

use crate::{
    action::{Context, Writes},
    graph::{Graph, Next, Node},
    log::{EntryKind, EntryRef, LogError, NewEntry, Writer},
    panics::{Panicked, caught},
    state::{
        FieldPatches, FieldSet, ReadBack, State, dropped, fields_to_json, to_json, unreadable,
    },
};
use serde::Serialize;
use serde_json::Value;

/// A function that creates the entry of an item. It is set together with the log, so that only items of apps with
/// a log have to implement `Serialize`.
pub(in crate::run) type EncodeItem<G> =
    fn(&Writer, &Context, &<G as Graph>::Item) -> Result<NewEntry, LogError>;

/// Creates the entry of an item. Returns an error if the item cannot be read back from it.
pub(in crate::run) fn encode_item<G: Graph<Item: Serialize>>(
    writer: &Writer,
    context: &Context,
    item: &G::Item,
) -> Result<NewEntry, LogError> {
    let (step, node, attempt) = (context.step, context.node(), context.attempt);
    let refused = |error: serde_json::Error| LogError::NotSerialisable {
        what: format!("an item of node `{node}`"),
        reason: error.to_string(),
    };
    let item = to_json(item).map_err(refused)?;
    G::check_item(&item).map_err(|error| refused(unreadable(&error)))?;
    writer.new_entry(&EntryRef::Item { step, node, attempt, item })
}

/// Serializes the inputs of a run. Returns an error if they cannot be read back.
pub(super) fn inputs_json<G: Graph>(inputs: &G::Inputs) -> Result<Value, LogError> {
    serialised("the inputs", || {
        let json = fields_to_json(inputs)?;
        ReadBack::<G::Inputs>::json(&json).map(dropped).map_err(|error| unreadable(&error))?;
        Ok(json)
    })
}

/// Returns the patches of a commit.
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

/// Returns patches with the whole values of all declared fields, for hand-written writes without patches.
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

/// Calls serde on a value of the program, and converts its errors and panics.
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

/// Returns the entry of a run that ends with the transition after its last step.
pub(super) fn run_over<N: Node>(next: Next<N>) -> Option<EntryKind> {
    match next {
        Next::Node(_) => None,
        Next::Pause(node) => Some(EntryKind::RunPaused { node: name(node) }),
        Next::End => Some(EntryKind::RunEnded),
    }
}
