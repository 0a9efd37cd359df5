//! Parser for the arguments of the attribute.

use super::syntax::Settings;
use burdock_macros_shared::{
    arguments::{self, Argument, Form, Known, Value},
    diagnostics::Diagnostics,
};
use proc_macro2::TokenStream;

const KNOWN: Known<'_> = &[
    ("system", Form::Expr),
    ("retries", Form::Expr),
    ("options", Form::Expr),
    ("resetting", Form::Flag),
    ("resource", Form::Name),
    ("state", Form::Path),
    ("reads", Form::Fields),
    ("writes", Form::Fields),
    ("usage", Form::Name),
    ("crate", Form::Path),
];

/// Parses the arguments. Invalid ones are reported and ignored.
pub(super) fn parse_settings(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    for Argument { name, value } in arguments::parse(tokens, KNOWN, diagnostics) {
        match value {
            Value::Expr(expr) if name == "system" => settings.system = Some(expr),
            Value::Expr(expr) if name == "retries" => settings.retries = Some(expr),
            Value::Expr(expr) => settings.options = Some(expr),
            Value::Flag => settings.resetting = Some(name),
            Value::Name(field) if name == "usage" => settings.usage = Some((name, field)),
            Value::Name(resource) => settings.resource = Some(resource),
            Value::Path(path) if name == "state" => settings.state = Some(path),
            Value::Path(path) => settings.llm = Some(path),
            Value::Fields(fields) if name == "reads" => settings.reads = Some((name, fields)),
            Value::Fields(fields) => settings.writes = Some((name, fields)),
            Value::OptionalFields(_) | Value::Type(_) => {}
        }
    }
    settings
}
