//! Single faults, and their choice by a seed.

use crate::{
    clarity::words,
    source::{Part, Source, Token, TokenKind},
};
use proc_macro2::TokenStream;
use std::{fmt, ops::Range, path::PathBuf};

/// The kinds of faults: typing errors and oversights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    TokenDropped,
    TokenDoubled,
    TokensSwapped,
    StatementCut,
    NameMisspelt,
    LineRemoved,
    LineDoubled,
    TypeChanged,
    /// A row of `mistakes.md`.
    RuleBroken,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::TokenDropped,
        Self::TokenDoubled,
        Self::TokensSwapped,
        Self::StatementCut,
        Self::NameMisspelt,
        Self::LineRemoved,
        Self::LineDoubled,
        Self::TypeChanged,
        Self::RuleBroken,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TokenDropped => "token dropped",
            Self::TokenDoubled => "token doubled",
            Self::TokensSwapped => "tokens swapped",
            Self::StatementCut => "statement cut",
            Self::NameMisspelt => "name misspelt",
            Self::LineRemoved => "line removed",
            Self::LineDoubled => "line doubled",
            Self::TypeChanged => "type changed",
            Self::RuleBroken => "rule broken",
        })
    }
}

/// A fault: the text in `range` is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) part: Part,
    pub(crate) range: Range<usize>,
    pub(crate) replacement: String,
}

/// The effect of a fault on the text of a file.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) file: PathBuf,
    /// The first and the last line of the change in the faulty file, from 1, with the nearest tokens before and
    /// after it, and the item below an attribute.
    pub(crate) lines: Range<usize>,
    /// The words in the text that is removed, and in the text that replaces it.
    pub(crate) own: Vec<String>,
    /// The words on these lines.
    pub(crate) near: Vec<String>,
    /// Whether each delimiter is still closed. If not, rustc reports that and expands no macro.
    pub(crate) balanced: bool,
}

/// Replacements for a type.
const TYPES: [&str; 4] = ["u8", "bool", "String", "Vec<String>"];

impl Fault {
    /// Returns the program with the fault.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut faulty = text.to_owned();
        faulty.replace_range(self.range.clone(), &self.replacement);
        faulty
    }

    /// Returns what the fault changes.
    pub(crate) fn changed(&self, text: &str, file: PathBuf) -> Changed {
        let faulty = self.apply(text);
        let (start, end) = (self.range.start, self.range.start + self.replacement.len());
        let before = faulty[..start].trim_end().len();
        let after = faulty.len() - faulty[end..].trim_start().len();
        let line = |at: usize| faulty[..at].matches('\n').count() + 1;
        // an attribute belongs to the item below it
        let above = |line: &&str| line.trim_start().starts_with(['#', '/']);
        let attributes = faulty.lines().skip(line(start) - 1).take_while(above).count();
        let lines = line(before)..line(after).max(line(start) + attributes);
        let owned = |words: &mut dyn Iterator<Item = &str>| words.map(str::to_owned).collect();
        let own = [&text[self.range.clone()], &self.replacement];
        let kept = faulty.lines().skip(lines.start - 1).take(lines.end - lines.start + 1);
        Changed {
            file,
            lines,
            own: owned(&mut own.into_iter().flat_map(words)),
            near: owned(&mut kept.flat_map(words)),
            balanced: faulty.parse::<TokenStream>().is_ok(),
        }
    }

    /// Describes the fault: its line, with the faulty part marked.
    pub(crate) fn describe(&self, text: &str) -> String {
        let start = text[..self.range.start].rfind('\n').map_or(0, |at| at + 1);
        let end =
            text[self.range.start..].find('\n').map_or(text.len(), |at| self.range.start + at);
        let line = &text[start..end];
        match self.kind {
            Kind::LineRemoved | Kind::LineDoubled => format!("`{}`", line.trim()),
            _ => {
                let (from, to) = (self.range.start - start, self.range.end.min(end) - start);
                let (before, part, after) = (&line[..from], &line[from..to], &line[to..]);
                let replaced = if self.replacement.is_empty() {
                    String::new()
                } else {
                    format!(" → {}", self.replacement)
                };
                format!("`{}⟦{part}{replaced}⟧{}`", before.trim_start(), after.trim_end())
            }
        }
    }
}

