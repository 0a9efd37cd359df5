//! The command line.

use crate::trace::Trace;
use std::fmt;

/// How to call the example.
pub const USAGE: &str = "\
A chat in the terminal.

Usage: cargo run -p chat -- [--trace]

  --trace   shows the path of each prompt through the graph
  --help    shows this

Ctrl-C stops an answer, and pressed again it quits. Ctrl-D ends the session.
Lines may come from a pipe: echo 'what is a monad?' | cargo run -q -p chat

A few rules answer, offline. For a model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   a provider
  BURDOCK_MODEL                                         another model than its default
  BURDOCK_BASE_URL                                      a server with the protocol of OpenAI
";

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Args {
    /// To talk.
    Talk(Trace),
    /// To say how to call it.
    Help,
}

/// An argument that means nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownArgument(String);

impl Args {
    /// Reads the arguments after the program's name.
    pub fn parse(args: impl Iterator<Item = String>) -> Result<Self, UnknownArgument> {
        let mut parsed = Self::Talk(Trace::Hidden);
        for arg in args {
            match arg.as_str() {
                "--trace" => parsed = Self::Talk(Trace::Shown),
                "--help" | "-h" => return Ok(Self::Help),
                _ => return Err(UnknownArgument(arg)),
            }
        }
        Ok(parsed)
    }
}

impl fmt::Display for UnknownArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown argument `{}`", self.0)
    }
}

impl std::error::Error for UnknownArgument {}
