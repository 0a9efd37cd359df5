//! Prints the results of the conformance suite for each log.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use burdock_subjects::{memory::Memory, postgres::Postgres, sqlite::File};
use burdock_testkit::{Table, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let reports = [
        ("memory", run(Memory::default())),
        ("SQLite", run(File::new())),
        ("PostgreSQL", run(Postgres::alone())),
    ];
    let columns: Vec<_> = reports.iter().map(|(name, report)| (*name, report)).collect();
    println!("{}", Table::new(&columns));
    let failed = reports.iter().any(|(_, report)| report.failed().next().is_some());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
