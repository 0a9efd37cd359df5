//! The screen: in a terminal, one line per question that changes in place; otherwise a line for each change.

use crate::progress::{Changed, Progress};
use std::io::{self, IsTerminal, Stdout, Write};

/// Standard output.
#[derive(Debug)]
pub struct Screen {
    out: Stdout,
    /// Whether lines can be changed in place.
    live: bool,
    /// The number of lines that are changed in place.
    drawn: usize,
}

impl Screen {
    /// Opens standard output.
    pub fn open() -> Self {
        let out = io::stdout();
        let live = out.is_terminal();
        Self { out, live, drawn: 0 }
    }

    /// Shows a line, below what was shown before.
    ///
    /// # Errors
    /// Returns an error if standard output cannot be written.
    pub fn notice(&mut self, text: &str) -> io::Result<()> {
        self.drawn = 0;
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Shows the progress after a change.
    ///
    /// # Errors
    /// Returns an error if standard output cannot be written.
    pub fn show(&mut self, progress: &Progress, changed: Changed) -> io::Result<()> {
        match changed {
            Changed::Nothing => Ok(()),
            _ if self.live => self.draw(progress),
            Changed::Words | Changed::Questions => Ok(()),
            Changed::Status(index) => match progress.lines.get(index) {
                Some(line) => self.notice(&line.to_string()),
                None => Ok(()),
            },
        }
    }

    /// Draws the lines over the ones before.
    fn draw(&mut self, progress: &Progress) -> io::Result<()> {
        if self.drawn > 0 {
            write!(self.out, "\x1b[{}A", self.drawn)?;
        }
        for line in &progress.lines {
            writeln!(self.out, "\x1b[2K{line}")?;
        }
        self.drawn = progress.lines.len();
        self.out.flush()
    }
}
