//! A chat in the terminal: `cargo run -p chat`, or `cargo run -p chat -- --trace` to watch the
//! path through the graph.
//!
//! In reading order: [`state`] is what it remembers, [`actions`] what its nodes do, [`graph`] which
//! node follows which, and [`session`] runs the graph for each prompt and shows the answer word
//! by word. The rest is no matter of burdock: [`model`] answers, [`intent`] guesses what a prompt
//! is after, [`terminal`], [`trace`] and [`args`] talk to the user.

pub mod actions;
pub mod args;
pub mod graph;
pub mod intent;
pub mod model;
pub mod session;
pub mod state;
pub mod terminal;
pub mod trace;

use args::{Args, USAGE};
use graph::{Chatbot, ChatbotResources};
use model::Llm;
use std::{
    env,
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};
use terminal::Terminal;
use tokio::runtime::Builder;
use trace::Trace;

fn main() -> ExitCode {
    let args = env::args_os().skip(1);
    let result = match Args::parse(args.map(|arg| arg.to_string_lossy().into_owned())) {
        Ok(Args::Help) => io::stdout().write_all(USAGE.as_bytes()).map_err(Into::into),
        Ok(Args::Talk(trace)) => run(trace),
        Err(error) => {
            eprint!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if nobody_reads(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", session::with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(trace: Trace) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(chat(trace));
    // somebody may still be at the keyboard; nobody waits for the line
    runtime.shutdown_background();
    result
}

async fn chat(trace: Trace) -> Result<(), Box<dyn Error>> {
    let (llm, introduction) = Llm::from_env()?;
    let mut app = Chatbot::app().resources(ChatbotResources { llm }).build().await?;
    let mut terminal = Terminal::open();
    terminal.notice(&introduction)?;
    session::talk(&mut app, &mut terminal, trace).await?;
    Ok(())
}

/// Whether whoever read the output has gone, as `head` does.
fn nobody_reads(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
