//! A type and its JSON form, as far as the expansion needs it.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, ExprPath, Generics, Path, Type, Visibility};

/// A type that derives `Partial`.
pub(super) struct Model {
    pub(super) vis: Visibility,
    pub(super) name: Ident,
    /// The name of its partial form.
    pub(super) partial: Ident,
    /// The path of `burdock_llm`.
    pub(super) root: TokenStream,
    pub(super) generics: Generics,
    /// Docs and lint levels.
    pub(super) attrs: Vec<Attribute>,
    pub(super) shape: Shape,
}

/// The shape of a type.
pub(super) enum Shape {
    Struct(Record),
    /// An enum whose variants have no data: its own partial form.
    Names,
    Enum(Tagging, Vec<Variant>),
}

/// The way in which serde tags variants.
pub(super) enum Tagging {
    External,
    Internal(String),
    Adjacent(String, String),
    Untagged,
}

pub(super) struct Variant {
    pub(super) name: Ident,
    /// The name in JSON, then its aliases.
    pub(super) keys: Vec<String>,
    pub(super) attrs: Vec<Attribute>,
    pub(super) record: Record,
}

/// A struct, or the data of a variant.
pub(super) struct Record {
    pub(super) form: Form,
    /// Whether its fields are written in braces.
    pub(super) is_named: bool,
    pub(super) fields: Vec<Field>,
    /// Whether unknown properties are errors.
    pub(super) is_closed: bool,
}

/// The JSON form of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An object of the fields.
    Object,
    /// A list of the fields.
    List,
    /// The value of the only field.
    Inner,
    /// `null`, or no body.
    Nothing,
}

pub(super) struct Field {
    /// The name, or the position in the partial form.
    pub(super) member: TokenStream,
    pub(super) vis: Visibility,
    pub(super) attrs: Vec<Attribute>,
    pub(super) ty: Type,
    /// The token of the type that errors about it point at.
    pub(super) span: Span,
    /// The name in JSON, then its aliases.
    pub(super) keys: Vec<String>,
    pub(super) kind: Kind,
    pub(super) marks: Marked,
}

/// The way in which a field grows.
pub(super) enum Kind {
    Grown,
    /// Appears when it is complete. Read by the first function and written by the second.
    Done(Codec, Codec),
    State,
    Flattened,
}

/// The way in which serde reads or writes a field.
pub(super) enum Codec {
    Type,
    Function(Box<ExprPath>),
}

/// The words of `#[partial(…)]` on a field.
#[derive(Default)]
pub(super) struct Marked {
    pub(super) done: Option<Path>,
    pub(super) required: Option<Path>,
    pub(super) state: Option<Path>,
}

impl Marked {
    /// Returns the words that are set.
    pub(super) fn words(&self) -> impl Iterator<Item = &Path> {
        [&self.done, &self.required, &self.state].into_iter().flatten()
    }
}

impl Model {
    /// Returns all records of the type.
    pub(super) fn records(&self) -> Vec<&Record> {
        match &self.shape {
            Shape::Struct(record) => vec![record],
            Shape::Names => Vec::new(),
            Shape::Enum(_, variants) => variants.iter().map(|variant| &variant.record).collect(),
        }
    }
}
