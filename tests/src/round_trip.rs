//! What a log takes comes back as it was: random values of the shapes that serde has, written by a
//! graph and read after the session was opened again. What is not taken is refused, by name, before
//! the log has it.
#![allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::option_option,
    reason = "serde asks for it, and this is what is tested"
)]

use burdock::{
    App, Position, RunError, RunErrorKind,
    log::{EntryKind, Log, LogError, MemoryLog, Offset, SessionId},
    prelude::*,
};
use fastrand::Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    marker::PhantomData,
    sync::{Arc, Mutex},
};

/// Every form that serde has for a value, each inside of others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    #[default]
    Nothing,
    Unit(()),
    Bool(bool),
    Small(i8),
    Signed(i64),
    Unsigned(u64),
    Wide(i128),
    Float(f64),
    Single(f32),
    Char(char),
    Text(String),
    Borrowed(Cow<'static, str>),
    Option(Option<Box<Self>>),
    Twice(Option<Option<u8>>),
    Unitary(Option<()>),
    Marked(Option<PhantomData<u8>>),
    Json(Value),
    Maybe(Option<Value>),
    List(Vec<Self>),
    Persistent(Vector<Self>),
    Set(HashSet<u8>),
    Map(BTreeMap<String, Self>),
    Numbers(BTreeMap<i64, Self>),
    Bools(BTreeMap<bool, Self>),
    Pairs(BTreeMap<(u8, u8), u8>),
    Tuple(Box<(Self, u8)>, Box<Self>),
    Newtype(Newtype),
    Named {
        left: Box<Self>,
        right: Option<u8>,
    },
    Result(Result<u8, String>),
    Tagged(Box<Tagged>),
    Adjacent(Box<Adjacent>),
    Untagged(Box<Untagged>),
    Flat(Flat),
    Bytes(Bytes),
    LeftOut(LeftOut),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newtype(pub Option<u8>);

/// Serde reads it by way of a buffer that forgets what a key was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Tagged {
    Empty,
    Struct { shape: Shape },
    Numbers { numbers: BTreeMap<u32, u8> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "content", rename_all = "kebab-case")]
pub enum Adjacent {
    Empty,
    OneThing(Shape),
    TwoThings(u8, Shape),
}

/// No two of them are written alike, but for `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Nothing,
    Number(u64),
    Text(String),
    Struct { only: Shape },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    first: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

/// Bytes, as serde calls them.
#[derive(Clone, Debug, PartialEq)]
pub struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<Box<Shape>>,
}

/// A number as text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A number that is written as nothing when it is 0, although its slot is set.
mod silent {
    use burdock::Slot;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(number: &Slot<u8>, serializer: S) -> Result<S::Ok, S::Error> {
        number.get().filter(|number| **number > 0).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Slot<u8>, D::Error> {
        let number = Option::deserialize(deserializer)?;
        Ok(number.map_or_else(Slot::unset, Slot::set))
    }
}

/// Fields of each kind.
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sheet {
    pub plain: Shape,
    pub slot: Slot<Shape>,
    pub list: Vector<Shape>,
    pub slot_list: Slot<Vector<Shape>>,
    pub map: OrdMap<i16, Shape>,
    pub slot_map: Slot<OrdMap<String, Shape>>,
    pub unit: Slot<Unital>,
    pub json: Slot<Value>,
    pub boxed: Slot<Box<Maybe>>,
    pub newtype: Slot<Newtype>,
    pub untagged: Slot<Untagged>,
    pub optional: Option<Option<u8>>,
    #[serde(with = "text")]
    pub with: u64,
    #[serde(with = "silent")]
    pub silent: Slot<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Shape>,
    #[serde(rename(serialize = "in", deserialize = "within"), alias = "in")]
    pub within: u8,
}

/// Values for all of them.
#[derive(Clone, Debug)]
pub struct Values {
    pub plain: Shape,
    pub slot: Shape,
    pub list: Vector<Shape>,
    pub slot_list: Vector<Shape>,
    pub map: OrdMap<i16, Shape>,
    pub slot_map: OrdMap<String, Shape>,
    pub unit: Unital,
    pub json: Value,
    pub boxed: Box<Maybe>,
    pub newtype: Newtype,
    pub untagged: Untagged,
    pub optional: Option<Option<u8>>,
    pub with: u64,
    pub silent: u8,
    pub note: Option<String>,
    pub tags: Vec<Shape>,
    pub within: u8,
}

macro_rules! with_fields {
    ({ $($field:ident)+ }) => {
        impl From<Values> for Sheet {
            fn from(values: Values) -> Self {
                Self { $($field: values.$field.into(),)+ }
            }
        }

        /// Yields what it is told to, and writes every field.
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

/// Written as `null`, or as something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Unital {
    Unit(()),
    Number(u8),
}

/// Another name for an option.
pub type Maybe = Option<u8>;

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

/// What the action is to yield and write next, and what it was given.
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

    /// What the action was given since the last time.
    fn taken(&self) -> Option<Shape> {
        self.0.lock().unwrap().2.take()
    }
}

/// Makes random values, at most so deep.
struct Maker(Rng);

impl Maker {
    fn text(&mut self) -> String {
        let texts =
            ["", "null", "a", "\0", "\u{1f600}", "\"quoted\"\n", "1", "\u{2028}", "\u{ffff}"];
        self.0.choice(texts).unwrap_or_default().to_owned()
    }

