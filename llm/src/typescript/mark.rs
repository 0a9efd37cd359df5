//! Marks of properties.

/// How the value of a property appears while it arrives, as `#[partial(…)]` declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Absent until complete: the partial type has the property's whole type.
    Done,
    /// The object appears only once this property has: it is never absent.
    Required,
    /// The property is `{ state: "growing" | "complete"; value?: … }`.
    State,
}
