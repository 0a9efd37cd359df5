//! Checks what rust-analyzer shows and offers in programs that use burdock.
//!
//! ```text
//! cargo run -p burdock-editor
//! ```
//!
//! It starts rust-analyzer on the workspace, as an editor does, and checks four things:
//!
//! - rust-analyzer reports nothing on the examples and on `tests/faults/trip`;
//! - completion offers the right names inside burdock's macros ([`completions`]);
//! - names inside the macros lead to their definitions ([`definitions`]);
//! - while a graph or an action is half typed, the rest of the program finds its items ([`half_typed`]).
//!
//! Changed texts are sent to rust-analyzer, and not written to files. It needs the components `rust-analyzer` and
//! `rust-src` of the toolchain.
#![allow(clippy::print_stdout, reason = "a program that reports")]

mod client;
mod completions;
mod definitions;
mod diagnostics;
mod document;
mod editor;
mod error;
mod half_typed;

use crate::{editor::Editor, error::Error};
use std::{
    env,
    path::{self, Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

fn main() -> Result<ExitCode, Error> {
    let started = Instant::now();
    let root =
        path::absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?.canonicalize()?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let mut editor = Editor::start(&root, &path::absolute(target)?.join("editor"))?;
    println!("rust-analyzer is ready after {:.0} s\n", started.elapsed().as_secs_f32());
    let mut report = Report::default();
    diagnostics::check(&mut editor, &root, &mut report)?;
    completions::check(&mut editor, &mut report)?;
    definitions::check(&mut editor, &mut report)?;
    half_typed::check(&mut editor, &mut report)?;
    editor.stop()?;
    println!(
        "\n{} checks, {} failed, in {:.0} s",
        report.checks,
        report.failed,
        started.elapsed().as_secs_f32()
    );
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Counts of checks.
#[derive(Default)]
struct Report {
    checks: usize,
    failed: usize,
}

impl Report {
    /// Prints the result of a check. `problems` is empty if it passed.
    fn add(&mut self, check: &str, problems: &[String]) {
        self.checks += 1;
        println!("{} {check}", if problems.is_empty() { "ok    " } else { "FAILED" });
        if !problems.is_empty() {
            self.failed += 1;
            for problem in problems {
                println!("         {problem}");
            }
        }
    }
}
