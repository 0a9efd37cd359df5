//! Reads lines and interrupts, writes answers and notices, and keeps them on lines of their own.

use std::{
    io::{self, IsTerminal, Stdout, Write},
    pin::Pin,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Split, Stdin},
    select,
};

/// The two ends of a conversation with a user.
pub struct Terminal {
    lines: Split<BufReader<Stdin>>,
    out: Stdout,
    /// Whether somebody sits there; otherwise there is no prompt.
    interactive: bool,
    written: Written,
    /// Ctrl-C.
    pub interrupts: Interrupts,
}

/// What the user does.
pub enum Input {
    /// A line, without the spaces around it.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// There is nothing more to come.
    End,
}

/// What stands on the line that the cursor is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Answer,
    Path,
    /// What the terminal itself shows, such as `^C`.
    Echo,
}

impl Terminal {
    /// Takes standard input and output.
    pub fn open() -> Self {
        Self {
            lines: BufReader::new(tokio::io::stdin()).split(b'\n'),
            out: io::stdout(),
            interactive: io::stdin().is_terminal() && io::stdout().is_terminal(),
            written: Written::Nothing,
            interrupts: Interrupts::new(),
        }
    }

    /// Asks for the next line.
    pub async fn read(&mut self) -> io::Result<Input> {
        if self.interactive {
            self.line_of(Written::Nothing)?;
            self.put("> ")?;
        }
        // an interrupt is looked for first, so that it is listened for before anything is shown
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

    /// Shows one more step of the path through the graph.
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

    /// Shows an error; standard output stays for answers.
    pub fn error(&mut self, text: &str) -> io::Result<()> {
        self.line_of(Written::Nothing)?;
        writeln!(io::stderr(), "error: {text}")
    }

    /// Leaves a blank line between one exchange and the next.
    pub fn end_exchange(&mut self) -> io::Result<()> {
        self.line_of(Written::Nothing)?;
        self.put("\n")
    }

    /// Notes that a key was pressed that a terminal may show, as `^C`.
    pub fn echoed(&mut self) {
        if self.interactive {
            self.written = Written::Echo;
        }
    }

    /// Begins a new line unless the cursor is in one of this kind.
    fn line_of(&mut self, kind: Written) -> io::Result<()> {
        if self.written != kind && self.written != Written::Nothing {
            self.put("\n")?;
        }
        self.written = kind;
        Ok(())
    }

    /// Writes at once: a word is shown when it is known, not when the line is full.
    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// Presses of Ctrl-C, one after the other.
pub struct Interrupts(Pin<Box<dyn Future<Output = io::Result<()>>>>);

impl Interrupts {
    fn new() -> Self {
        Self(Box::pin(tokio::signal::ctrl_c()))
    }

    /// Waits for the next one; for ever where there are none.
    pub async fn next(&mut self) {
        let heard = self.0.as_mut().await;
        if heard.is_err() {
            std::future::pending::<()>().await;
        }
        *self = Self::new();
    }
}
