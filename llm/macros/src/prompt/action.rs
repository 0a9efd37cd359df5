//! The action of a prompt. It is an ordinary `#[streaming_action]` of burdock.

use super::{
    docs::action_docs,
    source::{Source, held, is_borrowed},
    syntax::{Argument, PromptSyntax},
};
use crate::spans::{ends, ours};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// Expands to the action.
pub(super) fn expand_action(prompt: &PromptSyntax) -> TokenStream {
    let PromptSyntax { outer, vis, signature, settings, .. } = prompt;
    let (llm, name, output) = (prompt.llm(), &signature.name, &signature.output);
    let burdock = quote!(#llm::__private::burdock);
    let docs = action_docs(prompt);
    let state = &settings.state;
    let read = prompt.reads();
    let usage = prompt.usage();
    let added = usage.filter(|usage| !read.contains(usage));
    let read: Vec<&Ident> = read.iter().chain(added).collect();
    let reads = (!read.is_empty()).then(|| quote!(reads(#(#read),*),));
    let written = settings.writes.iter().flat_map(|(_, fields)| fields).next();
    let Locals { fields, context, answer, change, total } = Locals::new();
    let taken = (!read.is_empty()).then(|| quote!(#fields: Reads<'_>,));
    let add = usage.map(|usage| {
        // rustc labels this if the field is not a `Usage`
        let before = field(&fields, usage);
        quote!(let #total = #llm::__private::add_usage(#before, #answer.response().usage);)
    });
    let more = usage.map(|usage| quote!(, #usage: #total));
    let also = usage.map(|usage| quote!(, #usage));
    let model = model(prompt);
    let inputs = prompt.arguments.iter().filter_map(|argument| expand_input(prompt, argument));
    let arguments = prompt.arguments.iter().map(|argument| expand_argument(prompt, argument));
    let item = quote!(#llm::Change<#output>);
    // rustc labels this if the type of the answer differs from that of the field
    let value = Ident::new("value", Span::mixed_site().located_at(ends(output).0));
    quote! {
        #[#llm::__private::streaming_action(crate = #burdock, state = #state, #reads writes(#written #also), yields(#item))]
        #(#outer)*
        #[doc = #docs]
        #[allow(clippy::ptr_arg, reason = "a graph holds what the prompt borrows")]
        #vis async fn #name(
            #taken
            #[context] #context: &#burdock::Context,
            #[resource] #model: &::std::sync::Arc<dyn #llm::Model>,
            #(#inputs),*
        ) -> #burdock::Result<Writes> {
            #[allow(deprecated, reason = "the prompt itself may be deprecated")]
            let mut #answer = #name::__prompt(#(#arguments),*)
                .on(#model)
                .runtime(#context.runtime())
                .until(#context.stopped())
                .stream();
            while let ::core::option::Option::Some(#change) = #llm::__private::next(&mut #answer, #context).await? {
                yield_!(#change);
            }
            let #value: #output = #llm::__private::finish(&mut #answer, #context).await?;
            #add
            ::core::result::Result::Ok(Writes { #written: #value #more })
        }
    }
}

/// The names of local variables of the body, which hygiene separates from the user's.
struct Locals {
    fields: Ident,
    context: Ident,
    answer: Ident,
    change: Ident,
    total: Ident,
}

impl Locals {
    fn new() -> Self {
        let local = |name| Ident::new(name, Span::mixed_site());
        Self {
            fields: local("fields"),
            context: local("context"),
            answer: local("answer"),
            change: local("change"),
            total: local("total"),
        }
    }
}

/// Returns the name of the model's resource.
fn model(prompt: &PromptSyntax) -> Ident {
    let named = prompt.settings.resource.clone();
    named.unwrap_or_else(|| Ident::new("llm", Span::mixed_site()))
}

/// Expands to an argument of the action, unless it is read from the state.
fn expand_input(prompt: &PromptSyntax, argument: &Argument) -> Option<TokenStream> {
    let Argument { name, ty, attrs, .. } = argument;
    match Source::of(prompt, argument) {
        Source::Read | Source::Twice(_) => None,
        Source::Marked(marker) => {
            let (attr, ty) = (&marker.attr, held(ty));
            Some(quote!(#attr #(#attrs)* #name: #ty))
        }
        Source::Param => Some(quote!(#(#attrs)* #name: #ty)),
    }
}

/// Expands to an argument that the action passes to the function.
fn expand_argument(prompt: &PromptSyntax, argument: &Argument) -> TokenStream {
    let Argument { name, ty, .. } = argument;
    let Locals { fields, .. } = Locals::new();
    match Source::of(prompt, argument) {
        Source::Read => {
            // rustc labels this if the type of the field differs from that of the argument
            let field = field(&fields, name);
            let site = ours(name.span());
            if is_borrowed(ty) {
                field
            } else {
                // with its type, so that rustc labels the argument and not the function of the standard library
                quote_spanned!(site=> { let __field: &#ty = #field; ::core::clone::Clone::clone(__field) })
            }
        }
        Source::Twice(_) | Source::Marked(_) | Source::Param => quote!(#name),
    }
}

/// Expands to the field of a name, located at the name.
fn field(fields: &Ident, name: &Ident) -> TokenStream {
    let mut fields = fields.clone();
    fields.set_span(fields.span().located_at(name.span()));
    quote_spanned!(ours(name.span())=> #fields.#name)
}
