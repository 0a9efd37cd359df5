//! A write on its way: what it does, and whom it answers.

use crate::{
    answer::{Answer, Asked, answer},
    batch::Batch,
    fault::Fault,
};
use burdock::log::LogError;

/// A write that waits for its transaction, and then for the commit.
pub(crate) trait Write: Send {
    /// Does its work; an error is the storage's, and ends the transaction.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), rusqlite::Error>;

    /// Answers: with what it found, or with why the transaction failed.
    fn settle(self: Box<Self>, committed: Result<(), LogError>);
}

struct Pending<T, F> {
    work: F,
    result: Option<Result<T, LogError>>,
    asked: Asked<T>,
}

/// A write, and where its answer arrives.
pub(crate) fn pending<T, F>(work: F) -> (Box<dyn Write>, Answer<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
{
    let (asked, answer) = answer();
    (Box::new(Pending { work, result: None, asked }), answer)
}

impl<T, F> Write for Pending<T, F>
where
    T: Send,
    F: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), rusqlite::Error> {
        self.result = Some(match (self.work)(batch) {
            Ok(value) => Ok(value),
            Err(Fault::Refused(error)) => Err(error),
            Err(Fault::Storage(error)) => return Err(error),
        });
        Ok(())
    }

    fn settle(self: Box<Self>, committed: Result<(), LogError>) {
        let result = self.result.unwrap_or(Err(LogError::Closed));
        self.asked.settle(committed.and(result));
    }
}
