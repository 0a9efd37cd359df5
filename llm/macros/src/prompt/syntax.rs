//! The syntax tree of a prompt.

use super::template::Template;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Path, Type, Visibility};

/// A prompt as written.
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

/// The signature, without its arguments.
pub(super) struct Signature {
    pub(super) name: Ident,
    pub(super) generics: syn::Generics,
    /// The types of all arguments, including those that could not be parsed.
    pub(super) types: Vec<Type>,
    /// The return type, if there is one.
    pub(super) output: Option<Type>,
}

/// The arguments of the attribute.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) system: Option<Expr>,
    pub(super) retries: Option<Expr>,
    pub(super) options: Option<Expr>,
    /// The token of the flag, if it is set.
    pub(super) resetting: Option<Ident>,
    pub(super) resource: Option<Ident>,
    pub(super) state: Option<Path>,
    /// The name of the argument, for labels, and its fields.
    pub(super) reads: Option<(Ident, Vec<Ident>)>,
    pub(super) writes: Option<(Ident, Vec<Ident>)>,
    /// The name of the argument, for labels, and the field to which the usage is added.
    pub(super) usage: Option<(Ident, Ident)>,
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
    /// Its doc comment, which is added to the prompt.
    pub(super) docs: String,
    pub(super) marker: Option<Marker>,
    /// Attributes other than docs and markers: lint levels.
    pub(super) attrs: Vec<Attribute>,
}

/// A marker, which sets the source of an argument.
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
    /// Returns the path of burdock-llm. Defaults to `::burdock_llm`; `crate = path` overrides it.
    pub(super) fn llm(&self) -> TokenStream {
        let path = self.settings.llm.as_ref();
        path.map_or_else(|| quote!(::burdock_llm), ToTokens::to_token_stream)
    }

    /// Returns the fields that are arguments.
    pub(super) fn reads(&self) -> &[Ident] {
        self.settings.reads.as_ref().map_or(&[], |(_, fields)| fields)
    }

    /// Returns the field to which the usage is added.
    pub(super) fn usage(&self) -> Option<&Ident> {
        self.settings.usage.as_ref().map(|(_, field)| field)
    }

    /// Returns the templates, the prompt first.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let system = match &self.system {
            Some(System::Template(template)) => Some(template),
            _ => None,
        };
        std::iter::once(&self.template).chain(system)
    }
}
