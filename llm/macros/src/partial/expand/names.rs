//! Enums without data, which are their own partial form.

use super::Context;
use proc_macro2::TokenStream;
use quote::quote;

/// Expands to the impls of both traits for the type itself.
pub(super) fn expand_names(context: &Context<'_>) -> TokenStream {
    let (name, root, private) = (&context.model.name, &context.model.root, &context.private);
    let expected = format!("a variant of `{}`", crate::names::plain(name));
    let (impls, types, clause) = context.model.generics.split_for_impl();
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #impls #root::Partial for #name #types #clause {
                type Partial = Self;
            }

            #[automatically_derived]
            impl #impls #root::Grow for #name #types #clause {
                fn from_json(
                    __json: &#private::Value,
                ) -> ::core::result::Result<Self, #root::GrowError> {
                    #private::read_whole(#expected, __json)
                }

                fn grow(
                    &mut self,
                    __path: &[#private::Segment],
                    __edit: &#private::Edit,
                ) -> ::core::result::Result<(), #root::GrowError> {
                    #private::grow_whole(self, #expected, __path, __edit)
                }
            }
        };
    }
}
