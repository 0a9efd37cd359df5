//! The arguments of the attribute.

use super::syntax::Settings;
use crate::{
    diagnostics::Diagnostics,
    names::{plain, suggestion},
};
use proc_macro2::{Ident, TokenStream};
use syn::{
    Expr, Path, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

const KNOWN: [&str; 9] =
    ["system", "retries", "options", "resetting", "resource", "state", "reads", "writes", "crate"];

/// One argument, with its name.
struct Setting {
    name: Ident,
    value: Value,
}

enum Value {
    Expr(Expr),
    Path(Path),
    Name(Ident),
    Fields(Vec<Ident>),
    Flag,
    /// Of an argument that is not known.
    Unknown,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = match name.to_string().as_str() {
            "system" | "retries" | "options" => {
                input.parse::<Token![=]>()?;
                Value::Expr(input.parse()?)
            }
            "state" | "crate" => {
                input.parse::<Token![=]>()?;
                Value::Path(input.call(Path::parse_mod_style)?)
            }
            "resource" => {
                input.parse::<Token![=]>()?;
                Value::Name(input.parse()?)
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
            "resetting" => Value::Flag,
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

/// Reads the arguments; invalid ones are reported and ignored.
pub(super) fn parse_settings(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    let parsed = match Punctuated::<Setting, Token![,]>::parse_terminated.parse2(tokens) {
        Ok(parsed) => parsed,
        Err(error) => {
            diagnostics.syntax_error(error);
            return settings;
        }
    };
    let mut seen: Vec<String> = Vec::new();
    for setting in parsed {
        let text = plain(&setting.name);
        if seen.contains(&text) {
            diagnostics
                .error(&setting.name, format!("`{text}` is given twice"))
                .help("write it once");
            continue;
        }
        if let Err(unknown) = settings.set(setting, &text) {
            let error = diagnostics.error(&unknown, format!("unknown argument `{text}`"));
            if let Some(help) = suggestion(&text, "argument", &KNOWN.map(String::from)) {
                error.help(help);
            } else {
                error.help(format!(
                    "the arguments are {}",
                    crate::names::list(&KNOWN.map(String::from))
                ));
            }
        }
        seen.push(text);
    }
    settings
}

impl Settings {
    fn set(&mut self, setting: Setting, text: &str) -> Result<(), Ident> {
        let Setting { name, value } = setting;
        match (text, value) {
            ("system", Value::Expr(expr)) => self.system = Some(expr),
            ("retries", Value::Expr(expr)) => self.retries = Some(expr),
            ("options", Value::Expr(expr)) => self.options = Some(expr),
            ("resetting", Value::Flag) => self.resetting = Some(name),
            ("resource", Value::Name(resource)) => self.resource = Some(resource),
            ("state", Value::Path(path)) => self.state = Some(path),
            ("crate", Value::Path(path)) => self.llm = Some(path),
            ("reads", Value::Fields(fields)) => self.reads = Some((name, fields)),
            ("writes", Value::Fields(fields)) => self.writes = Some((name, fields)),
            _ => return Err(name),
        }
        Ok(())
    }
}
