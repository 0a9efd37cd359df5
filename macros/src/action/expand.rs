//! Expands a checked action to its items. The large templates are `macro_rules!` in burdock's
//! `__private`, which are filled in here.

use super::{
    Kind,
    body::yielder,
    docs::expand_docs,
    syntax::{ActionSyntax, Child, Needed, Param, Role, Taken},
};
use crate::{
    names::{plain, type_of},
    runtime::hash,
    spans::{ends, ours, respanned},
    text,
};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{FnArg, Pat, PatType, ReturnType, Token, Type, spanned::Spanned};

/// Expands to the type, and a constant that contains everything else.
pub(super) fn expand_action(action: &ActionSyntax) -> TokenStream {
    let ActionSyntax { outer, vis, .. } = action;
    let burdock = action.burdock();
    let name = action.name();
    let cfg: Vec<_> = outer.iter().filter(|attr| text::is_cfg(attr)).collect();
    let reads = pairs(&action.arguments.reads);
    let copies = action
        .arguments
        .blocking
        .is_some()
        .then(|| quote!(#burdock::__copies! { (#vis struct) __State { #reads } }));
    let writes = pairs(&action.arguments.writes);
    let state = expand_state(action);
    let state_item = state_item(action, &quote!(__State));
    let args = expand_args(action);
    let function = expand_function(action);
    let (docs, impl_docs) = expand_docs(action);
    let implementation = expand_impl(action);
    let (reads_type, writes_type) = (type_of("Reads", name), type_of("Writes", name));
    // the fields first, because their templates complete names, and other items contain names in text
    quote! {
        #(#cfg)*
        const _: () = {
            use #burdock::__private;
            #burdock::__reads! { (#vis struct #reads_type) __State { #reads } }
            #burdock::__writes! { (#vis struct #writes_type) (#state_item) __State { #writes } }
            #copies
            #state
            #args
            #function
            #impl_docs
            #implementation
        };

        #(#outer)*
        #docs
        #[allow(non_camel_case_types, reason = "named after its function")]
        #[derive(Clone, Copy, Debug)]
        #vis struct #name {}
    }
}

/// Expands the alias of the state, which checks the fields. If a field is missing, or the type is not a state,
/// the alias is an error type, so that rustc reports no further errors.
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
        return quote! {
            type __State = <#state as #burdock::__private::WithFields<
                { #burdock::__private::has_fields(<#state as #burdock::__private::StateFields>::FIELDS) }
            >>::State;
        };
    }
    let names: Vec<String> = fields.iter().map(|field| plain(field)).collect();
    // with the field's span, except for names that the hygiene of `macro_rules!` would hide
    let locals = quote!(__fields, __names);
    let checks = fields.iter().enumerate().map(|(index, field)| {
        let private = respanned(quote!(#burdock::__private), field.span());
        let index = Literal::usize_unsuffixed(index);
        quote_spanned!(field.span()=> #private::check_field(#text, #locals, #index))
    });
    quote! {
        type __State = <#state as #burdock::__private::WithFields<{
            let __fields = <#state as #burdock::__private::StateFields>::FIELDS;
            let __names = &[#(#names),*];
            #(#checks)&*
        }>>::State;
    }
}

/// Returns `type State = …;` for an impl, spanned so that rustc labels a state that is less visible.
fn state_item(action: &ActionSyntax, state: &TokenStream) -> TokenStream {
    let (first, last) = ends(&action.arguments.state);
    let mut tokens = quote_spanned!(first=> type State =);
    tokens.extend(respanned(state.clone(), last));
    tokens.extend(quote_spanned!(last=> ;));
    tokens
}

/// Returns `field "field" hash,` for each field, for the templates.
fn pairs(fields: &[Ident]) -> TokenStream {
    fields
        .iter()
        .map(|field| {
            let text = plain(field);
            let hash = Literal::u64_unsuffixed(hash(&text));
            quote!(#field #text #hash,)
        })
        .collect()
}

/// Expands the inputs and resources, and the parameters.
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
    let graphs: TokenStream =
        action.children().map(|Child { name, alias, .. }| quote!(#name: #alias,)).collect();
    let aliases = action.children().map(|Child { graph, alias, .. }| {
        let private = respanned(quote!(#burdock::__private), graph.span());
        quote_spanned! {graph.span()=>
            #[allow(non_camel_case_types, reason = "named after an argument")]
            type #alias = <#graph as #private::AsGraph<{ #private::is_graph::<#graph>() }>>::Graph;
        }
    });
    let mut tokens = TokenStream::new();
    if action.has_args() {
        let graphs = (!graphs.is_empty()).then(|| quote!(graphs { #graphs }));
        tokens.extend(quote! {
            #(#aliases)*
            #burdock::__args! {
                (#vis struct) #how inputs { #inputs } resources { #resources } #graphs
            }
        });
    }
    let params: TokenStream =
        action.params().map(|Param { name, ty, .. }| quote!(#name: #ty,)).collect();
    if !params.is_empty() {
        let params_type = type_of("Params", action.name());
        tokens.extend(quote!(#burdock::__params! { (#vis struct #params_type) #params }));
    }
    tokens
}

/// Expands the user's function, with a yielder as its last argument if it streams.
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
            quote!(#burdock::__private::Yielder<'_, #ty>)
        };
        let pattern = if arguments.blocking.is_some() {
            yielder.into_token_stream()
        } else {
            quote!(#[allow(unused_mut, reason = "a `cfg` may have removed each `yield_!`")] mut #yielder)
        };
        signature.inputs.push(FnArg::Typed(PatType {
            attrs: Vec::new(),
            pat: Box::new(Pat::Verbatim(pattern)),
            colon_token: Token![:](yielder_span),
            ty: Box::new(Type::Verbatim(taken)),
        }));
    }
    quote! {
        #(#inner)*
        #[allow(clippy::unused_async, clippy::unnecessary_wraps, clippy::needless_pass_by_value, clippy::ptr_arg, clippy::too_many_arguments, clippy::trivially_copy_pass_by_ref, reason = "the framework decides what an action is given")]
        #signature #body
    }
}

fn expand_impl(action: &ActionSyntax) -> TokenStream {
    let name = action.name();
    let text = plain(name);
    let state = state_item(action, &quote!(__State));
    let state_text = action.arguments.state.as_ref().map(text::written);
    let docs = text::docs(&action.outer);
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#docs)));
    let yields = match &action.arguments.yields {
        Some(ty) if action.kind == Kind::Streaming => quote!(Items<#ty>),
        _ => quote!(NoItems),
    };
    let args = if action.has_args() { quote!(__Args<'a>) } else { quote!(()) };
    let params = if action.params().next().is_none() {
        quote!(())
    } else {
        type_of("Params", action.name()).into_token_stream()
    };
    let declared = expand_declared(action);
    let run = expand_run(action);
    quote! {
        impl __private::Action for #name {
            #state
            type Reads<'a> = Reads<'a>;
            type Args<'a> = #args;
            type Params = #params;
            type Writes = Writes;
            type Yields = __private::#yields;
            const INFO: __private::ActionInfo = __private::ActionInfo::new(#text)#docs.over(#state_text, __READS, __WRITES)#declared;
            fn reads(__state: &__State) -> __private::ReadsResult<Reads<'_>> {
                Reads::__of(__state)
            }
            #run
        }
    }
}

/// Expands the parts of `INFO` other than reads and writes.
fn expand_declared(action: &ActionSyntax) -> TokenStream {
    let params: Vec<_> = action
        .params()
        .map(|param| {
            let name = plain(&param.name);
            let hash = hash(&name);
            let need = if param.default.is_some() { quote!(optional) } else { quote!(required) };
            quote!(__private::ParamInfo::#need(#name, #hash))
        })
        .collect();
    let mut tokens = TokenStream::new();
    let needs = action.roles.iter().filter_map(|role| {
        let (kind, Needed { name, ty, .. }) = match role {
            Role::Input(needed) => (quote!(input), needed),
            Role::Resource(needed) => (quote!(resource), needed),
            _ => return None,
        };
        let (name, ty) = (plain(name), text::written(ty));
        Some(quote!(__private::NeedInfo::#kind(#name, #ty)))
    });
    let needs: Vec<_> = needs.collect();
    if !needs.is_empty() {
        tokens.extend(quote!(.needs(&[#(#needs),*])));
    }
    let graphs: Vec<_> = action
        .children()
        .map(|Child { name, graph, alias }| {
            let (name, ty) = (plain(name), text::written(graph));
            quote!(__private::ChildInfo::of::<#alias>(#name, #ty))
        })
        .collect();
    if !graphs.is_empty() {
        tokens.extend(quote!(.graphs(&[#(#graphs),*])));
    }
    if let Some(yields) = &action.arguments.yields {
        let yields = text::written(yields);
        tokens.extend(quote!(.yields(#yields)));
    }
    if !params.is_empty() {
        tokens.extend(quote!(.params(&[#(#params),*])));
    }
    if action.wants_failure() {
        tokens.extend(quote!(.failure()));
    }
    tokens
}

/// Expands the call of the user's function.
fn expand_run(action: &ActionSyntax) -> TokenStream {
    let burdock = action.burdock();
    let name = action.name();
    let yielder = yielder();
    let owned = action.arguments.blocking.is_some();
    let mut arguments: Vec<TokenStream> =
        action.roles.iter().map(|role| expand_argument(action, role, owned)).collect();
    let site = Locals::at(name);
    let Locals { call: received, reads, args, params, context, failure } = &site;
    if action.kind == Kind::Streaming {
        arguments.push(if owned { quote!(#yielder) } else { quote!(#received.yielder) });
    }
    let defaults = action.params().filter_map(|param| {
        let function = default_of(&param.name);
        let ty = &param.ty;
        let value = param.default.as_ref()?;
        Some(quote!(fn #function() -> #ty { #value }))
    });
    let awaiting =
        action.signature.asyncness.is_some() || (action.kind == Kind::Streaming && !owned);
    // rustc labels the name if the future is not `Send`, and the return type if it is not a result of writes
    let span = ours(name.span());
    let head = respanned(quote!(__private::Attempt<'_, Self>), span);
    let result = respanned(quote!(#burdock::Result<Writes>), span);
    let (first, last) = match &action.signature.output {
        ReturnType::Type(_, ty) => ends(ty),
        ReturnType::Default => ends(name),
    };
    let mut called = name.clone();
    called.set_span(ours(first));
    let end = ours(last);
    let call = quote_spanned!(end=> #called(#(#arguments),*));
    let convert = quote_spanned!(end=> .map_err(::core::convert::Into::into));
    let returned = Ident::new("__result", ours(first));
    if awaiting && !action.is_fallible() {
        // the function's own future: an `async fn` around it would add a state machine to the path of each item
        let future = quote!(impl ::core::future::Future<Output = #result> + ::core::marker::Send);
        let future = respanned(future, span);
        return quote! {
            fn run(#received: #head) -> #future {
                #(#defaults)*
                __private::Mapped::<Writes>::of(#call, |#returned| #returned #convert)
            }
        };
    }
    let head = quote_spanned!(span=> async fn run(#received: #head) -> #result);
    let awaiting = awaiting.then(|| quote_spanned!(end=> .await));
    let call = quote!(#call #awaiting #convert);
    if !owned {
        // before the call, where rustc would speak of the `?` if the argument has another type
        let take_failure = action.wants_failure().then(
            || quote!(let #failure = #burdock::__private::given(#received.failure, "failure")?;),
        );
        return quote! {
            #head {
                #(#defaults)*
                #take_failure
                #call
            }
        };
    }
    let yielder = if action.kind == Kind::Streaming { quote!(#yielder) } else { quote!(_: &mut _) };
    let take_failure = action.wants_failure().then(|| {
        quote!(let #failure = #burdock::__private::given(#received.failure, "failure")?.clone();)
    });
    quote! {
        #head {
            #(#defaults)*
            let #reads = __Copies::__of(#received.reads);
            let (#args, #params, #context) = (#received.args, #received.params, #received.context.clone());
            #take_failure
            #burdock::__private::on_thread(#received.context, #received.yielder, move |#yielder| {
                let #reads = #reads.__borrow();
                #call
            })
            .await
        }
    }
}

/// The names of the local variables of `run`. They cannot be names of functions or constants of the user, because
/// hygiene does not separate a binding from a constant.
struct Locals {
    call: Ident,
    reads: Ident,
    args: Ident,
    params: Ident,
    context: Ident,
    failure: Ident,
}

impl Locals {
    fn at(name: &Ident) -> Self {
        let local = |text| Ident::new(text, Span::mixed_site().located_at(name.span()));
        Self {
            call: local("__given"),
            reads: local("__reads"),
            args: local("__args"),
            params: local("__params"),
            context: local("__context"),
            failure: local("__failure"),
        }
    }
}

fn expand_argument(action: &ActionSyntax, role: &Role, owned: bool) -> TokenStream {
    let burdock = action.burdock();
    let Locals { call, reads, args, params, context, failure } = &Locals::at(action.name());
    match role {
        Role::Reads if owned => quote!(#reads),
        Role::Reads => quote!(#call.reads),
        Role::Input(Needed { name, taken, .. }) => match (owned, taken) {
            (true, Taken::Owned) => quote!(#args.#name),
            (true, Taken::Borrowed) => quote!(&#args.#name),
            (false, Taken::Borrowed) => quote!(#call.args.#name),
            (false, Taken::Owned) => quote!(::core::clone::Clone::clone(#call.args.#name)),
        },
        Role::Resource(Needed { name, .. }) if owned => {
            let text = plain(name);
            quote!(#burdock::__private::bound(#burdock::__private::AsResource::as_resource(&*#args.#name), #text)?)
        }
        Role::Resource(Needed { name, .. }) => quote!(#call.args.#name),
        Role::Graph(Child { name, .. }) => {
            let text = plain(name);
            quote!(#burdock::__private::Sub::new(#call.context, #call.args.#name, #text))
        }
        Role::Context if owned => quote!(&#context),
        Role::Context => quote!(#call.context),
        Role::Failure(_) if owned => quote!(&#failure),
        Role::Failure(name) => {
            let mut failure = failure.clone();
            failure.set_span(failure.span().located_at(name.span()));
            failure.into_token_stream()
        }
        Role::Param(Param { name, default, .. }) => {
            let text = plain(name);
            let bound = if owned { quote!(#params.#name) } else { quote!(#call.params.#name) };
            if default.is_some() {
                let function = default_of(name);
                quote!(#bound.unwrap_or_else(#function))
            } else {
                quote!(#burdock::__private::bound(#bound, #text)?)
            }
        }
    }
}

fn default_of(name: &Ident) -> Ident {
    format_ident!("__default_{}", plain(name))
}
