//! The parts of the impls that belong to one struct or variant.

use super::{
    super::model::{By, Field, Form, Kind, Record},
    Context,
};
use crate::spans::respanned;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

/// A record, under the path that constructs it in the partial form.
pub(super) struct Constructed<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) path: TokenStream,
    pub(super) record: &'a Record,
    /// Whether a tag tells the variant.
    pub(super) has_tag: bool,
    /// The tag that stands beside the fields.
    pub(super) tag: Option<&'a str>,
}

impl Constructed<'_> {
    /// Matches the record, with the fields under names that start with `prefix`.
    pub(super) fn pattern(&self, prefix: &str) -> TokenStream {
        let path = &self.path;
        let fields = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (member, name) = (member(field), local(prefix, index, field));
            quote_spanned!(field.span=> #member: #name)
        });
        quote!(#path { #(#fields),* })
    }

    /// The keys of its own properties.
    pub(super) fn own_keys(&self) -> TokenStream {
        let keys = self.record.fields.iter().filter(|field| !matches!(field.kind, Kind::Flattened));
        let keys = keys.flat_map(|field| &field.keys).map(String::as_str).chain(self.tag);
        let tag = self.tag;
        if self.record.form == Form::Object { quote!(&[#(#keys),*]) } else { quote!(&[#tag]) }
    }

    /// The functions that tell which properties belong to the flattened fields.
    pub(super) fn flattened(&self) -> TokenStream {
        let root = &self.context.model.root;
        let flattened = self.record.fields.iter().filter(|field| match self.record.form {
            Form::Object => matches!(field.kind, Kind::Flattened),
            Form::Inner => true,
            Form::List | Form::Nothing => false,
        });
        let functions = flattened.map(|field| {
            let ty = &field.ty;
            let root_at = respanned(root.clone(), field.span);
            quote_spanned!(field.span=> <#root_at::PartialOf<#ty> as #root_at::Grow>::__keys)
        });
        quote!(&[#(#functions),*])
    }

    /// Reads the record from `__json`.
    pub(super) fn read(&self) -> TokenStream {
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

    /// Grows the record, whose fields are under `__f…`, by `__edit` at `__path`.
    pub(super) fn grow(&self, refuses_unknown: bool) -> TokenStream {
        let (private, root) = (&self.context.private, &self.context.model.root);
        let fields = self.record.fields.iter().enumerate();
        match self.record.form {
            Form::Object => self.grow_object(refuses_unknown),
            Form::List => {
                let present = fields.clone().map(|(index, field)| {
                    let name = local("f", index, field);
                    quote_spanned!(field.span=> #name.is_some())
                });
                let arms = fields.map(|(index, field)| {
                    let (name, private) = (local("f", index, field), self.context.at(field.span));
                    quote_spanned! {field.span=>
                        #index => #private::grow_element(#name, __path, __edit)
                    }
                });
                quote! {
                    match #private::position(__path, __edit, &[#(#present),*])? {
                        #(#arms,)*
                        _ => #private::unknown(),
                    }
                }
            }
            Form::Inner => {
                let grown = fields.map(|(index, field)| {
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

    fn grow_object(&self, refuses_unknown: bool) -> TokenStream {
        let (private, root) = (&self.context.private, &self.context.model.root);
        let fields = self.record.fields.iter().enumerate();
        let own = fields.clone().filter(|(_, field)| !matches!(field.kind, Kind::Flattened));
        let arms = own.map(|(index, field)| {
            let (keys, name) = (&field.keys, local("f", index, field));
            let private = self.context.at(field.span);
            let grown = match &field.kind {
                Kind::Done(read, _) => {
                    let read = read_by(read, field, &private);
                    quote_spanned! {field.span=>
                        #private::grow_done(#name, __rest, __edit, #read)
                    }
                }
                Kind::State => quote_spanned!(field.span=> #private::grow(#name, __rest, __edit)),
                _ => quote_spanned!(field.span=> #private::grow_field(#name, __rest, __edit)),
            };
            quote_spanned!(field.span=> #(#keys)|* => #grown)
        });
        let otherwise = if refuses_unknown || self.record.is_closed {
            quote!(#private::unknown())
        } else {
            quote!(::core::result::Result::Ok(()))
        };
        let flattened = fields.filter(|(_, field)| matches!(field.kind, Kind::Flattened));
        let mut flattened = flattened.enumerate().peekable();
        let rest = if flattened.peek().is_some() {
            let others = self.flattened();
            let arms = flattened.map(|(place, (index, field))| {
                let (name, private) = (local("f", index, field), self.context.at(field.span));
                quote_spanned! {field.span=>
                    ::core::option::Option::Some(#place) => {
                        #private::grow_flat(#name, __path, __edit)
                    }
                }
            });
            quote!(match #private::owner(__key, #others) { #(#arms)* _ => #otherwise })
        } else {
            otherwise
        };
        let below = if self.record.fields.is_empty() { quote!(..) } else { quote!(__rest @ ..) };
        quote! {
            match __path {
                [#private::Segment::Key(__key), #below] => match &**__key {
                    #(#arms,)*
                    _ => #rest,
                },
                _ => ::core::result::Result::Err(#root::GrowError::edit("an object")),
            }
        }
    }

    /// Writes the properties into `__map`.
    pub(super) fn write_entries(&self) -> TokenStream {
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

    /// Writes the record to `__serializer`.
    pub(super) fn write_body(&self) -> TokenStream {
        let private = &self.context.private;
        let serde = quote!(#private::serde);
        let fields = self.record.fields.iter().enumerate();
        match self.record.form {
            Form::Object => {
                let entries = self.write_entries();
                let start = if self.record.fields.is_empty() {
                    TokenStream::new()
                } else {
                    quote!(let __map = &mut __object;)
                };
                let mutable = (!self.record.fields.is_empty()).then(|| quote!(mut));
                quote! {{
                    let #mutable __object = #serde::Serializer::serialize_map(
                        __serializer,
                        ::core::option::Option::None,
                    )?;
                    #start
                    #entries
                    #serde::ser::SerializeMap::end(__object)
                }}
            }
            Form::List => {
                let elements = fields.map(|(index, field)| {
                    let (name, private) = (local("f", index, field), self.context.at(field.span));
                    quote_spanned!(field.span=> #private::write_element(&mut __list, #name)?;)
                });
                let mutable = (!self.record.fields.is_empty()).then(|| quote!(mut));
                quote! {{
                    let #mutable __list = #serde::Serializer::serialize_seq(
                        __serializer,
                        ::core::option::Option::None,
                    )?;
                    #(#elements)*
                    #serde::ser::SerializeSeq::end(__list)
                }}
            }
            Form::Inner => {
                let written = fields.map(|(index, field)| {
                    let (name, private) = (local("f", index, field), self.context.at(field.span));
                    quote_spanned!(field.span=> #private::serde::Serialize::serialize(#name, __serializer))
                });
                quote!(#(#written)*)
            }
            Form::Nothing => quote!(#serde::Serializer::serialize_unit(__serializer)),
        }
    }

    /// Copies the record, whose fields are under `__f…`.
    pub(super) fn clone(&self) -> TokenStream {
        let path = &self.path;
        let values = self.record.fields.iter().enumerate().map(|(index, field)| {
            let (member, name) = (member(field), local("f", index, field));
            quote_spanned!(field.span=> #member: ::core::clone::Clone::clone(#name))
        });
        quote!(#path { #(#values),* })
    }

    /// Formats the record under a name with `__formatter`.
    pub(super) fn debug(&self, name: &str) -> TokenStream {
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

    /// Compares the fields under `__f…` with those under `__g…`.
    pub(super) fn eq(&self) -> TokenStream {
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

/// The field in an expression or pattern, so that an error about its type points at the type alone.
fn member(field: &Field) -> TokenStream {
    respanned(field.member.clone(), field.span)
}

/// The local name of a field.
fn local(prefix: &str, index: usize, field: &Field) -> Ident {
    Ident::new(&format!("__{prefix}{index}"), field.span)
}

fn read_by(by: &By, field: &Field, private: &TokenStream) -> TokenStream {
    match by {
        By::Type => quote_spanned!(field.span=> #private::DoneValue::read),
        By::Function(path) => quote_spanned!(field.span=> |__json| #path(__json)),
    }
}

fn write_by(by: &By, field: &Field, private: &TokenStream) -> TokenStream {
    match by {
        By::Type => quote_spanned!(field.span=> #private::DoneValue::write),
        By::Function(path) => {
            quote_spanned!(field.span=> |__value| #path(__value, #private::ValueSerializer))
        }
    }
}
