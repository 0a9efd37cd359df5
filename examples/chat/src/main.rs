//! A chat in the terminal: `cargo run -p chat`, or `cargo run -p chat -- --trace` to watch the
//! path through the graph.
//!
//! In reading order: [`chat::state`] is the state, [`chat::actions`] the actions, [`graph`] the graph,
//! [`session`] runs the graph for each prompt and shows the answer word by word, and [`store`] keeps
//! sessions in a file or a database. The model comes from [`burdock_llm`]. [`chat::terminal`], [`trace`]
//! and [`args`] are the user interface and independent of burdock.

pub mod args;
pub mod graph;
pub mod session;
pub mod store;
pub mod trace;

use args::{Args, Kept, USAGE};
use chat::terminal::Terminal;
use graph::{Chatbot, ChatbotResources};
use std::{
    env,
    error::Error,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};
use tokio::runtime::Builder;
use trace::Trace;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    report();
    let args = env::args_os().skip(1);
    let result = match Args::parse(args.map(|arg| arg.to_string_lossy().into_owned())) {
        Ok(Args::Help) => io::stdout().write_all(USAGE.as_bytes()).map_err(Into::into),
        Ok(Args::Talk(trace, kept)) => run(talk(trace, kept)),
        Ok(Args::List(place, session)) => {
            run(async move { store::list(&place, session.as_ref(), &mut Terminal::open()).await })
        }
        Err(error) => {
            eprint!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", session::with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Sends the trace output of the log and the models to standard error; `RUST_LOG=debug` for more.
fn report() {
    let level = env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::WARN);
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).init();
}

fn run(work: impl Future<Output = Result<(), Box<dyn Error>>>) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // the blocked read of standard input is not awaited
    runtime.shutdown_background();
    result
}

async fn talk(trace: Trace, kept: Option<Kept>) -> Result<(), Box<dyn Error>> {
    let (llm, introduction) = burdock_llm::from_env()?;
    let mut terminal = Terminal::open();
    terminal.notice(&introduction)?;
    let resources = ChatbotResources { llm };
    let mut app = match kept {
        None => Chatbot::app().resources(resources).build().await?,
        Some(kept) => {
            let app = store::app(kept, resources).await?;
            terminal.notice(&session::introduce(&app))?;
            app
        }
    };
    session::talk(&mut app, &mut terminal, trace).await?;
    app.close().await?;
    Ok(())
}

/// Returns `true` if standard output was closed by its reader, such as `head`.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
