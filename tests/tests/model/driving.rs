//! Polls a run until it ends, is dropped, or the process crashes.

use crate::{
    graph::Book,
    ops::{Drive, Exit, WaitsFor, Watch},
};
use burdock::{Run, RunError, run::Events};
use burdock_tests::{clock::Clock, faulty::FaultyLog};
use futures::StreamExt;
use std::{
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// How polling a run ended.
pub enum End {
    Over(Result<(), RunError>),
    Dropped,
    /// The process died, and this many of the waiting appends are to be stored.
    Crashed(usize),
}

enum Polled<'a> {
    Items(Run<'a, Book>),
    Steps(Run<'a, Book>),
    Events(Events<'a, Book>),
}

impl Polled<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), RunError>>> {
        match self {
            Self::Items(run) => run.poll_next_unpin(cx).map(|item| Some(item?.map(|_| ()))),
            Self::Steps(run) => {
                pin!(run.step()).poll(cx).map(|step| Some(step.transpose()?.map(|_| ())))
            }
            Self::Events(run) => run.poll_next_unpin(cx).map(|event| Some(event?.map(|_| ()))),
        }
    }
}

pub fn drive(run: Run<'_, Book>, how: &Drive, log: &FaultyLog, clock: &Clock) -> End {
    let run = how.before.into_iter().fold(run, Run::halt_before);
    let run = how.after.into_iter().fold(run, Run::halt_after);
    let stopper = run.stopper();
    let mut run = match how.watch {
        Watch::Items => Polled::Items(run),
        Watch::Steps => Polled::Steps(run),
        Watch::Events => Polled::Events(run.events()),
    };
    let mut cx = Context::from_waker(Waker::noop());
    let (mut left, mut exit, mut error) = (how.polls, how.exit, None);
    loop {
        if left == 0 {
            match exit {
                Exit::Drop => return End::Dropped,
                Exit::Crash(stored) => {
                    mem::forget(run);
                    return End::Crashed(stored);
                }
                Exit::Stop => {
                    stopper.stop();
                    (left, exit) = (100, Exit::Drop);
                }
            }
        }
        left -= 1;
        match run.poll(&mut cx) {
            Poll::Ready(Some(Ok(()))) => {}
            Poll::Ready(Some(Err(found))) => error = Some(found),
            Poll::Ready(None) => return End::Over(error.map_or(Ok(()), Err)),
            Poll::Pending => {
                let log_first = match how.waits_for {
                    WaitsFor::Log => true,
                    WaitsFor::Time => false,
                    WaitsFor::Both => left % 6 == 0,
                };
                if !log_first || !log.release_next() {
                    clock.advance(Duration::from_secs(1));
                }
            }
        }
    }
}
