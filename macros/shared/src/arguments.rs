//! Parser for the arguments of an attribute: `state = Path, reads(…), blocking`.

use crate::{
    diagnostics::Diagnostics,
    names::{list, plain, suggestion},
};
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Expr, Path, Token, Type,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

/// The syntax of an argument.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// `name = path`
    Path,
    /// `name = expression`
    Expr,
    /// `name = identifier`
    Name,
    /// `name(field, …)`
    Fields,
    /// `name(Type)`
    Type,
    /// `name`
    Flag,
}

/// The value of an argument, by its form.
#[derive(Debug)]
#[expect(missing_docs, reason = "the variants are those of `Form`")]
pub enum Value {
    Path(Path),
    Expr(Expr),
    Name(Ident),
    Fields(Vec<Ident>),
    Type(Type),
    Flag,
}

/// A known argument.
#[derive(Debug)]
pub struct Argument {
    /// Its name, with the span of the attribute.
    pub name: Ident,
    /// Its value.
    pub value: Value,
}

/// The accepted arguments, with their forms.
pub type Known<'a> = &'a [(&'a str, Form)];

/// Parses arguments. Invalid and repeated ones are reported and ignored.
pub fn parse(
    tokens: TokenStream,
    known: Known<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Argument> {
    let parser = |input: ParseStream<'_>| {
        let mut parsed = Vec::new();
        while !input.is_empty() {
            parsed.push(parse_argument(input, known)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(parsed)
    };
    let parsed = match parser.parse2(tokens) {
        Ok(parsed) => parsed,
        Err(error) => {
            diagnostics.syntax_error(error);
            return Vec::new();
        }
    };
    let (mut arguments, mut seen) = (Vec::new(), Vec::new());
    for (name, value) in parsed {
        let text = plain(&name);
        if seen.contains(&text) {
            let help = if matches!(value, Some(Value::Fields(_))) {
                "merge the two lists"
            } else {
                "remove one"
            };
            diagnostics.error(&name, format!("`{text}` is given twice")).help(help);
            continue;
        }
        if let Some(value) = value {
            arguments.push(Argument { name, value });
        } else {
            let names: Vec<String> = known.iter().map(|(name, _)| (*name).into()).collect();
            let help = suggestion(&text, "argument", &names);
            diagnostics
                .error(&name, format!("unknown argument `{text}`"))
                .help(help.unwrap_or_else(|| format!("the arguments are {}", list(&names))));
        }
        seen.push(text);
    }
    arguments
}

/// Parses one argument. The value is `None` if the name is unknown.
fn parse_argument(input: ParseStream<'_>, known: Known<'_>) -> syn::Result<(Ident, Option<Value>)> {
    let name = input.call(Ident::parse_any)?;
    let Some((_, form)) = known.iter().find(|(known, _)| name == known) else {
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<TokenTree>()?;
        }
        return Ok((name, None));
    };
    if let Form::Path | Form::Expr | Form::Name = form {
        input.parse::<Token![=]>()?;
    }
    let value = match form {
        Form::Path => Value::Path(input.call(Path::parse_mod_style)?),
        Form::Expr => Value::Expr(input.parse()?),
        Form::Name => Value::Name(input.parse()?),
        Form::Fields => {
            let fields;
            parenthesized!(fields in input);
            let fields =
                Punctuated::<Ident, Token![,]>::parse_terminated_with(&fields, Ident::parse_any)?;
            Value::Fields(fields.into_iter().collect())
        }
        Form::Type => {
            let ty;
            parenthesized!(ty in input);
            let parsed = ty.parse()?;
            if !ty.is_empty() {
                return Err(ty.error("expected a single type"));
            }
            Value::Type(parsed)
        }
        Form::Flag => Value::Flag,
    };
    Ok((name, Some(value)))
}
