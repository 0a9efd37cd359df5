//! Serde's attributes on a state and its fields: a log stores a state as serde writes it, field by field. Invalid
//! attributes are ignored, because serde reports them.

use burdock_macros_shared::{
    diagnostics::{Diagnostic, Diagnostics},
    names::plain,
    rename::Rename,
    serde::{Name, Names, each, errors, function, path, rest, text},
};
use syn::{Attribute, ExprPath, Field, FieldsNamed, Path, Token, meta::ParseNestedMeta};

/// How serde writes or reads a field.
pub(super) enum Codec {
    /// By the impl of its type.
    Type,
    /// By this function.
    Function(ExprPath),
    /// Not at all.
    Skipped,
}

/// A field as serde writes and reads it.
pub(super) struct Serialized {
    /// The name that serde writes.
    pub(super) key: String,
    pub(super) written: Codec,
    pub(super) read: Codec,
    /// The condition under which the field is omitted, if it is written and read otherwise.
    pub(super) omitted_if: Option<ExprPath>,
    /// The value of the field if it is missing, if it may be.
    pub(super) missing: MissingValue,
    /// The names that serde reads, including the key.
    pub(super) read_names: Vec<String>,
}

/// The value that serde gives a missing field.
#[derive(Clone)]
pub(super) enum MissingValue {
    /// The default of its type: of a slot or an `Option`, no value.
    TypeDefault,
    /// The return value of this function.
    Function(ExprPath),
    /// The field of the default state.
    StateDefault,
    /// The field of the state that this function returns.
    StateFunction(ExprPath),
}

/// Serde's attributes on the state that apply to all fields.
pub(super) struct Container {
    rename: Rename,
    /// The value of a missing field.
    default: Option<MissingValue>,
}

/// The arguments of serde's attribute on a struct.
const OF_STRUCT: [&str; 12] = [
    "bound",
    "crate",
    "default",
    "deny_unknown_fields",
    "expecting",
    "from",
    "into",
    "remote",
    "rename",
    "rename_all",
    "transparent",
    "try_from",
];

/// The arguments of serde's attribute on a field.
const OF_FIELD: [&str; 14] = [
    "alias",
    "borrow",
    "bound",
    "default",
    "deserialize_with",
    "flatten",
    "getter",
    "rename",
    "serialize_with",
    "skip",
    "skip_deserializing",
    "skip_serializing",
    "skip_serializing_if",
    "with",
];

/// Reports attributes that serde rejects. Its derives then implement nothing.
pub(super) fn reject_invalid(
    attrs: &[Attribute],
    fields: &FieldsNamed,
    diagnostics: &mut Diagnostics,
) {
    let of_fields = fields.named.iter().flat_map(|it| errors(&it.attrs, &OF_FIELD, "field"));
    for error in errors(attrs, &OF_STRUCT, "container").into_iter().chain(of_fields) {
        diagnostics.syntax_error(error);
    }
}

