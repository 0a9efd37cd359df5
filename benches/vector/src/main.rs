//! Benchmark of the persistent list, beside the lists it could be built on.
//!
//! Every repetition measures every candidate once, in turn; the figures are medians over the repetitions. Elements
//! are created outside the measured time. `cargo run --release -p bench-vector`

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use archery::{ArcK, ArcTK};
use burdock::Vector;
use serde::Serialize;

const REPETITIONS: usize = 15;
const LEN: usize = 100_000;

#[derive(Clone, Copy, PartialEq, Serialize)]
enum Role {
    User,
    Assistant,
}

#[derive(Clone, Serialize)]
struct Message {
    role: Role,
    text: String,
}

fn messages(count: usize, bytes: usize) -> Vec<Message> {
    let role = |n| {
        if n % 2 == 0 { Role::User } else { Role::Assistant }
    };
    (0..count).map(|n| Message { role: role(n), text: "x".repeat(bytes) }).collect()
}

fn weight(message: &Message) -> usize {
    message.text.len() + usize::from(message.role == Role::User)
}

/// The operations of a candidate; a clone is a snapshot.
trait List: Clone {
    /// The number of steps of clone and push in one repetition.
    const STEPS: usize = 640;

    fn of(messages: Vec<Message>) -> Self;
    fn push(&mut self, message: Message);
    fn sum(&self) -> usize;
}

macro_rules! list {
    ($list:ty, $empty:expr, $push:ident) => {
        impl List for $list {
            fn of(messages: Vec<Message>) -> Self {
                let mut list: Self = $empty;
                list.extend(messages);
                list
            }

            fn push(&mut self, message: Message) {
                self.$push(message);
            }

            fn sum(&self) -> usize {
                self.iter().map(weight).sum()
            }
        }
    };
}

list!(Vector<Message>, Vector::new(), push_back);
list!(rpds::Vector<Message, ArcTK>, rpds::Vector::new_with_ptr_kind(), push_back_mut);
list!(rpds::Vector<Message, ArcK>, rpds::Vector::new_with_ptr_kind(), push_back_mut);
list!(imbl::GenericVector<Message, ArcTK>, imbl::GenericVector::new(), push_back);
list!(imbl::GenericVector<Message, ArcK>, imbl::GenericVector::new(), push_back);

/// imbl with elements that a push on a clone does not have to copy.
#[derive(Clone)]
struct SharedElements(imbl::GenericVector<Arc<Message>, ArcTK>);

impl List for SharedElements {
    fn of(messages: Vec<Message>) -> Self {
        Self(messages.into_iter().map(Arc::new).collect())
    }

    fn push(&mut self, message: Message) {
        self.0.push_back(Arc::new(message));
    }

    fn sum(&self) -> usize {
        self.0.iter().map(|message| weight(message)).sum()
    }
}

/// The naive implementation.
#[derive(Clone)]
struct CopiedVec(Arc<Vec<Message>>);

impl List for CopiedVec {
    const STEPS: usize = 3;

    fn of(messages: Vec<Message>) -> Self {
        Self(Arc::new(messages))
    }

    fn push(&mut self, message: Message) {
        Arc::make_mut(&mut self.0).push(message);
    }

    fn sum(&self) -> usize {
        self.0.iter().map(weight).sum()
    }
}

/// rpds with a new version at every push, which is the cost of `Vector` without its "may have been seen" mark.
#[derive(Clone)]
struct AlwaysFresh(rpds::VectorSync<Message>, u64);

impl List for AlwaysFresh {
    fn of(messages: Vec<Message>) -> Self {
        Self(List::of(messages), 0)
    }

    fn push(&mut self, message: Message) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        self.1 = NEXT.fetch_add(1, Ordering::Relaxed);
        self.0.push_back_mut(message);
    }

    fn sum(&self) -> usize {
        self.0.sum()
    }
}

