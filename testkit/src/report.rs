//! Reports of the whole suite, and tables of reports.

use crate::{CASES, Case, Outcome, Subject};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// Runs all cases sequentially.
pub fn run(subject: impl Subject) -> Report {
    let subject: Arc<dyn Subject> = Arc::new(subject);
    let result = |case: &Case| {
        let start = Instant::now();
        CaseResult { case: *case, outcome: case.run(&subject), elapsed: start.elapsed() }
    };
    Report { results: CASES.iter().map(result).collect() }
}

/// The results of all cases. Displays as a table with one column.
#[derive(Clone, Debug)]
pub struct Report {
    results: Vec<CaseResult>,
}

/// The result of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CaseResult {
    /// The case.
    pub case: Case,
    /// Its outcome.
    pub outcome: Outcome,
    /// Its running time.
    pub elapsed: Duration,
}

impl Report {
    /// Returns the results in the order of [`CASES`].
    pub fn results(&self) -> &[CaseResult] {
        &self.results
    }

    /// Returns the results of failed cases.
    pub fn failed(&self) -> impl Iterator<Item = &CaseResult> {
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
        Table::new(&[("result", self)]).fmt(f)
    }
}

/// A table with one column per report, followed by the failures and the reasons of cases that are not
/// applicable.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    columns: Vec<(&'a str, &'a Report)>,
}

impl<'a> Table<'a> {
    /// Creates a table of reports, each with the name of its log.
    pub fn new(columns: &[(&'a str, &'a Report)]) -> Self {
        Self { columns: columns.to_vec() }
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, index: usize, case: &Case) -> fmt::Result {
        write!(f, "  {:<WIDTH$}", case.description())?;
        let results = self.columns.iter().filter_map(|(_, report)| report.results.get(index));
        writeln!(f, "{}", cells(results.map(cell)))
    }

    fn reasons(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, report) in &self.columns {
            writeln!(f, "{name}: {}", report.summary())?;
            for result in &report.results {
                let (what, reason) = match &result.outcome {
                    Outcome::Passed => continue,
                    Outcome::Failed(failure) => ("failed", failure.to_string()),
                    Outcome::NotApplicable(reason) => ("n/a", (*reason).to_owned()),
                };
                writeln!(f, "  {what}: {}: {reason}", result.case.description())?;
            }
        }
        Ok(())
    }
}

/// Widths of the columns: the description, and an outcome with its time.
const WIDTH: usize = 72;
const CELL: usize = 18;

fn cell(result: &CaseResult) -> String {
    match &result.outcome {
        Outcome::Passed => format!("ok {:>9.1} ms", result.elapsed.as_secs_f64() * 1e3),
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
