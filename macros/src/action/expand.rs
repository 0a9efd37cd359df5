//! From a checked action to its items. The large templates are `macro_rules!` in burdock's
//! `__private`; here they are filled in.

use super::{
    Kind,
    body::yielder,
    syntax::{ActionSyntax, Needed, Param, Role, Taken},
};
use crate::{
    names::{hash, plain},
    spans::{ends, ours, respanned},
    text,
};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{FnArg, Pat, PatType, ReturnType, Token, Type};

/// The type, and a constant that holds everything else.
pub(super) fn expand_action(action: &ActionSyntax) -> TokenStream {
    let ActionSyntax { outer, vis, .. } = action;
    let burdock = action.burdock();
    let name = action.name();
    let cfg: Vec<_> = outer.iter().filter(|attr| text::is_cfg(attr)).collect();
    let reads = pairs(&action.arguments.reads);
    let writes = pairs(&action.arguments.writes);
    let state = expand_state(action);
    let state_item = state_item(action, &quote!(__State));
    let args = expand_args(action);
    let function = expand_function(action);
    let implementation = expand_impl(action);
    quote! {
        #(#outer)*
        #[allow(non_camel_case_types, reason = "named after its function")]
        #[derive(Clone, Copy, Debug)]
        #vis struct #name {}

        #(#cfg)*
        const _: () = {
            #state
            #burdock::__reads! { (#vis struct) __State { #reads } }
            #burdock::__writes! { (#vis struct) (#state_item) __State { #writes } }
            #args
            #function
            #implementation
        };
    }
}

