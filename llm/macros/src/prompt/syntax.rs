//! The parts of a prompt.

use super::template::Template;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Path, Type, Visibility};

/// A prompt as it was written.
pub(super) struct PromptSyntax {
    pub(super) settings: Settings,
    /// The prompt itself.
    pub(super) template: Template,
    /// `system = "…"`, which may have placeholders as well.
    pub(super) system: Option<System>,
    /// Attributes that are not docs.
    pub(super) outer: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) signature: Signature,
    pub(super) arguments: Vec<Argument>,
}

/// What is left of the signature.
pub(super) struct Signature {
    pub(super) name: Ident,
    pub(super) generics: syn::Generics,
    /// The types of all arguments, also of those that could not be read.
    pub(super) types: Vec<Type>,
    /// `None` if it was not written.
    pub(super) output: Option<Type>,
}

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) system: Option<Expr>,
    pub(super) retries: Option<Expr>,
    pub(super) options: Option<Expr>,
    /// A flag; what it is written as.
    pub(super) resetting: Option<Ident>,
    pub(super) resource: Option<Ident>,
    pub(super) state: Option<Path>,
    /// The argument's own name, for labels, beside its fields.
    pub(super) reads: Option<(Ident, Vec<Ident>)>,
    pub(super) writes: Option<(Ident, Vec<Ident>)>,
    pub(super) llm: Option<Path>,
}

/// The system text.
pub(super) enum System {
    Template(Template),
    Expr(Expr),
}

/// An argument of the function.
pub(super) struct Argument {
    pub(super) name: Ident,
    pub(super) ty: Type,
    /// Its doc comment, which joins the prompt.
    pub(super) docs: String,
    pub(super) marker: Option<Marker>,
    /// Attributes that are neither docs nor a marker: lint levels.
    pub(super) attrs: Vec<Attribute>,
}

/// Where an argument of the action comes from, if it says so.
pub(super) struct Marker {
    pub(super) kind: MarkerKind,
    pub(super) attr: Attribute,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkerKind {
    Input,
    Resource,
    Param,
}

impl PromptSyntax {
    /// The path of burdock-llm: `::burdock_llm` unless `crate = path` sets it.
    pub(super) fn llm(&self) -> TokenStream {
        let path = self.settings.llm.as_ref();
        path.map_or_else(|| quote!(::burdock_llm), ToTokens::to_token_stream)
    }

    /// The fields that arguments are read from.
    pub(super) fn reads(&self) -> &[Ident] {
        self.settings.reads.as_ref().map_or(&[], |(_, fields)| fields)
    }

    /// The templates, the prompt first.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let system = match &self.system {
            Some(System::Template(template)) => Some(template),
            _ => None,
        };
        std::iter::once(&self.template).chain(system)
    }
}
