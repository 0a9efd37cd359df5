//! Write jobs: an operation on a batch, and the reply to its caller.

use crate::{
    batch::Batch,
    error::Error,
    reply::{self, Reply, ReplySender},
};
use burdock::log::LogError;

/// A write that is run in a transaction and completed after the commit.
pub(crate) trait WriteJob: Send {
    /// Runs the operation. An error aborts the transaction.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), Error>;

    /// Sends the reply: the result of the operation, or the error of the transaction.
    fn complete(self: Box<Self>, committed: Result<(), LogError>);
}

struct Job<T, F> {
    work: F,
    result: Option<Result<T, LogError>>,
    sender: ReplySender<T>,
}

/// Returns a job and the future of its reply.
pub(crate) fn write_job<T, F>(work: F) -> (Box<dyn WriteJob>, Reply<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Batch<'_>) -> Result<T, Error> + Send + 'static,
{
    let (sender, reply) = reply::channel();
    (Box::new(Job { work, result: None, sender }), reply)
}

impl<T, F> WriteJob for Job<T, F>
where
    T: Send,
    F: FnMut(&mut Batch<'_>) -> Result<T, Error> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), Error> {
        self.result = Some(match (self.work)(batch) {
            Ok(value) => Ok(value),
            // the other operations of the transaction are not affected
            Err(Error::Rejected(error)) => Err(error),
            Err(error @ Error::Sqlite(_)) => return Err(error),
        });
        Ok(())
    }

    fn complete(self: Box<Self>, committed: Result<(), LogError>) {
        let result = self.result.unwrap_or(Err(LogError::Closed));
        self.sender.send(committed.and(result));
    }
}
