//! Descriptions of what is expected, for messages.

use super::{Inner, Range, Shape, ShapeId, Text};

impl Inner {
    /// Describes the alternatives: `a string or null`.
    pub(crate) fn expected(&self, shapes: &[ShapeId]) -> String {
        self.join(shapes, describe)
    }

    /// Describes the alternatives to an integer that is out of the range of all.
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

/// Joins descriptions: `a string, a list or null`. Each is named once.
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
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
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

/// Names the bounds that small types have; those of 64 bits explain nothing.
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
    const MOST: usize = 20;
    let names: Vec<String> = names.map(|name| format!("`{}`", name.to_string())).collect();
    match &names[..] {
        [only] => only.clone(),
        names if names.len() <= MOST => format!("one of {}", names.join(", ")),
        names => format!("one of {} and {} others", names[..MOST].join(", "), names.len() - MOST),
    }
}
