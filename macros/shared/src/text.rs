//! Docs and types as text.

use crate::printer::Printer;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Returns the text of the doc comments.
pub fn docs(attrs: &[Attribute]) -> String {
    let lines: Vec<String> = attrs
        .iter()
        .filter_map(|attr| match &attr.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    let text = text.value();
                    Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
                }
                _ => None,
            },
            _ => None,
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Returns the tokens on one line with the usual spacing: `matches!(state.mode, Mode::A | Mode::B)`.
pub fn written(tokens: &impl ToTokens) -> String {
    let mut printer = Printer::default();
    printer.stream(tokens.to_token_stream());
    printer.output
}

/// Returns whether an attribute is `cfg` or `cfg_attr`.
pub fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    #[test]
    fn tokens_are_printed_with_the_usual_spacing() {
        for written in [
            "state.count < 10",
            "matches!(state.mode, Mode::Code | Mode::X)",
            "&state.name",
            "!state.safe && state.items.len() >= 3",
            "-1..=state.max",
            "[1, 2][state.i] == *state.p",
            "Mode::A { x, .. } | Mode::B(_, ..)",
            "let Some(x) = &state.x && x.is_empty()",
            "state.items.iter().any(|item| item.done || !item.open)",
            "Vec::<u8>::new().len() == state.n as usize",
            "x @ 1..=5",
            "&mut x",
            "state.a? - 1 << 2",
            "\"a\" | 'b'",
            "Option<Vec<u8>>",
            "&'a str",
            "(a, b)",
            "vec![1]",
            "a != b",
            "a == !b",
            "a & b && &c",
            "f(|| 1)",
            "Foo {}",
            "()",
            "if a { b } else { c }",
            "(a) * (b)",
            "HashMap<String, Vec<u8>>",
            "1.0 + x.0",
            "_",
        ] {
            let tokens: TokenStream = written.parse().unwrap_or_default();
            assert_eq!(super::written(&tokens), written);
        }
    }
}
