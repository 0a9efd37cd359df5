//! The large templates of the macros. A proc macro validates, fills one in and calls it.
//!
//! A visibility is followed by the keyword of the item that it is for, `(pub struct)`: the group holds a
//! token even where the visibility is empty. A field comes as its identifier, which has the user's span, and
//! as its name without `r#`.

mod action;
mod graph;
