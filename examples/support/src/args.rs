//! The command line.

use crate::state::{InvalidPrices, Prices};
use burdock::log::{LogError, SessionId};

/// The usage message.
pub const USAGE: &str = "\
An agent that answers the customers of a shop, in the terminal or in the browser.

Usage: cargo run -p support -- [--db FILE [--session ID]] [--prices IN/OUT]
       cargo run -p support -- --serve [--db FILE] [--port PORT] [--prices IN/OUT]

  --serve          serves the chat page
  --db FILE        where conversations are stored; with --serve it defaults to support.db
  --session ID     the conversation; an existing one continues. Defaults to `support`
  --port PORT      defaults to 3000
  --prices IN/OUT  dollars per million tokens of requests and of answers, such as 0.15/0.6: shows the cost.
                   A conversation keeps the prices that it started with

Orders 17 and 18 are of ada@example.org, and order 19 is of grace@example.org. Ask, for example:
  Which orders does ada@example.org have?
  Where is the parcel of order 18?
  Please refund order 17.
  Let me talk to a human!

Ctrl-C stops an answer; pressed again, it quits. Lines can come from a pipe.

Answers are rule-based and offline, and call tools by keywords. For a real model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   the key of a provider
  BURDOCK_MODEL                                         a model other than the provider's default
  BURDOCK_BASE_URL                                      a server with the OpenAI protocol

RUST_LOG=debug writes more than warnings and errors to standard error.
";

/// The parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Prints the usage message.
    Help,
    /// Talks in the terminal.
    Talk {
        /// The file of the conversation, and its id.
        kept: Option<(String, SessionId)>,
        /// The prices of the model.
        prices: Prices,
    },
    /// Serves the chat page.
    Serve {
        /// The port.
        port: u16,
        /// The file of the conversations.
        db: String,
        /// The prices of the model.
        prices: Prices,
    },
}

/// An error in the command line.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// An unknown argument.
    #[error("unknown argument `{0}`")]
    Unknown(String),
    /// An argument without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// An invalid value.
    #[error("`{0}` must be {1}")]
    Value(&'static str, &'static str),
    /// Invalid prices.
    #[error("invalid `--prices`")]
    Prices(#[from] InvalidPrices),
    /// An invalid session id.
    #[error(transparent)]
    Session(#[from] LogError),
    /// An argument that requires another one.
    #[error("`{0}` needs `{1}`")]
    Needs(&'static str, &'static str),
    /// Two arguments that exclude each other.
    #[error(
        "`--session` is for the terminal: with `--serve`, the address of the page names the conversation"
    )]
    SessionOfPage,
}

impl Command {
    /// Parses the arguments after the program's name.
    ///
    /// # Errors
    /// Returns an error that names the argument.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, ArgsError> {
        let (mut serve, mut db, mut session, mut port) = (false, None, None, None);
        let mut prices = Prices::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| ArgsError::NoValue(arg.clone()));
            match arg.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--serve" => serve = true,
                "--db" => db = Some(value()?),
                "--session" => session = Some(SessionId::new(value()?)?),
                "--port" => {
                    let expected = ArgsError::Value("--port", "a number from 0 to 65535");
                    port = Some(value()?.parse().map_err(|_| expected)?);
                }
                "--prices" => prices = value()?.parse()?,
                _ => return Err(ArgsError::Unknown(arg)),
            }
        }
        if serve {
            if session.is_some() {
                return Err(ArgsError::SessionOfPage);
            }
            let db = db.unwrap_or_else(|| "support.db".to_owned());
            return Ok(Self::Serve { port: port.unwrap_or(3000), db, prices });
        }
        if port.is_some() {
            return Err(ArgsError::Needs("--port", "--serve"));
        }
        let kept = match (db, session) {
            (Some(db), Some(session)) => Some((db, session)),
            (Some(db), None) => Some((db, SessionId::new("support")?)),
            (None, Some(_)) => return Err(ArgsError::Needs("--session", "--db")),
            (None, None) => None,
        };
        Ok(Self::Talk { kept, prices })
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Prices};

    fn parse(line: &str) -> Result<Command, String> {
        let parsed = Command::parse(line.split_whitespace().map(str::to_owned));
        parsed.map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_are_parsed() {
        let prices = Prices { input: 150, output: 600 };
        assert_eq!(parse("--prices 0.15/0.6"), Ok(Command::Talk { kept: None, prices }));
        let db = "a.db".to_owned();
        assert_eq!(
            parse("--serve --port 0 --db a.db"),
            Ok(Command::Serve { port: 0, db, prices: Prices::default() })
        );
        assert_eq!(parse("--port 1 --help"), Ok(Command::Help));
    }

    #[test]
    fn invalid_arguments_are_named() {
        for (line, message) in [
            ("--prot 1", "unknown argument `--prot`"),
            ("--db", "`--db` needs a value"),
            ("--serve --port many", "`--port` must be a number from 0 to 65535"),
            ("--port 1", "`--port` needs `--serve`"),
            ("--session a", "`--session` needs `--db`"),
            ("--prices 1", "invalid `--prices`"),
        ] {
            assert_eq!(parse(line), Err(message.to_owned()), "{line}");
        }
        assert!(parse("--serve --session a").is_err_and(|error| error.contains("`--serve`")));
    }
}
