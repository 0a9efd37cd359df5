//! From a state to its impls.

use super::{
    arguments::Version,
    serde::{By, ReadAs, Serialised},
    syntax::{FieldSyntax, StateSyntax},
};
use crate::{names::plain, runtime, spans::respanned, text};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// Implements `State`, and `Field` for each index.
pub(super) fn expand_state(state: &StateSyntax) -> TokenStream {
    let burdock = runtime::burdock(state.burdock.as_ref());
    let name = &state.name;
    let version = expand_version(&state.version, &burdock);
    let infos = state.fields.iter().map(|field| expand_info(field, &burdock));
    let fields = state
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| expand_field(state, index, field, &burdock));
    let methods = expand_methods(state, &burdock);
    quote! {
        #[automatically_derived]
        const _: () = {
            use #burdock::__private::{
                FallbackElements as _, FallbackReadBack as _, FallbackSchema as _, NotSlot as _,
                PlainField as _, PlainPatch as _,
            };
            impl #burdock::State for #name {
                const FIELDS: &'static [#burdock::__private::FieldInfo] = &[#(#infos),*];
                #version
                #methods
            }
            #(#fields)*
        };
    }
}

/// What is asked about a field by its index at run time.
fn expand_methods(state: &StateSyntax, burdock: &TokenStream) -> TokenStream {
    let place = |index: usize| Literal::usize_unsuffixed(index);
    let slots = state.fields.iter().enumerate().filter(|(_, field)| field.slot.is_some());
    let slots = slots.map(|(index, field)| {
        let (index, name) = (place(index), &field.name);
        quote!(.with_if(#index, self.#name.__read().is_some()))
    });
    let patches = state.fields.iter().enumerate().filter_map(|(index, field)| {
        let (index, FieldSyntax { name, ty, serialised, .. }) = (place(index), field);
        let json = match &serialised.written {
            By::Nothing => return expand_unwritten(&index, field, &state.name, burdock),
            By::Type => quote!(#burdock::__private::Elements::<#ty>::json(&self.#name)),
            By::Function(path) => quote! {
                #burdock::__private::json_with(|__value, __to| #path(__value, __to), &self.#name)
            },
        };
        let check_left_out = if serialised.left_out_if.is_some() {
            quote! {
                #burdock::__private::check_omitted::<Self, #index>(
                    &self.#name,
                    __patch,
                    |__field| __field.__read().is_some(),
                )
            }
        } else {
            quote!(::core::result::Result::Ok(()))
        };
        Some(quote! {
            #index => #burdock::__private::whole_patch::<Self, #index>(
                #json,
                self.#name.__read().is_some(),
                |__patch| #check_left_out,
            ),
        })
    });
    quote! {
        fn __set_slots(&self) -> #burdock::__private::FieldSet {
            #burdock::__private::FieldSet::EMPTY #(#slots)*
        }

        fn __whole(
            &self,
            __field: usize,
        ) -> ::core::result::Result<
            ::core::option::Option<#burdock::__private::Patch>,
            #burdock::__private::serde_json::Error,
        > {
            match __field {
                #(#patches)*
                _ => ::core::result::Result::Ok(::core::option::Option::None),
            }
        }
    }
}

