//! Random values of every shape of serde's data model, written by a graph and compared after the session
//! was opened again. A value that would not be restored is rejected, with its name, before it is appended.
#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::option_option,
    reason = "serde requires it, and this is what is tested"
)]

mod random;
mod values;

pub use self::values::*;

use self::random::Maker;
use burdock::{
    App, Position, RunError, RunErrorKind,
    log::{EntryKind, Log, LogError, MemoryLog, Offset, SessionId},
    prelude::*,
};
use fastrand::Rng;
use std::sync::{Arc, Mutex};

macro_rules! with_fields {
    ({ $($field:ident)+ }) => {
        impl From<Values> for Sheet {
            fn from(values: Values) -> Self {
                Self { $($field: values.$field.into(),)+ }
            }
        }

        /// Yields the next item, and writes every field.
        #[streaming_action(state = Sheet, writes($($field),+), yields(Shape))]
        async fn write(#[input] given: &Shape, #[resource] next: &Next) -> Result<Writes> {
            next.seen(given);
            let (item, values) = next.get();
            yield_!(item);
            Ok(Writes { $($field: values.$field),+ })
        }
    };
}

with_fields! {
    {
        plain slot list slot_list map slot_map unit json boxed newtype untagged optional with silent note tags
        within
    }
}

graph! {
    Writing(Sheet) {
        inputs { given: Shape }
        resources { next: Next }
        yields Shape;
        nodes { write }
        start write;
        write -> pause;
    }
}

/// The item and the values that the action yields and writes next, and the input it received.
#[derive(Clone)]
pub struct Next(Arc<Mutex<(Shape, Values, Option<Shape>)>>);

impl Next {
    fn set(&self, item: Shape, values: Values) {
        *self.0.lock().unwrap() = (item, values, None);
    }

    fn get(&self) -> (Shape, Values) {
        let next = self.0.lock().unwrap();
        (next.0.clone(), next.1.clone())
    }

    fn seen(&self, given: &Shape) {
        self.0.lock().unwrap().2 = Some(given.clone());
    }

    /// Takes the last input that the action received.
    fn taken(&self) -> Option<Shape> {
        self.0.lock().unwrap().2.take()
    }
}

/// The number of rejections of each kind, and of recorded runs.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub inputs: usize,
    pub items: usize,
    pub fields: usize,
    pub recorded: usize,
}

/// Counts a rejection. Panics at any other error.
fn rejected(error: &RunError, counts: &mut Counts) {
    let RunErrorKind::Log { source: LogError::NotSerializable { what, .. }, .. } = error.kind()
    else {
        panic!("{error:?}");
    };
    match what.as_str() {
        "the inputs" => counts.inputs += 1,
        "an item of node `write`" => counts.items += 1,
        what => {
            assert!(what.starts_with("field `"), "{error:?}");
            counts.fields += 1;
        }
    }
}

async fn open(log: &Arc<dyn Log>, session: &str, next: &Next) -> App<Writing> {
    let resources = WritingResources { next: next.clone() };
    let app = Writing::app().resources(resources).id(session).log(Arc::clone(log));
    app.build().await.unwrap()
}

/// The items of a session in its log.
async fn items(log: &Arc<dyn Log>, session: &str) -> Vec<Shape> {
    let session = SessionId::new(session).unwrap();
    let (mut items, mut from) = (Vec::new(), Offset::ZERO);
    loop {
        let page = log.read(&session, from, 1000).await.unwrap();
        let Some(last) = page.last() else { return items };
        from = last.offset.plus(1);
        for record in page {
            if let EntryKind::Item { item, .. } = record.entry(&session).unwrap().kind {
                items.push(serde_json::from_value(item).unwrap());
            }
        }
    }
}

/// Writes values of which one was changed. Returns the reason if a field is rejected; otherwise checks that
/// the values are there when the session is opened again.
pub async fn write_changed(change: impl FnOnce(&mut Values)) -> Option<String> {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut values = tame();
    change(&mut values);
    let next = Next(Arc::new(Mutex::new((Shape::Nothing, values.clone(), None))));
    let mut app = open(&log, "changed", &next).await;
    let ran = app.run(WritingInputs { given: Shape::Nothing }).await.map(drop);
    let rejected = ran.err().map(|error| match error.into_kind() {
        RunErrorKind::Log { source, .. } => source.to_string(),
        other => panic!("{other:?}"),
    });
    let expected = if rejected.is_some() { Sheet::default() } else { values.into() };
    assert_eq!(*app.state(), expected);
    app.close().await.unwrap();
    assert_eq!(*open(&log, "changed", &next).await.state(), expected);
    rejected
}

/// Writes random values, and opens the session again after each. Checks that accepted values are there, and
/// that rejected ones have changed nothing.
pub async fn check(log: Arc<dyn Log>, seed: u64, rounds: usize) -> Counts {
    let mut maker = Maker(Rng::with_seed(seed));
    let session = format!("round trip {seed}");
    let next = Next(Arc::new(Mutex::new((Shape::Nothing, tame(), None))));
    let (mut values, mut sheet, mut shown) = (tame(), Sheet::default(), Vec::new());
    // the input of the last run that has started
    let mut last_given = None;
    let mut counts = Counts::default();
    for _ in 0..rounds {
        let mut candidate = values.clone();
        maker.change(&mut candidate);
        let (mut given, mut item) = (Shape::Nothing, Shape::Nothing);
        match maker.0.u8(..4) {
            0 => given = maker.shape(5),
            1 => item = maker.shape(5),
            _ => {}
        }
        next.set(item.clone(), candidate.clone());
        let mut app = open(&log, &session, &next).await;
        assert_eq!(*app.state(), sheet, "seed {seed}");
        let inputs = WritingInputs { given: given.clone() };
        let mut run = if matches!(app.position(), Position::Unfinished(_)) {
            app.restart(inputs)
        } else {
            app.run(inputs)
        };
        let mut error = None;
        while let Some(shown_item) = run.next().await {
            match shown_item {
                Ok(shown_item) => {
                    assert_eq!(shown_item, item);
                    shown.push(shown_item);
                }
                Err(found) => error = Some(found),
            }
        }
        drop(run);
        last_given = next.taken().or(last_given);
        match error {
            None => {
                (sheet, values) = (candidate.clone().into(), candidate);
                counts.recorded += 1;
            }
            Some(error) => rejected(&error, &mut counts),
        }
        assert_eq!(*app.state(), sheet, "seed {seed}");
        app.close().await.unwrap();

        // an unfinished run is resumed with its own inputs
        let mut app = open(&log, &session, &next).await;
        if matches!(app.position(), Position::Unfinished(_)) && maker.0.bool() {
            next.set(Shape::Nothing, values.clone());
            app.resume().await.unwrap();
            assert_eq!(next.taken(), last_given, "seed {seed}");
            shown.push(Shape::Nothing);
            sheet = values.clone().into();
        }
        app.close().await.unwrap();
    }
    assert_eq!(items(&log, &session).await, shown, "seed {seed}");
    counts
}
