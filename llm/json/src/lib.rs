//! An incremental, tolerant JSON parser for what language models write, directed by a JSON Schema.
//!
//! A [`Schema`] is compiled once from the JSON Schema of a type. A [`Parser`] of it is fed the text
//! as it arrives, in any chunks, and appends the [`Change`]s of the growing value. At the end it
//! returns valid JSON of the type, with a list of [`Repair`]s. Text that can no longer become a value
//! of the type is a [`Mismatch`], at the token that makes it impossible.
//!
//! ```
//! use burdock_json::{Parser, Schema, apply};
//! use serde_json::{Value, json};
//!
//! let schema = Schema::compile(&json!({
//!     "type": "object",
//!     "required": ["title", "pages"],
//!     "properties": {"title": {"type": "string"}, "pages": {"type": "integer"}},
//! }))?;
//! let mut parser = Parser::new(&schema);
//! let (mut grown, mut changes) = (Value::Null, Vec::new());
//!
//! parser.feed("Here you are: {title: 'The dra", &mut changes)?;
//! changes.drain(..).try_for_each(|change| apply(&mut grown, &change))?;
//! assert_eq!(grown, json!({"title": "The dra"}));
//!
//! parser.feed("gon', \"pages\": \"12\",}", &mut changes)?;
//! let parsed = parser.finish(&mut changes)?;
//! changes.drain(..).try_for_each(|change| apply(&mut grown, &change))?;
//! assert_eq!(grown, json!({"title": "The dragon", "pages": 12}));
//! assert_eq!(parsed.json, r#"{"title":"The dragon","pages":12}"#);
//! assert_eq!(parsed.repairs.len(), 5);
//!
//! let mismatch = Parser::new(&schema).feed(r#"{"pages": [1"#, &mut changes).unwrap_err();
//! assert_eq!(mismatch.to_string(), "expected an integer at `pages`, found a list");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Growth
//! Applied in order, the changes make a prefix of the whole value, in the order of the text. Strings
//! grow by [`Edit::Append`]; an escape or a surrogate pair that a chunk cuts is withheld until it is
//! whole. Numbers, booleans, null and enum variants appear when they are complete. Objects and lists
//! appear empty when they open, and elements are added by [`Edit::Push`]. [`Edit::Complete`] at the
//! root is the last change.
//!
//! A property may be marked ([`Schema::mark`]): [`Mark::Done`] emits it once, when it is complete;
//! [`Mark::Required`] holds the object back until the property appears; [`Mark::State`] makes it the
//! object `{"state": "growing" | "complete", "value": …}` in the grown value, for JSON and for types
//! alike: paths of changes below it contain `value`, and paths of mismatches and repairs do not.
//!
//! # Alternatives
//! All alternatives of an `anyOf` or `oneOf` that still fit are followed at once, and those that a
//! token does not fit are dropped. While more than one is left, the changes of that object or list are
//! held; they are emitted when one alternative is left, at the latest at its end. The property that
//! decided comes first then, so a reader that gets `{}` gets the tag of an internally or adjacently
//! tagged enum next, and the only key of an externally tagged one. Alternatives without a tag are
//! often decided at the closing brace only; mark such a property [`Mark::Done`] to get it in one
//! piece.
//!
//! Repairs that depend on the type are considered when no alternative fits as it is, and are not
//! taken back: an alternative that was dropped does not return when a later token does not fit the
//! others. An unknown property is dropped if the schema does not mention additional ones.
//!
//! # The value in the text
//! The value starts at the first token that fits the root. It counts from its first known property
//! or its first element on; until then, a mismatch makes it a part of the text before the value, and
//! nothing was emitted of it. What follows the value is ignored. An object around the value, which has
//! it in an unknown key and has no known key before, and a list around it, are removed. A root that is a
//! scalar is the first one in the text that fits; an empty list or object that fits is the value too.
//!
//! A text that starts with `<think>`, `<thinking>`, `<thought>` or `<reasoning>` has its value behind the
//! closing tag.
//!
//! The first of two properties with the same key counts, since it was emitted already. An unquoted
//! string is accepted as an enum variant only, and quotes inside a string are not guessed.
//!
//! # Costs
//! Each byte is looked at a bounded number of times, and a change costs O(depth). `done` values are
//! read once more by `serde_json`. Memory is linear in the text: the JSON, and changes that are held.
//!
//! # Why not another crate
//! jiter (0.19) and the ports of `json_repair` (`llm_json`, `jsonrepair`) read the whole text again for
//! every chunk; jiter's partial mode is not tolerant, and the others are not incremental (`jsonrepair`
//! 0.1 has a streaming mode for whole values, without types). jsonmodem 0.1 and actson 2.1 are
//! incremental and linear, and jsonmodem emits paths and string fragments much as this crate does, but
//! both are strict and know no types: repairs such as a number for a string, an unknown key or an enum
//! variant in another case, and a mismatch at the first impossible token, need the schema in the
//! parser. llguidance compiles schemas into grammars for constrained sampling; it follows exact JSON
//! only, and cannot repair. A lexer is the smallest part of what is needed.

mod apply;
mod change;
mod names;
mod parser;
mod report;
mod schema;

pub use apply::{ApplyError, apply};
pub use change::{Change, Edit, Path, Segment};
pub use parser::Parser;
pub use report::{Mismatch, MismatchKind, Parsed, Repair, RepairKind};
pub use schema::{Mark, Place, Schema, SchemaError};
