//! Writes a record as its current JSON value.

use super::{Constructed, local, write_by};
use crate::partial::model::{Form, Kind};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

impl Constructed<'_> {
    /// Expands to the code that writes the properties to `__map`.
    pub(in crate::partial::expand) fn write_entries(&self) -> TokenStream {
        let fields = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (name, private) = (local("f", index, field), self.context.at(field.span));
            let key = field.keys.first();
            match (self.record.form, &field.kind) {
                (Form::Inner, _) => {
                    quote_spanned!(field.span=> #private::write_inner(__map, #name)?;)
                }
                (_, Kind::Done(_, write)) => {
                    let write = write_by(write, field, &private);
                    quote_spanned!(field.span=> #private::write_done(__map, #key, #name, #write)?;)
                }
                (_, Kind::State) => {
                    quote_spanned!(field.span=> #private::write_state(__map, #key, #name)?;)
                }
                (_, Kind::Flattened) => {
                    quote_spanned!(field.span=> #private::write_flat(__map, #name)?;)
                }
                (_, Kind::Grown) => {
                    quote_spanned!(field.span=> #private::write_field(__map, #key, #name)?;)
                }
            }
        });
        quote!(#(#fields)*)
    }

    /// Expands to the code that writes the record to `__serializer`.
    pub(in crate::partial::expand) fn write_body(&self) -> TokenStream {
        let private = &self.context.private;
        let entries = self.write_entries();
        match self.record.form {
            Form::Object => quote! {{
                let mut __object = #private::start_object(__serializer)?;
                let __map = &mut __object;
                #entries
                #private::serde::ser::SerializeMap::end(__object)
            }},
            Form::List => self.write_list(),
            Form::Inner => {
                let written = self.record.fields.iter().enumerate().map(|(index, field)| {
                    let (name, private) = (local("f", index, field), self.context.at(field.span));
                    quote_spanned! {field.span=>
                        #private::serde::Serialize::serialize(#name, __serializer)
                    }
                });
                quote!(#(#written)*)
            }
            Form::Nothing => quote!(#private::serde::Serializer::serialize_unit(__serializer)),
        }
    }

    fn write_list(&self) -> TokenStream {
        let private = &self.context.private;
        let elements = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (name, private) = (local("f", index, field), self.context.at(field.span));
            quote_spanned!(field.span=> #private::write_element(__elements, #name)?;)
        });
        quote! {{
            let mut __list = #private::start_list(__serializer)?;
            let __elements = &mut __list;
            #(#elements)*
            #private::serde::ser::SerializeSeq::end(__list)
        }}
    }
}
