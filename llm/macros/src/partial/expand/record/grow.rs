//! Applies a change to a record.

use super::{Constructed, local, read_by};
use crate::partial::model::{Field, Form, Kind};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

impl Constructed<'_> {
    /// Expands to the code that applies `__edit` at `__path` to the record, whose fields are `__f…`.
    pub(in crate::partial::expand) fn grow(&self, rejects_unknown: bool) -> TokenStream {
        let root = &self.context.model.root;
        match self.record.form {
            Form::Object => self.grow_object(rejects_unknown),
            Form::List => self.grow_list(),
            Form::Inner => {
                let grown = self.record.fields.iter().enumerate().map(|(index, field)| {
                    let (name, private) = (local("f", index, field), self.context.at(field.span));
                    quote_spanned!(field.span=> #private::grow(#name, __path, __edit))
                });
                quote!(#(#grown)*)
            }
            Form::Nothing => {
                quote!(::core::result::Result::Err(#root::GrowError::edit("a value without data")))
            }
        }
    }

    fn grow_list(&self) -> TokenStream {
        let private = &self.context.private;
        let fields = self.record.fields.iter().enumerate();
        let present = fields.clone().map(|(index, field)| {
            let name = local("f", index, field);
            quote_spanned!(field.span=> #name.is_some())
        });
        let arms = fields.map(|(index, field)| {
            let (name, private) = (local("f", index, field), self.context.at(field.span));
            quote_spanned!(field.span=> #index => #private::grow_element(#name, __path, __edit))
        });
        quote! {
            match #private::position(__path, __edit, &[#(#present),*])? {
                #(#arms,)*
                _ => #private::unknown(),
            }
        }
    }

    fn grow_object(&self, rejects_unknown: bool) -> TokenStream {
        let (private, root) = (&self.context.private, &self.context.model.root);
        let fields = self.record.fields.iter().enumerate();
        let own = fields.filter(|(_, field)| !matches!(field.kind, Kind::Flattened));
        let arms = own.map(|(index, field)| self.grow_property(index, field));
        let otherwise = if rejects_unknown || self.record.is_closed {
            quote!(#private::unknown())
        } else {
            quote!(::core::result::Result::Ok(()))
        };
        let rest = self.grow_flattened(&otherwise);
        quote! {
            match __path {
                [#private::Segment::Key(__key), __rest @ ..] => match &**__key {
                    #(#arms,)*
                    _ => #rest,
                },
                _ => ::core::result::Result::Err(#root::GrowError::edit("an object")),
            }
        }
    }

    /// Expands to the arm of a field, by its keys.
    fn grow_property(&self, index: usize, field: &Field) -> TokenStream {
        let (keys, name) = (&field.keys, local("f", index, field));
        let private = self.context.at(field.span);
        let grown = match &field.kind {
            Kind::Done(read, _) => {
                let read = read_by(read, field, &private);
                quote_spanned!(field.span=> #private::grow_done(#name, __rest, __edit, #read))
            }
            Kind::State => quote_spanned!(field.span=> #private::grow(#name, __rest, __edit)),
            Kind::Grown | Kind::Flattened => {
                quote_spanned!(field.span=> #private::grow_field(#name, __rest, __edit))
            }
        };
        quote_spanned!(field.span=> #(#keys)|* => #grown)
    }

    /// Expands to the code that grows the flattened field with a property.
    fn grow_flattened(&self, otherwise: &TokenStream) -> TokenStream {
        let fields = self.record.fields.iter().enumerate();
        let flattened = fields.filter(|(_, field)| matches!(field.kind, Kind::Flattened));
        let arms = flattened.enumerate().map(|(place, (index, field))| {
            let (name, private) = (local("f", index, field), self.context.at(field.span));
            quote_spanned! {field.span=>
                ::core::option::Option::Some(#place) => #private::grow_flat(#name, __path, __edit)
            }
        });
        let arms: Vec<_> = arms.collect();
        if arms.is_empty() {
            return otherwise.clone();
        }
        let (private, others) = (&self.context.private, self.flattened());
        quote!(match #private::owner(__key, #others) { #(#arms,)* _ => #otherwise })
    }
}
