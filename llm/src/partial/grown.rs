//! Growing values.

use super::{Change, Grow, GrowError, Misfit, Partial, types::grow_json};
use burdock_json::{Edit, Segment};
use serde_json::Value;
use std::fmt;

/// A value of type `T` as far as it has arrived, grown in place by its changes.
///
/// ```
/// use burdock_llm::{Change, Grown};
///
/// let mut titles = Grown::<Vec<String>>::new();
/// for change in [
///     r#"{"path":[],"set":[]}"#,
///     r#"{"path":[],"push":"Once"}"#,
///     r#"{"path":[0],"append":" upon"}"#,
/// ] {
///     let change: Change<Vec<String>> = serde_json::from_str(change)?;
///     titles.apply(&change)?;
/// }
/// assert_eq!(titles.partial(), Some(&vec!["Once upon".to_owned()]));
/// assert!(!titles.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Grown<T: Partial> {
    partial: Option<T::Partial>,
    complete: bool,
    /// Edits that set an enum before its variant is known, and the edits after them.
    waiting: Vec<Waiting>,
}

impl<T: Partial> Grown<T> {
    /// Creates a value without content.
    pub fn new() -> Self {
        Self { partial: None, complete: false, waiting: Vec::new() }
    }

    /// Applies a change in place. The time depends on the depth of its path and the size of the value
    /// that it sets, not on the size of the existing value.
    ///
    /// # Errors
    /// Returns an error with the path if the change does not fit. The value is then unchanged.
    pub fn apply(&mut self, change: &Change<T>) -> Result<(), GrowError> {
        let (path, edit) = (change.path().segments(), change.edit());
        let waiting = self.waiting.iter_mut();
        let waiting = waiting
            .enumerate()
            .find_map(|(index, waiting)| waiting.below(path).map(|rest| (index, rest, waiting)));
        if let Some((index, rest, waiting)) = waiting {
            let grown = grow_json(&mut waiting.json, rest, edit);
            grown.map_err(|error| error.below_all(path))?;
            return self.retry(index);
        }
        match self.grow(path, edit) {
            Err(error) if error.is_undecided() => {
                self.waiting.extend(Waiting::new(path, edit));
                self.join_siblings(path);
                Ok(())
            }
            Ok(()) if !self.waiting.is_empty() => self.retry(0),
            grown => grown.map_err(|error| error.below_all(path)),
        }
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        match (path, edit, &mut self.partial) {
            ([], Edit::Complete, Some(_)) => self.complete = true,
            ([], Edit::Set(json), partial) => {
                *partial = Some(T::Partial::from_json(json)?);
                self.complete = false;
                self.waiting.clear();
            }
            (_, _, Some(partial)) => partial.grow(path, edit)?,
            (_, _, None) => return Err(GrowError::new(Misfit::Absent)),
        }
        Ok(())
    }

    /// Applies properties of one object that wait for each other: the tag and the content of a
    /// flattened enum. This costs time proportional to the size of the value, once per such object.
    fn join_siblings(&mut self, path: &[Segment]) {
        let Some((_, parent)) = path.split_last() else { return };
        let is_sibling =
            |waiting: &Waiting| waiting.path.split_last().map(|(_, of)| of) == Some(parent);
        let siblings =
            || self.waiting.iter().filter(|waiting| !waiting.pushes && is_sibling(waiting));
        if siblings().count() < 2 {
            return;
        }
        let Ok(mut json) = serde_json::to_value(&self.partial) else { return };
        let set = |waiting: &Waiting| {
            grow_json(&mut json, &waiting.path, &Edit::Set(waiting.json.clone()))
        };
        if siblings().try_for_each(set).is_ok()
            && let Ok(partial) = T::Partial::from_json(&json)
        {
            self.partial = Some(partial);
            self.waiting.retain(|waiting| waiting.pushes || !is_sibling(waiting));
        }
    }

    /// Applies a waiting edit, if its variant is known by now.
    fn retry(&mut self, index: usize) -> Result<(), GrowError> {
        let Waiting { path, pushes, json } = self.waiting.remove(index);
        let edit = if pushes { Edit::Push(json) } else { Edit::Set(json) };
        match self.grow(&path, &edit) {
            Err(error) if error.is_undecided() => {
                self.waiting.extend(Waiting::new(&path, &edit));
                Ok(())
            }
            grown => grown.map_err(|error| error.below_all(&path)),
        }
    }

    /// Returns the value so far, or `None` if nothing has arrived.
    pub fn partial(&self) -> Option<&T::Partial> {
        self.partial.as_ref()
    }

    /// Converts into the value so far, or `None` if nothing has arrived.
    pub fn into_partial(self) -> Option<T::Partial> {
        self.partial
    }

    /// Returns whether the value is complete.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Discards the value. Later changes start again at the root, as after `items_superseded` in an
    /// event stream.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl<T: Partial> Default for Grown<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Partial> Clone for Grown<T> {
    fn clone(&self) -> Self {
        Self {
            partial: self.partial.clone(),
            complete: self.complete,
            waiting: self.waiting.clone(),
        }
    }
}

impl<T: Partial> fmt::Debug for Grown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grown")
            .field("partial", &self.partial)
            .field("complete", &self.complete)
            .field("waiting", &self.waiting)
            .finish()
    }
}

/// An edit that cannot be applied until more of its value has arrived.
#[derive(Clone, Debug)]
struct Waiting {
    path: Vec<Segment>,
    /// Whether it pushes an element instead of setting a value.
    pushes: bool,
    json: Value,
}

impl Waiting {
    fn new(path: &[Segment], edit: &Edit) -> Option<Self> {
        let (pushes, json) = match edit {
            Edit::Set(json) => (false, json.clone()),
            Edit::Push(json) => (true, json.clone()),
            Edit::Append(_) | Edit::Complete => return None,
        };
        Some(Self { path: path.to_vec(), pushes, json })
    }

    /// Returns the rest of a path below the waiting value, or `None` if the path is elsewhere.
    fn below<'a>(&self, path: &'a [Segment]) -> Option<&'a [Segment]> {
        let rest = path.strip_prefix(self.path.as_slice())?;
        match (self.pushes, rest) {
            (false, rest) | (true, [Segment::Index(_), rest @ ..]) => Some(rest),
            (true, _) => None,
        }
    }
}
