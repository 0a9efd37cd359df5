//! Researches questions: `cargo run -p research -- 'What is backpressure?' 'What is a graph?'`.

use burdock::App;
use chat::log::open;
use research::{
    args::{Args, Command, USAGE},
    library::Library,
    report::{Reporting, ReportingResources},
    screen::Screen,
    session::{self, SessionError},
};
use std::{
    env,
    error::Error,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Builder;
use tracing_subscriber::filter::LevelFilter;

/// The default library.
const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

fn main() -> ExitCode {
    let level = env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::WARN);
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).init();
    let args = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let result = match Command::parse(args) {
        Ok(Command::Help) => io::stdout().write_all(USAGE.as_bytes()).map_err(Into::into),
        Ok(Command::Research(args)) => run(*args),
        Err(error) => return usage(&error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(error) = error.downcast_ref::<SessionError>() {
                return usage(error);
            }
            eprintln!("error: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

fn usage(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}\nhelp: `--help` shows the arguments");
    ExitCode::from(2)
}

fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(research(args))
}

async fn research(args: Args) -> Result<(), Box<dyn Error>> {
    let (llm, introduction) = burdock_llm::from_env()?;
    let mut screen = Screen::open();
    screen.notice(&introduction)?;
    let library = Arc::new(library(&args)?);
    let builder = Reporting::app().resources(ReportingResources { llm, library });
    let mut app: App<Reporting> = match args.stored {
        None => builder.build().await?,
        Some((place, session)) => {
            builder.id(session.as_str()).log(open(&place).await?).build().await?
        }
    };
    session::research(&mut app, args.task, &mut screen).await?;
    app.close().await?;
    Ok(())
}

fn library(args: &Args) -> Result<Library, Box<dyn Error>> {
    let folder = args.library.as_deref().unwrap_or(Path::new(GUIDE));
    let opened = Library::open(folder);
    let mut library = opened.map_err(|error| format!("`{}`: {error}", folder.display()))?;
    // as for the model: `BURDOCK_PACE=instant` is for tests
    let is_instant = env::var("BURDOCK_PACE").is_ok_and(|pace| pace == "instant");
    library.delay = Duration::from_millis(if is_instant { 1 } else { 400 });
    if let Some(file) = &args.accesses {
        let recorded = library.record_accesses(file);
        recorded.map_err(|error| format!("`{}`: {error}", file.display()))?;
    }
    Ok(library)
}

/// Formats an error and its sources in one line.
fn with_sources(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}
