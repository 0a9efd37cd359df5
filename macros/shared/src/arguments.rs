//! Parser for the arguments of an attribute: `state = Path, reads(…), blocking`.

use crate::{
    diagnostics::Diagnostics,
    names::{list, plain, suggestion},
};
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Expr, LitStr, Path, Token, Type,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
    token::Paren,
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
    /// `name(field, field?, …)`
    OptionalFields,
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
    OptionalFields(Vec<OptionalField>),
    Type(Type),
    Flag,
}

/// A field, with a `?` after it if it is optional.
#[derive(Debug)]
pub struct OptionalField {
    /// Its name.
    pub name: Ident,
    /// Whether a `?` follows it.
    pub optional: bool,
}

impl Value {
    fn is_list(&self) -> bool {
        matches!(self, Self::Fields(_) | Self::OptionalFields(_))
    }
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

/// Parses arguments. Invalid and repeated ones are reported and ignored; the others are returned.
pub fn parse(
    tokens: TokenStream,
    known: Known<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Argument> {
    let parser = |input: ParseStream<'_>| Ok(parse_all(input, known, diagnostics));
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
            let help = if matches!(&value, Parsed::Valid(value) if value.is_list()) {
                "merge the two lists"
            } else {
                "remove one"
            };
            diagnostics.error(&name, format!("`{text}` is given twice")).help(help);
            continue;
        }
        match value {
            Parsed::Valid(value) => arguments.push(Argument { name, value: *value }),
            Parsed::Unknown => {
                let names: Vec<String> = known.iter().map(|(name, _)| (*name).into()).collect();
                let help = suggestion(&text, "argument", &names);
                diagnostics
                    .error(&name, format!("unknown argument `{text}`"))
                    .help(help.unwrap_or_else(|| format!("the arguments are {}", list(&names))));
            }
            Parsed::Invalid => {}
        }
        seen.push(text);
    }
    arguments
}

/// The value of an argument.
enum Parsed {
    Valid(Box<Value>),
    /// The name is unknown.
    Unknown,
    /// A syntax error was reported.
    Invalid,
}

/// Parses all arguments. After a syntax error, it continues with the next argument.
fn parse_all(
    input: ParseStream<'_>,
    known: Known<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<(Ident, Parsed)> {
    let mut parsed = Vec::new();
    while !input.is_empty() {
        let Ok(name) = input.call(Ident::parse_any) else {
            diagnostics
                .error_at(input.span(), "expected the name of an argument")
                .help(forms(known));
            skip_argument(input);
            let _ = input.parse::<Token![,]>();
            continue;
        };
        let value = match known.iter().find(|(known, _)| name == known) {
            Some((_, form)) => parse_value(input, &name, *form, diagnostics),
            None => Parsed::Unknown,
        };
        if !matches!(value, Parsed::Valid(_)) {
            skip_argument(input);
        }
        parsed.push((name, value));
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            diagnostics
                .error_at(input.span(), "expected `,`")
                .help("separate the arguments by commas");
            if !input.peek(Ident::peek_any) {
                skip_argument(input);
                let _ = input.parse::<Token![,]>();
            }
        }
    }
    parsed
}

