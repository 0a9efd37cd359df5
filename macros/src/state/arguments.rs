//! The arguments of `#[state(version = 2, migrate = [from_1])]`, and of `#[state(public)]` on a field.

use crate::{
    diagnostics::Diagnostics,
    names::{plain, suggestion},
};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use syn::{
    Attribute, LitInt, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

const KNOWN: [&str; 2] = ["version", "migrate"];

/// The version of a state, and the migrations from version 1 to it.
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) migrations: Vec<Path>,
}

/// One argument, with its name.
struct Argument {
    name: Ident,
    value: Value,
}

enum Value {
    Version(LitInt),
    Migrate(Group),
    /// The value of an unknown argument.
    Unknown,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = match plain(&name).as_str() {
            "version" => {
                input.parse::<Token![=]>()?;
                Value::Version(input.parse()?)
            }
            "migrate" => {
                input.parse::<Token![=]>()?;
                if !input.peek(syn::token::Bracket) {
                    return Err(input
                        .error("expected a list of functions\nhelp: write `migrate = [from_1]`"));
                }
                Value::Migrate(input.parse()?)
            }
            _ => {
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<TokenTree>()?;
                }
                Value::Unknown
            }
        };
        Ok(Self { name, value })
    }
}

/// Parses the attributes. An invalid version is reported and counts as the first.
pub(super) fn parse_version(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Version {
    let before = diagnostics.len();
    let (mut version, mut list) = (None, None);
    let mut seen: Vec<String> = Vec::new();
    let arguments: Vec<_> = attrs.iter().flat_map(|attr| arguments(attr, diagnostics)).collect();
    for Argument { name, value } in arguments {
        let text = plain(&name);
        if seen.contains(&text) {
            diagnostics.error(&name, format!("`{text}` is given twice"));
            continue;
        }
        match value {
            Value::Version(number) => version = Some(number),
            Value::Migrate(group) => list = Some(group),
            Value::Unknown => {
                let known = KNOWN.map(String::from);
                let error = diagnostics.error(&name, format!("unknown argument `{text}`"));
                if let Some(help) = suggestion(&text, "argument", &known) {
                    error.help(help);
                }
            }
        }
        seen.push(text);
    }
    let first = Version { number: 1, migrations: Vec::new() };
    if diagnostics.len() > before {
        return first;
    }
    check_version(version.as_ref(), list.as_ref(), diagnostics).unwrap_or(first)
}

/// Returns whether a field is public to readers of the session.
pub(super) fn parse_public(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> bool {
    let mut public = false;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("state")) {
        if attr.parse_args::<syn::parse::Nothing>().is_ok() {
            diagnostics
                .error(attr, "this attribute has no arguments")
                .help("write `#[state(public)]`");
        }
        let parsed = attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(plain).unwrap_or_default();
            let message = match (name.as_str(), public) {
                ("public", false) => {
                    public = true;
                    return Ok(());
                }
                ("public", true) => "`public` is given twice".into(),
                (known, _) if KNOWN.contains(&known) => {
                    format!("`{known}` applies to the whole state\nhelp: move it above the struct")
                }
                (other, _) => format!("unknown argument `{other}`\nhelp: write `public`"),
            };
            Err(syn::Error::new_spanned(&meta.path, message))
        });
        if let Err(error) = parsed {
            diagnostics.syntax_error(error);
        }
    }
    public
}

/// Rejects a version with missing or superfluous migrations.
fn check_version(
    version: Option<&LitInt>,
    list: Option<&Group>,
    diagnostics: &mut Diagnostics,
) -> Option<Version> {
    let migrations = paths(list, diagnostics)?;
    let number: u32 = match version.map_or(Ok(1), LitInt::base10_parse) {
        Ok(number) => number,
        Err(error) => {
            diagnostics.syntax_error(error);
            return None;
        }
    };
    let given = migrations.len();
    match (number as usize).checked_sub(1) {
        None => {
            diagnostics
                .error(&version, "the first version of a state is 1")
                .help("omit `version` until a logged state needs a migration");
        }
        Some(needed) if given > needed => {
            diagnostics
                .error(
                    &migrations[needed],
                    format!("this migrates from version {number}, which is the current one"),
                )
                .help(format!("write `version = {}`", given + 1));
        }
        Some(needed) if given < needed => {
            let message = format!("no migration from version {}", given + 1);
            let error = match list {
                Some(list) => diagnostics.error(list, message),
                None => diagnostics.error(&version, message),
            };
            let functions: Vec<String> = (1..number.min(4)).map(|n| format!("from_{n}")).collect();
            let more = if number > 4 { ", …" } else { "" };
            error
                .note(format!("`migrate` needs one function for each version before {number}"))
                .help(format!("write `migrate = [{}{more}]`", functions.join(", ")));
        }
        Some(_) => return Some(Version { number, migrations }),
    }
    None
}

/// Returns the arguments of a `#[state(…)]`, or none for any other attribute.
fn arguments(attr: &Attribute, diagnostics: &mut Diagnostics) -> Vec<Argument> {
    if !attr.path().is_ident("state") {
        return Vec::new();
    }
    match attr.parse_args_with(Punctuated::<Argument, Token![,]>::parse_terminated) {
        Ok(arguments) => arguments.into_iter().collect(),
        Err(error) => {
            diagnostics.syntax_error(error);
            Vec::new()
        }
    }
}

/// Parses the list of functions.
fn paths(list: Option<&Group>, diagnostics: &mut Diagnostics) -> Option<Vec<Path>> {
    let parser = |input: ParseStream<'_>| {
        Punctuated::<Path, Token![,]>::parse_terminated_with(input, Path::parse_mod_style)
    };
    match parser.parse2(list.map_or_else(TokenStream::new, Group::stream)) {
        Ok(paths) => Some(paths.into_iter().collect()),
        Err(error) => {
            diagnostics.syntax_error(error);
            None
        }
    }
}