/// The state, after a look at the fields: when it lacks one, or is no state at all, the alias is
/// an error type, so that nothing else here is an error too.
fn expand_state(action: &ActionSyntax) -> TokenStream {
    let Some(state) = &action.arguments.state else {
        return TokenStream::new();
    };
    let burdock = action.burdock();
    let text = text::written(state);
    let mut fields: Vec<&Ident> = Vec::new();
    for field in action.arguments.reads.iter().chain(&action.arguments.writes) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    if fields.is_empty() {
        return quote!(type __State = #state;);
    }
    let names: Vec<String> = fields.iter().map(|field| plain(field)).collect();
    // under the field's span, but for what `macro_rules!` would hide from it
    let locals = quote!(fields, names);
    let checks = fields.iter().enumerate().map(|(index, field)| {
        let private = respanned(quote!(#burdock::__private), field.span());
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(field.span()=> #private::check_field(#text, #locals, #index))
    });
    quote! {
        type __State = <#state as #burdock::__private::WithFields<{
            let fields = <#state as #burdock::__private::State>::FIELDS;
            let names = &[#(#names),*];
            #(#checks)&*
        }>>::State;
    }
}

/// `type State = …;` for an impl, where rustc labels the state when it is less visible.
fn state_item(action: &ActionSyntax, state: &TokenStream) -> TokenStream {
    let (first, last) = ends(&action.arguments.state);
    let mut tokens = quote_spanned!(first=> type State =);
    tokens.extend(respanned(state.clone(), last));
    tokens.extend(quote_spanned!(last=> ;));
    tokens
}

/// `field "field",` for the templates.
fn pairs(fields: &[Ident]) -> TokenStream {
    fields
        .iter()
        .map(|field| {
            let text = plain(field);
            quote!(#field #text,)
        })
        .collect()
}

/// Inputs and resources, and parameters.
fn expand_args(action: &ActionSyntax) -> TokenStream {
    let burdock = action.burdock();
    let vis = &action.vis;
    let how = if action.arguments.blocking.is_some() { "owned" } else { "borrowed" };
    let how = format_ident!("{how}");
    let needed = |needed: &Needed| {
        let Needed { name, ty, .. } = needed;
        let text = plain(name);
        let hash = hash(&text);
        quote!(#name #text #hash: #ty,)
    };
    let inputs: TokenStream = action.inputs().map(needed).collect();
    let resources: TokenStream = action.resources().map(needed).collect();
    let mut tokens = TokenStream::new();
    if !(inputs.is_empty() && resources.is_empty()) {
        tokens.extend(quote! {
            #burdock::__args! { (#vis struct) #how inputs { #inputs } resources { #resources } }
        });
    }
    let params: TokenStream =
        action.params().map(|Param { name, ty, .. }| quote!(#name: #ty,)).collect();
    if !params.is_empty() {
        tokens.extend(quote!(#burdock::__params! { (#vis struct) #params }));
    }
    tokens
}

/// The user's function, with a yielder as its last argument when it streams.
fn expand_function(action: &ActionSyntax) -> TokenStream {
    let ActionSyntax { inner, signature, body, arguments, .. } = action;
    let burdock = action.burdock();
    let mut signature = signature.clone();
    if let (Kind::Streaming, Some(ty)) = (action.kind, &arguments.yields) {
        let yielder = yielder();
        let yielder_span = yielder.span();
        let taken = if arguments.blocking.is_some() {
            quote!(&mut #burdock::__private::ThreadYielder<#ty>)
        } else {
            signature.asyncness =
                signature.asyncness.or(Some(Token![async](signature.fn_token.span)));
            quote!(&mut #burdock::__private::Yielder<'_, #ty>)
        };
        signature.inputs.push(FnArg::Typed(PatType {
            attrs: Vec::new(),
            pat: Box::new(Pat::Verbatim(yielder.into_token_stream())),
            colon_token: Token![:](yielder_span),
            ty: Box::new(Type::Verbatim(taken)),
        }));
    }
    quote! {
        #(#inner)*
        #[allow(clippy::unused_async, clippy::unnecessary_wraps, clippy::needless_pass_by_value, clippy::too_many_arguments, clippy::trivially_copy_pass_by_ref, reason = "the framework decides what an action is given")]
        #signature #body
    }
}

fn expand_impl(action: &ActionSyntax) -> TokenStream {
    let burdock = action.burdock();
    let name = action.name();
    let text = plain(name);
    let state = state_item(action, &quote!(__State));
    let docs = text::docs(&action.outer);
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#docs)));
    let yields = match &action.arguments.yields {
        Some(ty) if action.kind == Kind::Streaming => quote!(Items<#ty>),
        _ => quote!(NoItems),
    };
    let args = if action.inputs().next().is_none() && action.resources().next().is_none() {
        quote!(())
    } else {
        quote!(__Args<'a>)
    };
    let params = if action.params().next().is_none() { quote!(()) } else { quote!(__Params) };
    let declared = expand_declared(action);
    let run = expand_run(action);
    quote! {
        impl #burdock::__private::Action for #name {
            #state
            type Reads<'a> = Reads<'a>;
            type Args<'a> = #args;
            type Params = #params;
            type Writes = Writes;
            type Yields = #burdock::__private::#yields;
            const INFO: #burdock::__private::ActionInfo =
                #burdock::__private::ActionInfo::new(#text)#docs.reads(READS).writes(WRITES)#declared;
            fn reads(state: &__State) -> ::core::result::Result<Reads<'_>, #burdock::__private::UnsetSlot> {
                Reads::__of(state)
            }
            #run
        }
    }
}

/// What `INFO` says beside reads and writes.
fn expand_declared(action: &ActionSyntax) -> TokenStream {
    let burdock = action.burdock();
    let hashes = |needed: &mut dyn Iterator<Item = &Needed>| -> Vec<u64> {
        needed.map(|needed| hash(&plain(&needed.name))).collect()
    };
    let inputs = hashes(&mut action.inputs());
    let resources = hashes(&mut action.resources());
    let params: Vec<_> = action
        .params()
        .map(|param| {
            let name = plain(&param.name);
            let hash = hash(&name);
            let optional = param.default.is_some();
            quote!(#burdock::__private::ParamInfo { name: #name, hash: #hash, optional: #optional })
        })
        .collect();
    let mut tokens = TokenStream::new();
    if !inputs.is_empty() {
        tokens.extend(quote!(.inputs(&[#(#inputs),*])));
    }
    if !resources.is_empty() {
        tokens.extend(quote!(.resources(&[#(#resources),*])));
    }
    if !params.is_empty() {
        tokens.extend(quote!(.params(&[#(#params),*])));
    }
    if action.wants_failure() {
        tokens.extend(quote!(.failure()));
    }
    tokens
}

/// Calls the user's function with what the call holds.
fn expand_run(action: &ActionSyntax) -> TokenStream {
    let burdock = action.burdock();
    let name = action.name();
    let yielder = yielder();
    let owned = action.arguments.blocking.is_some();
    let mut arguments: Vec<TokenStream> =
        action.roles.iter().map(|role| expand_argument(action, role, owned)).collect();
    if action.kind == Kind::Streaming {
        arguments.push(if owned { quote!(#yielder) } else { quote!(&mut #yielder) });
    }
    let defaults = action.params().filter_map(|param| {
        let function = default_of(&param.name);
        let ty = &param.ty;
        let value = param.default.as_ref()?;
        Some(quote!(fn #function() -> #ty { #value }))
    });
    let awaiting =
        action.signature.asyncness.is_some() || (action.kind == Kind::Streaming && !owned);
    // rustc labels the name when the future is not `Send`, and the type when it is no result of writes
    let head = respanned(
        quote!(async fn run(call: #burdock::__private::Call<'_, Self>) -> #burdock::Result<Writes>),
        ours(name.span()),
    );
    let (first, last) = match &action.signature.output {
        ReturnType::Type(_, ty) => ends(ty),
        ReturnType::Default => ends(name),
    };
    let mut called = name.clone();
    called.set_span(ours(first));
    let site = ours(last);
    let awaiting = awaiting.then(|| quote_spanned!(site=> .await));
    let call = quote_spanned! {site=>
        #called(#(#arguments),*) #awaiting .map_err(::core::convert::Into::into)
    };
    if !owned {
        let take =
            (action.kind == Kind::Streaming).then(|| quote!(let mut #yielder = call.yielder;));
        return quote! {
            #head {
                #(#defaults)*
                #take
                #call
            }
        };
    }
    let reads = &action.arguments.reads;
    let yielder = if action.kind == Kind::Streaming { quote!(#yielder) } else { quote!(_: &mut _) };
    let failure = action.wants_failure().then(
        || quote!(let failure = #burdock::__private::given(call.failure, "failure")?.clone();),
    );
    quote! {
        #head {
            #(#defaults)*
            let reads = (#(::core::clone::Clone::clone(call.reads.#reads),)*);
            let (args, params, context) = (call.args, call.params, call.context.clone());
            #failure
            #burdock::__private::on_thread(call.context, call.yielder, move |#yielder| {
                let reads = Reads::__borrow(&reads);
                #call
            })
            .await
        }
    }
}

fn expand_argument(action: &ActionSyntax, role: &Role, owned: bool) -> TokenStream {
    let burdock = action.burdock();
    let call = if owned { quote!() } else { quote!(call.) };
    match role {
        Role::Reads => quote!(#call reads),
        Role::Input(Needed { name, taken, .. }) => match (owned, taken) {
            (false, Taken::Borrowed) | (true, Taken::Owned) => quote!(#call args.#name),
            (false, Taken::Owned) => quote!(::core::clone::Clone::clone(call.args.#name)),
            (true, Taken::Borrowed) => quote!(&args.#name),
        },
        Role::Resource(Needed { name, .. }) => {
            let text = plain(name);
            if owned {
                quote!(#burdock::__private::bound(#burdock::__private::Hold::held(&*args.#name), #text)?)
            } else {
                quote!(call.args.#name)
            }
        }
        Role::Context => {
            if owned {
                quote!(&context)
            } else {
                quote!(call.context)
            }
        }
        Role::Failure(name) => {
            let text = plain(name);
            if owned {
                quote!(&failure)
            } else {
                quote!(#burdock::__private::given(call.failure, #text)?)
            }
        }
        Role::Param(Param { name, default, .. }) => {
            let text = plain(name);
            if default.is_some() {
                let function = default_of(name);
                quote!(#call params.#name.unwrap_or_else(#function))
            } else {
                quote!(#burdock::__private::bound(#call params.#name, #text)?)
            }
        }
    }
}

fn default_of(name: &Ident) -> Ident {
    format_ident!("__default_{}", plain(name))
}
