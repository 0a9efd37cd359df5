//! Large templates of the proc macros, which validate their input and then expand to calls of these.
//!
//! A visibility is passed with the keyword of its item, as in `(pub struct)`, so that the group has a token
//! even if the visibility is empty. A field is passed as its identifier, which has the user's span, and as
//! its name without `r#`.

mod action;
mod editor;
mod graph;