    fn number(&mut self) -> u64 {
        match self.0.u8(..6) {
            0 => u64::MAX,
            1 => 1 << 53,
            2 => self.0.u64(..),
            _ => self.0.u64(..10),
        }
    }

    fn float(&mut self) -> f64 {
        match self.0.u8(..12) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -0.0,
            3 => f64::MIN_POSITIVE,
            4 => f64::MAX,
            5 => 1e300,
            6 => 3.0,
            _ => f64::from_bits(self.0.u64(..)),
        }
    }

    fn json(&mut self, depth: usize) -> Value {
        match self.0.u8(..8) {
            0 => Value::Null,
            1 => self.0.bool().into(),
            2 => self.number().into(),
            3 => i64::MIN.into(),
            // what is not a number becomes `null`
            4 => self.float().into(),
            5 => self.text().into(),
            6 if depth > 0 => (0..self.0.usize(..3)).map(|_| self.json(depth - 1)).collect(),
            _ if depth > 0 => {
                (0..self.0.usize(..3)).map(|_| (self.text(), self.json(depth - 1))).collect()
            }
            _ => "leaf".into(),
        }
    }

    /// Some levels around a value.
    fn deep(&mut self) -> Shape {
        let mut shape = Shape::Nothing;
        // a variant is an object, and a list in it another level
        for _ in 0..self.0.usize(40..60) {
            shape = Shape::List(vec![shape]);
        }
        shape
    }

    fn list(&mut self, depth: usize) -> Vec<Shape> {
        (0..self.0.usize(..4)).map(|_| self.shape(depth)).collect()
    }

    fn keyed<K: Ord>(
        &mut self,
        depth: usize,
        mut key: impl FnMut(&mut Self) -> K,
    ) -> BTreeMap<K, Shape> {
        (0..self.0.usize(..3)).map(|_| (key(self), self.shape(depth))).collect()
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.0.bool().then(|| make(self))
    }

