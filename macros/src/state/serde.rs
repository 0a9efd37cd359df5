//! What serde's attributes say about how a state is written: a log keeps what serde writes, field
//! by field. What serde does not understand it reports itself.

use crate::{diagnostics::Diagnostics, names::plain};
use syn::{Attribute, ExprPath, Field, LitStr, Path, Token, meta::ParseNestedMeta, token};

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

/// How serde makes names from the names of fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rename {
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
pub(super) fn parse_container(attrs: &[Attribute], diagnostics: &mut Diagnostics) -> Container {
    let mut container = Container { rename: Rename::Keep, default: None };
    let before = diagnostics.len();
    // half of a pair with `into`, which is then reported alone
    let mut from = None;
    each(attrs, |meta| {
        for shape in ["transparent", "into", "tag"] {
            if meta.path.is_ident(shape) {
                refuse_shape(&meta.path, shape, diagnostics)
                    .help("put it on the type of a field instead");
            }
        }
        for shape in ["from", "try_from"] {
            if meta.path.is_ident(shape) {
                from = Some((meta.path.clone(), shape));
            }
        }
        if meta.path.is_ident("rename_all") {
            let names = Names::parse(meta)?;
            let rule = |name: &Option<Name>| {
                name.as_ref().map_or(Rename::Keep, |name| Rename::of(&name.text.value()))
            };
            container.rename = rule(&names.written);
            if rule(&names.read) != container.rename {
                names.refuse(diagnostics);
            }
            return Ok(());
        }
        if meta.path.is_ident("default") {
            container.default = Some(match default_argument(meta)? {
                Some(path) => ReadAs::OfFunction(path),
                None => ReadAs::OfDefault,
            });
            return Ok(());
        }
        rest(meta)
    });
    if let Some((word, shape)) = from.filter(|_| diagnostics.len() == before) {
        refuse_shape(&word, shape, diagnostics).help("put it on the type of a field instead");
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
    let own = field.ident.as_ref().map(|name| container.rename.apply(&plain(name)));
    let own = own.unwrap_or_default();
    let (mut written, mut read) = (By::Type, By::Type);
    let mut names = Names::default();
    let mut aliases = Vec::new();
    let mut default = container.default.clone();
    let mut left_out_if = None;
    // what leaves the field out, so that a reader may lack it
    let mut left_out = None;
    each(&field.attrs, |meta| {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
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
                left_out_if = Some(path_argument(meta)?);
            }
            "with" => {
                let path = path_argument(meta)?;
                let function = |name| {
                    let mut path = path.clone();
                    path.path.segments.push(syn::PathSegment::from(proc_macro2::Ident::new(
                        name,
                        proc_macro2::Span::call_site(),
                    )));
                    By::Function(path)
                };
                (written, read) = (function("serialize"), function("deserialize"));
            }
            "serialize_with" => written = By::Function(path_argument(meta)?),
            "deserialize_with" => read = By::Function(path_argument(meta)?),
            "rename" => names = Names::parse(meta)?,
            "alias" => aliases.push(meta.value()?.parse::<LitStr>()?.value()),
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
    let name = |name: &Option<Name>| name.as_ref().map_or(own.clone(), |name| name.text.value());
    let (key, read_name) = (name(&names.written), name(&names.read));
    let kept = !matches!((&written, &read), (By::Nothing, _) | (_, By::Nothing));
    if kept && key != read_name && !aliases.contains(&key) {
        names.refuse(diagnostics);
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
    each(attrs, |meta| {
        for word in ["skip", "skip_serializing", "skip_deserializing"] {
            if meta.path.is_ident(word) {
                diagnostics
                    .error(&meta.path, format!("`{word}` loses the input when its run is resumed"))
                    .help("make it a resource if it belongs to the app, and not to the run");
            }
        }
        rest(meta)
    });
}

/// The names that `rename` or `rename_all` gives.
#[derive(Default)]
struct Names {
    written: Option<Name>,
    read: Option<Name>,
}

#[derive(Clone)]
struct Name {
    /// The word that gives it: `rename`, `serialize`, `deserialize`.
    word: Path,
    text: LitStr,
}

impl Names {
    /// The names in `= "name"` or `(serialize = "name", deserialize = "name")`.
    fn parse(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        if !meta.input.peek(token::Paren) {
            let name = Some(Name { word: meta.path.clone(), text: meta.value()?.parse()? });
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
            *name = Some(Name { word: inner.path.clone(), text: inner.value()?.parse()? });
            Ok(())
        })?;
        Ok(names)
    }

    /// Reports that what is written is not read.
    fn refuse(&self, diagnostics: &mut Diagnostics) {
        if let Some(name) = self.read.as_ref().or(self.written.as_ref()) {
            diagnostics
                .error(&name.word, "a log would not read back what it has written")
                .help("give one name for both, as in `rename = \"name\"`, or add an `alias` with the name that is written");
        }
    }
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
    word: &Path,
    shape: &str,
    diagnostics: &'d mut Diagnostics,
) -> &'d mut crate::diagnostics::Diagnostic {
    diagnostics
        .error(word, format!("`{shape}` changes what a state is written as"))
        .note("a log keeps a state field by field, as an object of its fields")
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

fn path_argument(meta: &ParseNestedMeta<'_>) -> syn::Result<ExprPath> {
    meta.value()?.parse::<LitStr>()?.parse()
}

/// The function in `default = "path"`; `None` in `default`.
fn default_argument(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<ExprPath>> {
    meta.input.peek(Token![=]).then(|| path_argument(meta)).transpose()
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
