//! Parses tokens to [`ActionSyntax`].

use super::{
    Kind,
    arguments::parse_arguments,
    syntax::{ActionSyntax, Child, Needed, Param, Role, Taken},
};
use crate::{
    diagnostics::Diagnostics,
    names::{closest, plain, reject_reserved},
    sized::{Unsized, unsized_type},
    text,
};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Attribute, Expr, FnArg, GenericArgument, Ident, ItemFn, Pat, PatType, PathArguments, Signature,
    Token, Type, Visibility,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

/// Parses an action. Returns `None` if it is not a function.
pub(super) fn parse_action(
    kind: Kind,
    arguments: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<ActionSyntax> {
    let arguments = parse_arguments(kind, arguments, diagnostics);
    let (mut item, unparsed) = parse_function(item, diagnostics)?;
    reject_second(&mut item.attrs, diagnostics);
    let mut roles = Vec::new();
    for (index, argument) in item.sig.inputs.iter_mut().enumerate() {
        match argument {
            FnArg::Receiver(receiver) => {
                diagnostics.error(&receiver.self_token, "an action cannot take `self`").help(
                    "write a free function, with what it needs as inputs, resources and parameters",
                );
            }
            FnArg::Typed(argument) => roles.extend(parse_role(index, argument, diagnostics)),
        }
    }
    let method = item.sig.receiver().is_some();
    let (outer, inner) = item.attrs.into_iter().partition(is_outer);
    Some(ActionSyntax {
        kind,
        arguments,
        outer,
        inner,
        vis: item.vis,
        signature: item.sig,
        roles,
        body: *item.block,
        unparsed,
        method,
    })
}

/// Parses the function. If it has a syntax error, returns what its stand-in needs, and `true`: the signature without
/// the body, or else the name.
fn parse_function(item: TokenStream, diagnostics: &mut Diagnostics) -> Option<(ItemFn, bool)> {
    let error = match syn::parse2(item.clone()) {
        Ok(function) => return Some((function, false)),
        Err(error) => error,
    };
    diagnostics.syntax_error(error);
    let without_body = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let (vis, signature): (Visibility, Signature) = (input.parse()?, input.parse()?);
        input.parse::<Group>()?;
        syn::parse2(quote!(#(#attrs)* #vis #signature {}))
    };
    let only_name = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis: Visibility = input.parse()?;
        while !input.peek(Token![fn]) {
            input.parse::<TokenTree>()?;
        }
        input.parse::<Token![fn]>()?;
        let name: Ident = input.parse()?;
        input.parse::<TokenStream>()?;
        syn::parse2(quote!(#(#attrs)* #vis fn #name() -> Result<Writes> {}))
    };
    let function = without_body.parse2(item.clone()).or_else(|_| only_name.parse2(item));
    function.ok().map(|function| (function, true))
}

/// Rejects another attribute of an action below this one, and removes it.
fn reject_second(attrs: &mut Vec<Attribute>, diagnostics: &mut Diagnostics) {
    attrs.retain(|attr| {
        let path = attr.path();
        let is_ours = path.get_ident().is_some()
            || path.segments.first().is_some_and(|first| first.ident == "burdock");
        let last = path
            .segments
            .last()
            .filter(|last| is_ours && (last.ident == "action" || last.ident == "streaming_action"));
        if let Some(last) = last {
            diagnostics
                .error(&last.ident, "a function can have only one attribute of an action")
                .help("remove one of the attributes");
        }
        last.is_none()
    });
}

fn is_outer(attr: &Attribute) -> bool {
    let path = attr.path();
    ["doc", "deprecated"].iter().any(|name| path.is_ident(name)) || text::is_cfg(attr)
}

/// Returns the role of an argument, and removes its marker.
fn parse_role(index: usize, argument: &mut PatType, diagnostics: &mut Diagnostics) -> Option<Role> {
    reject_cfg(argument, diagnostics);
    if index == 0 && argument.attrs.iter().all(is_lint) && may_be_reads(&argument.ty) {
        return Some(Role::Reads);
    }
    if let Type::Reference(reference) = &*argument.ty
        && is_reads(&reference.elem)
    {
        diagnostics
            .error(&argument.ty, "`Reads` must be taken by value")
            .help("remove the `&`: `Reads` holds references already");
        return None;
    }
    if is_reads(&argument.ty) {
        diagnostics
            .error(&argument.pat, "`Reads` must be the first argument, without a marker")
            .help("move it to the front: `name: Reads<'_>`");
        return None;
    }
    let name = match &*argument.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() && pattern.by_ref.is_none() => {
            pattern.ident.clone()
        }
        pattern => {
            diagnostics
                .error(pattern, "an argument of an action must be an identifier")
                .help("a graph binds it by its name: destructure it in the body");
            return None;
        }
    };
    reject_reserved(&name, "argument", diagnostics);
    let mut role = Marked::No;
    let attrs = std::mem::take(&mut argument.attrs);
    for attr in attrs {
        let Some(marker) = attr.path().get_ident().cloned() else {
            argument.attrs.push(attr);
            continue;
        };
        match (parse_marker(&marker, &attr, &name, &mut argument.ty, diagnostics), &role) {
            (Marked::No, _) => argument.attrs.push(attr),
            (found, Marked::No) => role = found,
            _ => {
                diagnostics
                    .error(&marker, "an argument can have only one marker")
                    .help("use two arguments");
            }
        }
    }
    match role {
        Marked::As(role) => Some(*role),
        Marked::Invalid => None,
        Marked::No => Some(parameter(&name, &argument.ty, None, diagnostics)),
    }
}

/// The markers of arguments.
const MARKERS: [&str; 6] = ["input", "resource", "graph", "context", "error", "param"];

/// The result of parsing an attribute of an argument.
enum Marked {
    /// Not a marker.
    No,
    As(Box<Role>),
    /// An invalid marker, whose error is reported.
    Invalid,
}

/// Parses the role of an argument from its marker.
fn parse_marker(
    marker: &Ident,
    attr: &Attribute,
    name: &Ident,
    ty: &mut Type,
    diagnostics: &mut Diagnostics,
) -> Marked {
    let role = match marker.to_string().as_str() {
        "input" | "resource" if reject_unsized(&borrowed(ty).0, diagnostics) => {
            return Marked::Invalid;
        }
        "input" => {
            let (ty, taken) = borrowed(ty);
            Role::Input(Needed { name: name.clone(), ty, taken })
        }
        "resource" => {
            let (ty, Taken::Borrowed) = borrowed(ty) else {
                diagnostics
                    .error(ty, "a resource must be taken by reference")
                    .help("the app owns it: write `&` before the type");
                return Marked::Invalid;
            };
            Role::Resource(Needed { name: name.clone(), ty, taken: Taken::Borrowed })
        }
        "graph" => {
            let Some(graph) = child_graph(ty) else {
                diagnostics
                    .error(ty, "`#[graph]` must be taken as a `Sub`")
                    .help(format!("write `{}: Sub<'_, Graph>`", plain(name)));
                return Marked::Invalid;
            };
            let alias = format_ident!("__Graph_{}", plain(name), span = graph.span());
            let alias_type = Type::Verbatim(alias.to_token_stream());
            let graph = std::mem::replace(graph, alias_type);
            Role::Graph(Child { name: name.clone(), graph, alias })
        }
        "context" | "error" => {
            if borrowed(ty).1 == Taken::Owned {
                diagnostics
                    .error(ty, format!("`#[{marker}]` must be taken by reference"))
                    .help("write `&` before the type");
                return Marked::Invalid;
            }
            if marker == "context" { Role::Context } else { Role::Failure(name.clone()) }
        }
        "param" => {
            let default = match attr.parse_args_with(parse_default) {
                Ok(default) => default,
                Err(error) => {
                    diagnostics.syntax_error(error);
                    return Marked::Invalid;
                }
            };
            parameter(name, ty, Some(default), diagnostics)
        }
        other => {
            let markers = MARKERS.map(String::from);
            let Some(meant) = closest(other, &markers) else { return Marked::No };
            diagnostics
                .error(marker, format!("unknown marker `{other}`"))
                .help(format!("did you mean `{meant}`"));
            return Marked::Invalid;
        }
    };
    Marked::As(Box::new(role))
}

fn parameter(
    name: &Ident,
    ty: &Type,
    default: Option<Expr>,
    diagnostics: &mut Diagnostics,
) -> Role {
    if borrowed(ty).1 == Taken::Borrowed {
        diagnostics
            .error(name, format!("parameter `{name}` cannot be a reference"))
            .help("a graph binds parameters by value: remove the `&`, or mark the argument `#[input]`, `#[resource]`, `#[context]` or `#[error]`");
    }
    Role::Param(Param { name: name.clone(), ty: ty.clone(), default })
}

/// `default = expr`
fn parse_default(input: ParseStream<'_>) -> syn::Result<Expr> {
    if !input.peek(Ident) {
        return Err(input.error("expected `default = value`"));
    }
    let word: Ident = input.parse()?;
    if word != "default" {
        return Err(syn::Error::new(word.span(), "unknown argument, expected `default = value`"));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Rejects `cfg`: graphs and tests bind an argument by its name, so it cannot be absent for some of them.
fn reject_cfg(argument: &mut PatType, diagnostics: &mut Diagnostics) {
    argument.attrs.retain(|attr| {
        let is_cfg = text::is_cfg(attr);
        if is_cfg {
            diagnostics
                .error(attr.path(), "`cfg` is not allowed on an argument of an action")
                .help("put it on the action, in two versions: with the argument and without it");
        }
        !is_cfg
    });
}

/// Returns whether an attribute sets the level of a lint.
fn is_lint(attr: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"].iter().any(|name| attr.path().is_ident(name))
}

/// Rejects unsized types, as far as their syntax shows it. Returns whether the type was rejected.
fn reject_unsized(ty: &Type, diagnostics: &mut Diagnostics) -> bool {
    let Some(Unsized { ty, written, instead }) = unsized_type(ty) else { return false };
    diagnostics
        .error(ty, format!("`{written}` is unsized, so a graph cannot store it"))
        .help(format!("write `&{instead}` here, and `{instead}` in the graph"));
    true
}

/// Returns whether a type is `Reads<'_>`, or a misspelling of it, which rustc then reports.
fn may_be_reads(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let has_lifetime = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            matches!(arguments.args.first(), Some(GenericArgument::Lifetime(it)) if it.ident == "_")
        }
        _ => false,
    };
    is_reads(ty) || (has_lifetime && closest(&plain(&last.ident), &["Reads".to_owned()]).is_some())
}

fn is_reads(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Reads"))
}

/// Returns the graph of `Sub<'_, Graph>`, with or without the depth.
fn child_graph(ty: &mut Type) -> Option<&mut Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last_mut().filter(|last| last.ident == "Sub")?;
    let PathArguments::AngleBracketed(arguments) = &mut last.arguments else { return None };
    arguments.args.iter_mut().find_map(|argument| match argument {
        GenericArgument::Type(graph) => Some(graph),
        _ => None,
    })
}

fn borrowed(ty: &Type) -> (Type, Taken) {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {
            ((*reference.elem).clone(), Taken::Borrowed)
        }
        ty => (ty.clone(), Taken::Owned),
    }
}
