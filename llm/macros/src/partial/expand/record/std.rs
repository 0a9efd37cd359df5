//! The bodies of `Clone`, `Debug`, `Default` and the comparison.

use super::{Constructed, local, member, write_by};
use crate::partial::model::Kind;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

impl Constructed<'_> {
    /// Expands to a clone of the record, whose fields are `__f…`.
    pub(in crate::partial::expand) fn clone(&self) -> TokenStream {
        let path = &self.path;
        let values = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (member, name) = (member(field), local("f", index, field));
            quote_spanned!(field.span=> #member: ::core::clone::Clone::clone(#name))
        });
        quote!(#path { #(#values),* })
    }

    /// Expands to the record before any part of it has arrived.
    pub(in crate::partial::expand) fn nothing(&self) -> TokenStream {
        let path = &self.path;
        let values = self.record.fields.iter().map(|field| {
            let member = member(field);
            match field.kind {
                Kind::State => {
                    quote_spanned!(field.span=> #member: ::core::default::Default::default())
                }
                Kind::Grown | Kind::Done(..) | Kind::Flattened => {
                    quote_spanned!(field.span=> #member: ::core::option::Option::None)
                }
            }
        });
        quote!(#path { #(#values),* })
    }

    /// Expands to the code that formats the record with a name to `__formatter`.
    pub(in crate::partial::expand) fn debug(&self, name: &str) -> TokenStream {
        let is_named = self.record.is_named;
        let fields = self.record.fields.iter().enumerate().map(|(index, field)| {
            let value = local("f", index, field);
            let span = field.span;
            if is_named {
                let member = field.member.to_string();
                let member = member.strip_prefix("r#").unwrap_or(&member);
                quote_spanned!(span=> __debug.field(#member, #value);)
            } else {
                quote_spanned!(span=> __debug.field(#value);)
            }
        });
        if self.record.fields.is_empty() {
            return quote!(__formatter.write_str(#name));
        }
        let start = if is_named { quote!(debug_struct) } else { quote!(debug_tuple) };
        quote! {{
            let mut __debug = __formatter.#start(#name);
            #(#fields)*
            __debug.finish()
        }}
    }

    /// Expands to the comparison of the fields `__f…` with `__g…`.
    pub(in crate::partial::expand) fn eq(&self) -> TokenStream {
        let same = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (left, right) = (local("f", index, field), local("g", index, field));
            let private = self.context.at(field.span);
            if let Kind::Done(_, write) = &field.kind {
                let write = write_by(write, field, &private);
                quote_spanned!(field.span=> #private::same_done(#left, #right, #write))
            } else {
                quote_spanned!(field.span=> #private::same(#left, #right))
            }
        });
        quote!(true #(&& #same)*)
    }
}
