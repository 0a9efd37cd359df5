//! The rules about marks on fields.

use super::model::{Form, Kind, Model, Record, Shape, Tagging};
use crate::diagnostics::Diagnostics;

/// Reports marks that have no effect, and duplicate keys.
pub(super) fn check_model(model: &Model, diagnostics: &mut Diagnostics) {
    for record in model.records() {
        check_keys(record, diagnostics);
    }
    if let Shape::Enum(Tagging::Untagged, variants) = &model.shape {
        for field in variants.iter().flat_map(|variant| &variant.record.fields) {
            if let Some(word) = &field.marks.state {
                diagnostics
                    .error(word, "a field of an untagged enum cannot have a state")
                    .note("its JSON form would then match the other variants as well")
                    .help("give the enum a tag, with `#[serde(tag = \"…\")]`");
            }
        }
    }
}

/// Rejects two fields with the same property, which would both grow.
fn check_keys(record: &Record, diagnostics: &mut Diagnostics) {
    if record.form != Form::Object {
        return;
    }
    let with_keys = record.fields.iter().filter(|field| !matches!(field.kind, Kind::Flattened));
    let mut seen: Vec<&str> = Vec::new();
    for field in with_keys {
        // serde only warns about duplicate names, as unreachable patterns
        if let Some(key) = field.keys.iter().find(|key| seen.contains(&key.as_str())) {
            diagnostics
                .error(&field.member, format!("two fields are named `{key}` in JSON"))
                .help("give one of them another name with `#[serde(rename = \"…\")]`");
        }
        seen.extend(field.keys.iter().map(String::as_str));
    }
}
