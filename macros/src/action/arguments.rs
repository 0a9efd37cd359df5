//! The arguments of the attribute: `state = Path, reads(…), writes(…), appends(…), yields(Type), blocking`.

use super::{
    Kind,
    syntax::{Arguments, WriteKind, WriteSyntax},
};
use burdock_macros_shared::{
    arguments::{self, Argument, Form, Known, OptionalField, Value},
    diagnostics::Diagnostics,
};
use proc_macro2::TokenStream;

const KNOWN: Known<'_> = &[
    ("state", Form::Path),
    ("reads", Form::Fields),
    ("writes", Form::OptionalFields),
    ("appends", Form::Fields),
    ("yields", Form::Type),
    ("blocking", Form::Flag),
    ("crate", Form::Path),
];

/// Parses the arguments. Invalid ones are reported and ignored.
pub(super) fn parse_arguments(
    kind: Kind,
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Arguments {
    let mut arguments = Arguments::default();
    for Argument { name, value } in arguments::parse(tokens, KNOWN, diagnostics) {
        match value {
            Value::Path(path) if name == "state" => arguments.state = Some(path),
            Value::Path(path) => arguments.burdock = Some(path),
            Value::Fields(fields) if name == "reads" => arguments.reads = fields,
            Value::Fields(fields) => {
                let lists =
                    fields.into_iter().map(|field| WriteSyntax::of(field, WriteKind::Append));
                arguments.writes.extend(lists);
            }
            Value::OptionalFields(fields) => {
                arguments.writes.extend(fields.into_iter().map(
                    |OptionalField { name, optional }| {
                        let kind = if optional { WriteKind::Optional } else { WriteKind::Always };
                        WriteSyntax::of(name, kind)
                    },
                ));
            }
            Value::Type(_) if kind == Kind::Plain => {
                diagnostics
                    .error(&name, "an `#[action]` cannot yield items")
                    .help("write `#[streaming_action(…)]`");
            }
            Value::Type(ty) => arguments.yields = Some(ty),
            Value::Flag => arguments.blocking = Some(name),
            Value::Expr(_) | Value::Name(_) => {}
        }
    }
    arguments
}
