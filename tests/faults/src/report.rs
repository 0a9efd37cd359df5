//! The results, and whether they pass.

use crate::{
    clarity::{Flaw, Message, names_constant},
    fault::Kind,
    source::Part,
    survivors::Survivors,
};
use std::fmt::Write as _;

/// The minimum share of refused faults, of those that change the meaning, in hundredths of a percent.
const REFUSED: usize = 9_900;

/// The minimum share of refused faults that are clear, in hundredths of a percent.
const CLEAR: usize = 9_500;

/// The result of a faulty program.
pub(crate) enum Verdict {
    /// Errors, and the reasons why they are not clear; `None` if a delimiter is open.
    Refused {
        errors: Vec<Message>,
        flaws: Option<Vec<Flaw>>,
    },
    /// A macro of burdock panicked, or rustc did.
    Panicked,
    Same,
    Survived,
}

/// A fault and its result.
pub(crate) struct Outcome<'f> {
    pub(crate) file: &'f str,
    pub(crate) kind: Kind,
    pub(crate) part: Part,
    pub(crate) fault: String,
    pub(crate) verdict: Verdict,
}

/// Returns each fault with its result: the headline of the first error, and all errors if the fault is not
/// clear.
pub(crate) fn list(results: &[Outcome<'_>]) -> String {
    let mut text = String::new();
    for Outcome { file, kind, fault, verdict, .. } in results {
        let _ = writeln!(text, "{file}: {kind}: {fault}");
        let verdict = match verdict {
            Verdict::Refused { errors, flaws } => {
                let first = errors.first().map(|error| error.text.as_str()).unwrap_or_default();
                let _ = writeln!(text, "    {}", first.lines().next().unwrap_or_default());
                if let Some(flaws) = flaws.as_ref().filter(|flaws| !flaws.is_empty()) {
                    let flaws: Vec<String> = flaws.iter().map(Flaw::to_string).collect();
                    let _ = writeln!(text, "    NOT CLEAR: {}", flaws.join(", "));
                    for line in errors.iter().flat_map(|error| error.rendered.lines()) {
                        let _ = writeln!(text, "    | {line}");
                    }
                }
                continue;
            }
            Verdict::Panicked => "A MACRO PANICKED",
            Verdict::Same => "SAME MEANING",
            Verdict::Survived => "SURVIVED",
        };
        let _ = writeln!(text, "    {verdict}");
    }
    text
}

/// A group of outcomes that is counted.
#[derive(Clone, Copy)]
enum Group {
    Refused,
    /// Refused, with all delimiters closed.
    Judged,
    Clear,
    /// Clear, but for the path of a constant in a label.
    Constant,
    Same,
    Survived,
}

impl Group {
    fn contains(self, outcome: &Outcome<'_>) -> bool {
        match (self, &outcome.verdict) {
            (Self::Refused, Verdict::Refused { .. } | Verdict::Panicked)
            | (Self::Same, Verdict::Same)
            | (Self::Survived, Verdict::Survived) => true,
            (Self::Judged, Verdict::Refused { flaws, .. }) => flaws.is_some(),
            (Self::Clear, Verdict::Refused { flaws, .. }) => {
                flaws.as_ref().is_some_and(Vec::is_empty)
            }
            (Self::Constant, Verdict::Refused { flaws, errors }) => {
                flaws.as_ref().is_some_and(Vec::is_empty) && names_constant(errors)
            }
            _ => false,
        }
    }
}

/// Prints the table and the survivors. Returns whether the check passes. `totals` are the numbers of possible faults
/// of each kind, of which the results may be a sample.
pub(crate) fn summarise(results: &[Outcome<'_>], totals: &[usize], survivors: &Survivors) -> bool {
    println!(
        "{:14} {:>6} {:>8} {:>7} {:>10} {:>13} {:>9}",
        "", "faults", "refused", "judged", "clear", "same meaning", "survived"
    );
    for kind in Kind::ALL.map(Some).into_iter().chain([None]) {
        let name = kind.map_or_else(|| "all".to_owned(), |kind| kind.to_string());
        let count = |group| count(results, kind, None, Some(group));
        println!(
            "{name:14} {:>6} {:>8} {:>7} {:>10} {:>13} {:>9}",
            self::count(results, kind, None, None),
            count(Group::Refused),
            count(Group::Judged),
            count(Group::Clear),
            count(Group::Same),
            count(Group::Survived),
        );
    }
    // a sample has as many faults of a rare kind as of a frequent one, so each is weighted by the total of its kind
    let of_all = |part, group| -> usize {
        let kinds = Kind::ALL.into_iter().zip(totals).map(|(kind, total)| {
            let all = count(results, Some(kind), None, None).max(1);
            1_000 * count(results, Some(kind), part, Some(group)) * total / all
        });
        kinds.sum()
    };
    let part = Some(Part::Macro);
    let (refused, survived) = (of_all(part, Group::Refused), of_all(part, Group::Survived));
    println!();
    let refused = passes("refused of those that change the meaning", refused, survived, REFUSED);
    let all = of_all(None, Group::Refused).max(1);
    let (judged, well) = (of_all(None, Group::Judged), of_all(None, Group::Clear));
    let clear = passes("clear of those that are judged", well, judged - well.min(judged), CLEAR);
    let share = |part: usize| percent(part * 10_000 / all);
    println!("judged of those that are refused: {}", share(judged));
    println!(
        "clear, with the path of a constant in a label: {}",
        share(of_all(None, Group::Constant))
    );
    explained(results, survivors) && refused && clear
}

/// Returns how many results there are of a kind, in a part and in a group.
fn count(
    results: &[Outcome<'_>],
    kind: Option<Kind>,
    part: Option<Part>,
    group: Option<Group>,
) -> usize {
    results
        .iter()
        .filter(|result| kind.is_none_or(|kind| kind == result.kind))
        .filter(|result| part.is_none_or(|part| part == result.part))
        .filter(|result| group.is_none_or(|group| group.contains(result)))
        .count()
}

/// Prints the share of the good ones, and returns whether it is at least the minimum.
fn passes(what: &str, good: usize, bad: usize, minimum: usize) -> bool {
    let share = good * 10_000 / (good + bad).max(1);
    println!("{what}: {} (at least {})", percent(share), percent(minimum));
    share >= minimum
}

/// Returns hundredths of a percent as text.
fn percent(share: usize) -> String {
    format!("{}.{:02} %", share / 100, share % 100)
}

/// Prints survivors and panics. Returns whether there are none without a reason.
fn explained(results: &[Outcome<'_>], survivors: &Survivors) -> bool {
    let mut known = true;
    for Outcome { file, kind, part, fault, verdict } in results {
        match (verdict, survivors.reason(file, *kind, fault)) {
            (Verdict::Panicked, _) => {
                known = false;
                println!("\na macro panicked: {file}: {kind}: {fault}");
            }
            (Verdict::Survived, Some(reason)) => {
                println!("\nsurvived: {file}: {kind}: {fault}\n    {reason}");
            }
            (Verdict::Survived, None) if *part == Part::Macro => {
                known = false;
                println!(
                    "\nsurvived without a reason: {file}: {kind}: {fault}\n    close the gap, or add to survivors.md:\n    {}",
                    Survivors::row(file, *kind, fault),
                );
            }
            _ => {}
        }
    }
    known
}
