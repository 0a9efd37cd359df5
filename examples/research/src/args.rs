//! The command line.

use burdock::log::{LogError, SessionId};
use std::path::PathBuf;

/// The usage message.
pub const USAGE: &str = "\
Researches questions in a folder of texts, all at the same time, and writes a report.

Usage: cargo run -p research -- [OPTIONS] [QUESTION…]
       cargo run -p research -- [OPTIONS] --topic TOPIC

  QUESTION         the questions of the report, each in quotes; without any, the model proposes questions about TOPIC
  --topic TOPIC    the topic of the report; defaults to `Report`
  --log WHERE      where the session is stored: a file, or postgres://… (feature `postgres`)
  --session ID     the session; one that was interrupted continues. Defaults to `research`
  --at-most N      the number of questions that are researched at the same time; defaults to 4
  --library FOLDER the Markdown files that are searched; defaults to the guide of burdock
  --accesses FILE  appends a line for each search and each paragraph that is read
  --help           shows this message

Kill it at any moment and start it again with the same --log: questions that are answered are not researched again, and
the others continue at their last step. Ctrl-C stops the research; pressed again, it quits. Try:
  cargo run -p research -- --log research.db 'What is backpressure?' 'What is a state machine?' 'What is a graph?'

Answers are rule-based and offline. For a real model, add `--features providers` and set
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
    /// Researches.
    Research(Box<Args>),
}

/// The arguments of the research.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// The topic and the questions; `None` to continue a session.
    pub task: Option<Task>,
    /// The store of the session, and its id.
    pub stored: Option<(String, SessionId)>,
    /// The folder that is searched.
    pub library: Option<PathBuf>,
    /// The file for the accesses to the library.
    pub accesses: Option<PathBuf>,
}

/// The task of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The topic.
    pub topic: String,
    /// The questions; if there are none, the model proposes them.
    pub questions: Vec<String>,
    /// The number of questions that are researched at the same time.
    pub at_most: usize,
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
    /// An invalid session id.
    #[error(transparent)]
    Session(#[from] LogError),
    /// An argument that requires another one.
    #[error("`{0}` needs `{1}`")]
    Needs(&'static str, &'static str),
    /// Nothing to do.
    #[error("nothing to research: name a question, or `--topic`")]
    NoTask,
}

impl Command {
    /// Parses the arguments after the program's name.
    ///
    /// # Errors
    /// Returns an error that names the argument.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, ArgsError> {
        let (mut topic, mut questions, mut at_most) = (None, Vec::new(), None);
        let (mut log, mut session) = (None, None);
        let mut parsed = Args::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| ArgsError::NoValue(arg.clone()));
            match arg.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--topic" => topic = Some(value()?),
                "--log" => log = Some(value()?),
                "--session" => session = Some(SessionId::new(value()?)?),
                "--at-most" => {
                    let number = value()?.parse().ok().filter(|number| *number > 0);
                    let expected = ArgsError::Value("--at-most", "a number from 1");
                    at_most = Some(number.ok_or(expected)?);
                }
                "--library" => parsed.library = Some(value()?.into()),
                "--accesses" => parsed.accesses = Some(value()?.into()),
                _ if arg.starts_with("--") => return Err(ArgsError::Unknown(arg)),
                _ => questions.push(arg),
            }
        }
        parsed.task = task(topic, questions, at_most)?;
        parsed.stored = match (log, session) {
            (Some(log), Some(session)) => Some((log, session)),
            (Some(log), None) => Some((log, SessionId::new("research")?)),
            (None, Some(_)) => return Err(ArgsError::Needs("--session", "--log")),
            (None, None) if parsed.task.is_none() => return Err(ArgsError::NoTask),
            (None, None) => None,
        };
        Ok(Self::Research(Box::new(parsed)))
    }
}

fn task(
    topic: Option<String>,
    questions: Vec<String>,
    at_most: Option<usize>,
) -> Result<Option<Task>, ArgsError> {
    if topic.as_ref().is_some_and(|topic| topic.trim().is_empty()) {
        return Err(ArgsError::Value("--topic", "a text"));
    }
    if topic.is_none() && questions.is_empty() {
        return match at_most {
            Some(_) => Err(ArgsError::Needs("--at-most", "a question or --topic")),
            None => Ok(None),
        };
    }
    let topic = topic.unwrap_or_else(|| "Report".to_owned());
    Ok(Some(Task { topic, questions, at_most: at_most.unwrap_or(4) }))
}

#[cfg(test)]
mod tests {
    use super::{Args, Command, Task};

    fn parse(line: &str) -> Result<Command, String> {
        let parsed = Command::parse(line.split_whitespace().map(str::to_owned));
        parsed.map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_are_parsed() {
        let task =
            Some(Task { topic: "Report".into(), questions: vec!["why?".into()], at_most: 2 });
        let args = Args { task, library: Some("docs".into()), ..Args::default() };
        let parsed = parse("--at-most 2 why? --library docs");
        assert_eq!(parsed, Ok(Command::Research(Box::new(args))));
        let continued = parse("--log a.db");
        assert!(continued.is_ok_and(|command| match command {
            Command::Research(args) => args.task.is_none() && args.stored.is_some(),
            Command::Help => false,
        }));
        assert_eq!(parse("why? --help"), Ok(Command::Help));
    }

    #[test]
    fn invalid_arguments_are_named() {
        for (line, message) in [
            ("", "nothing to research: name a question, or `--topic`"),
            ("--tpoic tides", "unknown argument `--tpoic`"),
            ("--topic", "`--topic` needs a value"),
            ("--at-most 0 why?", "`--at-most` must be a number from 1"),
            ("--at-most 1 --log a.db", "`--at-most` needs `a question or --topic`"),
            ("--session a why?", "`--session` needs `--log`"),
        ] {
            assert_eq!(parse(line), Err(message.to_owned()), "{line}");
        }
    }
}
