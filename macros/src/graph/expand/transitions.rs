//! Expansion of transitions, error edges and policies, each to a `match` over the node.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use syn::Token;

use super::super::model::{self, Target, Transition};
use super::{Expansion, plain_name};
use crate::spans::{ends, respanned};

/// Expands to the body of `Graph::transition`.
pub(super) fn expand_transitions(expansion: &Expansion<'_>, node: &Ident) -> TokenStream {
    let graph = expansion.graph;
    let arms = graph.ids().map(|id| {
        let variant = expansion.variant(id);
        let body = expand_transition(expansion, graph.transition(id));
        quote!(#variant => #body,)
    });
    let next = super::local("__next");
    quote! {
        let #next = match #node { #(#arms)* };
        ::core::result::Result::Ok(#next)
    }
}

/// Expands to an attribute that makes two lints errors if there is a `match`: an arm that is never reached, and a
/// variable in a pattern that is never used, which is a misspelled value.
pub(super) fn expand_lints<'t>(
    mut transitions: impl Iterator<Item = &'t Transition>,
) -> Option<TokenStream> {
    let token = transitions.find_map(|transition| first_match(&transition.target))?;
    Some(quote_spanned!(token.span=> #[deny(unreachable_patterns, unused_variables)]))
}

fn first_match(target: &Target) -> Option<Token![match]> {
    match target {
        Target::Match(branch) => Some(branch.match_token),
        Target::If(branch) => first_match(&branch.then).or_else(|| first_match(&branch.otherwise)),
        Target::Node(_) | Target::Pause(_) | Target::End | Target::Unknown => None,
    }
}

/// Expands to `Graph::on_error`, if there are such edges.
pub(super) fn expand_error_edges(expansion: &Expansion<'_>, node: &Ident) -> Option<TokenStream> {
    let Expansion { graph, private, node_type, .. } = expansion;
    let arms: Vec<TokenStream> = graph
        .ids()
        .filter_map(|id| {
            let edge = graph[id].on_error.as_ref()?;
            let variant = expansion.variant(id);
            let body = expand_transition(expansion, edge);
            // a closure, so that `?` does not return from the function
            Some(quote!(#variant => (|| ::core::result::Result::Ok(#body))(),))
        })
        .collect();
    if arms.is_empty() {
        return None;
    }
    let state = model::state_ident();
    let rest =
        (arms.len() < graph.nodes.len()).then(|| quote!(_ => return ::core::option::Option::None,));
    let lints = expand_lints(graph.nodes.iter().filter_map(|node| node.on_error.as_ref()));
    Some(quote! {
        #lints
        fn on_error(
            #node: #node_type,
            #state: &__State,
        ) -> ::core::option::Option<#private::Decision<Self>> {
            let _ = #state;
            ::core::option::Option::Some(match #node { #(#arms)* #rest })
        }
    })
}

/// Expands to `Graph::policy`, if a node has one.
pub(super) fn expand_policies(expansion: &Expansion<'_>, node: &Ident) -> Option<TokenStream> {
    let Expansion { graph, private, node_type, .. } = expansion;
    // with the span of the argument, which rustc labels if it has another type
    let some = |expr: &Option<syn::Expr>, function: &str| {
        let Some(expr) = expr else { return quote!(::core::option::Option::None) };
        let (first, last) = ends(expr);
        let name = Ident::new(function, last);
        let mut call = respanned(private.clone(), first);
        call.extend(quote_spanned!(last=> ::#name(#expr)));
        call
    };
    let arms: Vec<TokenStream> = graph
        .ids()
        .filter(|id| graph[*id].timeout.is_some() || graph[*id].retry.is_some())
        .map(|id| {
            let variant = expansion.variant(id);
            let timeout = some(&graph[id].timeout, "timeout");
            let retry = some(&graph[id].retry, "retry");
            quote! {
                #variant => ::core::option::Option::Some(|| #private::Policy::new(#timeout, #retry)),
            }
        })
        .collect();
    if arms.is_empty() {
        return None;
    }
    let rest = (arms.len() < graph.nodes.len()).then(|| quote!(_ => ::core::option::Option::None,));
    Some(quote! {
        fn policy(#node: #node_type) -> ::core::option::Option<fn() -> #private::Policy> {
            match #node { #(#arms)* #rest }
        }
    })
}

/// Expands to checks that the slots in the conditions are set, followed by the target.
fn expand_transition(expansion: &Expansion<'_>, transition: &Transition) -> TokenStream {
    let private = &expansion.private;
    let state = model::state_ident();
    let set = transition.fields.iter().map(|field| {
        let name = plain_name(field);
        quote!(#private::check_set(#state.#field.__read(), #name)?;)
    });
    let target = expand_target(expansion, &transition.target);
    if transition.fields.is_empty() { target } else { quote!({ #(#set)* #target }) }
}

/// Expands to a target, with the user's own `if` and `match`.
fn expand_target(expansion: &Expansion<'_>, target: &Target) -> TokenStream {
    let private = &expansion.private;
    match target {
        Target::Node(id) => {
            let variant = expansion.variant(*id);
            quote!(#private::Next::Node(#variant))
        }
        Target::Pause(id) => {
            let variant = expansion.variant(*id);
            quote!(#private::Next::Pause(#variant))
        }
        Target::End | Target::Unknown => quote!(#private::Next::End),
        Target::If(branch) => {
            let (if_token, condition) = (&branch.if_token, &branch.condition);
            let then = expand_target(expansion, &branch.then);
            let otherwise = expand_target(expansion, &branch.otherwise);
            quote!(#if_token #condition { #then } else { #otherwise })
        }
        Target::Match(branch) => {
            let mut tokens = TokenStream::new();
            branch.match_token.to_tokens(&mut tokens);
            branch.scrutinee.to_tokens(&mut tokens);
            branch.brace.surround(&mut tokens, |tokens| {
                for arm in &branch.arms {
                    arm.pattern.to_tokens(tokens);
                    if let Some(guard) = &arm.guard {
                        guard.if_token.to_tokens(tokens);
                        guard.condition.to_tokens(tokens);
                    }
                    arm.arrow.to_tokens(tokens);
                    expand_target(expansion, &arm.target).to_tokens(tokens);
                    tokens.extend(quote!(,));
                }
            });
            tokens
        }
    }
}
