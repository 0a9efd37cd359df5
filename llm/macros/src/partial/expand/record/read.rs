//! Reads a record from a complete JSON value.

use super::{Constructed, member, read_by};
use crate::partial::model::{Field, Form, Kind};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

impl Constructed<'_> {
    /// Expands to the code that reads the record from `__json`.
    pub(in crate::partial::expand) fn read(&self) -> TokenStream {
        let (path, private) = (&self.path, &self.context.private);
        let fields = &self.record.fields;
        let values = fields.iter().enumerate().map(|(index, field)| {
            let (member, value) = (member(field), self.read_field(index, field));
            quote_spanned!(field.span=> #member: #value)
        });
        let before = match self.record.form {
            Form::Object if fields.is_empty() => quote!(#private::object(__json)?;),
            Form::Object => quote!(let __object = #private::object(__json)?;),
            Form::List if fields.is_empty() => quote!(#private::array(__json, 0)?;),
            Form::List => {
                let length = fields.len();
                quote!(let __array = #private::array(__json, #length)?;)
            }
            Form::Inner => TokenStream::new(),
            Form::Nothing if self.has_tag => quote!(let _ = __json;),
            Form::Nothing => quote!(#private::unit(__json)?;),
        };
        quote!({ #before ::core::result::Result::Ok(#path { #(#values),* }) })
    }

    fn read_field(&self, index: usize, field: &Field) -> TokenStream {
        let (span, keys) = (field.span, &field.keys);
        let private = self.context.at(span);
        match (self.record.form, &field.kind) {
            (Form::Object, Kind::Grown) => {
                quote_spanned!(span=> #private::read_field(__object, &[#(#keys),*])?)
            }
            (Form::Object, Kind::Done(read, _)) => {
                let read = read_by(read, field, &private);
                quote_spanned!(span=> #private::read_done(__object, &[#(#keys),*], #read)?)
            }
            (Form::Object, Kind::State) => {
                quote_spanned!(span=> #private::read_state(__object, &[#(#keys),*])?)
            }
            (Form::Object, Kind::Flattened) => {
                let (own, others) = (self.own_keys(), self.flattened());
                let index = self.index_of_flattened(index);
                quote_spanned!(span=> #private::read_flat(__object, #own, #others, #index)?)
            }
            (Form::List, _) => quote_spanned!(span=> #private::read_element(__array, #index)?),
            _ => {
                let inner = quote_spanned!(span=> #private::read(__json)?);
                self.tag.map_or(
                    inner,
                    |tag| quote_spanned!(span=> #private::read_internal(__json, #tag)?),
                )
            }
        }
    }

    fn index_of_flattened(&self, index: usize) -> usize {
        let before = self.record.fields.iter().take(index);
        before.filter(|field| matches!(field.kind, Kind::Flattened)).count()
    }
}
