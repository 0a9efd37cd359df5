//! TypeScript types of Rust types, and of their partial forms.
//!
//! The types come from JSON Schemas as schemars writes them. Each type has two declarations, `Story`
//! and `StoryPartial`: the second is the type of a value that is still arriving, as `grow()` of
//! `@burdock/client` builds it. If both are the same, for example for an enum of names, there is only
//! one.
//!
//! ```
//! use burdock_llm::typescript::{Declarations, Mark};
//!
//! let schema = serde_json::json!({
//!     "title": "Story",
//!     "description": "A short story.",
//!     "type": "object",
//!     "properties": {
//!         "title": { "type": "string" },
//!         "rating": { "type": "integer", "format": "uint8", "description": "From 1 to 5." },
//!     },
//!     "required": ["title", "rating"],
//! });
//! let mut types = Declarations::new();
//! types.add("Story", &schema);
//! types.mark("Story", "title", Mark::State);
//! assert_eq!(types.to_string(), r#"/** A short story. */
//! export type Story = {
//!   title: string;
//!   /** From 1 to 5. */
//!   rating: number;
//! };
//!
//! /** `Story` while it arrives. */
//! export type StoryPartial = {
//!   title?: { state: "growing" | "complete"; value?: string };
//!   /** From 1 to 5. */
//!   rating?: number;
//! };
//! "#);
//! ```
//!
//! With the package schemars, the schema is `schemars::schema_for!(Story).to_value()`. Write the text
//! to a source file of the page in a test of the program, and let the test fail if the file differs, so
//! that the page is never compiled with outdated types.
//!
//! [`Declarations::add_marked`] takes the marks from the compiled schema that the parser follows, so
//! that the types always match the parser. Alternatively, [`Declarations::mark`] sets them one by one:
//!
//! | mark | in the partial type |
//! |---|---|
//! | `Done` | the property's whole type, which may be absent |
//! | `Required` | never absent |
//! | `State` | `{ state: "growing" \| "complete"; value?: … }`, which may be absent |
//!
//! # Conversion of schemas
//!
//! | schema | TypeScript |
//! |---|---|
//! | strings, numbers, booleans, `null` | the same |
//! | integers that may exceed ±(2^53 − 1) | `Integer` of `@burdock/client` |
//! | `enum`, `const` | literals |
//! | `anyOf`, `oneOf`, `type` lists | unions, with the descriptions of the alternatives |
//! | `allOf`, keywords next to a `$ref`, `anyOf` next to `properties` | intersections |
//! | lists, tuples, lists of a fixed length up to 16 | `Item[]`, `[First, Second]` |
//! | maps | `{ [key: string]: Value }` |
//! | `description`, `deprecated` | doc comments |
//! | keywords that only limit values: `pattern`, `maximum`, … | nothing |
//! | everything else | `unknown`, with a comment that names the unsupported part |
//!
//! In the partial form, each property may be absent, and so may each element of a tuple. Only the tag
//! of an enum is always present, because an alternative does not appear before it is decided.

mod declarations;
mod document;
mod marked;
mod names;
mod partial;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use self::declarations::Declarations;
pub use burdock_json::Mark;
