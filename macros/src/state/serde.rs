//! What serde's attributes say about how a state is written: a log keeps what serde writes, field
//! by field. What serde does not understand it reports itself.

use crate::{diagnostics::Diagnostics, names::plain};
use syn::{Attribute, Field, LitStr, Path, Token, meta::ParseNestedMeta, token};

/// How serde writes a field.
pub(super) enum Serialised {
    /// As its type says.
    Plain,
    /// By this function.
    With(Path),
    /// Not at all.
    Skipped,
}

/// How serde makes names from the names of fields.
#[derive(Clone, Copy)]
pub(super) enum Rename {
    /// Not at all; also `lowercase` and `snake_case`.
    Keep,
    /// `UPPERCASE`, `SCREAMING_SNAKE_CASE`.
    Upper,
    /// `PascalCase`.
    Pascal,
    /// `camelCase`.
    Camel,
    /// `kebab-case`.
    Kebab,
    /// `SCREAMING-KEBAB-CASE`.
    ScreamingKebab,
}

/// Reads the attributes of the state itself.
pub(super) fn parse_container(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Rename {
    let mut rename = Rename::Keep;
    each(attrs, |meta| {
        for shape in ["transparent", "into", "tag"] {
            if meta.path.is_ident(shape) {
                refuse_shape(meta, shape, diagnostics)
                    .help("put it on the type of a field instead");
            }
        }
        if meta.path.is_ident("rename_all") {
            if let Some(rule) = written_name(meta)? {
                rename = Rename::of(&rule.value());
            }
            return Ok(());
        }
        rest(meta)
    });
    rename
}

/// Reads the attributes of a field: the name that serde writes, and how it writes the value.
pub(super) fn parse_field(
    field: &Field,
    rename: Rename,
    diagnostics: &mut Diagnostics,
) -> (String, Serialised) {
    let mut key = field.ident.as_ref().map(|name| rename.apply(&plain(name))).unwrap_or_default();
    let mut serialised = Serialised::Plain;
    each(&field.attrs, |meta| {
        if meta.path.is_ident("skip") || meta.path.is_ident("skip_serializing") {
            serialised = Serialised::Skipped;
        } else if meta.path.is_ident("with") {
            let mut path = path_argument(meta)?;
            path.segments.push(syn::parse_quote!(serialize));
            serialised = Serialised::With(path);
        } else if meta.path.is_ident("serialize_with") {
            serialised = Serialised::With(path_argument(meta)?);
        } else if meta.path.is_ident("rename") {
            if let Some(name) = written_name(meta)? {
                key = name.value();
            }
        } else if meta.path.is_ident("flatten") {
            refuse_shape(meta, "flatten", diagnostics)
                .help("keep the struct as one field, or write its fields into the state");
        } else {
            rest(meta)?;
        }
        Ok(())
    });
    (key, serialised)
}

impl Rename {
    fn of(rule: &str) -> Self {
        match rule {
            "UPPERCASE" | "SCREAMING_SNAKE_CASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => Self::Keep,
        }
    }

    /// Makes a name as `serde_derive` does.
    fn apply(self, field: &str) -> String {
        match self {
            Self::Keep => field.to_owned(),
            Self::Upper => field.to_ascii_uppercase(),
            Self::Pascal => pascal(field),
            Self::Camel => {
                let pascal = pascal(field);
                let mut letters = pascal.chars();
                letters.next().map_or_else(String::new, |first| {
                    first.to_ascii_lowercase().to_string() + letters.as_str()
                })
            }
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(field: &str) -> String {
    let mut pascal = String::new();
    let mut capital = true;
    for letter in field.chars() {
        if letter == '_' {
            capital = true;
        } else {
            pascal.push(if capital { letter.to_ascii_uppercase() } else { letter });
            capital = false;
        }
    }
    pascal
}

/// Calls `read` with each argument of `#[serde(…)]`.
fn each(attrs: &[Attribute], mut read: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        drop(attr.parse_nested_meta(|meta| read(&meta)));
    }
}

fn refuse_shape<'d>(
    meta: &ParseNestedMeta<'_>,
    shape: &str,
    diagnostics: &'d mut Diagnostics,
) -> &'d mut crate::diagnostics::Diagnostic {
    diagnostics
        .error(&meta.path, format!("`{shape}` changes what a state is written as"))
        .note("a log keeps a state field by field, as an object of its fields")
}

/// The name in `= "name"` or `(serialize = "name", …)`.
fn written_name(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<LitStr>> {
    if !meta.input.peek(token::Paren) {
        return Ok(Some(meta.value()?.parse()?));
    }
    let mut name = None;
    meta.parse_nested_meta(|inner| {
        if inner.path.is_ident("serialize") {
            name = Some(inner.value()?.parse()?);
            return Ok(());
        }
        rest(&inner)
    })?;
    Ok(name)
}

/// Passes over what an argument is given.
fn rest(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Lit>()?;
    } else if meta.input.peek(token::Paren) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}

fn path_argument(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    meta.value()?.parse::<LitStr>()?.parse()
}

#[cfg(test)]
mod tests {
    use super::Rename;

    #[test]
    fn names_are_those_of_serde_derive() {
        for (rule, outcome, very_tasty, a, z42) in [
            ("lowercase", "outcome", "very_tasty", "a", "z42"),
            ("UPPERCASE", "OUTCOME", "VERY_TASTY", "A", "Z42"),
            ("PascalCase", "Outcome", "VeryTasty", "A", "Z42"),
            ("camelCase", "outcome", "veryTasty", "a", "z42"),
            ("snake_case", "outcome", "very_tasty", "a", "z42"),
            ("SCREAMING_SNAKE_CASE", "OUTCOME", "VERY_TASTY", "A", "Z42"),
            ("kebab-case", "outcome", "very-tasty", "a", "z42"),
            ("SCREAMING-KEBAB-CASE", "OUTCOME", "VERY-TASTY", "A", "Z42"),
        ] {
            let made =
                ["outcome", "very_tasty", "a", "z42"].map(|name| Rename::of(rule).apply(name));
            assert_eq!(made, [outcome, very_tasty, a, z42], "{rule}");
        }
        assert_eq!(Rename::Camel.apply("_größe__x"), "größeX");
        assert_eq!(Rename::Camel.apply("_"), "");
    }
}
