//! Names in messages, and suggestions for misspelt names.

use crate::diagnostics::Diagnostics;
use proc_macro2::{Ident, Span};
use quote::ToTokens as _;
use syn::ext::IdentExt;

/// The maximum number of names that a message lists.
const LISTED: usize = 8;

/// Returns whether an identifier can be a name, which a keyword cannot.
pub fn is_name(ident: &Ident) -> bool {
    syn::parse2::<Ident>(ident.to_token_stream()).is_ok()
}

/// Returns the name without `r#`.
pub fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Rejects a name that an expansion may use itself. Returns whether the name was rejected.
pub fn reject_reserved(ident: &Ident, kind: &str, diagnostics: &mut Diagnostics) -> bool {
    let reserved = plain(ident).starts_with("__");
    if reserved {
        diagnostics
            .error(ident, "names that start with `__` are reserved for generated code")
            .help(format!("give the {kind} another name"));
    }
    reserved
}

/// Returns the text of a `help:` line for an unknown name: the closest known name, or all of them if they are
/// few.
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

/// Returns the names in backticks, separated by commas.
pub fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Returns the name of a generated struct of an item: `ReadsOfTakePrompt` for `take_prompt`. rustc shows such a name
/// without its path, because no other item has it.
pub fn type_of(kind: &str, item: &Ident) -> Ident {
    let mut name = format!("{kind}Of");
    for word in plain(item).split('_') {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_uppercase().to_string()));
        name.push_str(chars.as_str());
    }
    Ident::new(&name, Span::call_site())
}

/// The maximum length of a name for which another one is suggested, in bytes.
const LONGEST: usize = 48;

/// Returns the known name that is closest to `unknown`, the first of them in a tie. Returns `None` if more
/// than a third of the bytes differ.
///
/// `closest` in `core/src/message.rs` does the same in constant evaluation; a test there compares the two.
pub fn closest<'a>(unknown: &str, known: &'a [String]) -> Option<&'a str> {
    let length = unknown.len();
    known
        .iter()
        .map(|name| (distance(unknown.as_bytes(), name.as_bytes()), name))
        .filter(|(distance, _)| *distance <= length.max(3) / 3 && *distance < length)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.as_str())
}

/// Returns the restricted Damerau-Levenshtein distance, ignoring case: the number of bytes to insert, remove,
/// replace or swap with a neighbour.
fn distance(left: &[u8], right: &[u8]) -> usize {
    if left.len() > LONGEST || right.len() > LONGEST {
        return usize::MAX;
    }
    let same = |a: u8, b: u8| a.eq_ignore_ascii_case(&b);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, &a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(!same(a, b));
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && same(a, right[column - 1]) && same(b, left[row - 1]) {
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
    fn a_swap_counts_once_and_a_distant_name_is_not_suggested() {
        assert_eq!(distance(b"refuse", b"refsue"), 1);
        assert_eq!(distance(b"abc", b"abd"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        let known = ["answer", "refuse"].map(String::from);
        assert_eq!(closest("anwser", &known), Some("answer"));
        assert_eq!(closest("prompt", &known), None);
        assert_eq!(
            suggestion("prompt", "node", &known).as_deref(),
            Some("the nodes are `answer`, `refuse`")
        );
    }
}
