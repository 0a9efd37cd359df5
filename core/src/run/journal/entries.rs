//! Serialization of the program's values into entries. Each value is read back before it is appended.

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
    let not_serializable = |error: serde_json::Error| LogError::NotSerializable {
        what: format!("an item of node `{node}`"),
        reason: error.to_string(),
    };
    let item = to_json(item).map_err(not_serializable)?;
    G::check_item(&item).map_err(|error| not_serializable(unreadable(&error)))?;
    writer.new_entry(&EntryRef::Item { step, node, attempt, item })
}

/// Serializes the inputs of a run. Returns an error if they cannot be read back.
pub(super) fn inputs_json<G: Graph>(inputs: &G::Inputs) -> Result<Value, LogError> {
    call_serde("the inputs", || {
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
    match call_serde("the state", || Ok(W::patches(undo, state)))? {
        Some(patches) => Ok(patches?),
        None => whole_fields(state, declared),
    }
}

/// Returns patches that set all declared fields to their whole values, for hand-written writes without patches.
pub(super) fn whole_fields<S: State>(
    state: &S,
    declared: FieldSet,
) -> Result<FieldPatches, LogError> {
    let mut patches = FieldPatches::new();
    for index in declared.iter() {
        let Some(field) = S::FIELDS.get(index) else { continue };
        let what = format!("field `{}`", field.name);
        if let Some(patch) = call_serde(&what, || state.__whole(index))? {
            patches.push((field.key, patch));
        }
    }
    Ok(patches)
}

/// Calls serde on a value of the program. Converts errors and panics into a [`LogError`].
fn call_serde<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, serde_json::Error>,
) -> Result<T, LogError> {
    let not_serializable = |reason| LogError::NotSerializable { what: what.into(), reason };
    match caught(work) {
        Ok(result) => result.map_err(|error| not_serializable(error.to_string())),
        Err(panicked) => Err(not_serializable(serde_panic_reason(&panicked))),
    }
}

pub(super) fn serde_panic_reason(Panicked(message): &Panicked) -> String {
    format!("its `Serialize` or `Deserialize` panicked: {message}")
}

pub(super) fn name<N: Node>(node: N) -> String {
    node.name().to_owned()
}

/// Returns the entry for the end of a run; `None` if the run continues after this transition.
pub(super) fn run_end_entry<N: Node>(next: Next<N>) -> Option<EntryKind> {
    match next {
        Next::Node(_) => None,
        Next::Pause(node) => Some(EntryKind::RunPaused { node: name(node) }),
        Next::End => Some(EntryKind::RunEnded),
    }
}
