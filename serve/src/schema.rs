//! Types that only have a schema for the `OpenAPI` document: formatted strings, and parts that depend on the graph.
#![expect(dead_code, reason = "types that stand for their schemas")]

use schemars::JsonSchema;

/// The pattern of a cursor: two numbers of 64 bits.
pub(crate) const CURSOR: &str = r"[0-9]{1,20}\.[0-9]{1,20}";

#[derive(JsonSchema)]
pub(crate) struct Cursor(#[schemars(regex(pattern = format!("^{CURSOR}$")))] String);

// `length` counts characters; the limit of an id is 1024 bytes of UTF-8
#[derive(JsonSchema)]
pub(crate) struct SessionId(
    // ids that start with `~` are those of children
    #[schemars(length(min = 1, max = 1024), regex(pattern = "^[^~]"))] String,
);

// `openapi` replaces the schemas of the following types by those of a graph

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
