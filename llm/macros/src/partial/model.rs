//! A type and its JSON form, as far as the expansion needs it.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, ExprPath, Generics, Path, Type, Visibility};

/// A type that derives `Partial`.
pub(super) struct Model {
    pub(super) vis: Visibility,
    pub(super) name: Ident,
    /// The name of its partial form.
    pub(super) partial: Ident,
    /// Where `burdock_llm` is.
    pub(super) root: TokenStream,
    pub(super) generics: Generics,
    /// Docs and lint levels.
    pub(super) attrs: Vec<Attribute>,
    pub(super) shape: Shape,
}

/// What a type is made of.
pub(super) enum Shape {
    Struct(Record),
    /// An enum whose variants have no data: its own partial form.
    Names,
    Enum(Tagging, Vec<Variant>),
}

/// How serde tells variants apart.
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
    /// Refuses properties that it does not have.
    pub(super) is_closed: bool,
}

/// What serde writes a record as.
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

/// How a field grows.
pub(super) enum Kind {
    Grown,
    /// Appears when it is complete; read and written by these functions.
    Done(By, By),
    State,
    Flattened,
}

/// How serde reads or writes a field.
pub(super) enum By {
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
    /// The words that are there.
    pub(super) fn words(&self) -> impl Iterator<Item = &Path> {
        [&self.done, &self.required, &self.state].into_iter().flatten()
    }
}

impl Model {
    /// Every record of the type, with the attributes' place.
    pub(super) fn records(&self) -> Vec<&Record> {
        match &self.shape {
            Shape::Struct(record) => vec![record],
            Shape::Names => Vec::new(),
            Shape::Enum(_, variants) => variants.iter().map(|variant| &variant.record).collect(),
        }
    }
}
