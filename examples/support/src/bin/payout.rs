//! Pays refunds out: `cargo run -p support --bin payout -- LOG BANK SESSION ORDER...`
//!
//! LOG is a file or, with the feature `postgres`, a database URL; BANK is the directory of the stand-in for a bank. If the
//! process dies, the same command continues the session.

use burdock::{App, Position, log::Log};
use burdock_sqlite::SqliteLog;
use std::{
    env,
    error::Error,
    io::{self, Write},
    sync::Arc,
};
use support::payout::{Bank, Ledger, PayingOut, PayingOutInputs, PayingOutResources, Payouts};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let mut next = |name: &str| args.next().ok_or(format!("the argument {name} is missing"));
    let (log, bank, session) = (next("LOG")?, next("BANK")?, next("SESSION")?);
    let orders = args.map(|order| order.parse()).collect::<Result<_, _>>()?;
    let (log, ledger) = open(&log).await?;
    let resources = PayingOutResources { bank: Bank::open(bank)?, ledger };
    let app = PayingOut::app().id(session).resources(resources).state(Payouts::default());
    let mut app = app.log(log).build().await?;
    if app.position() != Position::Ended {
        pay_out(&mut app, orders).await?;
    }
    let payouts = app.close().await?;
    writeln!(io::stdout(), "paid out {}", serde_json::to_string(&payouts)?)?;
    Ok(())
}

/// Starts or continues the run, and prints its items.
async fn pay_out(app: &mut App<PayingOut>, orders: Vec<u64>) -> Result<(), Box<dyn Error>> {
    let mut run = match app.position() {
        Position::Unfinished(_) => app.resume(),
        _ => app.run(PayingOutInputs { orders }),
    };
    while let Some(item) = run.next().await {
        writeln!(io::stdout(), "{}", item?)?;
    }
    Ok(())
}

async fn open(log: &str) -> Result<(Arc<dyn Log>, Ledger), Box<dyn Error>> {
    if log.starts_with("postgres://") {
        return open_postgres(log).await;
    }
    let log = SqliteLog::open(log).await?;
    Ok((Arc::new(log.clone()), Ledger::in_sqlite(log)?))
}

#[cfg(feature = "postgres")]
async fn open_postgres(url: &str) -> Result<(Arc<dyn Log>, Ledger), Box<dyn Error>> {
    let log = burdock_postgres::PostgresLog::connect(url).await?;
    Ok((Arc::new(log.clone()), Ledger::Postgres(log)))
}

#[cfg(not(feature = "postgres"))]
async fn open_postgres(_: &str) -> Result<(Arc<dyn Log>, Ledger), Box<dyn Error>> {
    Err("add `--features postgres` for a database URL".into())
}
