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

/// The longest name for which another one is suggested, in bytes.
const LONGEST: usize = 48;

/// Returns the known name that is closest to `unknown`, the first of equals, unless more than a third of
/// its bytes differ.
///
/// `closest` in `core/src/message.rs` is the same for names that only constant evaluation knows; a test
/// there compares the two.
pub fn closest<'a>(unknown: &str, known: &'a [String]) -> Option<&'a str> {
    let length = unknown.len();
    known
        .iter()
        .map(|name| (distance(unknown.as_bytes(), name.as_bytes()), name))
        .filter(|(distance, _)| *distance <= length.max(3) / 3 && *distance < length)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.as_str())
}

/// Returns how many bytes have to be inserted, removed, replaced or swapped with their neighbour, without
/// regard to case: the restricted Damerau-Levenshtein distance.
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
    fn a_swap_counts_once_and_a_far_name_is_not_suggested() {
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
