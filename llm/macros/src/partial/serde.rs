//! Serde's attributes about the JSON form of a type.

use super::model::{Codec, Tagging};
use burdock_macros_shared::{
    diagnostics::Diagnostics,
    rename::Rename,
    serde::{Name, Names, each, function, path, rest, text},
};
use syn::{Attribute, ExprPath, Path, meta::ParseNestedMeta};

/// Attributes of a type.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of serde")]
pub(super) struct Container {
    /// The rule for the fields of a struct, or for variants.
    pub(super) rename_all: Rename,
    /// The rule for the fields of variants.
    pub(super) rename_all_fields: Rename,
    pub(super) tag: Option<(Path, String)>,
    content: Option<String>,
    is_untagged: bool,
    pub(super) is_transparent: bool,
    pub(super) is_closed: bool,
    /// Whether serde reads or writes the type as another one.
    pub(super) is_other_form: bool,
}

/// Attributes of a variant.
#[derive(Default)]
pub(super) struct OfVariant {
    pub(super) names: Keys,
    pub(super) rename_all: Option<Rename>,
    pub(super) is_skipped: bool,
}

/// Attributes of a field.
#[derive(Default)]
pub(super) struct OfField {
    pub(super) names: Keys,
    pub(super) is_skipped: bool,
    pub(super) flatten: Option<Path>,
    /// The attribute with a custom deserializer.
    pub(super) read: Option<(Path, Codec)>,
    pub(super) write: Option<Codec>,
}

/// The names from attributes.
#[derive(Default)]
pub(super) struct Keys {
    name: Option<String>,
    aliases: Vec<String>,
}

impl Keys {
    /// Returns the name in JSON, then its aliases.
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

/// Parses the attributes of a type.
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

/// Parses the attributes of a variant.
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
                    .help("move the data to a struct, and put the attribute on a field of it with `#[partial(done)]`");
                rest(meta)?;
            }
            "untagged" => {
                diagnostics
                    .error(&meta.path, "a partial value cannot distinguish this variant from the tagged ones")
                    .help("move the tagged variants to an enum of their own, and make the outer enum `untagged`");
            }
            _ => rest(meta)?,
        }
        Ok(())
    });
    variant
}

/// Parses the attributes of a field.
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
                field.read = Some((meta.path.clone(), codec(function(&path, "deserialize"))));
                field.write = Some(codec(function(&path, "serialize")));
            }
            "deserialize_with" => {
                field.read = Some((meta.path.clone(), codec(path(meta)?)));
            }
            "serialize_with" => field.write = Some(codec(path(meta)?)),
            _ => rest(meta)?,
        }
        Ok(())
    });
    field
}

fn codec(path: ExprPath) -> Codec {
    Codec::Function(Box::new(path))
}

/// Parses `rename_all = "rule"`, or both directions.
fn rename_rule(meta: &ParseNestedMeta<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Rename> {
    Ok(rename(meta, diagnostics)?.map_or(Rename::Keep, |rule| Rename::of(&rule)))
}

/// Parses `rename = "name"`, or both directions.
fn rename(
    meta: &ParseNestedMeta<'_>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<Option<String>> {
    let names = Names::parse(meta)?;
    let text = |name: &Option<Name>| name.as_ref().map(|name| name.text.clone());
    let read = text(&names.read);
    if let Some(word) = names.word().filter(|_| read != text(&names.written)) {
        diagnostics
            .error(word, "a partial value must read and write the same name")
            .help("use one name for both, as in `rename = \"name\"`");
    }
    Ok(read)
}
