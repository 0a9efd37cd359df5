//! Parses tokens to [`ToolSyntax`].

use super::{
    syntax::{Argument, Settings, Source, ToolSyntax},
    types::{Inspected, bare},
};
use crate::{diagnostics::Diagnostics, names::reject_reserved};
use burdock_macros_shared::{
    arguments::{self, Form, Known, Value},
    text::docs,
};
use proc_macro2::{Group, TokenStream};
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, FnArg, ItemFn, Lit, Meta, Pat, PatType, Signature, Token, Type,
    Visibility,
    parse::{ParseStream, Parser},
};

const KNOWN: Known<'_> =
    &[("name", Form::Expr), ("timeout", Form::Expr), ("yields", Form::Type), ("crate", Form::Path)];

/// Parses a tool. Returns `None` if it is not a function.
pub(super) fn parse_tool(
    arguments: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<ToolSyntax> {
    let settings = parse_settings(arguments, diagnostics);
    let mut item = parse_function(item, diagnostics)?;
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
    let description = description(&item.attrs, diagnostics);
    let ItemFn { attrs, vis, sig: signature, block, .. } = item;
    Some(ToolSyntax { settings, description, attrs, vis, signature, arguments, body: *block })
}

/// Returns the doc comment up to its section about errors or panics, which are for callers of the function.
fn description(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> String {
    for attr in attrs {
        let Meta::NameValue(meta) = &attr.meta else { continue };
        let is_literal = matches!(&meta.value, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
        if meta.path.is_ident("doc") && !is_literal {
            diagnostics.error(&meta.value, "the description must be a literal").help(
                "a macro cannot see the output of another macro: write the text as a doc comment",
            );
        }
    }
    let docs = docs(attrs);
    let lines = docs.lines().take_while(|line| !matches!(*line, "# Errors" | "# Panics"));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Parses the function. If its body is missing or has a syntax error, returns it with an empty one.
fn parse_function(item: TokenStream, diagnostics: &mut Diagnostics) -> Option<ItemFn> {
    let error = match syn::parse2(item.clone()) {
        Ok(function) => return Some(function),
        Err(error) => error,
    };
    diagnostics.syntax_error(error);
    let without_body = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let (vis, signature): (Visibility, Signature) = (input.parse()?, input.parse()?);
        if input.parse::<Option<Token![;]>>()?.is_none() {
            input.parse::<Group>()?;
        }
        syn::parse2(quote!(#(#attrs)* #vis #signature {}))
    };
    without_body.parse2(item).ok()
}

fn parse_settings(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    for arguments::Argument { name, value } in arguments::parse(tokens, KNOWN, diagnostics) {
        match value {
            Value::Expr(expr) if name == "name" => settings.name = Some(expr),
            Value::Expr(expr) => settings.timeout = Some(expr),
            Value::Type(ty) => settings.yields = Some(ty),
            Value::Path(path) => settings.llm = Some(path),
            Value::Name(_) | Value::Fields(_) | Value::OptionalFields(_) | Value::Flag => {}
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
            "call" => source = Source::Itself,
            "input" | "context" | "error" | "param" | "cfg" | "cfg_attr" => {
                reject(&attr, &word, diagnostics);
            }
            _ => argument.attrs.push(attr),
        }
    }
    let ty = bare(&argument.ty).clone();
    let Inspected { generic, borrows } = Inspected::of(&ty);
    if let Some(generic) = generic {
        diagnostics
            .error(&generic, "a tool cannot be generic")
            .help("write a concrete type, or `&dyn Trait` for a resource");
        return None;
    }
    let is_shared = matches!(&ty, Type::Reference(reference) if reference.mutability.is_none());
    match source {
        Source::Resource | Source::Itself if !is_shared => {
            let what = if source == Source::Resource { "a resource" } else { "the call" };
            diagnostics
                .error(&ty, format!("{what} must be taken by reference"))
                .help("write `&` before the type");
            let ty = syn::parse_quote!(&#ty);
            return Some(Argument { name, ty, source, attrs });
        }
        Source::Call if borrows => {
            diagnostics
                .error(&ty, format!("argument `{name}` cannot be a reference"))
                .help("the arguments of the model are passed by value: write `String` for `&str`, or mark it `#[resource]`");
        }
        _ => {}
    }
    Some(Argument { name, ty, source, attrs })
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
