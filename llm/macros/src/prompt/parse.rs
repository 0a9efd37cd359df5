//! Parses tokens to [`PromptSyntax`].

use super::{
    settings::parse_settings,
    source::bare,
    syntax::{Argument, Marker, MarkerKind, PromptSyntax, Signature, System},
    template::{Line, Template},
};
use crate::{diagnostics::Diagnostics, names::reject_reserved};
use burdock_macros_shared::signature::reject_qualifiers;
use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ExprLit, FnArg, Lit, Meta, Pat, PatType, ReturnType, Token, Type, Visibility,
    parse::{ParseStream, Parser},
    token,
};

/// A function without its body.
struct Item {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: syn::Signature,
    /// The body, which a prompt cannot have.
    body: Option<TokenStream>,
}

/// Parses a prompt. Returns `None` if it is not a function.
pub(super) fn parse_prompt(
    arguments: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<PromptSyntax> {
    let settings = parse_settings(arguments, diagnostics);
    let Item { attrs, vis, sig, body } = match parse_item.parse2(item) {
        Ok(item) => item,
        Err(error) => {
            diagnostics.syntax_error(error);
            return None;
        }
    };
    if let Some(body) = body {
        diagnostics
            .error(&body, "a prompt cannot have a body")
            .help("its doc comment is the prompt: end the declaration with `;`");
    }
    check_signature(&sig, diagnostics);
    let (docs, outer) = split_docs(attrs, diagnostics);
    let output = match sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(*ty),
    };
    let types = sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Receiver(_) => None,
        FnArg::Typed(argument) => Some((*argument.ty).clone()),
    });
    let types = types.collect();
    let arguments = sig.inputs.into_iter().filter_map(|argument| match argument {
        FnArg::Receiver(receiver) => {
            diagnostics
                .error(&receiver.self_token, "a prompt cannot take `self`")
                .help("write a free function, with what it needs as arguments");
            None
        }
        FnArg::Typed(argument) => parse_argument(argument, diagnostics),
    });
    let arguments = arguments.collect();
    let signature = Signature { name: sig.ident, generics: sig.generics, types, output };
    let system = settings.system.clone().map(|expr| match &expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let lines = text.value();
            let lines = lines.split('\n').map(|line| Line { text: line.into(), span: text.span() });
            System::Template(Template::of(&lines.collect::<Vec<_>>()))
        }
        _ => System::Expr(expr),
    });
    let template = Template::of_docs(docs);
    Some(PromptSyntax { settings, template, system, outer, vis, signature, arguments })
}

/// Parses a function that ends with `;` or a body.
fn parse_item(input: ParseStream<'_>) -> syn::Result<Item> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    let sig = input.parse()?;
    let body = if input.peek(token::Brace) {
        Some(input.parse::<TokenTree>()?.into())
    } else {
        input.parse::<Token![;]>()?;
        None
    };
    Ok(Item { attrs, vis, sig, body })
}

/// Reports qualifiers and generics that a prompt cannot have.
fn check_signature(sig: &syn::Signature, diagnostics: &mut Diagnostics) {
    reject_qualifiers(sig, "a prompt", "use a plain `async fn`", diagnostics);
    if sig.asyncness.is_none() {
        diagnostics
            .error(&sig.fn_token, "a prompt must be an `async fn`")
            .help("its answer is awaited: write `async` before `fn`");
    }
}

/// Returns the lines of the doc comment, and the other attributes.
fn split_docs(attrs: Vec<Attribute>, diagnostics: &mut Diagnostics) -> (Vec<Line>, Vec<Attribute>) {
    let (mut lines, mut outer) = (Vec::new(), Vec::new());
    for attr in attrs {
        match &attr.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => {
                let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else {
                    diagnostics
                        .error(&meta.value, "the prompt must be a literal")
                        .help("a macro cannot see the output of another macro: write the text as a doc comment");
                    continue;
                };
                let value = text.value();
                let span = text.span();
                let block = without_margin(value.split('\n').collect());
                lines.extend(block.into_iter().map(|text| Line { text: text.into(), span }));
            }
            _ => outer.push(attr),
        }
    }
    (lines, outer)
}

/// Returns the lines of a doc comment without the stars in the margin of a block, which rustdoc also removes.
fn without_margin(mut lines: Vec<&str>) -> Vec<&str> {
    // the last line may be the margin before `*/`
    let end = match &lines[..] {
        [_, .., last] if last.trim().is_empty() => lines.len() - 1,
        lines => lines.len(),
    };
    let inside: Option<Vec<&str>> =
        lines.iter().take(end).skip(1).map(|line| after_star(line)).collect();
    for (line, inside) in lines.iter_mut().skip(1).zip(inside.into_iter().flatten()) {
        *line = inside;
    }
    lines
}

/// Returns the rest of a line after an indented star, or `None` if the line does not start with one.
fn after_star(line: &str) -> Option<&str> {
    let star = line.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']);
    star.strip_prefix('*').filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn parse_argument(argument: PatType, diagnostics: &mut Diagnostics) -> Option<Argument> {
    let PatType { attrs, pat, ty, .. } = argument;
    let name = match &*pat {
        Pat::Ident(pattern)
            if pattern.subpat.is_none()
                && pattern.by_ref.is_none()
                && pattern.mutability.is_none() =>
        {
            pattern.ident.clone()
        }
        pattern => {
            diagnostics
                .error(pattern, "an argument of a prompt must be an identifier")
                .help("placeholders refer to it by its name");
            return None;
        }
    };
    reject_reserved(&name, "argument", diagnostics);
    if let Type::ImplTrait(generic) = bare(&ty) {
        diagnostics
            .error(generic, "a prompt cannot be generic")
            .help("write a concrete type such as `&str`, or `&dyn Display`");
    }
    let mut argument =
        Argument { name, ty: *ty, docs: String::new(), marker: None, attrs: Vec::new() };
    let mut lines = Vec::new();
    for attr in attrs {
        read_attribute(attr, &mut argument, &mut lines, diagnostics)?;
    }
    argument.docs = Template::of_docs(lines).text;
    Some(argument)
}

/// Parses an attribute of an argument. Returns `None` if the argument is invalid.
fn read_attribute(
    attr: Attribute,
    argument: &mut Argument,
    lines: &mut Vec<Line>,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let name = attr.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let kind = match name.as_str() {
        "doc" => {
            let (docs, others) = split_docs(vec![attr], diagnostics);
            lines.extend(docs);
            argument.attrs.extend(others);
            return Some(());
        }
        "input" => MarkerKind::Input,
        "resource" => MarkerKind::Resource,
        "param" => MarkerKind::Param,
        "cfg" | "cfg_attr" => {
            diagnostics
                .error(attr.path(), format!("`{name}` is not allowed on an argument of a prompt"))
                .help("put it on the prompt, in two versions: with the argument and without it");
            return None;
        }
        "context" | "error" => {
            diagnostics
                .error(attr.path(), format!("`#[{name}]` is not allowed in a prompt"))
                .help("call the prompt in the body of an `#[action]`");
            return None;
        }
        _ => {
            argument.attrs.push(attr);
            return Some(());
        }
    };
    if argument.marker.is_some() {
        diagnostics
            .error(attr.path(), "an argument can have only one marker")
            .help("use two arguments");
        return None;
    }
    argument.marker = Some(Marker { kind, attr });
    Some(())
}
