//! The work: a plain, blocking function that streams.
//!
//! Not every long operation is async. With `blocking` the function runs
//! on its own thread, and `yield_!` blocks that thread until the item is taken. After a stop
//! it returns `Flow::Stop`, and the function returns the counts so far.

use burdock::{ActionError, prelude::*};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

/// The number of lines between two items.
const LINES_PER_ITEM: u64 = 25;

/// The state: counts and report of a text.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Text {
    /// The counts.
    pub counts: Slot<Counts>,
    /// The counts as text.
    pub report: Slot<String>,
}

/// The counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Words, separated by white space.
    pub words: u64,
    /// Letters of any alphabet.
    pub letters: u64,
}

/// The progress of the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of bytes read.
    pub done: u64,
    /// The size of the file in bytes.
    pub total: u64,
    /// The counts so far.
    pub counts: Counts,
}

/// Counts lines, words and letters.
#[streaming_action(state = Text, writes(counts), yields(Progress), blocking)]
pub fn count(#[input] path: &PathBuf) -> Result<Writes> {
    let file = File::open(path).map_err(unreadable(path))?;
    let total = file.metadata().map_err(unreadable(path))?.len();
    let mut file = BufReader::new(file);
    let mut counts = Counts::default();
    let mut done = 0;
    let mut line = String::new();
    loop {
        line.clear();
        let bytes = file.read_line(&mut line).map_err(unreadable(path))? as u64;
        if bytes > 0 {
            done += bytes;
            counts.add(&line);
        }
        if bytes == 0 || counts.lines.is_multiple_of(LINES_PER_ITEM) {
            let flow = yield_!(Progress { done, total, counts });
            if bytes == 0 || flow.is_stop() {
                return Ok(Writes { counts });
            }
        }
    }
}

/// Formats the counts as text.
#[action(state = Text, reads(counts), writes(report))]
pub async fn report(text: Reads<'_>) -> Result<Writes> {
    let Counts { lines, words, letters } = *text.counts;
    let tenths = (letters * 10).checked_div(words).unwrap_or(0);
    let report = format!(
        "{words} words in {lines} lines, {}.{} letters to a word",
        tenths / 10,
        tenths % 10
    );
    Ok(Writes { report })
}

graph! {
    /// Counts the words of a file, then reports.
    pub WordCount(Text) {
        inputs { path: PathBuf }
        yields Progress;
        nodes { count, report }
        start count;
        count -> report;
        report -> end;
    }
}

impl Counts {
    fn add(&mut self, line: &str) {
        self.lines += 1;
        self.words += line.split_whitespace().count() as u64;
        self.letters += line.chars().filter(|c| c.is_alphabetic()).count() as u64;
    }
}

/// `  40 %  1234 words`
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = (self.done * 100).checked_div(self.total).unwrap_or(100);
        write!(f, "{percent:>4} %  {:>5} words", self.counts.words)
    }
}

/// Adds the path to an error, and makes it terminal: a retry would not help.
fn unreadable(path: &Path) -> impl Fn(io::Error) -> ActionError {
    move |error| {
        let message = format!("`{}` cannot be read", path.display());
        ActionError::from(error).context(message).terminal()
    }
}
