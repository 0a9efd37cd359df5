//! Writes stories: `cargo run -p story -- "a dragon"` in the terminal, `cargo run -p story -- --serve` in a
//! form in the browser.

use burdock_llm::Model;
use burdock_serve::Server;
use burdock_sqlite::SqliteLog;
use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};
use story::{
    graph::{Writing, WritingResources},
    page, terminal,
};

const USAGE: &str = "\
Writes stories.

Usage: cargo run -p story -- [SUBJECT]
       cargo run -p story -- --serve [--port PORT] [--db FILE]

  SUBJECT       the subject of the story; the model proposes one if it is absent
  --serve       serves a form that is filled in while the model answers
  --port PORT   defaults to 3000
  --db FILE     where the stories are stored; defaults to story.db

Answers are made up, offline. For a real model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   the key of a provider
  BURDOCK_MODEL                                         a model other than the provider's default
  BURDOCK_BASE_URL                                      a server with the OpenAI protocol
";

/// The parsed command line.
enum Command {
    Help,
    Tell { subject: Option<String> },
    Serve { port: u16, db: String },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    match run(env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // if the standard error is closed, there is nowhere to report that
            drop(writeln!(io::stderr(), "story: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let command = parse(args)?;
    let mut out = io::stdout();
    if let Command::Help = command {
        return Ok(write!(out, "{USAGE}")?);
    }
    let (llm, introduction) = burdock_llm::from_env()?;
    writeln!(out, "{introduction}")?;
    match command {
        Command::Help => Ok(()),
        Command::Tell { subject } => terminal::tell(&*llm, subject, &mut out).await,
        Command::Serve { port, db } => serve(llm, port, &db).await,
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut subject, mut serve) = (None, false);
    let (mut port, mut db) = (3000, "story.db".to_owned());
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("`{arg}` needs a value"));
        match arg.as_str() {
            "--help" => return Ok(Command::Help),
            "--serve" => serve = true,
            "--port" => {
                port = value()?
                    .parse()
                    .map_err(|_| "`--port` must be a number from 0 to 65535".to_owned())?;
            }
            "--db" => db = value()?,
            _ if arg.starts_with("--") => return Err(format!("unknown argument `{arg}`")),
            _ if subject.is_none() => subject = Some(arg),
            _ => return Err(format!("unexpected argument `{arg}`: put the subject in quotes")),
        }
    }
    Ok(if serve { Command::Serve { port, db } } else { Command::Tell { subject } })
}

async fn serve(llm: Arc<dyn Model>, port: u16, db: &str) -> Result<(), Box<dyn Error>> {
    let server = Server::builder(SqliteLog::open(db).await?, move |_| {
        Writing::app().resources(WritingResources { llm: Arc::clone(&llm) })
    })
    .build();
    let routes = page::routes().merge(server.router());
    let bound = burdock_serve::bind(([127, 0, 0, 1], port).into()).await?;
    let mut out = io::stdout();
    writeln!(out, "stories are kept in {db}\nhttp://{}/", bound.address())?;
    out.flush()?;
    bound.serve(routes, server.shutdown_on(burdock_serve::shutdown_signal())).await?;
    Ok(())
}
