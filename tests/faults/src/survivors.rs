//! `survivors.md`: the faults that compile although they change the meaning, with the reasons.

use crate::{
    fault::Kind,
    table::{escape, rows},
};
use std::{fs, io, path::Path};

/// The table.
pub(crate) struct Survivors {
    rows: Vec<Vec<String>>,
}

impl Survivors {
    /// Reads the table.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(Self::parse(&fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        Self { rows: rows(text) }
    }

    /// Returns the reason why this fault may survive.
    pub(crate) fn reason(&self, file: &str, kind: Kind, fault: &str) -> Option<&str> {
        let wanted = [file.to_owned(), kind.to_string(), escape(fault)];
        let row = self.rows.iter().find(|row| row.starts_with(&wanted))?;
        row.get(wanted.len()).map(String::as_str)
    }

    /// Returns a row without its reason.
    pub(crate) fn row(file: &str, kind: Kind, fault: &str) -> String {
        format!("| {file} | {kind} | {} | why |", escape(fault))
    }
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
        let survivors = Survivors::parse(&table);
        assert_eq!(survivors.reason("graph.rs", Kind::TokenDropped, fault), Some("why"));
        assert_eq!(survivors.reason("graph.rs", Kind::LineRemoved, fault), None);
    }
}
