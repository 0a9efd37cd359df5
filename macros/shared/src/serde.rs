//! Parsing of serde's attributes. Invalid ones are ignored, because serde reports them.

use crate::names::closest;
use proc_macro2::TokenTree;
use syn::{
    Attribute, Expr, ExprLit, ExprPath, Lit, LitStr, Path, PathSegment, Token,
    meta::ParseNestedMeta, token,
};

/// Calls `read` with each argument of `#[serde(…)]` and its name.
pub fn each(
    attrs: &[Attribute],
    mut read: impl FnMut(&ParseNestedMeta<'_>, &str) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        drop(attr.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            read(&meta, &word)
        }));
    }
}

/// The arguments whose value serde requires.
const WITH_VALUE: [&str; 15] = [
    "alias",
    "bound",
    "crate",
    "deserialize_with",
    "expecting",
    "from",
    "getter",
    "into",
    "remote",
    "rename",
    "rename_all",
    "serialize_with",
    "skip_serializing_if",
    "try_from",
    "with",
];

/// Those that may have a value for each direction instead.
const WITH_TWO: [&str; 3] = ["bound", "rename", "rename_all"];

/// Returns the errors of attributes that serde rejects for certain: one without a list of arguments, an argument that
/// is given twice or without its value, and a name that is close to one of the `known` arguments. `place` is serde's
/// word for what has the attributes.
///
/// The texts are serde's, so that rustc shows an error of both derives once.
pub fn errors(attrs: &[Attribute], known: &[&str], place: &str) -> Vec<syn::Error> {
    let mut seen: Vec<String> = Vec::new();
    let mut errors = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let parsed = attr.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let is_known = known.contains(&word.as_str());
            let names = known.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            if !is_known && closest(&word, &names).is_some() {
                errors.push(meta.error(format!("unknown serde {place} attribute `{word}`")));
            } else if is_known
                && word != "alias"
                // a list may have the other half, as `rename(serialize = "…")`
                && !meta.input.peek(token::Paren)
                && seen.contains(&word)
            {
                let text = format!("duplicate serde attribute `{word}`");
                errors.push(syn::Error::new_spanned(&meta.path, text));
            }
            if is_known {
                check_value(&meta, &word)?;
            }
            if !meta.input.peek(token::Paren) {
                seen.push(word);
            }
            while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
                meta.input.parse::<TokenTree>()?;
            }
            Ok(())
        });
        errors.extend(parsed.err());
    }
    errors
}

/// Checks that the value of an argument follows if serde requires one.
fn check_value(meta: &ParseNestedMeta<'_>, word: &str) -> syn::Result<()> {
    if WITH_TWO.contains(&word) {
        let next = meta.input.lookahead1();
        if !next.peek(Token![=]) && !next.peek(token::Paren) {
            return Err(next.error());
        }
    }
    if meta.input.peek(Token![=]) || (WITH_VALUE.contains(&word) && !WITH_TWO.contains(&word)) {
        let value = meta.input.fork();
        value.parse::<Token![=]>()?;
        let mut value = value.parse()?;
        // the value comes from a variable of `macro_rules!`
        while let Expr::Group(group) = value {
            value = *group.expr;
        }
        if !matches!(value, Expr::Lit(ExprLit { lit: Lit::Str(_), .. })) {
            let text =
                format!("expected serde {word} attribute to be a string: `{word} = \"...\"`");
            return Err(syn::Error::new_spanned(value, text));
        }
    }
    Ok(())
}

/// Skips the value of an argument.
///
/// # Errors
/// Returns an error if the value is neither `= literal` nor `(…)`.
pub fn rest(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Lit>()?;
    } else if meta.input.peek(token::Paren) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}

/// Parses `= "text"`.
///
/// # Errors
/// Returns an error for any other syntax.
pub fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    meta.value()?.parse::<LitStr>().map(|text| text.value())
}

/// Parses `= "path"`.
///
/// # Errors
/// Returns an error for any other syntax.
pub fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    meta.value()?.parse::<LitStr>()?.parse()
}

/// Returns the path of a function in the module of `with = "module"`.
pub fn function(module: &ExprPath, name: &str) -> ExprPath {
    let mut path = module.clone();
    let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
    path.path.segments.push(PathSegment::from(name));
    path
}

/// The names, or naming rules, of `rename` or `rename_all`.
#[derive(Debug, Default)]
pub struct Names {
    /// The name that serde writes.
    pub written: Option<Name>,
    /// The name that serde reads.
    pub read: Option<Name>,
}

/// A name or a naming rule.
#[derive(Clone, Debug)]
pub struct Name {
    /// The argument that sets it: `rename`, `serialize`, `deserialize`.
    pub word: Path,
    /// The name itself.
    pub text: String,
}

impl Names {
    /// Parses `= "name"` or `(serialize = "name", deserialize = "name")`.
    ///
    /// # Errors
    /// Returns an error for any other syntax.
    pub fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        if !meta.input.peek(token::Paren) {
            let name = Some(Name { word: meta.path.clone(), text: text(meta)? });
            return Ok(Self { written: name.clone(), read: name });
        }
        let mut names = Self::default();
        meta.parse_nested_meta(|inner| {
            let name = if inner.path.is_ident("serialize") {
                &mut names.written
            } else if inner.path.is_ident("deserialize") {
                &mut names.read
            } else {
                return rest(&inner);
            };
            *name = Some(Name { word: inner.path.clone(), text: text(&inner)? });
            Ok(())
        })?;
        Ok(names)
    }

    /// Fills in the names that are missing: an argument can be given twice, once for each name.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { written: self.written.or(other.written), read: self.read.or(other.read) }
    }

    /// Returns the argument that an error about both names labels.
    pub fn word(&self) -> Option<&Path> {
        self.read.as_ref().or(self.written.as_ref()).map(|name| &name.word)
    }
}
