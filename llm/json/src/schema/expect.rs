//! Descriptions of what is expected, for messages.

use super::{Inner, Range, Shape, ShapeId, Text};

impl Inner {
    /// Describes the alternatives: `a string or null`.
    pub(crate) fn expected(&self, shapes: &[ShapeId]) -> String {
        self.join(shapes, describe)
    }

    /// Describes the alternatives for an integer that is out of all their ranges.
    pub(crate) fn expected_in_range(&self, shapes: &[ShapeId]) -> String {
        self.join(shapes, |shape| match shape {
            Shape::Integer(range) if *range != Range::ALL => {
                format!("an integer from {} to {}", range.min, range.max)
            }
            shape => describe(shape),
        })
    }

    fn join(&self, shapes: &[ShapeId], describe: impl Fn(&Shape) -> String) -> String {
        any_of(shapes.iter().map(|shape| describe(self.shape(*shape))))
    }
}

/// The maximum number of alternatives in a message, which models and people read.
const MOST: usize = 20;

/// Joins descriptions: `a string, a list or null`. Duplicates are removed, and at most [`MOST`] are
/// listed.
pub(crate) fn any_of(all: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, others)) if others.len() < MOST => format!("{} or {last}", others.join(", ")),
        // schemas list each variant of an enum separately if one of them has docs
        Some(_) => first(&names),
    }
}

fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Any => "a value".into(),
        Shape::Null => "null".into(),
        Shape::Bool(None) => "a boolean".into(),
        Shape::Bool(Some(only)) => format!("`{only}`"),
        Shape::Integer(range) => describe_range(*range),
        Shape::Number => "a number".into(),
        Shape::Numbers(numbers) => one_of(numbers.iter()),
        Shape::Text(Text { variants: Some(variants), .. }) => one_of(variants.names()),
        Shape::Text(Text { max: 1, min: 1, .. }) => "a string of one character".into(),
        Shape::Text(Text { max: usize::MAX, min, .. }) if *min > 0 => {
            format!("a string of at least {min} characters")
        }
        Shape::Text(Text { max, .. }) if *max < usize::MAX => {
            format!("a string of at most {max} characters")
        }
        Shape::Text(_) => "a string".into(),
        Shape::List(_) => "a list".into(),
        Shape::Object(_) => "an object".into(),
    }
}

/// Describes the bounds of small types; 64-bit bounds are not informative.
fn describe_range(Range { min, max }: Range) -> String {
    let small = |bound: i128| bound.unsigned_abs() <= u128::from(u32::MAX);
    match (small(min), small(max)) {
        (true, true) => format!("an integer from {min} to {max}"),
        (true, false) => format!("an integer of at least {min}"),
        (false, true) => format!("an integer of at most {max}"),
        (false, false) => "an integer".into(),
    }
}

fn one_of(names: impl Iterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{}`", name.to_string())).collect();
    match &names[..] {
        [only] => only.clone(),
        names if names.len() <= MOST => format!("one of {}", names.join(", ")),
        names => format!("one of {}", first(names)),
    }
}

/// Lists the first of many alternatives.
fn first(all: &[String]) -> String {
    let (named, rest) = all.split_at(MOST);
    format!("{}, … and {} more", named.join(", "), rest.len())
}

#[cfg(test)]
mod tests {
    use crate::{Parser, Schema};
    use serde_json::{Value, json};

    fn expected(schema: &Value) -> Option<String> {
        let object = json!({ "type": "object", "required": ["a"], "properties": { "a": schema } });
        let mut parser = Parser::new(&Schema::compile(&object).ok()?);
        Some(parser.feed(r#"{"a":{"b":1}}"#, &mut Vec::new()).err()?.expected)
    }

    #[test]
    fn message_names_at_most_twenty_variants() {
        let names: Vec<String> = (0..500).map(|number| format!("Variant{number}")).collect();
        let plain = json!({ "type": "string", "enum": names });
        let documented: Vec<Value> =
            names.iter().map(|name| json!({ "type": "string", "const": name })).collect();
        let listed = names[..20].iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let listed = format!("{}, … and 480 more", listed.join(", "));
        assert_eq!(expected(&plain), Some(format!("one of {listed}")));
        assert_eq!(expected(&json!({ "oneOf": documented })), Some(listed));
        let twenty = json!({ "oneOf": documented[..20] });
        assert!(expected(&twenty).is_some_and(|text| text.ends_with("`Variant18` or `Variant19`")));
    }
}
