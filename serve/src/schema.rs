//! Schemas of the `OpenAPI` document that no other type has: texts in a form, and what depends on the graph.
#![expect(dead_code, reason = "types that stand for their schemas")]

use schemars::JsonSchema;

/// The numbers have 64 bits.
pub(crate) const CURSOR: &str = r"[0-9]{1,20}\.[0-9]{1,20}";

#[derive(JsonSchema)]
pub(crate) struct Cursor(#[schemars(regex(pattern = format!("^{CURSOR}$")))] String);

// in bytes of UTF-8, an id has at most 1024
#[derive(JsonSchema)]
pub(crate) struct SessionId(#[schemars(length(min = 1, max = 1024))] String);

// `openapi` replaces the schemas of these by those of a graph

#[derive(JsonSchema)]
pub(crate) struct Inputs;

#[derive(JsonSchema)]
pub(crate) struct PublicInputs;

#[derive(JsonSchema)]
pub(crate) struct Item;

#[derive(JsonSchema)]
pub(crate) struct State;

#[derive(JsonSchema)]
pub(crate) struct Patches;

#[derive(JsonSchema)]
pub(crate) struct Node;
