//! Enums with data, in the four representations of serde.

use super::{
    super::model::{Form, Tagging, Variant},
    Context,
    impls::Parts,
    record::Constructed,
};
use proc_macro2::TokenStream;
use quote::quote;

impl Tagging {
    /// Returns the tag of an internally tagged enum, which is beside the fields of a variant.
    pub(super) fn beside_the_fields(&self) -> Option<&str> {
        match self {
            Self::Internal(tag) => Some(tag),
            _ => None,
        }
    }
}

/// Expands the parts of an enum in each impl.
pub(super) fn expand_parts(
    context: &Context<'_>,
    tagging: &Tagging,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> Parts {
    Parts {
        read: expand_read(context, tagging, variants, all),
        grow: expand_grow(context, tagging, variants, all),
        write: expand_write(context, tagging, variants, all),
        write_entries: expand_write_entries(context, tagging, variants, all),
        keys: expand_keys(context, tagging, variants, all),
        more: expand_body(context, all),
    }
}

fn expand_read(
    context: &Context<'_>,
    tagging: &Tagging,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> TokenStream {
    let (root, private) = (&context.model.root, &context.private);
    let arms = variants.iter().zip(all).map(|(variant, record)| {
        let (keys, read) = (&variant.keys, record.read());
        let body = (!is_unit(record)).then(|| quote!(let __json = #private::body(__json)?;));
        quote!(#(#keys)|* => { #body #read })
    });
    let read = quote! {
        |
            __name: &str,
            __json: ::core::option::Option<&#private::Value>,
        | -> ::core::result::Result<Self, #root::GrowError> {
            match __name {
                #(#arms,)*
                __other => #private::unknown_variant(__other),
            }
        }
    };
    match tagging {
        Tagging::External => quote!(#private::external(__json, #read)),
        Tagging::Internal(tag) => quote!(#private::internal(__json, #tag, #read)),
        Tagging::Adjacent(tag, inner) => {
            quote!(#private::adjacent(__json, #tag, #inner, #read))
        }
        Tagging::Untagged => expand_read_untagged(context, variants, all),
    }
}

fn expand_read_untagged(
    context: &Context<'_>,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> TokenStream {
    let (private, whole) = (&context.private, &context.model.name);
    let (_, types, _) = context.model.generics.split_for_impl();
    let types = types.as_turbofish();
    let indices = variants.iter().enumerate().map(|(index, variant)| {
        let name = &variant.name;
        quote!(#whole::#name { .. } => ::core::option::Option::Some(#index))
    });
    let candidates = all.iter().map(|record| {
        let (own, flattened, read) = (record.own_keys(), record.flattened(), record.read());
        quote! {
            #private::Candidate {
                knows: |__key| {
                    #private::keys_of(__key, #own, #flattened) != #private::Keys::None
                },
                read: |__json| #read,
            }
        }
    });
    quote! {
        let __whole = #private::read_complete::<#whole #types>(__json);
        let __whole = __whole.and_then(|__whole| match __whole {
            #(#indices,)*
            #[allow(unreachable_patterns, reason = "unless serde skips a variant")]
            _ => ::core::option::Option::None,
        });
        #private::read_untagged(__json, __whole, &[#(#candidates),*])
    }
}

fn expand_grow(
    context: &Context<'_>,
    tagging: &Tagging,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> TokenStream {
    let private = &context.private;
    let names = variants.iter().zip(all).map(|(variant, record)| {
        let (path, key) = (&record.path, &variant.keys[0]);
        quote!(#path { .. } => #key)
    });
    let name = quote!(match self { #(#names,)* });
    let step = match tagging {
        Tagging::External => quote!(#private::step_external(#name, __path, __edit)?),
        Tagging::Internal(tag) => quote!(#private::step_internal(#name, #tag, __path, __edit)?),
        Tagging::Adjacent(tag, inner) => {
            quote!(#private::step_adjacent(#name, (#tag, #inner), __path, __edit)?)
        }
        Tagging::Untagged => quote!(#private::step_untagged(__path, __edit)),
    };
    let is_untagged = matches!(tagging, Tagging::Untagged);
    let arms = all.iter().map(|record| {
        let (pattern, grow) = (record.pattern("f"), record.grow(is_untagged));
        if is_untagged {
            // `?` must return from the arm only
            quote!(#pattern => (|| #grow)())
        } else {
            quote!(#pattern => #grow)
        }
    });
    let grow = quote!(match self { #(#arms,)* });
    let grow = if is_untagged {
        quote! {
            let __grown = #grow;
            #private::grow_untagged(self, __path, __edit, __grown)
        }
    } else {
        grow
    };
    quote! {
        let __path = match #step {
            #private::Step::Replace(__json) => {
                *self = <Self as #private::Grow>::from_json(&__json)?;
                return ::core::result::Result::Ok(());
            }
            #private::Step::Known => return ::core::result::Result::Ok(()),
            #private::Step::Body(__path) => __path,
        };
        #grow
    }
}

fn expand_write(
    context: &Context<'_>,
    tagging: &Tagging,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> TokenStream {
    let private = &context.private;
    match tagging {
        Tagging::Untagged => quote!(#private::WriteBody::write_body(self, __serializer)),
        Tagging::Internal(_) | Tagging::Adjacent(..) => {
            quote!(#private::write_object(self, __serializer))
        }
        Tagging::External => {
            let units = variants.iter().zip(all).filter(|(_, record)| is_unit(record));
            let units = units.map(|(variant, Constructed { path, .. })| {
                let key = &variant.keys[0];
                quote! {
                    #path { .. } => #private::serde::Serializer::serialize_str(__serializer, #key)
                }
            });
            let others = all.iter().any(|record| !is_unit(record));
            let others = others.then(|| quote!(_ => #private::write_object(self, __serializer),));
            quote!(match self { #(#units,)* #others })
        }
    }
}

fn expand_write_entries(
    context: &Context<'_>,
    tagging: &Tagging,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> TokenStream {
    let private = &context.private;
    let map = quote!(#private::serde::ser::SerializeMap::serialize_entry);
    let arms = variants.iter().zip(all).map(|(variant, record)| {
        let (path, key) = (&record.path, &variant.keys[0]);
        let is_unit = is_unit(record);
        match tagging {
            Tagging::External if is_unit => quote!(#path { .. } => #map(__map, #key, &())?),
            Tagging::External => {
                quote!(#path { .. } => #map(__map, #key, &#private::Body(self))?)
            }
            Tagging::Adjacent(tag, _) if is_unit => {
                quote!(#path { .. } => #map(__map, #tag, #key)?)
            }
            Tagging::Adjacent(tag, inner) => quote! {
                #path { .. } => {
                    #map(__map, #tag, #key)?;
                    #map(__map, #inner, &#private::Body(self))?
                }
            },
            Tagging::Internal(tag) => {
                let (pattern, entries) = (record.pattern("f"), record.write_entries());
                let entries = if record.record.form == Form::List { quote!() } else { entries };
                let pattern =
                    if record.record.form == Form::List { quote!(#path { .. }) } else { pattern };
                quote!(#pattern => { #map(__map, #tag, #key)?; #entries })
            }
            Tagging::Untagged => match record.record.form {
                Form::Object | Form::Inner => {
                    let (pattern, entries) = (record.pattern("f"), record.write_entries());
                    quote!(#pattern => { #entries })
                }
                Form::List | Form::Nothing => {
                    quote!(#path { .. } => #private::not_an_object()?)
                }
            },
        }
    });
    quote! {
        let _ = &__map;
        match self { #(#arms,)* }
        ::core::result::Result::Ok(())
    }
}

fn expand_keys(
    context: &Context<'_>,
    tagging: &Tagging,
    variants: &[Variant],
    all: &[Constructed<'_>],
) -> TokenStream {
    let private = &context.private;
    match tagging {
        Tagging::External => {
            let keys = variants.iter().flat_map(|variant| &variant.keys);
            quote!(#private::keys_of(__key, &[#(#keys),*], &[]))
        }
        Tagging::Adjacent(tag, inner) => {
            quote!(#private::keys_of(__key, &[#tag, #inner], &[]))
        }
        Tagging::Internal(_) | Tagging::Untagged => {
            let each = all.iter().map(|record| {
                let (own, flattened) = (record.own_keys(), record.flattened());
                quote!(#private::keys_of(__key, #own, #flattened))
            });
            quote!(#private::any_of(&[#(#each),*]))
        }
    }
}

/// Expands the impl that writes the data of the variants without their tag.
fn expand_body(context: &Context<'_>, all: &[Constructed<'_>]) -> TokenStream {
    let (name, private) = (&context.model.partial, &context.private);
    let (impls, types, clause) = context.partial_generics.split_for_impl();
    let arms = all.iter().map(|record| {
        let (pattern, body) = (record.pattern("f"), record.write_body());
        quote!(#pattern => #body)
    });
    quote! {
        #[automatically_derived]
        impl #impls #private::WriteBody for #name #types #clause {
            fn write_body<__S: #private::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                match self { #(#arms,)* }
            }
        }
    }
}

fn is_unit(record: &Constructed<'_>) -> bool {
    record.record.form == Form::Nothing
}
