//! A chat in the browser: run `cargo run -p chatbot` and open the address that it prints.
//!
//! State and actions are those of the terminal chat: [`chat::state`] and [`chat::actions`].
//! In reading order: [`graph`] is the graph, and [`page`] maps its types to those of the chat page. This
//! file combines them with a log and listens on a port, which is all that a server needs. [`args`] parses
//! the command line.

pub mod args;
pub mod graph;
pub mod page;

use args::{Args, Options, USAGE};
use burdock_serve::Server;
use graph::{Chatbot, ChatbotResources};
use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    trace();
    let args = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let result = match Args::parse(args) {
        Ok(Args::Help) => write!(io::stdout(), "{USAGE}").map_err(Into::into),
        Ok(Args::Serve(options)) => serve(options).await,
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

/// Sends the trace output of the server, its log and its models to standard error; `RUST_LOG=debug` for more.
fn trace() {
    let level = env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::WARN);
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).init();
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let (llm, introduction) = burdock_llm::from_env()?;
    let log = chat::log::open(&options.db).await?;
    let mut server = Server::builder(log, move |_| {
        Chatbot::app().resources(ChatbotResources { llm: Arc::clone(&llm) })
    });
    if let Some(token) = options.token {
        server = server.bearer_token(token);
    }
    let server = server.build();

    let bound = burdock_serve::bind(options.address).await?;
    let (address, db) = (bound.address(), options.db);
    let mut stdout = io::stdout();
    writeln!(stdout, "{introduction}\nsessions are kept in {db}\nhttp://{address}/")?;
    stdout.flush()?;
    let stop = server.shutdown_on(burdock_serve::shutdown_signal());
    bound.serve(server.chat_router(), stop).await?;
    Ok(())
}

/// Prints an error and its sources.
fn report(error: &dyn Error) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    // if standard error is closed, there is nowhere to report that
    drop(writeln!(io::stderr(), "chatbot: {text}"));
}