/// Returns the nanoseconds per iteration of `work`, which does `iterations` of them.
fn time(iterations: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 ns")]
    let nanoseconds = start.elapsed().as_nanos() as f64 / iterations as f64;
    nanoseconds
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Runs one repetition: clone and drop; clone, push and drop the old one; push in place; read an element.
fn sample<L: List>(len: usize, bytes: usize) -> [f64; 4] {
    let mut list = L::of(messages(len, bytes));
    let clone = time(1000, || {
        for _ in 0..1000 {
            drop(black_box(list.clone()));
        }
    });
    let read = time(len, || _ = black_box(list.sum()));
    let more = messages(L::STEPS, bytes);
    let step = time(L::STEPS, || {
        for message in more {
            let mut next = list.clone();
            next.push(message);
            list = next;
        }
    });
    let more = messages(6400, bytes);
    let push = time(6400, || {
        for message in more {
            list.push(message);
        }
    });
    [clone, step, push, read]
}

type Candidate = (&'static str, fn(usize, usize) -> [f64; 4]);

const CANDIDATES: [Candidate; 8] = [
    ("burdock::Vector", sample::<Vector<Message>>),
    ("rpds, triomphe", sample::<rpds::Vector<Message, ArcTK>>),
    ("rpds, std Arc", sample::<rpds::Vector<Message, ArcK>>),
    ("rpds, always fresh", sample::<AlwaysFresh>),
    ("imbl, triomphe", sample::<imbl::GenericVector<Message, ArcTK>>),
    ("imbl, std Arc", sample::<imbl::GenericVector<Message, ArcK>>),
    ("imbl of Arc<T>", sample::<SharedElements>),
    ("Arc<Vec>", sample::<CopiedVec>),
];

#[expect(clippy::print_stdout, reason = "a benchmark")]
fn compare(len: usize, bytes: usize) {
    let mut samples = CANDIDATES.map(|_| Vec::new());
    for _ in 0..REPETITIONS {
        for (samples, (_, sample)) in samples.iter_mut().zip(CANDIDATES) {
            samples.push(sample(len, bytes));
        }
    }
    println!("\n{len} messages of {bytes} bytes, medians in ns");
    println!(
        "{:20}{:>10}{:>14}{:>15}{:>14}",
        "", "clone", "clone + push", "push in place", "read element"
    );
    for (samples, (name, _)) in samples.iter().zip(CANDIDATES) {
        let [clone, step, push, read] = [0, 1, 2, 3]
            .map(|column| median(samples.iter().map(|sample| sample[column]).collect()));
        println!("{name:20}{clone:>10.1}{step:>14.1}{push:>15.1}{read:>14.1}");
    }
}

/// Measures the patch of a list with one more message, by marks and, for a child of the fifth generation, by addresses.
#[expect(clippy::print_stdout, reason = "a benchmark")]
fn compare_patches() {
    const LENS: [usize; 3] = [1000, 10_000, 100_000];
    println!("\npatch of one appended message of 200 bytes, medians in ns");
    println!("{:20}{:>10}{:>14}", "", "by marks", "by addresses");
    let lists = LENS.map(|len| {
        let old: Vector<Message> = Vector::of(messages(len, 200));
        let mut near = old.clone();
        near.extend(messages(1, 200));
        let mut far = old.clone();
        for message in messages(5, 200) {
            far = far.clone();
            far.push_back(message);
        }
        (old, near, far)
    });
    let mut samples = LENS.map(|_| (Vec::new(), Vec::new()));
    for _ in 0..REPETITIONS {
        for ((near_samples, far_samples), (old, near, far)) in samples.iter_mut().zip(&lists) {
            near_samples.push(time(1000, || {
                for _ in 0..1000 {
                    _ = black_box(near.__patch(old));
                }
            }));
            far_samples.push(time(1, || _ = black_box(far.__patch(old))));
        }
    }
    for (len, (near, far)) in LENS.into_iter().zip(samples) {
        println!("{:20}{:>10.1}{:>14.1}", format!("{len} messages"), median(near), median(far));
    }
}

fn main() {
    compare(20, 200);
    compare(LEN, 200);
    compare(LEN / 10, 4000);
    compare_patches();
}
