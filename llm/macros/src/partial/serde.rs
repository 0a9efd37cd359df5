//! What serde's attributes say about the JSON form of a type. What serde does not understand it
//! reports itself.

use super::{
    model::{By, Tagging},
    rename::Rename,
};
use crate::diagnostics::Diagnostics;
use syn::{Attribute, ExprPath, LitStr, Path, Token, meta::ParseNestedMeta, token};

/// Attributes of a type.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of serde")]
pub(super) struct Container {
    /// Of the fields of a struct, or of variants.
    pub(super) rename_all: Rename,
    /// Of the fields of variants.
    pub(super) rename_all_fields: Rename,
    pub(super) tag: Option<(Path, String)>,
    content: Option<String>,
    is_untagged: bool,
    pub(super) is_transparent: bool,
    pub(super) is_closed: bool,
    /// Serde reads or writes the type as another one.
    pub(super) is_other_form: bool,
}

/// Attributes of a variant.
#[derive(Default)]
pub(super) struct OfVariant {
    pub(super) names: Names,
    pub(super) rename_all: Option<Rename>,
    pub(super) is_skipped: bool,
}

/// Attributes of a field.
#[derive(Default)]
pub(super) struct OfField {
    pub(super) names: Names,
    pub(super) is_skipped: bool,
    pub(super) flatten: Option<Path>,
    /// The word that reads it by a function.
    pub(super) read: Option<(Path, By)>,
    pub(super) write: Option<By>,
}

/// The names that attributes give.
#[derive(Default)]
pub(super) struct Names {
    name: Option<String>,
    aliases: Vec<String>,
}

impl Names {
    /// The name in JSON, then its aliases.
    pub(super) fn keys(self, own: String) -> Vec<String> {
        let mut keys = vec![self.name.unwrap_or(own)];
        for alias in self.aliases {
            if !keys.contains(&alias) {
                keys.push(alias);
            }
        }
        keys
    }
}

impl Container {
    pub(super) fn tagging(&self) -> Tagging {
        match (&self.tag, &self.content) {
            _ if self.is_untagged => Tagging::Untagged,
            (Some((_, tag)), Some(content)) => Tagging::Adjacent(tag.clone(), content.clone()),
            (Some((_, tag)), None) => Tagging::Internal(tag.clone()),
            (None, _) => Tagging::External,
        }
    }
}

