//! A runtime whose clock moves only when a test advances it.

use burdock::{Runtime, runtime::Sleep};
use std::{
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Duration,
};

#[derive(Clone, Default)]
pub struct Clock(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    now: Duration,
    /// The time since 1970. It advances with `now`, and a test can set it.
    wall: Duration,
    sleepers: Vec<Waker>,
    /// The duration of every sleep.
    slept: Vec<Duration>,
    random: u64,
}

impl Clock {
    pub fn advance(&self, by: Duration) {
        let sleepers = {
            let mut inner = self.0.lock().unwrap();
            inner.now += by;
            inner.wall += by;
            std::mem::take(&mut inner.sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
    }

    pub fn set_wall(&self, wall: Duration) {
        self.0.lock().unwrap().wall = wall;
    }

    pub fn slept(&self) -> Vec<Duration> {
        self.0.lock().unwrap().slept.clone()
    }
}

impl Runtime for Clock {
    fn now(&self) -> Duration {
        self.0.lock().unwrap().now
    }

    fn wall(&self) -> Duration {
        self.0.lock().unwrap().wall
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let until = {
            let mut inner = self.0.lock().unwrap();
            inner.slept.push(duration);
            inner.now.saturating_add(duration)
        };
        let clock = self.clone();
        Box::pin(std::future::poll_fn(move |cx| {
            let mut inner = clock.0.lock().unwrap();
            if inner.now >= until {
                return Poll::Ready(());
            }
            inner.sleepers.push(cx.waker().clone());
            Poll::Pending
        }))
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        std::thread::spawn(job);
    }

    fn random(&self) -> u64 {
        let mut inner = self.0.lock().unwrap();
        inner.random += 1;
        inner.random
    }
}
