//! Expands a checked prompt to its items.

use super::{
    action::expand_action,
    docs::{described, function_docs},
    syntax::{Argument, PromptSyntax, System},
    template::{Format, Piece, Template},
};
use crate::{
    names::plain,
    spans::{ends, ours, respanned},
};
use burdock_macros_shared::text::is_cfg;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

/// Expands to the function, and the action if there is one.
pub(super) fn expand_prompt(prompt: &PromptSyntax) -> TokenStream {
    let PromptSyntax { outer, vis, signature, .. } = prompt;
    let (llm, name, output) = (prompt.llm(), &signature.name, &signature.output);
    let docs = function_docs(prompt);
    let inputs = expand_inputs(prompt);
    let call = expand_call(prompt);
    let is_action = prompt.settings.state.is_some();
    let body = if is_action {
        let arguments = prompt.arguments.iter().map(|argument| &argument.name);
        quote!(#name::__prompt(#(#arguments),*))
    } else {
        call.clone()
    };
    let unused = is_action.then(
        || quote!(#[allow(dead_code, reason = "a program may use only the action or only the function")]),
    );
    let lints = lints();
    let function = quote! {
        #(#outer)*
        #[doc = #docs]
        #unused
        #lints
        #vis fn #name(#inputs) -> #llm::prompt::Prompt<#output> {
            #body
        }
    };
    if !is_action {
        return function;
    }
    let cfg = outer.iter().filter(|attr| is_cfg(attr));
    let action = expand_action(prompt);
    quote! {
        #function

        #(#cfg)*
        #[allow(deprecated, reason = "the prompt itself may be deprecated")]
        impl #name {
            #lints
            fn __prompt(#inputs) -> #llm::prompt::Prompt<#output> {
                #call
            }
        }

        #action
    }
}

fn lints() -> TokenStream {
    quote!(#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments, clippy::trivially_copy_pass_by_ref, clippy::ref_option, clippy::ptr_arg, reason = "arguments are as the prompt declares them")])
}

/// Expands to the arguments, without docs and markers.
fn expand_inputs(prompt: &PromptSyntax) -> TokenStream {
    let inputs = prompt
        .arguments
        .iter()
        .map(|Argument { name, ty, attrs, .. }| quote!(#(#attrs)* #name: #ty));
    quote!(#(#inputs),*)
}

/// Expands to the expression that makes the call. It defines no names, which could shadow those of the user.
fn expand_call(prompt: &PromptSyntax) -> TokenStream {
    let llm = prompt.llm();
    let name = plain(&prompt.signature.name);
    let answer = expand_answer(prompt);
    let text = expand_text(prompt, &prompt.template, true);
    let settings = &prompt.settings;
    let options = settings.options.as_ref().map(|options| quote!(.options(#options)));
    let system = prompt.system.as_ref().map(|system| match system {
        System::Template(template) => {
            let text = expand_text(prompt, template, false);
            quote!(.__system(#text))
        }
        System::Expr(expr) => quote!(.system(#expr)),
    });
    let retries = settings.retries.as_ref().map(|retries| quote!(.retries(#retries)));
    let resetting = settings.resetting.as_ref().map(|_| quote!(.resetting()));
    quote! {
        #llm::prompt::Prompt::__new(#name, #answer, #text) #options #system #retries #resetting
    }
}

/// Expands to the kind of the answer type: text, a type with partial values, or any other with a schema.
fn expand_answer(prompt: &PromptSyntax) -> TokenStream {
    let (llm, output) = (prompt.llm(), &prompt.signature.output);
    let (first, last) = ends(output);
    let private = quote_spanned!(ours(first)=> #llm::__private);
    let check = quote_spanned!(ours(last)=> ::<#output>(););
    quote! {{
        #[allow(unused_imports, reason = "only one of them applies")]
        use #llm::__private::{AnyAnswer as _, PartialAnswer as _, SchemaAnswer as _, TextAnswer as _};
        #private::check_answer #check
        (&&&&#llm::__private::AnswerType::<#output>::new()).kind()
    }}
}

/// Expands to the text with its values, each formatted once.
fn expand_text(prompt: &PromptSyntax, template: &Template, with_docs: bool) -> TokenStream {
    let llm = prompt.llm();
    let mut values: Vec<(&str, Format)> = Vec::new();
    let mut pieces: Vec<TokenStream> = Vec::new();
    for piece in &template.pieces {
        pieces.push(match piece {
            Piece::Text(text) => quote!(#llm::__private::Piece::Text(#text)),
            Piece::Value(placeholder) => {
                let value = (placeholder.name.as_str(), placeholder.format);
                let index = values.iter().position(|known| *known == value).unwrap_or(values.len());
                if index == values.len() {
                    values.push(value);
                }
                quote!(#llm::__private::Piece::Value(#index))
            }
        });
    }
    if with_docs {
        let documented = prompt.arguments.iter().filter(|argument| !argument.docs.is_empty());
        for (index, Argument { name, docs, .. }) in documented.enumerate() {
            let gap = if index == 0 { "\n\n" } else { "\n" };
            let line = format!("{gap}{}", described(&plain(name), docs));
            pieces.push(quote!(#llm::__private::Piece::Text(#line)));
        }
    }
    let values = values.into_iter().filter_map(|(name, format)| {
        let argument = prompt.arguments.iter().find(|argument| plain(&argument.name) == name)?;
        Some(expand_value(&llm, &argument.name, format))
    });
    quote!(#llm::__private::render(&[#(#pieces),*], &[#(#values),*]))
}

/// Expands to the value of a placeholder, spanned so that rustc labels the argument if an impl is missing.
fn expand_value(llm: &TokenStream, argument: &Ident, format: Format) -> TokenStream {
    let site = ours(argument.span());
    let name = plain(argument);
    let function = match format {
        Format::Display => quote!(#llm::__private::Value::display),
        Format::Json => quote!(#llm::__private::Value::json),
    };
    let arguments = quote_spanned!(site=> #name, &#argument);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(site);
    let mut call = respanned(function, site);
    call.extend([TokenTree::from(arguments)]);
    call
}
