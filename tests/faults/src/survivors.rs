//! `survivors.md`: the faults that compile, with the reasons: to another program that could be intentional, or to one
//! with the same meaning in other tokens.

use crate::{
    fault::Kind,
    table::{escape, rows},
};
use std::{fs, io, path::Path};

/// The tables.
pub(crate) struct Survivors {
    rows: Vec<Vec<String>>,
    /// The rows of the programs with the same meaning.
    same: Vec<Vec<String>>,
}

/// The heading of the table of programs with the same meaning.
const SAME: &str = "## Same meaning";

impl Survivors {
    /// Reads the table.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::parse(&fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        let (other, same) = text.split_once(SAME).unwrap_or((text, ""));
        Self { rows: rows(other), same: rows(same) }
    }

    /// Returns whether this fault does not change the meaning of the program.
    pub(crate) fn is_same(&self, file: &str, kind: Kind, fault: &str) -> bool {
        find(&self.same, file, kind, fault).is_some()
    }

    /// Returns the reason why this fault may survive.
    pub(crate) fn reason(&self, file: &str, kind: Kind, fault: &str) -> Option<&str> {
        find(&self.rows, file, kind, fault)
    }

    /// Returns a row without its reason.
    pub(crate) fn row(file: &str, kind: Kind, fault: &str) -> String {
        format!("| {file} | {kind} | {} | why |", escape(fault))
    }
}

/// Returns the last column of the row of a fault.
fn find<'r>(rows: &'r [Vec<String>], file: &str, kind: Kind, fault: &str) -> Option<&'r str> {
    let wanted = [file.to_owned(), kind.to_string(), escape(fault)];
    let row = rows.iter().find(|row| row.starts_with(&wanted))?;
    row.get(wanted.len()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_with_its_reason() {
        let fault = "`a | b -> ⟦pause⟧ c;`";
        let row = Survivors::row("graph.rs", Kind::TokenDropped, fault);
        let table =
            format!("# Survivors\n\n| file | kind | fault | reason |\n|---|---|---|---|\n{row}\n");
        let same = Survivors::row("graph.rs", Kind::TokenDoubled, fault);
        let survivors = Survivors::parse(&format!("{table}\n## Same meaning\n\n{same}\n"));
        assert!(survivors.is_same("graph.rs", Kind::TokenDoubled, fault));
        assert!(!survivors.is_same("graph.rs", Kind::TokenDropped, fault));
        assert_eq!(survivors.reason("graph.rs", Kind::TokenDropped, fault), Some("why"));
        assert_eq!(survivors.reason("graph.rs", Kind::LineRemoved, fault), None);
    }
}