/// Reads the attributes of a type.
pub(super) fn parse_container(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Container {
    let mut container = Container::default();
    each(attrs, |meta, word| {
        match word {
            "rename_all" => container.rename_all = rename_rule(meta, diagnostics)?,
            "rename_all_fields" => container.rename_all_fields = rename_rule(meta, diagnostics)?,
            "tag" => container.tag = Some((meta.path.clone(), text(meta)?)),
            "content" => container.content = Some(text(meta)?),
            "untagged" => container.is_untagged = true,
            "transparent" => container.is_transparent = true,
            "deny_unknown_fields" => container.is_closed = true,
            "from" | "try_from" | "into" | "remote" | "field_identifier" | "variant_identifier" => {
                if !container.is_other_form {
                    diagnostics
                        .error(&meta.path, format!("`{word}` gives the type another JSON form"))
                        .help("do not derive `Partial` here; put `#[partial(done)]` on the fields of this type");
                }
                container.is_other_form = true;
                rest(meta)?;
            }
            _ => rest(meta)?,
        }
        Ok(())
    });
    container
}

/// Reads the attributes of a variant.
pub(super) fn parse_variant(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> OfVariant {
    let mut variant = OfVariant::default();
    each(attrs, |meta, word| {
        match word {
            "rename" => variant.names.name = rename(meta, diagnostics)?,
            "alias" => variant.names.aliases.push(text(meta)?),
            "rename_all" => variant.rename_all = Some(rename_rule(meta, diagnostics)?),
            "skip" | "skip_deserializing" => variant.is_skipped = true,
            "with" | "deserialize_with" => {
                diagnostics
                    .error(&meta.path, format!("`{word}` gives the variant another JSON form"))
                    .help("put the data into a struct, and the attribute on a field of it that is `#[partial(done)]`");
                rest(meta)?;
            }
            "untagged" => {
                diagnostics
                    .error(&meta.path, "a partial value cannot tell this variant from the tagged ones")
                    .help("make the tagged variants an enum of their own, and `untagged` the enum of both");
            }
            _ => rest(meta)?,
        }
        Ok(())
    });
    variant
}

/// Reads the attributes of a field.
pub(super) fn parse_field(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> OfField {
    let mut field = OfField::default();
    each(attrs, |meta, word| {
        match word {
            "rename" => field.names.name = rename(meta, diagnostics)?,
            "alias" => field.names.aliases.push(text(meta)?),
            "skip" | "skip_deserializing" => field.is_skipped = true,
            "flatten" => field.flatten = Some(meta.path.clone()),
            "with" => {
                let path = path(meta)?;
                field.read = Some((meta.path.clone(), function(&path, Some("deserialize"))));
                field.write = Some(function(&path, Some("serialize")));
            }
            "deserialize_with" => {
                field.read = Some((meta.path.clone(), function(&path(meta)?, None)));
            }
            "serialize_with" => field.write = Some(function(&path(meta)?, None)),
            _ => rest(meta)?,
        }
        Ok(())
    });
    field
}

fn function(path: &ExprPath, name: Option<&str>) -> By {
    let mut path = path.clone();
    if let Some(name) = name {
        let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
        path.path.segments.push(syn::PathSegment::from(name));
    }
    By::Function(Box::new(path))
}

/// Reads `rename_all = "rule"`, or both directions.
fn rename_rule(meta: &ParseNestedMeta<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Rename> {
    let directions = Directions::parse(meta)?;
    let rule = |text: &Option<(Path, String)>| {
        text.as_ref().map_or(Rename::Keep, |(_, text)| Rename::of(text))
    };
    let read = rule(&directions.read);
    if read != rule(&directions.written) {
        directions.refuse(diagnostics);
    }
    Ok(read)
}

/// Reads `rename = "name"`, or both directions.
fn rename(
    meta: &ParseNestedMeta<'_>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<Option<String>> {
    let directions = Directions::parse(meta)?;
    let name = |text: &Option<(Path, String)>| text.as_ref().map(|(_, text)| text.clone());
    let read = name(&directions.read);
    if read != name(&directions.written) {
        directions.refuse(diagnostics);
    }
    Ok(read)
}

/// The names that are written and read, each with the word that gives it.
#[derive(Default)]
struct Directions {
    written: Option<(Path, String)>,
    read: Option<(Path, String)>,
}

impl Directions {
    /// Reads `= "name"` or `(serialize = "name", deserialize = "name")`.
    fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        if !meta.input.peek(token::Paren) {
            let name = Some((meta.path.clone(), text(meta)?));
            return Ok(Self { written: name.clone(), read: name });
        }
        let mut directions = Self::default();
        meta.parse_nested_meta(|inner| {
            let name = if inner.path.is_ident("serialize") {
                &mut directions.written
            } else if inner.path.is_ident("deserialize") {
                &mut directions.read
            } else {
                return rest(&inner);
            };
            *name = Some((inner.path.clone(), text(&inner)?));
            Ok(())
        })?;
        Ok(directions)
    }

    /// Reports that the names differ.
    fn refuse(&self, diagnostics: &mut Diagnostics) {
        if let Some((word, _)) = self.read.as_ref().or(self.written.as_ref()) {
            diagnostics
                .error(word, "a partial value has one name for what it reads and writes")
                .help("give one name for both, as in `rename = \"name\"`");
        }
    }
}

/// Calls `read` with each argument of `#[serde(…)]` and its word.
fn each(attrs: &[Attribute], mut read: impl FnMut(&ParseNestedMeta<'_>, &str) -> syn::Result<()>) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        drop(attr.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            read(&meta, &word)
        }));
    }
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

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    meta.value()?.parse::<LitStr>().map(|text| text.value())
}

fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    meta.value()?.parse::<LitStr>()?.parse()
}
