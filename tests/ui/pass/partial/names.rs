//! Fields and types of every name, in a crate that denies warnings.
#![deny(warnings, missing_docs, unused)]
#![allow(non_camel_case_types, reason = "a raw name")]

use burdock_llm::{Grown, Partial, PartialOf};
use serde::{Deserialize, Serialize};

/// Names that the expansion also uses.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Names {
    /// A field.
    pub value: String,
    /// A field.
    pub path: String,
    /// A field.
    pub self_: String,
    /// A field.
    pub r#type: Vec<String>,
    /// A field.
    pub json: Option<u8>,
    /// A field.
    pub edit: u8,
    /// A field.
    pub serializer: (u8, String),
    hidden: bool,
}

/// A raw name.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct r#struct {
    /// A field.
    pub r#fn: String,
}

/// Names of std.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub enum Option2<Option, String> {
    /// A variant.
    Some(Option),
    /// A variant.
    Ok(String),
    /// A variant.
    None,
}

/// No fields.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Empty {}

/// No fields.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct EmptyTuple();

/// Variants without fields.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub enum EmptyVariants {
    /// A variant.
    A {},
    /// A variant.
    B(),
    /// A variant.
    C,
}

/// One variant.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(tag = "t", content = "c")]
pub enum One {
    /// A variant.
    Only(u8),
}

/// Unit variants with a tag.
#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(tag = "t")]
pub enum Units {
    /// A variant.
    A,
    /// A variant.
    B,
}

/// A private type in a function.
fn inside() {
    #[derive(Clone, Debug, Serialize, Deserialize, Partial)]
    struct Local {
        name: String,
        #[partial(state)]
        text: String,
    }
    let grown = Grown::<Local>::new();
    let name = grown.partial().and_then(|partial| partial.name.as_ref());
    let text = grown.partial().map(|partial| partial.text.state());
    assert!(name.is_none() && text.is_none());
}

/// The partial form is named after the type.
#[allow(clippy::missing_panics_doc, reason = "a test")]
pub fn names(partial: &NamesPartial) -> Option<&String> {
    assert!(partial.hidden.is_none());
    partial.value.as_ref()
}

#[test]
fn it_runs() {
    inside();
    let grown = Grown::<Names>::new();
    assert!(grown.partial().and_then(names).is_none());
    let partial: Option<&PartialOf<r#struct>> = None;
    let _: Option<Option<&String>> = partial.map(|partial: &structPartial| partial.r#fn.as_ref());
}
