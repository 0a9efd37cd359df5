//! Payouts of refunds: the bank pays a customer once, and the ledger has each payout once, also if the process dies.
//!
//! The bank is another system: [`once`](Context::once) records its answer, and the idempotency key covers a death between the
//! payment and the record. The ledger is a table beside the log: [`Ledger::book`] changes both in one transaction.

use burdock::{Context, Retry, prelude::*};
use burdock_sqlite::{SqliteLog, rusqlite};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::PathBuf,
};

/// The orders to refund, and the payouts.
#[derive(State, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payouts {
    /// The orders that are not paid out yet.
    pub left: Vector<u64>,
    /// The payouts, in order.
    pub paid: Vector<Payout>,
}

/// A refund that was paid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// The order.
    pub order: u64,
    /// The bank's receipt.
    pub receipt: String,
    /// The number in the ledger, from 1.
    pub number: i64,
}

/// A stand-in for a bank in a directory, which outlives the process. It pays once for each idempotency key.
#[derive(Clone, Debug)]
pub struct Bank {
    directory: PathBuf,
}

impl Bank {
    /// Opens the bank.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be created.
    pub fn open(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }

    /// Pays the refund of an order, unless it was paid under this key, and returns the receipt.
    ///
    /// # Errors
    /// Returns an error if the bank cannot be reached.
    pub async fn pay(&self, key: String, order: u64) -> io::Result<String> {
        // a real bank takes a moment
        tokio::task::yield_now().await;
        // every request is counted
        let requests = self.directory.join("requests");
        let mut requests = OpenOptions::new().create(true).append(true).open(requests)?;
        requests.write_all(format!("{key}\n").as_bytes())?;
        // the name of a file exists once
        let payment = format!("payment {}", key.replace('/', "+"));
        match OpenOptions::new().create_new(true).write(true).open(self.directory.join(payment)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(format!("receipt of order {order}")),
        }
    }
}

/// The ledger: a table in the database of the log.
#[derive(Clone, Debug)]
pub enum Ledger {
    /// In the file of the log.
    Sqlite(SqliteLog),
    /// In the database of the log.
    #[cfg(feature = "postgres")]
    Postgres(burdock_postgres::PostgresLog),
}

impl Ledger {
    /// Creates the table in the file of a log.
    ///
    /// # Errors
    /// Returns an error of SQLite.
    pub fn in_sqlite(log: SqliteLog) -> rusqlite::Result<Self> {
        let file = rusqlite::Connection::open(log.path())?;
        file.busy_timeout(std::time::Duration::from_secs(5))?;
        file.execute_batch(
            "CREATE TABLE IF NOT EXISTS ledger (number INTEGER PRIMARY KEY, session TEXT, refund INTEGER)",
        )?;
        Ok(Self::Sqlite(log))
    }

    /// Adds the refund of an order in the transaction that records the call. Returns its number in the session.
    ///
    /// # Errors
    /// Returns an error of the database.
    pub async fn book(&self, cx: &Context, order: u64) -> Result<i64> {
        let (session, order) = (cx.session().to_owned(), order.cast_signed());
        match self {
            Self::Sqlite(log) => {
                let book = move |tx: &rusqlite::Transaction<'_>| {
                    tx.execute(
                        "INSERT INTO ledger (session, refund) VALUES (?1, ?2)",
                        rusqlite::params![session, order],
                    )?;
                    let count = "SELECT count(*) FROM ledger WHERE session = ?1";
                    tx.query_row(count, [session], |row| row.get::<_, i64>(0))
                };
                log.transaction(cx, "book", book).await
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(log) => {
                use burdock_postgres::sqlx::{self, PgConnection};
                let book = async |tx: &mut PgConnection| {
                    sqlx::query("INSERT INTO ledger (session, refund) VALUES ($1, $2)")
                        .bind(&session)
                        .bind(order)
                        .execute(&mut *tx)
                        .await?;
                    let count =
                        sqlx::query_scalar("SELECT count(*) FROM ledger WHERE session = $1");
                    count.bind(&session).fetch_one(tx).await
                };
                log.transaction::<i64, sqlx::Error>(cx, "book", book).await
            }
        }
    }
}

/// Takes the orders.
#[action(state = Payouts, writes(left))]
pub async fn take(#[input] orders: &Vec<u64>) -> Result<Writes> {
    Ok(Writes { left: orders.iter().copied().collect() })
}

/// Pays the refund of the first order.
#[streaming_action(state = Payouts, reads(left, paid), writes(left, paid), yields(String))]
pub async fn pay_out(
    payouts: Reads<'_>,
    #[resource] bank: &Bank,
    #[resource] ledger: &Ledger,
    #[context] cx: &Context,
) -> Result<Writes> {
    let mut left = payouts.left.clone();
    let Some(order) = left.iter().next().copied() else {
        return Ok(Writes { left, paid: payouts.paid.clone() });
    };
    yield_!(format!("order {order}"));
    let receipt = cx.once("pay", bank.pay(cx.key_of("pay"), order)).await?;
    yield_!(receipt.clone());
    let number = ledger.book(cx, order).await?;
    yield_!(format!("number {number}"));
    left = left.iter().skip(1).copied().collect();
    Ok(Writes { left, paid: payouts.paid.with(Payout { order, receipt, number }) })
}

graph! {
    /// Pays the refunds of orders out.
    pub PayingOut(Payouts) {
        inputs { orders: Vec<u64> }
        resources { bank: Bank, ledger: Ledger }
        yields String;
        nodes {
            take,
            #[retry(Retry::times(5).superseding())]
            pay_out,
        }
        start take;
        take -> pay_out;
        pay_out -> if state.left.is_empty() { end } else { pay_out };
    }
}
