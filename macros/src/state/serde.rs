//! What serde's attributes say about how a state is written: a log keeps what serde writes, field
//! by field. What serde does not understand it reports itself.

use burdock_macros_shared::{
    diagnostics::{Diagnostic, Diagnostics},
    names::plain,
    rename::Rename,
    serde::{Name, Names, each, function, path, rest, text},
};
use syn::{Attribute, ExprPath, Field, Path, Token, meta::ParseNestedMeta};

/// How serde writes or reads a field.
pub(super) enum By {
    /// As its type says.
    Type,
    /// By this function.
    Function(ExprPath),
    /// Not at all.
    Nothing,
}

/// A field as serde writes and reads it.
pub(super) struct Serialised {
    /// The name that serde writes.
    pub(super) key: String,
    pub(super) written: By,
    pub(super) read: By,
    /// Leaves the field out, if it is written and read otherwise.
    pub(super) left_out_if: Option<ExprPath>,
    /// What the field is read as where it is missing, if it may be.
    pub(super) read_as: ReadAs,
    /// The names that serde reads, of which the key is one.
    pub(super) read_names: Vec<String>,
}

/// What serde reads a field as that is missing.
#[derive(Clone)]
pub(super) enum ReadAs {
    /// The default of its type; of a slot or an `Option`, no value.
    Default,
    /// What this function returns.
    Function(ExprPath),
    /// The field of the default of the state.
    OfDefault,
    /// The field of the state that this function returns.
    OfFunction(ExprPath),
}

/// What serde's attributes on the state say about all of its fields.
pub(super) struct Container {
    rename: Rename,
    /// What a field that is missing is read as.
    default: Option<ReadAs>,
}

/// Reads the attributes of the state itself.
pub(super) fn parse_container(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Container {
    let mut container = Container { rename: Rename::Keep, default: None };
    let before = diagnostics.len();
    // half of a pair with `into`, which is then reported alone
    let mut from: Option<Path> = None;
    each(attrs, |meta, word| {
        match word {
            "transparent" | "into" | "tag" => {
                refuse_shape(&meta.path, word, diagnostics)
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
                // two rules may say the same of fields
                let sample = |rule: Rename| rule.field("a_b");
                if sample(rule(&names.read)) != sample(container.rename) {
                    refuse_names(&names, diagnostics);
                }
                Ok(())
            }
            "default" => {
                container.default = Some(match default_argument(meta)? {
                    Some(path) => ReadAs::OfFunction(path),
                    None => ReadAs::OfDefault,
                });
                Ok(())
            }
            _ => rest(meta),
        }
    });
    if let Some(word) = from.filter(|_| diagnostics.len() == before) {
        let shape = word.get_ident().map(plain).unwrap_or_default();
        refuse_shape(&word, &shape, diagnostics).help("put it on the type of a field instead");
    }
    container
}

/// Reads the attributes of a field; `may_lack` if its type reads a field that is missing as nothing.
pub(super) fn parse_field(
    field: &Field,
    container: &Container,
    may_lack: bool,
    diagnostics: &mut Diagnostics,
) -> Serialised {
    let own = field.ident.as_ref().map(|name| container.rename.field(&plain(name)));
    let own = own.unwrap_or_default();
    let (mut written, mut read) = (By::Type, By::Type);
    let mut names = Names::default();
    let mut aliases = Vec::new();
    let mut default = container.default.clone();
    let mut left_out_if = None;
    // what leaves the field out, so that a reader may lack it
    let mut left_out = None;
    each(&field.attrs, |meta, word| {
        match word {
            "skip" => {
                (written, read) = (By::Nothing, By::Nothing);
            }
            "skip_serializing" => {
                written = By::Nothing;
                left_out = Some(meta.path.clone());
            }
            "skip_deserializing" => {
                read = By::Nothing;
                diagnostics
                    .error(
                        &meta.path,
                        "`skip_deserializing` loses the field when a session is opened",
                    )
                    .help("write `skip` if it is no part of what a log keeps");
            }
            "skip_serializing_if" => {
                left_out = Some(meta.path.clone());
                left_out_if = Some(path(meta)?);
            }
            "with" => {
                let module = path(meta)?;
                written = By::Function(function(&module, "serialize"));
                read = By::Function(function(&module, "deserialize"));
            }
            "serialize_with" => written = By::Function(path(meta)?),
            "deserialize_with" => read = By::Function(path(meta)?),
            "rename" => names = Names::parse(meta)?,
            "alias" => aliases.push(text(meta)?),
            "default" => {
                default = Some(match default_argument(meta)? {
                    Some(path) => ReadAs::Function(path),
                    None => ReadAs::Default,
                });
            }
            "flatten" => {
                refuse_shape(&meta.path, "flatten", diagnostics)
                    .help("keep the struct as one field, or write its fields into the state");
            }
            _ => rest(meta)?,
        }
        Ok(())
    });
    // serde has no value for a missing `Option` that a function reads
    if may_lack && matches!(read, By::Type) {
        default = default.or(Some(ReadAs::Default));
    }
    let skipped = matches!(read, By::Nothing);
    if let Some(word) = left_out.filter(|_| default.is_none() && !skipped) {
        diagnostics
            .error(&word, "a session cannot be opened when this field was left out")
            .help("add `default`, which is what the field is then read as");
    }
    let name = |name: &Option<Name>| name.as_ref().map_or(own.clone(), |name| name.text.clone());
    let (key, read_name) = (name(&names.written), name(&names.read));
    let kept = !matches!((&written, &read), (By::Nothing, _) | (_, By::Nothing));
    if kept && key != read_name && !aliases.contains(&key) {
        refuse_names(&names, diagnostics);
    }
    let left_out_if = left_out_if.filter(|_| kept && default.is_some());
    let read_as = default.unwrap_or(ReadAs::Default);
    let mut read_names = aliases;
    read_names.push(read_name);
    if matches!(read, By::Nothing) {
        read_names.clear();
    }
    Serialised { key, written, read, left_out_if, read_as, read_names }
}

/// Refuses attributes of an input under which a resumed run would not be given what it was given first.
pub(crate) fn check_input(attrs: &[Attribute], diagnostics: &mut Diagnostics) {
    each(attrs, |meta, word| {
        if let "skip" | "skip_serializing" | "skip_deserializing" = word {
            diagnostics
                .error(&meta.path, format!("`{word}` loses the input when its run is resumed"))
                .help("make it a resource if it belongs to the app, and not to the run");
        }
        rest(meta)
    });
}

/// Reports that what is written is not read.
fn refuse_names(names: &Names, diagnostics: &mut Diagnostics) {
    if let Some(word) = names.word() {
        diagnostics
            .error(word, "a log would not read back what it has written")
            .help("give one name for both, as in `rename = \"name\"`, or add an `alias` with the name that is written");
    }
}

fn refuse_shape<'d>(
    word: &Path,
    shape: &str,
    diagnostics: &'d mut Diagnostics,
) -> &'d mut Diagnostic {
    diagnostics
        .error(word, format!("`{shape}` changes what a state is written as"))
        .note("a log keeps a state field by field, as an object of its fields")
}

/// The function in `default = "path"`; `None` in `default`.
fn default_argument(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<ExprPath>> {
    meta.input.peek(Token![=]).then(|| path(meta)).transpose()
}