/// Returns all possible faults of a kind in a file. Each name is misspelt, and each type changed, in one way.
pub(crate) fn faults(source: &Source, kind: Kind, random: &mut fastrand::Rng) -> Vec<Fault> {
    let fault = |range: &Range<usize>, replacement: String| Fault {
        kind,
        part: source.part(range.start),
        range: range.clone(),
        replacement,
    };
    let text = |range: &Range<usize>| &source.text[range.clone()];
    match kind {
        Kind::TokenDropped => {
            source.tokens.iter().map(|token| fault(&token.range, String::new())).collect()
        }
        Kind::TokenDoubled => {
            let double = |token: &Token| {
                let space = if token.kind == TokenKind::Other { "" } else { " " };
                fault(&token.range, [text(&token.range); 2].join(space))
            };
            source.tokens.iter().map(double).collect()
        }
        Kind::TokensSwapped => source
            .tokens
            .windows(2)
            .filter_map(|pair| {
                let (first, second) = (&pair[0].range, &pair[1].range);
                let between = &text(&(first.end..second.start));
                let swaps = between.trim().is_empty() && text(first) != text(second);
                // apart from the token before, with which it would become another token
                let glued = source.text[..first.start].ends_with(is_word)
                    && text(second).starts_with(is_word);
                let space = if glued { " " } else { "" };
                let swapped = || [space, text(second), between, text(first)].concat();
                swaps.then(|| fault(&(first.start..second.end), swapped()))
            })
            .collect(),
        Kind::StatementCut => source.cuts.iter().map(|cut| fault(cut, String::new())).collect(),
        Kind::RuleBroken => Vec::new(),
        Kind::NameMisspelt => {
            let names = source.tokens.iter().filter(|token| token.kind == TokenKind::Name);
            names
                .filter_map(|Token { range, .. }| {
                    Some(fault(range, misspell(text(range), random)?))
                })
                .collect()
        }
        Kind::LineRemoved => source.lines.iter().map(|line| fault(line, String::new())).collect(),
        Kind::LineDoubled => {
            source.lines.iter().map(|line| fault(line, text(line).repeat(2))).collect()
        }
        Kind::TypeChanged => {
            source.types.iter().map(|ty| fault(ty, another_type(text(ty), random))).collect()
        }
    }
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// Misspells a name: swaps two letters, or removes, doubles or replaces one.
fn misspell(name: &str, random: &mut fastrand::Rng) -> Option<String> {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() < 2 {
        return None;
    }
    loop {
        let mut typo = letters.clone();
        let at = random.usize(..letters.len() - 1);
        match random.u8(..4) {
            0 => typo.swap(at, at + 1),
            1 => drop(typo.remove(at)),
            2 => typo.insert(at, letters[at]),
            _ => typo[at] = if letters[at] == 'x' { 'y' } else { 'x' },
        }
        let first = typo.first().is_some_and(|first| first.is_alphabetic() || *first == '_');
        let typo: String = typo.into_iter().collect();
        if typo != name && first && typo != "_" {
            return Some(typo);
        }
    }
}

/// Returns another type. A reference stays one: forgetting that resources are references is unlikely.
fn another_type(ty: &str, random: &mut fastrand::Rng) -> String {
    let (reference, ty) = ty.strip_prefix('&').map_or(("", ty), |ty| ("&", ty));
    let wrapped = format!("Option<{ty}>");
    let others: Vec<&str> =
        TYPES.into_iter().chain([wrapped.as_str()]).filter(|other| *other != ty).collect();
    let other = random.choice(&others).copied().unwrap_or("u8");
    format!("{reference}{other}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Extent;

    const GRAPH: &str =
        "graph! {\n    Main(Chat) {\n        inputs { by: u64 }\n        start first;\n    }\n}\n";

    fn made(kind: Kind) -> Vec<String> {
        let source = Source::new(GRAPH.to_owned(), Extent::Macros).unwrap_or_default();
        let faults = faults(&source, kind, &mut fastrand::Rng::with_seed(1));
        faults.iter().map(|fault| fault.apply(GRAPH)).collect()
    }

    #[test]
    fn dropping_a_token_keeps_the_rest() {
        let programs = made(Kind::TokenDropped);
        assert!(programs.iter().all(|program| program.len() < GRAPH.len()));
        assert!(programs.contains(&GRAPH.replace("start first", "start ")));
        assert!(programs.contains(&GRAPH.replace("Main(", "Main")));
    }

    #[test]
    fn lines_are_removed_and_doubled_as_a_whole() {
        let line = "        start first;\n";
        assert!(made(Kind::LineRemoved).contains(&GRAPH.replace(line, "")));
        assert!(made(Kind::LineDoubled).contains(&GRAPH.replace(line, &line.repeat(2))));
    }

    #[test]
    fn misspelt_names_and_changed_types_differ_from_the_original() {
        for kind in [Kind::NameMisspelt, Kind::TypeChanged] {
            let programs = made(kind);
            assert!(!programs.is_empty());
            assert!(programs.iter().all(|program| program != GRAPH));
        }
        assert_eq!(made(Kind::TypeChanged).len(), 2);
    }

    #[test]
    fn the_same_seed_makes_the_same_faults() {
        assert_eq!(made(Kind::NameMisspelt), made(Kind::NameMisspelt));
    }

    #[test]
    fn a_description_marks_the_fault() {
        let at = GRAPH.find("first").unwrap_or_default();
        let fault = Fault {
            kind: Kind::NameMisspelt,
            part: Part::Macro,
            range: at..at + 5,
            replacement: "frist".into(),
        };
        assert_eq!(fault.describe(GRAPH), "`start ⟦first → frist⟧;`");
        let fault = Fault { kind: Kind::TokenDropped, replacement: String::new(), ..fault };
        assert_eq!(fault.describe(GRAPH), "`start ⟦first⟧;`");
    }
}
