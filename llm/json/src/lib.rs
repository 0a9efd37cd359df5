//! An incremental, tolerant JSON parser for the output of language models, directed by a JSON Schema.
//!
//! A [`Schema`] is compiled once from the JSON Schema of a type. Its [`Parser`] is fed the text as it
//! arrives, in chunks of any size, and appends the [`Change`]s of the growing value. At the end it
//! returns valid JSON of the type and a list of [`Repair`]s. Text that can no longer become a value of
//! the type is reported as a [`Mismatch`], at the token that rules it out.
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
//! Applied in order, the changes build a prefix of the whole value, in the order of the text. Strings
//! grow by [`Edit::Append`]; an escape or a surrogate pair that is split across chunks is withheld
//! until it is complete. Numbers, booleans, null and enum variants appear when they are complete.
//! Objects and lists appear empty when they open, and elements are added by [`Edit::Push`].
//! [`Edit::Complete`] at the root is the last change.
//!
//! A property can be marked ([`Schema::mark`]): [`Mark::Done`] emits it once, when it is complete;
//! [`Mark::Required`] withholds the object until the property appears; [`Mark::State`] turns it into
//! the object `{"state": "growing" | "complete", "value": …}` in the grown value, for JSON and for
//! types alike: paths of changes below it contain `value`, and paths of mismatches and repairs do not.
//!
//! # Alternatives
//! All alternatives of an `anyOf` or `oneOf` that still fit are followed in parallel; those that a
//! token does not fit are dropped. While more than one remains, the changes of that object or list are
//! withheld; they are emitted when a single alternative remains, at the latest at its end. The property
//! that decided the alternative is then emitted first, so a reader that receives `{}` receives the tag
//! of an internally or adjacently tagged enum next, or the only key of an externally tagged one.
//! Alternatives without a tag are often decided only at the closing brace; mark such a property
//! [`Mark::Done`] to receive it in one piece.
//!
//! Repairs that depend on the type are considered only if no alternative fits without them, and are not
//! undone: a dropped alternative is not considered again when a later token does not fit the others. An
//! unknown property is dropped if the schema does not mention additional properties.
//!
//! # Finding the value
//! The value starts at the first token that fits the root. It is provisional until its first known
//! property or its first element: a mismatch before that makes it part of the text before the value,
//! and none of its changes are emitted. Text after the value is ignored. An object that wraps the value
//! (the value is in an unknown key, and no known key precedes it) and a list that wraps it are removed.
//! A scalar root is the first scalar in the text that fits; an empty list or object that fits is also a
//! value.
//!
//! If the text starts with `<think>`, `<thinking>`, `<thought>` or `<reasoning>`, the value is searched
//! for after the closing tag.
//!
//! If a key occurs twice in an object, the first property wins, because it was already emitted. An
//! unquoted string is accepted only as an enum variant. Unescaped quotes inside a string are not
//! repaired.
//!
//! # Costs
//! Each byte is read a bounded number of times, and a change costs O(depth). `done` values are read a
//! second time by `serde_json`. Memory is linear in the text: the JSON, and the changes that are
//! withheld.
//!
//! # Why not another crate
//! jiter (0.19) and the ports of `json_repair` (`llm_json`, `jsonrepair`) read the whole text again for
//! every chunk; jiter's partial mode is not tolerant, and the others are not incremental (`jsonrepair`
//! 0.1 has a streaming mode for whole values, without types). jsonmodem 0.1 and actson 2.1 are
//! incremental and linear, and jsonmodem emits paths and string fragments much like this crate, but
//! both are strict and do not know types. Repairs such as a number for a string, an unknown key or an
//! enum variant in another case, and a mismatch at the first impossible token, require the schema in
//! the parser. llguidance compiles schemas into grammars for constrained sampling; it accepts exact
//! JSON only and cannot repair. A lexer would be the smallest part of this crate.

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
