//! Names as people read them, and the name that was probably meant.

use crate::diagnostics::Diagnostics;
use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt;

/// How many names a message may list.
const LISTED: usize = 8;

/// Whether an identifier can be a name: it is not a keyword.
pub fn is_name(ident: &Ident) -> bool {
    syn::parse2::<Ident>(ident.to_token_stream()).is_ok()
}

/// The name without `r#`.
pub fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Refuses a name that an expansion may use itself.
pub fn refuse_reserved(ident: &Ident, kind: &str, diagnostics: &mut Diagnostics) -> bool {
    let reserved = plain(ident).starts_with("__");
    if reserved {
        diagnostics
            .error(ident, "names that start with `__` are reserved for what burdock generates")
            .help(format!("give the {kind} another name"));
    }
    reserved
}

/// The text of a `help:` line for an unknown name: the likely one, or all of them when they are few.
pub fn suggestion(unknown: &str, kind: &str, known: &[String]) -> Option<String> {
    if let Some(name) = closest(unknown, known) {
        return Some(format!("did you mean `{name}`"));
    }
    match known {
        [] => None,
        [name] => Some(format!("the only {kind} is `{name}`")),
        names if names.len() <= LISTED => Some(format!("the {kind}s are {}", list(names))),
        _ => None,
    }
}

/// The names in backticks, with commas between them.
pub fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The known name that differs from `unknown` by a few slips of the finger, the first of equals.
pub fn closest<'a>(unknown: &str, known: &'a [String]) -> Option<&'a str> {
    let length = unknown.chars().count();
    let tolerated = (length.max(3) / 3).min(length.saturating_sub(1));
    known
        .iter()
        .map(|name| (distance(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.as_str())
}

/// The Damerau-Levenshtein distance: letters inserted, removed, replaced, or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, &a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && a == right[column - 1] && b == left[row - 1];
            if swapped && a != b {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_counts_once_and_a_far_name_is_not_suggested() {
        assert_eq!(distance("refuse", "refsue"), 1);
        assert_eq!(distance("abc", "abd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        let known = ["answer", "refuse"].map(String::from);
        assert_eq!(closest("anwser", &known), Some("answer"));
        assert_eq!(closest("prompt", &known), None);
        assert_eq!(
            suggestion("prompt", "node", &known).as_deref(),
            Some("the nodes are `answer`, `refuse`")
        );
    }
}
