//! An agent with tools: `cargo run -p support` talks in the terminal, `cargo run -p support -- --serve` in the browser.

use burdock::{App, log::Durability};
use burdock_llm::Model;
use burdock_serve::Server;
use burdock_sqlite::SqliteLog;
use chat::terminal::Terminal;
use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};
use support::{
    args::{Command, USAGE},
    graph::{Support, SupportResources},
    shop::Shop,
    state::{Desk, Prices},
    terminal,
};
use tokio::runtime::Runtime;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let level = env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    let level = level.unwrap_or(LevelFilter::WARN);
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // if standard error is closed, there is nowhere to report that
            drop(writeln!(io::stderr(), "error: {}", terminal::with_sources(&*error)));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    let command = Command::parse(args)?;
    if command == Command::Help {
        return Ok(io::stdout().write_all(USAGE.as_bytes())?);
    }
    let runtime = Runtime::new()?;
    let result = runtime.block_on(async {
        let (llm, introduction) = burdock_llm::from_env()?;
        writeln!(io::stdout(), "{introduction}")?;
        match command {
            Command::Help => Ok(()),
            Command::Talk { kept, prices } => talk(llm, kept, prices).await,
            Command::Serve { port, db, prices } => serve(llm, port, &db, prices).await,
        }
    });
    // the blocked read of standard input is not awaited
    runtime.shutdown_background();
    result
}

async fn talk(
    llm: Arc<dyn Model>,
    kept: Option<(String, burdock::log::SessionId)>,
    prices: Prices,
) -> Result<(), Box<dyn Error>> {
    let app = Support::app()
        .resources(SupportResources { llm, shop: Arc::default() })
        .state(Desk { prices, ..Desk::default() });
    let mut app: App<Support> = match kept {
        None => app.build().await?,
        Some((db, session)) => {
            let app = app.id(session.as_str()).log(SqliteLog::open(db).await?);
            app.durability(Durability::Item).build().await?
        }
    };
    terminal::talk(&mut app, &mut Terminal::open()).await?;
    app.close().await?;
    Ok(())
}

async fn serve(
    llm: Arc<dyn Model>,
    port: u16,
    db: &str,
    prices: Prices,
) -> Result<(), Box<dyn Error>> {
    let shop: Arc<Shop> = Arc::default();
    let server = Server::builder(SqliteLog::open(db).await?, move |_| {
        Support::app()
            .resources(SupportResources { llm: Arc::clone(&llm), shop: Arc::clone(&shop) })
            .state(Desk { prices, ..Desk::default() })
    });
    let server = server.build();
    let bound = burdock_serve::bind(([127, 0, 0, 1], port).into()).await?;
    let mut out = io::stdout();
    writeln!(out, "conversations are kept in {db}\nhttp://{}/", bound.address())?;
    out.flush()?;
    let shutdown = server.shutdown_on(burdock_serve::shutdown_signal());
    bound.serve(server.chat_router(), shutdown).await?;
    Ok(())
}