    fn shape(&mut self, depth: usize) -> Shape {
        let Some(depth) = depth.checked_sub(1) else {
            return Shape::Small(self.0.i8(..));
        };
        match self.0.u8(..36) {
            0 => Shape::Unit(()),
            1 => Shape::Bool(self.0.bool()),
            2 => Shape::Signed(self.0.i64(..)),
            3 => Shape::Unsigned(self.number()),
            4 => Shape::Wide(if self.0.bool() { -3 } else { self.0.i128(..) }),
            5 => Shape::Float(self.float()),
            #[expect(clippy::cast_possible_truncation, reason = "any single float will do")]
            6 => Shape::Single(self.float() as f32),
            7 => Shape::Char(self.0.char(..)),
            8 => Shape::Text(self.text()),
            9 => Shape::Borrowed(Cow::Owned(self.text())),
            10 => Shape::Option(self.some(|this| Box::new(this.shape(depth)))),
            11 => Shape::Twice(self.some(|this| this.some(|this| this.0.u8(..)))),
            12 => Shape::Unitary(self.some(|_| ())),
            13 => Shape::Marked(self.some(|_| PhantomData)),
            14 => Shape::Json(self.json(depth)),
            15 => Shape::Maybe(self.some(|this| this.json(depth))),
            16 => Shape::List(self.list(depth)),
            17 => Shape::Persistent(self.list(depth).into()),
            18 => Shape::Set((0..self.0.u8(..9)).collect()),
            19 => Shape::Map(self.keyed(depth, Self::text)),
            20 => Shape::Numbers(self.keyed(depth, |this| this.0.i64(..))),
            21 => Shape::Bools(self.keyed(depth, |this| this.0.bool())),
            22 => Shape::Pairs((0..self.0.u8(..2)).map(|key| ((key, key), 1)).collect()),
            23 => Shape::Tuple(Box::new((self.shape(depth), 1)), Box::new(self.shape(depth))),
            24 => Shape::Newtype(Newtype(self.some(|this| this.0.u8(..)))),
            25 => Shape::Named {
                left: Box::new(self.shape(depth)),
                right: self.some(|this| this.0.u8(..)),
            },
            26 => Shape::Result(if self.0.bool() { Ok(7) } else { Err(self.text()) }),
            27 => Shape::Tagged(Box::new(match self.0.u8(..3) {
                0 => Tagged::Empty,
                1 => Tagged::Struct { shape: self.shape(depth) },
                _ => {
                    Tagged::Numbers { numbers: (0..self.0.u32(..2)).map(|key| (key, 1)).collect() }
                }
            })),
            28 => Shape::Adjacent(Box::new(match self.0.u8(..3) {
                0 => Adjacent::Empty,
                1 => Adjacent::OneThing(self.shape(depth)),
                _ => Adjacent::TwoThings(7, self.shape(depth)),
            })),
            29 => Shape::Untagged(Box::new(self.untagged(depth))),
            30 => Shape::Flat(Flat {
                first: 7,
                // one of them has the name of the other field
                rest: ["second", "third", "first"][..self.0.usize(..=3)]
                    .iter()
                    .map(|key| ((*key).to_owned(), 9))
                    .collect(),
            }),
            31 => Shape::Bytes(Bytes(vec![0, 127, 255])),
            32 => Shape::LeftOut(LeftOut {
                list: (0..self.0.u8(..2)).collect(),
                option: self.some(|this| Box::new(this.shape(depth))),
            }),
            33 => self.deep(),
            _ => Shape::Nothing,
        }
    }

    fn untagged(&mut self, depth: usize) -> Untagged {
        match self.0.u8(..4) {
            0 => Untagged::Nothing,
            1 => Untagged::Number(self.number()),
            2 => Untagged::Text(self.text()),
            _ => Untagged::Struct { only: self.shape(depth) },
        }
    }

    /// Puts another value into one field.
    fn change(&mut self, values: &mut Values) {
        const DEPTH: usize = 5;
        match self.0.u8(..24) {
            0 => values.plain = self.shape(DEPTH),
            1 => values.slot = self.shape(DEPTH),
            2..4 => values.list.extend(self.list(DEPTH)),
            4..6 => values.list.truncate(self.0.usize(..=values.list.len())),
            6 => values.slot_list = self.list(DEPTH).into(),
            7 => values.slot_list.extend(self.list(DEPTH)),
            8 => values.unit = if self.0.bool() { Unital::Unit(()) } else { Unital::Number(7) },
            9 => values.json = self.json(DEPTH),
            10 => *values.boxed = self.some(|this| this.0.u8(..)),
            11 => values.newtype = Newtype(self.some(|this| this.0.u8(..))),
            12 => values.untagged = self.untagged(DEPTH),
            13 => values.optional = self.some(|this| this.some(|this| this.0.u8(..))),
            14 => values.with = self.number(),
            15 => values.silent = self.0.u8(..3),
            16 => values.note = self.some(Self::text),
            17..20 => values.map.extend(self.keyed(DEPTH, |this| this.0.i16(-20..20))),
            20 => values.map.retain(|_, _| self.0.bool()),
            21 => values.slot_map.extend(self.keyed(DEPTH, Self::text)),
            22 => values.slot_map.retain(|_, _| self.0.bool()),
            _ => values.tags = self.list(DEPTH),
        }
        values.within = self.0.u8(..);
    }
}

