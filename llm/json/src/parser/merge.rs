//! Merging of held changes.

use crate::{
    apply::apply,
    change::{Change, Edit, Path},
};

/// Emits held changes as one: the object or list appears with its current content.
///
/// A reader therefore never sees an alternative without its tag, or an object without its required
/// property.
pub(super) fn merge(held: &mut Vec<Change>, changes: &mut Vec<Change>) {
    let mut rest = held.drain(..);
    let Some(mut first) = rest.next() else { return };
    let depth = first.path.segments().len();
    let (depth, value) = match &mut first.edit {
        Edit::Set(value) => (depth, value),
        Edit::Push(value) => (depth + 1, value),
        Edit::Append(_) | Edit::Complete => {
            changes.push(first);
            changes.extend(rest);
            return;
        }
    };
    let mut following = Vec::new();
    for change in rest {
        let below = change.path.segments().get(depth..).map(Path::from);
        // the completion of the root is a separate change, as are the changes after it
        let is_end = change.path.is_root() && change.edit == Edit::Complete;
        let below = below.filter(|_| following.is_empty() && !is_end);
        let merged = below.is_some_and(|path| {
            let edit = change.edit.clone();
            apply(value, &Change { path, edit }).is_ok()
        });
        if !merged {
            following.push(change);
        }
    }
    changes.push(first);
    changes.append(&mut following);
}
