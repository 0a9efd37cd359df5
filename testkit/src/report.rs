//! What came of the whole suite, as a table.

use crate::{CASES, Case, Outcome, Subject};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// Tries every case, one after the other.
pub fn run(subject: impl Subject) -> Report {
    let subject: Arc<dyn Subject> = Arc::new(subject);
    let result = |case: &Case| {
        let begin = Instant::now();
        Result { case: *case, outcome: case.run(&subject), took: begin.elapsed() }
    };
    Report { results: CASES.iter().map(result).collect() }
}

/// What came of every case; displayed, a table of one column.
#[derive(Clone, Debug)]
pub struct Report {
    results: Vec<Result>,
}

/// What came of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Result {
    /// The case.
    pub case: Case,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// The results, in the order of [`CASES`].
    pub fn results(&self) -> &[Result] {
        &self.results
    }

    /// Those that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Result> {
        self.results.iter().filter(|result| matches!(result.outcome, Outcome::Failed(_)))
    }

    fn summary(&self) -> String {
        let count = |of: fn(&Outcome) -> bool| {
            self.results.iter().filter(|result| of(&result.outcome)).count()
        };
        let passed = count(|outcome| matches!(outcome, Outcome::Passed));
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        format!("{passed} passed, {failed} failed, {} n/a", self.results.len() - passed - failed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Table::of(&[("result", self)]).fmt(f)
    }
}

/// Reports side by side, one column each, with the reasons below.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    columns: Vec<(&'a str, &'a Report)>,
}

impl<'a> Table<'a> {
    /// Joins reports under the names of their logs.
    pub fn of(columns: &[(&'a str, &'a Report)]) -> Self {
        Self { columns: columns.to_vec() }
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, index: usize, case: &Case) -> fmt::Result {
        write!(f, "  {:<WIDTH$}", case.sentence())?;
        let results = self.columns.iter().filter_map(|(_, report)| report.results.get(index));
        writeln!(f, "{}", cells(results.map(cell)))
    }

    fn reasons(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, report) in &self.columns {
            writeln!(f, "{name}: {}", report.summary())?;
            for result in &report.results {
                let (what, reason) = match &result.outcome {
                    Outcome::Passed => continue,
                    Outcome::Failed(fault) => ("failed", fault.to_string()),
                    Outcome::NotApplicable(reason) => ("n/a", (*reason).to_owned()),
                };
                writeln!(f, "  {what}: {}: {reason}", result.case.sentence())?;
            }
        }
        Ok(())
    }
}

/// Columns of the table: a sentence, and a result with its time.
const WIDTH: usize = 72;
const CELL: usize = 18;

fn cell(result: &Result) -> String {
    match &result.outcome {
        Outcome::Passed => format!("ok {:>9.1} ms", result.took.as_secs_f64() * 1e3),
        Outcome::Failed(_) => "FAILED".into(),
        Outcome::NotApplicable(_) => "n/a".into(),
    }
}

fn cells(texts: impl Iterator<Item = String>) -> String {
    let cells: Vec<_> = texts.map(|text| format!("  {text:<CELL$}")).collect();
    cells.concat().trim_end().to_owned()
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:1$}", "", WIDTH + 2)?;
        writeln!(f, "{}", cells(self.columns.iter().map(|(name, _)| (*name).to_owned())))?;
        let mut group = "";
        for (index, case) in CASES.iter().enumerate() {
            if case.group != group {
                group = case.group;
                writeln!(f, "{group}")?;
            }
            self.row(f, index, case)?;
        }
        writeln!(f)?;
        self.reasons(f)
    }
}
