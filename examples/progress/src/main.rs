//! Counts the words of a file and shows the progress: `cargo run -p progress -- [file]`.
//!
//! In reading order: [`counting`] has the action and its graph, [`as_iterator`] runs it in a program
//! without async, [`as_stream`] in one with async.
#![allow(clippy::print_stdout, reason = "the example talks to a terminal")]

pub mod as_iterator;
pub mod as_stream;
pub mod counting;

#[cfg(test)]
mod tests;

use counting::{Progress, Text};
use std::{env, error::Error, path::PathBuf, process::ExitCode};
use tokio::runtime::Builder;

/// The default file.
const TEXT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/text/the-bur.txt");

fn main() -> ExitCode {
    let path = env::args_os().nth(1).map_or_else(|| TEXT.into(), PathBuf::from);
    match count_twice(path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

fn count_twice(path: PathBuf) -> Result<(), Box<dyn Error>> {
    println!("As an iterator:");
    let text = as_iterator::count(path.clone(), show)?;
    report(&text);
    println!("\nAs a stream:");
    let runtime = Builder::new_current_thread().build()?;
    let text = runtime.block_on(as_stream::count(path, show))?;
    report(&text);
    Ok(())
}

fn show(progress: Progress) {
    println!("{progress}");
}

fn report(text: &Text) {
    println!("{}", text.report.get().map_or("no report", String::as_str));
}

/// Formats an error and its sources in one line.
fn with_sources(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}
