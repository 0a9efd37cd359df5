//! The arguments of the attribute: `state = Path, reads(…), writes(…), yields(Type), blocking`.

use super::{Kind, syntax::Arguments};
use crate::{
    diagnostics::Diagnostics,
    names::{plain, suggestion},
};
use proc_macro2::{Ident, TokenStream};
use syn::{
    Path, Token, Type,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

const KNOWN: [&str; 6] = ["state", "reads", "writes", "yields", "blocking", "crate"];

/// One argument, with its name.
struct Argument {
    name: Ident,
    value: Value,
}

enum Value {
    Path(Path),
    Fields(Vec<Ident>),
    Type(Type),
    Flag,
    /// Of an argument that nobody knows.
    Unknown,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = match name.to_string().as_str() {
            "state" | "crate" => {
                input.parse::<Token![=]>()?;
                Value::Path(input.call(Path::parse_mod_style)?)
            }
            "reads" | "writes" => {
                let fields;
                parenthesized!(fields in input);
                let fields = Punctuated::<Ident, Token![,]>::parse_terminated_with(
                    &fields,
                    Ident::parse_any,
                )?;
                Value::Fields(fields.into_iter().collect())
            }
            "yields" => {
                let ty;
                parenthesized!(ty in input);
                let parsed = ty.parse()?;
                if !ty.is_empty() {
                    return Err(ty.error("one type is yielded"));
                }
                Value::Type(parsed)
            }
            "blocking" => Value::Flag,
            _ => {
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<proc_macro2::TokenTree>()?;
                }
                Value::Unknown
            }
        };
        Ok(Self { name, value })
    }
}

/// Reads the arguments; what is wrong is reported and left out.
pub(super) fn parse_arguments(
    kind: Kind,
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Arguments {
    let mut arguments = Arguments::default();
    let parsed = match Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens) {
        Ok(parsed) => parsed,
        Err(error) => {
            diagnostics.syntax_error(error);
            return arguments;
        }
    };
    let mut seen: Vec<String> = Vec::new();
    for Argument { name, value } in parsed {
        let text = plain(&name);
        if seen.contains(&text) {
            diagnostics
                .error(&name, format!("`{text}` is given twice"))
                .help("write it once, with everything in it");
            continue;
        }
        match value {
            Value::Path(path) if text == "state" => arguments.state = Some(path),
            Value::Path(path) => arguments.burdock = Some(path),
            Value::Fields(fields) if text == "reads" => arguments.reads = fields,
            Value::Fields(fields) => arguments.writes = fields,
            Value::Type(_) if kind == Kind::Plain => {
                diagnostics
                    .error(&name, "an action that does not stream yields nothing")
                    .help("write `#[streaming_action(…)]`");
            }
            Value::Type(ty) => arguments.yields = Some(ty),
            Value::Flag => arguments.blocking = Some(name),
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
    arguments
}
