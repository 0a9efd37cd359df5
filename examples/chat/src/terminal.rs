//! The terminal: reads lines and interrupts, writes answers and notices on separate lines.

use std::{
    io::{self, IsTerminal, Stdout, Write},
    pin::Pin,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Split, Stdin},
    select,
};

/// Standard input and output.
pub struct Terminal {
    lines: Split<BufReader<Stdin>>,
    out: Stdout,
    /// Whether both are terminals; a prompt is shown only then.
    interactive: bool,
    written: Written,
    /// Ctrl-C.
    pub interrupts: Interrupts,
}

/// An action of the user.
pub enum Input {
    /// A trimmed line.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// The end of the input.
    End,
}

/// The content of the current line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Answer,
    Path,
    /// Characters that the terminal itself shows, such as `^C`.
    Echo,
}

impl Terminal {
    /// Opens standard input and output.
    pub fn open() -> Self {
        Self {
            lines: BufReader::new(tokio::io::stdin()).split(b'\n'),
            out: io::stdout(),
            interactive: io::stdin().is_terminal() && io::stdout().is_terminal(),
            written: Written::Nothing,
            interrupts: Interrupts::new(),
        }
    }

    /// Reads the next line.
    pub async fn read(&mut self) -> io::Result<Input> {
        if self.interactive {
            self.line_of(Written::Nothing)?;
            self.put("> ")?;
        }
        // interrupts are polled first, so that the handler is installed before anything is shown
        let line = select! {
            biased;
            () = self.interrupts.next() => {
                self.echoed();
                return Ok(Input::Interrupt);
            }
            line = self.lines.next_segment() => line?,
        };
        let Some(line) = line else {
            self.echoed();
            self.line_of(Written::Nothing)?;
            return Ok(Input::End);
        };
        Ok(Input::Line(String::from_utf8_lossy(&line).trim().to_owned()))
    }

    /// Shows a piece of an answer.
    pub fn answer(&mut self, text: &str) -> io::Result<()> {
        self.line_of(Written::Answer)?;
        self.put(text)
    }

    /// Shows the next step of the path through the graph.
    pub fn step(&mut self, from: &str, to: &str) -> io::Result<()> {
        if self.written != Written::Path {
            self.line_of(Written::Path)?;
            self.put(&format!("· {from}"))?;
        }
        self.put(&format!(" → {to}"))
    }

    /// Shows a line that is not part of an answer.
    pub fn notice(&mut self, text: &str) -> io::Result<()> {
        self.line_of(Written::Nothing)?;
        self.put(text)?;
        self.put("\n")
    }

    /// Writes an error to standard error.
    pub fn error(&mut self, text: &str) -> io::Result<()> {
        self.line_of(Written::Nothing)?;
        writeln!(io::stderr(), "error: {text}")
    }

    /// Writes a blank line between two exchanges.
    pub fn end_exchange(&mut self) -> io::Result<()> {
        self.line_of(Written::Nothing)?;
        self.put("\n")
    }

    /// Records that the terminal may have shown a key press, such as `^C`.
    pub fn echoed(&mut self) {
        if self.interactive {
            self.written = Written::Echo;
        }
    }

    /// Starts a new line unless the current line has content of this kind.
    fn line_of(&mut self, kind: Written) -> io::Result<()> {
        if self.written != kind && self.written != Written::Nothing {
            self.put("\n")?;
        }
        self.written = kind;
        Ok(())
    }

    /// Writes and flushes, so that each word is shown immediately.
    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// A stream of Ctrl-C presses.
pub struct Interrupts(Pin<Box<dyn Future<Output = io::Result<()>>>>);

impl Interrupts {
    fn new() -> Self {
        Self(Box::pin(tokio::signal::ctrl_c()))
    }

    /// Waits for the next press; never resolves if signals are unavailable.
    pub async fn next(&mut self) {
        let heard = self.0.as_mut().await;
        if heard.is_err() {
            std::future::pending::<()>().await;
        }
        *self = Self::new();
    }
}
