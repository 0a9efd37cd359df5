//! Conformance tests of `MemoryLog`, and the reports of the suite.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use burdock::log::{Log, LogError, MemoryLog};
use burdock_testkit::{CASES, Outcome, Report, Subject, Table};
use futures::future::BoxFuture;
use std::sync::Arc;

#[derive(Default)]
struct Memory(MemoryLog);

impl Subject for Memory {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let log: Arc<dyn Log> = Arc::new(self.0.clone());
        Box::pin(async { Ok(log) })
    }
}

burdock_testkit::conformance!(Memory::default());

/// The same log in a tokio runtime.
struct InTokio(Memory, tokio::runtime::Runtime);

impl Subject for InTokio {
    fn log(&self) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        assert!(tokio::runtime::Handle::try_current().is_ok(), "not in the runtime");
        self.0.log()
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        self.1.block_on(future);
    }
}

fn count(report: &Report, of: fn(&Outcome) -> bool) -> usize {
    report.results().iter().filter(|result| of(&result.outcome)).count()
}

#[test]
fn table_shows_all_results_of_several_reports() {
    let memory = burdock_testkit::run(Memory::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let in_tokio = burdock_testkit::run(InTokio(Memory::default(), runtime));
    let table = Table::new(&[("memory", &memory), ("in tokio", &in_tokio)]).to_string();
    for report in [&memory, &in_tokio] {
        assert_eq!(report.failed().count(), 0, "{table}");
        // cases that need a second handle or a crash
        let lacking = count(report, |outcome| matches!(outcome, Outcome::NotApplicable(_)));
        assert_eq!(lacking, 7, "{table}");
    }
    assert!(table.lines().next().unwrap().ends_with("  in tokio"), "{table}");
    let row =
        table.lines().find(|line| line.starts_with("  opening on one handle fences other handles"));
    assert_eq!(row.unwrap().matches("n/a").count(), 2, "{table}");
    let summary = format!("in tokio: {} passed, 0 failed, 7 n/a", CASES.len() - 7);
    assert!(table.contains(&summary), "{table}");
    assert!(
        table.contains("n/a: opening on one handle fences other handles: the store has one handle"),
        "{table}"
    );
}
