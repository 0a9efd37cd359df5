//! The syntax tree of a tool.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Block, Expr, Path, Signature, Type, Visibility};

/// A tool as written.
pub(super) struct ToolSyntax {
    pub(super) settings: Settings,
    /// The doc comment, for the model.
    pub(super) description: String,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    /// As written, without markers, docs and attributes of the schema on its arguments.
    pub(super) signature: Signature,
    pub(super) arguments: Vec<Argument>,
    pub(super) body: Block,
}

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) name: Option<Expr>,
    pub(super) timeout: Option<Expr>,
    pub(super) yields: Option<Type>,
    pub(super) llm: Option<Path>,
}

/// An argument of the function.
pub(super) struct Argument {
    pub(super) name: Ident,
    pub(super) ty: Type,
    pub(super) source: Source,
    /// Docs, and attributes of serde and schemars.
    pub(super) attrs: Vec<Attribute>,
}

/// Where the value of an argument comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From the model.
    Call,
    /// From the program.
    Resource,
    /// The call itself.
    Itself,
}

impl ToolSyntax {
    pub(super) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    /// Returns the path of burdock-llm.
    pub(super) fn llm(&self) -> TokenStream {
        self.settings.llm.as_ref().map_or_else(|| quote!(::burdock_llm), ToTokens::to_token_stream)
    }

    pub(super) fn of(&self, source: Source) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(move |argument| argument.source == source)
    }
}