/// Skips to the comma before the next argument.
fn skip_argument(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

/// Returns the syntax of all arguments.
fn forms(known: Known<'_>) -> String {
    let forms: Vec<_> = known.iter().map(|(name, form)| form.written(name)).collect();
    format!("the arguments are {}", list(&forms))
}

impl Form {
    /// Returns an argument of this form, as a person writes it.
    fn written(self, name: &str) -> String {
        match self {
            Self::Path => format!("{name} = Path"),
            Self::Expr | Self::Name => format!("{name} = …"),
            Self::Fields | Self::OptionalFields => format!("{name}(field, …)"),
            Self::Type => format!("{name}(Type)"),
            Self::Flag => name.into(),
        }
    }
}

/// Parses the value of a known argument.
fn parse_value(
    input: ParseStream<'_>,
    name: &Ident,
    form: Form,
    diagnostics: &mut Diagnostics,
) -> Parsed {
    let expected = match form {
        Form::Flag => return Parsed::Valid(Box::new(Value::Flag)),
        Form::Path | Form::Expr | Form::Name => input.peek(Token![=]),
        Form::Fields | Form::OptionalFields | Form::Type => input.peek(Paren),
    };
    let value = match form {
        _ if !expected => {
            let span = if input.is_empty() { name.span() } else { input.span() };
            Err(syn::Error::new(span, format!("invalid argument `{name}`")))
        }
        Form::Fields | Form::OptionalFields => {
            let Some(fields) = parse_fields(input, name, form, diagnostics) else {
                return Parsed::Invalid;
            };
            Ok(if let Form::Fields = form {
                Value::Fields(fields.into_iter().map(|field| field.name).collect())
            } else {
                Value::OptionalFields(fields)
            })
        }
        _ => parse_single_value(input, form),
    };
    match value {
        Ok(value) => Parsed::Valid(Box::new(value)),
        Err(error) => {
            diagnostics
                .error_at(error.span(), error.to_string())
                .help(format!("write `{}`", form.written(&plain(name))));
            Parsed::Invalid
        }
    }
}

/// Parses any value but a list of fields.
fn parse_single_value(input: ParseStream<'_>, form: Form) -> syn::Result<Value> {
    if let Form::Type = form {
        let ty;
        parenthesized!(ty in input);
        let parsed = ty.parse();
        let after = ty.span();
        // syn reports tokens that are left
        let rest: TokenStream = ty.parse()?;
        return match parsed {
            Ok(parsed) if rest.is_empty() => Ok(Value::Type(parsed)),
            Ok(_) => Err(syn::Error::new(after, "expected a single type")),
            Err(error) => Err(error),
        };
    }
    input.parse::<Token![=]>()?;
    Ok(match form {
        Form::Expr => Value::Expr(input.parse()?),
        Form::Name => Value::Name(input.parse()?),
        _ => Value::Path(input.call(Path::parse_mod_style)?),
    })
}

/// Parses a list of fields. A missing comma, a name in quotes and a `?` in a list without optional fields are reported,
/// and the field is accepted.
fn parse_fields(
    input: ParseStream<'_>,
    name: &Ident,
    form: Form,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<OptionalField>> {
    let mut parse = || -> syn::Result<Vec<OptionalField>> {
        let list;
        parenthesized!(list in input);
        let mut fields = Vec::new();
        while !list.is_empty() {
            match parse_field(&list, diagnostics) {
                Ok(field) => {
                    let optional = parse_optional(&list, name, form, diagnostics)?;
                    fields.push(OptionalField { name: field, optional });
                }
                Err(error) => {
                    // syn reports tokens that are left
                    list.parse::<TokenStream>()?;
                    return Err(error);
                }
            }
            if !list.is_empty() && list.parse::<Token![,]>().is_err() {
                diagnostics
                    .error_at(list.span(), "expected `,`")
                    .help("separate the fields by commas");
                if !list.peek(Ident::peek_any) {
                    list.parse::<TokenStream>()?;
                }
            }
        }
        Ok(fields)
    };
    parse().map_err(|error| diagnostics.syntax_error(error)).ok()
}

/// Returns whether a `?` follows a field. Reports it where no field can be optional, and where it is doubled.
fn parse_optional(
    list: ParseStream<'_>,
    name: &Ident,
    form: Form,
    diagnostics: &mut Diagnostics,
) -> syn::Result<bool> {
    let Some(mark) = list.parse::<Option<Token![?]>>()? else { return Ok(false) };
    let allowed = matches!(form, Form::OptionalFields);
    if !allowed {
        diagnostics
            .error(&mark, format!("a field of `{name}` cannot be optional"))
            .help("remove the `?`");
    }
    while let Some(mark) = list.parse::<Option<Token![?]>>()? {
        if allowed {
            diagnostics.error(&mark, "`?` is given twice").help("remove one");
        }
    }
    Ok(allowed)
}

fn parse_field(list: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Ident> {
    if list.peek(LitStr) {
        let quoted: LitStr = list.parse()?;
        let field: Ident = quoted.parse()?;
        diagnostics
            .error(&quoted, "a field is written without quotes")
            .help(format!("write `{field}`"));
        return Ok(field);
    }
    list.call(Ident::parse_any)
        .map_err(|error| syn::Error::new(error.span(), "expected the name of a field"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const KNOWN: Known<'_> = &[
        ("state", Form::Path),
        ("reads", Form::Fields),
        ("writes", Form::OptionalFields),
        ("yields", Form::Type),
        ("retries", Form::Expr),
        ("blocking", Form::Flag),
    ];

    /// Returns the names of the accepted arguments, and the errors.
    fn parsed(tokens: &str) -> (Vec<String>, Vec<String>) {
        let mut diagnostics = Diagnostics::new();
        let arguments = parse(tokens.parse().unwrap(), KNOWN, &mut diagnostics);
        let name = |argument: &Argument| match &argument.value {
            Value::Fields(fields) => format!("{}{}", argument.name, fields.len()),
            Value::OptionalFields(fields) => {
                let optional = fields.iter().filter(|field| field.optional).count();
                format!("{}{}?{optional}", argument.name, fields.len())
            }
            _ => argument.name.to_string(),
        };
        (arguments.iter().map(name).collect(), diagnostics.render())
    }

    #[test]
    fn arguments_after_a_syntax_error_are_parsed() {
        let all = ["state", "reads2", "yields"];
        let comma = "expected `,`\nhelp: separate the arguments by commas @ ";
        for (tokens, accepted, error) in [
            ("state = S, reads(a, b), yields(T)", &all[..], None),
            ("state = S reads(a, b), yields(T)", &all, Some(comma)),
            (
                "state = S, reads(a b), yields(T)",
                &all,
                Some("expected `,`\nhelp: separate the fields by commas @ "),
            ),
            (
                "state = S, reads(\"a\", b), yields(T)",
                &all,
                Some("a field is written without quotes\nhelp: write `a` @ \"a\""),
            ),
            (
                "state: S, reads(a, b), yields(T)",
                &all[1..],
                Some("invalid argument `state`\nhelp: write `state = Path` @ "),
            ),
            (
                "state = S, reads(a, b), yields = T",
                &all[..2],
                Some("invalid argument `yields`\nhelp: write `yields(Type)` @ "),
            ),
            (
                "state = S, reads(a, b), yields",
                &all[..2],
                Some("invalid argument `yields`\nhelp: write `yields(Type)` @ "),
            ),
            (
                "state = S, reads = [a], yields(T)",
                &["state", "yields"],
                Some("invalid argument `reads`\nhelp: write `reads(field, …)` @ "),
            ),
            (
                "state = S, reads(a, b), yields(T U)",
                &all[..2],
                Some("expected a single type\nhelp: write `yields(Type)` @ "),
            ),
            (
                "state = S, reads(1), yields(T)",
                &["state", "yields"],
                Some("expected the name of a field @ "),
            ),
            (
                "\"S\", reads(a, b), yields(T)",
                &all[1..],
                Some(
                    "expected the name of an argument\nhelp: the arguments are `state = Path`, `reads(field, …)`, `writes(field, …)`, `yields(Type)`, `retries = …`, `blocking` @ ",
                ),
            ),
            ("state = S, reads(a, b) + 1, yields(T)", &all, Some(comma)),
            ("writes(a, b?, c?)", &["writes3?2"], None),
            (
                "writes(a? b)",
                &["writes2?1"],
                Some("expected `,`\nhelp: separate the fields by commas @ "),
            ),
            ("writes(a??, b)", &["writes2?1"], Some("`?` is given twice\nhelp: remove one @ ?")),
            (
                "reads(a?, b)",
                &["reads2"],
                Some("a field of `reads` cannot be optional\nhelp: remove the `?` @ ?"),
            ),
        ] {
            let (names, errors) = parsed(tokens);
            assert_eq!(names, accepted, "{tokens}");
            assert_eq!(errors, error.into_iter().collect::<Vec<_>>(), "{tokens}");
        }
    }
}
