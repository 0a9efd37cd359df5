//! Generates tests from the steps of a recorded session: `cargo run -p record`.
//!
//! A bug that occurred in a session becomes a test, without typing its state by hand.
//! Start with [`show`], which reads a log; [`kiosk`] is a sample graph, and its module
//! `recorded` contains the generated tests.
#![allow(clippy::print_stdout, reason = "the example talks to a terminal")]

pub mod args;
pub mod demo;
pub mod kiosk;
pub mod show;

use args::{Args, Form, USAGE};
use burdock::Log;
use burdock_sqlite::SqliteLog;
use std::{env, error::Error, path::Path, process::ExitCode, sync::Arc};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("record: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<String, Box<dyn Error>> {
    match args::parse(env::args().skip(1))? {
        Args::Help => Ok(USAGE.into()),
        Args::Sessions(file) => show::sessions(&existing(&file).await?).await,
        Args::Steps(file, session) => show::steps(&existing(&file).await?, &session).await,
        Args::Step(file, session, entry, Form::Json) => {
            show::json(&existing(&file).await?, &session, entry).await
        }
        Args::Step(file, session, entry, Form::Test(graph)) => {
            show::test(&existing(&file).await?, &session, entry, graph.as_deref()).await
        }
        Args::Demo(file, session) => {
            let log = open(&file).await?;
            demo::record(&log, &session).await?;
            show::steps(&log, &session).await
        }
    }
}

/// Opens an existing file; listing its sessions must not create it.
async fn existing(file: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    if !Path::new(file).exists() {
        return Err(format!("there is no file `{file}`").into());
    }
    open(file).await
}

async fn open(file: &str) -> Result<Arc<dyn Log>, Box<dyn Error>> {
    Ok(Arc::new(SqliteLog::open(file).await?))
}