/// Values that every log takes.
fn tame() -> Values {
    Values {
        plain: Shape::Nothing,
        slot: Shape::Nothing,
        list: Vector::new(),
        slot_list: Vector::new(),
        map: OrdMap::new(),
        slot_map: OrdMap::new(),
        unit: Unital::Number(0),
        json: Value::Bool(true),
        boxed: Box::new(Some(0)),
        newtype: Newtype(Some(0)),
        untagged: Untagged::Number(0),
        optional: None,
        with: 0,
        silent: 1,
        note: None,
        tags: Vec::new(),
        within: 0,
    }
}

/// How often what was refused, and how many runs were recorded.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub inputs: usize,
    pub items: usize,
    pub fields: usize,
    pub recorded: usize,
}

/// What a run comes to when it is refused; any other error is a fault.
fn refused(error: &RunError, counts: &mut Counts) {
    let RunErrorKind::Log { source: LogError::NotSerialisable { what, .. }, .. } = error.kind()
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

/// The items of a session that its log has.
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

/// Writes values of which one was changed; returns the field that is refused and why, if one is. What is
/// not refused is there when the session is opened again.
pub async fn write_changed(change: impl FnOnce(&mut Values)) -> Option<String> {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut values = tame();
    change(&mut values);
    let next = Next(Arc::new(Mutex::new((Shape::Nothing, values.clone(), None))));
    let mut app = open(&log, "changed", &next).await;
    let ran = app.run(WritingInputs { given: Shape::Nothing }).await.map(drop);
    let refused = ran.err().map(|error| match error.into_kind() {
        RunErrorKind::Log { source, .. } => source.to_string(),
        other => panic!("{other:?}"),
    });
    let expected = if refused.is_some() { Sheet::default() } else { values.into() };
    assert_eq!(*app.state(), expected);
    app.close().await.unwrap();
    assert_eq!(*open(&log, "changed", &next).await.state(), expected);
    refused
}

/// Writes random values, and opens the session again after each: what was taken is there, and what was
/// refused has changed nothing.
pub async fn check(log: Arc<dyn Log>, seed: u64, rounds: usize) -> Counts {
    let mut maker = Maker(Rng::with_seed(seed));
    let session = format!("round trip {seed}");
    let next = Next(Arc::new(Mutex::new((Shape::Nothing, tame(), None))));
    let (mut values, mut sheet, mut shown) = (tame(), Sheet::default(), Vec::new());
    // what the last run was given that has begun
    let mut begun = None;
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
        begun = next.taken().or(begun);
        match error {
            None => {
                (sheet, values) = (candidate.clone().into(), candidate);
                counts.recorded += 1;
            }
            Some(error) => refused(&error, &mut counts),
        }
        assert_eq!(*app.state(), sheet, "seed {seed}");
        app.close().await.unwrap();

        // an unfinished run is resumed with the inputs that it was given
        let mut app = open(&log, &session, &next).await;
        if matches!(app.position(), Position::Unfinished(_)) && maker.0.bool() {
            next.set(Shape::Nothing, values.clone());
            app.resume().await.unwrap();
            assert_eq!(next.taken(), begun, "seed {seed}");
            shown.push(Shape::Nothing);
            sheet = values.clone().into();
        }
        app.close().await.unwrap();
    }
    assert_eq!(items(&log, &session).await, shown, "seed {seed}");
    counts
}
