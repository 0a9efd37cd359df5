//! Parses tokens to [`ToolSyntax`].

use super::syntax::{Argument, Settings, Source, ToolSyntax};
use crate::{diagnostics::Diagnostics, names::reject_reserved};
use burdock_macros_shared::{
    arguments::{self, Form, Known, Value},
    text::docs,
};
use proc_macro2::TokenStream;
use syn::{Attribute, FnArg, ItemFn, Pat, PatType, Type};

const KNOWN: Known<'_> =
    &[("name", Form::Expr), ("timeout", Form::Expr), ("yields", Form::Type), ("crate", Form::Path)];

/// Parses a tool. Returns `None` if it is not a function.
pub(super) fn parse_tool(
    arguments: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<ToolSyntax> {
    let settings = parse_settings(arguments, diagnostics);
    let mut item: ItemFn = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax_error(error);
            return None;
        }
    };
    let mut arguments = Vec::new();
    for argument in &mut item.sig.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                diagnostics
                    .error(&receiver.self_token, "a tool cannot take `self`")
                    .help("write a free function, with what it needs as `#[resource]`");
            }
            FnArg::Typed(argument) => arguments.extend(parse_argument(argument, diagnostics)),
        }
    }
    let description = docs(&item.attrs);
    let ItemFn { attrs, vis, sig: signature, block, .. } = item;
    Some(ToolSyntax { settings, description, attrs, vis, signature, arguments, body: *block })
}

fn parse_settings(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    for arguments::Argument { name, value } in arguments::parse(tokens, KNOWN, diagnostics) {
        match value {
            Value::Expr(expr) if name == "name" => settings.name = Some(expr),
            Value::Expr(expr) => settings.timeout = Some(expr),
            Value::Type(ty) => settings.yields = Some(ty),
            Value::Path(path) => settings.llm = Some(path),
            Value::Name(_) | Value::Fields(_) | Value::Flag => {}
        }
    }
    settings
}

/// Parses an argument, and removes its markers, its docs and the attributes of its schema.
fn parse_argument(argument: &mut PatType, diagnostics: &mut Diagnostics) -> Option<Argument> {
    let name = match &*argument.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
            pattern.ident.clone()
        }
        pattern => {
            diagnostics
                .error(pattern, "an argument of a tool must be an identifier")
                .help("the model passes it by its name: destructure it in the body");
            argument.attrs.clear();
            return None;
        }
    };
    reject_reserved(&name, "argument", diagnostics);
    let mut source = Source::Call;
    let mut attrs = Vec::new();
    for attr in std::mem::take(&mut argument.attrs) {
        let path = attr.path();
        let word = path.get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
            "doc" | "serde" | "schemars" => attrs.push(attr),
            "resource" => source = Source::Resource,
            "input" | "context" | "error" | "param" | "cfg" | "cfg_attr" => {
                reject(&attr, &word, diagnostics);
            }
            _ => argument.attrs.push(attr),
        }
    }
    let ty = (*argument.ty).clone();
    match (source, ty) {
        (Source::Resource, Type::Reference(reference)) if reference.mutability.is_none() => {
            Some(Argument { name, ty: *reference.elem, source, attrs })
        }
        (Source::Resource, ty) => {
            diagnostics
                .error(&ty, "a resource must be taken by reference")
                .help("the program owns it: write `&` before the type");
            None
        }
        (Source::Call, Type::Reference(ty)) => {
            diagnostics
                .error(&ty, format!("argument `{name}` cannot be a reference"))
                .help("the arguments of the model are passed by value: write `String` for `&str`, or mark it `#[resource]`");
            None
        }
        (Source::Call, ty) => Some(Argument { name, ty, source, attrs }),
    }
}

/// Rejects an attribute of an argument that a tool cannot have.
fn reject(attr: &Attribute, word: &str, diagnostics: &mut Diagnostics) {
    let error =
        diagnostics.error(attr.path(), format!("`{word}` is not allowed on an argument of a tool"));
    if word.starts_with("cfg") {
        error.help("put it on the tool, in two versions: with the argument and without it");
    } else {
        error.help("mark what the program passes as `#[resource]`; the model passes the rest");
    }
}
