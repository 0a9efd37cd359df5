//! Reading the attributes of serde. What serde does not understand it reports itself.

use syn::{Attribute, ExprPath, LitStr, Path, PathSegment, Token, meta::ParseNestedMeta, token};

/// Calls `read` with each argument of `#[serde(…)]` and its word.
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

/// Passes over what an argument is given.
///
/// # Errors
/// What is given is neither `= literal` nor `(…)`.
pub fn rest(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Lit>()?;
    } else if meta.input.peek(token::Paren) {
        meta.input.parse::<proc_macro2::Group>()?;
    }
    Ok(())
}

/// Reads `= "text"`.
///
/// # Errors
/// It is something else.
pub fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    meta.value()?.parse::<LitStr>().map(|text| text.value())
}

/// Reads `= "path"`.
///
/// # Errors
/// It is something else.
pub fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    meta.value()?.parse::<LitStr>()?.parse()
}

/// A function in the module that `with = "module"` names.
pub fn function(module: &ExprPath, name: &str) -> ExprPath {
    let mut path = module.clone();
    let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
    path.path.segments.push(PathSegment::from(name));
    path
}

/// The names, or rules for names, that `rename` or `rename_all` gives.
#[derive(Debug, Default)]
pub struct Names {
    /// What serde writes.
    pub written: Option<Name>,
    /// What serde reads.
    pub read: Option<Name>,
}

/// A name, or a rule for names.
#[derive(Clone, Debug)]
pub struct Name {
    /// The word that gives it: `rename`, `serialize`, `deserialize`.
    pub word: Path,
    /// The name.
    pub text: String,
}

impl Names {
    /// Reads `= "name"` or `(serialize = "name", deserialize = "name")`.
    ///
    /// # Errors
    /// It is something else.
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

    /// The word that an error about both names is about.
    pub fn word(&self) -> Option<&Path> {
        self.read.as_ref().or(self.written.as_ref()).map(|name| &name.word)
    }
}