/// The first version is what `State` says by itself.
fn expand_version(version: &Version, burdock: &TokenStream) -> Option<TokenStream> {
    let Version { number, migrations } = version;
    if migrations.is_empty() {
        return None;
    }
    let migrations = migrations.iter().map(|path| {
        let span = path.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
        let private = respanned(quote!(#burdock::__private), span);
        quote_spanned!(span=> |__document| #private::migrated(#path(__document)))
    });
    Some(quote! {
        const VERSION: u32 = #number;
        const MIGRATIONS: &'static [#burdock::__private::Migration] = &[#(#migrations),*];
    })
}

fn expand_info(field: &FieldSyntax, burdock: &TokenStream) -> TokenStream {
    let FieldSyntax { name, docs, ty, slot, serialised, public } = field;
    let key = &serialised.key;
    let name = plain(name);
    // a function writes or reads another form than that of the type
    let schema = matches!((&serialised.written, &serialised.read), (By::Type, By::Type))
        .then(|| quote!(.schema(#burdock::__private::SchemaOf::<#ty>::SCHEMA)));
    let ty = text::written(ty);
    let key = (*key != name).then(|| quote!(.key(#key)));
    let docs = (!docs.is_empty()).then(|| quote!(.docs(#docs)));
    let slot = slot.is_some().then(|| quote!(.slot()));
    let public = public.then(|| quote!(.public()));
    quote!(#burdock::__private::FieldInfo::new(#name, #ty) #key #docs #slot #public #schema)
}

fn expand_field(
    state: &StateSyntax,
    index: usize,
    field: &FieldSyntax,
    burdock: &TokenStream,
) -> TokenStream {
    let StateSyntax { name: state, .. } = state;
    let FieldSyntax { name, ty, slot, serialised, .. } = field;
    let value = slot.as_ref().unwrap_or(ty);
    let (kind, declared) = match slot {
        Some(_) => (quote!(Slotted), true),
        None => (quote!(Plain), false),
    };
    let patch = match &serialised.written {
        By::Type => quote!(__new.__patch(__old)),
        By::Nothing => quote!(::core::result::Result::Ok(::core::option::Option::None)),
        By::Function(path) => quote! {
            #burdock::__private::patch_with(|__value, __to| #path(__value, __to), __old, __new)
        },
    };
    let left_out = expand_left_out(index, field, state, burdock);
    let written = matches!(serialised.written, By::Nothing).then(|| {
        quote!(
            const WRITTEN: bool = false;
        )
    });
    let check = expand_check(index, serialised, burdock);
    let error = quote!(#burdock::__private::serde_json::Error);
    let option = quote!(::core::option::Option<#burdock::__private::Patch>);
    let value = quote_spanned!(ty.span()=> type Value = #value;);
    let private = respanned(quote!(#burdock::__private), name.span());
    let probe = quote_spanned! {name.span()=>
        const _: () = #private::check_slot(#private::IsSlot::<#ty>::YES, #declared);
    };
    quote! {
        impl #burdock::__private::Field<#index> for #state {
            #value
            type Kind = #burdock::__private::#kind;
            #written
            fn patch(
                __old: &#burdock::__private::Stored<Self, #index>,
                __new: &#burdock::__private::Stored<Self, #index>,
            ) -> ::core::result::Result<#option, #error> {
                #patch
            }
            #left_out
            #check
        }
        #probe
    }
}

/// The value that a missing field is read as.
fn expand_read_as(read_as: &ReadAs, name: &syn::Ident, state: &syn::Ident) -> TokenStream {
    match read_as {
        ReadAs::Default => quote!(::core::default::Default::default()),
        ReadAs::Function(path) => quote!(#path()),
        ReadAs::OfDefault => quote!(<#state as ::core::default::Default>::default().#name),
        ReadAs::OfFunction(path) => quote!(#path().#name),
    }
}

/// Checks a slot that serde does not write.
fn expand_unwritten(
    index: &Literal,
    field: &FieldSyntax,
    state: &syn::Ident,
    burdock: &TokenStream,
) -> Option<TokenStream> {
    let FieldSyntax { name, ty, slot, serialised, .. } = field;
    slot.as_ref()?;
    let read_as = expand_read_as(&serialised.read_as, name, state);
    Some(quote! {
        #index => {
            let __read_as: #ty = #read_as;
            #burdock::__private::unwritten_slot::<Self, #index>(
                self.#name.__read().is_some(),
                __read_as.__read().is_some(),
            )
        }
    })
}

/// What a field is read as whose value serde leaves out, if it may leave it out.
fn expand_left_out(
    index: usize,
    field: &FieldSyntax,
    state: &syn::Ident,
    burdock: &TokenStream,
) -> TokenStream {
    let FieldSyntax { name, serialised, .. } = field;
    let Some(when) = &serialised.left_out_if else { return TokenStream::new() };
    let read_as = expand_read_as(&serialised.read_as, name, state);
    let stored = quote!(#burdock::__private::Stored<Self, #index>);
    quote! {
        fn omitted(__value: &#stored) -> ::core::option::Option<#stored> {
            if #when(__value) { ::core::option::Option::Some(#read_as) } else { ::core::option::Option::None }
        }
    }
}

/// Reads back what was written of a field, if it is written.
fn expand_check(index: usize, serialised: &Serialised, burdock: &TokenStream) -> TokenStream {
    let Serialised { written, read, .. } = serialised;
    let private = quote!(#burdock::__private);
    let read = match (written, read) {
        (By::Nothing, _) | (_, By::Nothing) => return TokenStream::new(),
        (_, By::Type) => {
            quote!(#private::ReadBack::<#private::Stored<Self, #index>>::json(__json))
        }
        (_, By::Function(path)) => quote!(#path(__json).map(::core::option::Option::Some)),
    };
    quote! {
        fn read(
            __json: &#private::serde_json::Value,
        ) -> ::core::result::Result<
            ::core::option::Option<#private::Stored<Self, #index>>,
            #private::serde_json::Error,
        > {
            #read
        }

        fn check(
            __is_set: bool,
            __patch: &#private::Patch,
        ) -> ::core::result::Result<(), #private::serde_json::Error> {
            #private::check_patch(
                __is_set,
                __patch,
                <Self as #private::Field<#index>>::read,
                |__value: &#private::Stored<Self, #index>| __value.__read().is_some(),
                #private::Elements::<#private::Stored<Self, #index>>::check,
            )
        }
    }
}