/// Parses the attributes of the state itself.
pub(super) fn parse_container(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Container {
    let mut container = Container { rename: Rename::Keep, default: None };
    let before = diagnostics.len();
    // usually paired with `into`, which is then the only one reported
    let mut from: Option<Path> = None;
    each(attrs, |meta, word| {
        match word {
            "transparent" | "into" | "tag" => {
                reject_shape(&meta.path, word, diagnostics)
                    .help("put it on the type of a field instead");
                rest(meta)
            }
            "from" | "try_from" => {
                from = Some(meta.path.clone());
                rest(meta)
            }
            "rename_all" => {
                let names = Names::parse(meta)?;
                let rule = |name: &Option<Name>| {
                    name.as_ref().map_or(Rename::Keep, |name| Rename::of(&name.text))
                };
                container.rename = rule(&names.written);
                // different rules may give fields the same names
                let sample = |rule: Rename| rule.field("a_b");
                if sample(rule(&names.read)) != sample(container.rename) {
                    reject_names(&names, diagnostics);
                }
                Ok(())
            }
            "default" => {
                container.default = Some(match default_argument(meta)? {
                    Some(path) => MissingValue::StateFunction(path),
                    None => MissingValue::StateDefault,
                });
                Ok(())
            }
            _ => rest(meta),
        }
    });
    if let Some(word) = from.filter(|_| diagnostics.len() == before) {
        let shape = word.get_ident().map(plain).unwrap_or_default();
        reject_shape(&word, &shape, diagnostics).help("put it on the type of a field instead");
    }
    container
}

/// Parses the attributes of a field. With `is_optional`, its type has a value for a missing field.
pub(super) fn parse_field(
    field: &Field,
    container: &Container,
    is_optional: bool,
    diagnostics: &mut Diagnostics,
) -> Serialized {
    let own = field.ident.as_ref().map(|name| container.rename.field(&plain(name)));
    let own = own.unwrap_or_default();
    let (mut written, mut read) = (Codec::Type, Codec::Type);
    let mut names = Names::default();
    let mut aliases = Vec::new();
    let mut default = container.default.clone();
    let mut omitted_if = None;
    // the attribute that may omit the field
    let mut omits = None;
    each(&field.attrs, |meta, word| {
        match word {
            "skip" => {
                (written, read) = (Codec::Skipped, Codec::Skipped);
            }
            "skip_serializing" => {
                written = Codec::Skipped;
                omits = Some(meta.path.clone());
            }
            "skip_deserializing" => {
                read = Codec::Skipped;
                diagnostics
                    .error(
                        &meta.path,
                        "`skip_deserializing` loses the field when a session is opened",
                    )
                    .help("write `skip` to keep the field out of the log");
            }
            "skip_serializing_if" => {
                omits = Some(meta.path.clone());
                omitted_if = Some(path(meta)?);
            }
            "with" => {
                let module = path(meta)?;
                written = Codec::Function(function(&module, "serialize"));
                read = Codec::Function(function(&module, "deserialize"));
            }
            "serialize_with" => written = Codec::Function(path(meta)?),
            "deserialize_with" => read = Codec::Function(path(meta)?),
            "rename" => names = Names::parse(meta)?.or(std::mem::take(&mut names)),
            "alias" => aliases.push(text(meta)?),
            "default" => {
                default = Some(match default_argument(meta)? {
                    Some(path) => MissingValue::Function(path),
                    None => MissingValue::TypeDefault,
                });
            }
            "flatten" => {
                reject_shape(&meta.path, "flatten", diagnostics)
                    .help("keep the struct as one field, or move its fields to the state");
            }
            _ => rest(meta)?,
        }
        Ok(())
    });
    // with a custom function, serde has no value for a missing `Option`
    if is_optional && matches!(read, Codec::Type) {
        default = default.or(Some(MissingValue::TypeDefault));
    }
    let skipped = matches!(read, Codec::Skipped);
    if let Some(word) = omits.filter(|_| default.is_none() && !skipped) {
        diagnostics
            .error(&word, "a session whose log omits this field cannot be opened")
            .help("add `default`, the value of the field if it is omitted");
    }
    let name = |name: &Option<Name>| name.as_ref().map_or(own.clone(), |name| name.text.clone());
    let (key, read_name) = (name(&names.written), name(&names.read));
    let kept = !matches!((&written, &read), (Codec::Skipped, _) | (_, Codec::Skipped));
    if kept && key != read_name && !aliases.contains(&key) {
        reject_names(&names, diagnostics);
    }
    let omitted_if = omitted_if.filter(|_| kept && default.is_some());
    let missing = default.unwrap_or(MissingValue::TypeDefault);
    let mut read_names = aliases;
    read_names.push(read_name);
    if matches!(read, Codec::Skipped) {
        read_names.clear();
    }
    Serialized { key, written, read, omitted_if, missing, read_names }
}

/// Rejects attributes of an input with which a resumed run would lose the value of the input.
pub(crate) fn check_input(attrs: &[Attribute], diagnostics: &mut Diagnostics) {
    each(attrs, |meta, word| {
        if let "skip" | "skip_serializing" | "skip_deserializing" = word {
            diagnostics
                .error(&meta.path, format!("`{word}` loses the input when its run is resumed"))
                .help("make it a resource if it belongs to the app and not to a run");
        }
        rest(meta)
    });
}

/// Reports a name that is written but not read.
fn reject_names(names: &Names, diagnostics: &mut Diagnostics) {
    if let Some(word) = names.word() {
        diagnostics
            .error(word, "serde would write and read different names")
            .help("use one name for both, as in `rename = \"name\"`, or add an `alias` with the written name");
    }
}

fn reject_shape<'d>(
    word: &Path,
    shape: &str,
    diagnostics: &'d mut Diagnostics,
) -> &'d mut Diagnostic {
    diagnostics
        .error(word, format!("`{shape}` changes the JSON form of a state"))
        .note("a log stores a state as an object with one value per field")
}

/// Returns the function of `default = "path"`, or `None` for `default`.
fn default_argument(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<ExprPath>> {
    meta.input.peek(Token![=]).then(|| path(meta)).transpose()
}
