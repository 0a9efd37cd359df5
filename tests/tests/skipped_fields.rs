//! Fields that serde skips: a field that a snapshot lacks is read as its default, so a log accepts only that
//! default. Changes to such a field by a hand-written `Writes` are recorded.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::trivially_copy_pass_by_ref,
    clippy::option_option,
    clippy::ref_option,
    reason = "a test; serde requires references"
)]

use burdock::{
    App,
    action::{ActionInfo, Attempt, UnsetSlot, Writes},
    log::MemoryLog,
    prelude::*,
    state::set_of,
    stream::NoItems,
};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};

fn one() -> u32 {
    1
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn seven() -> Fields {
    Fields { contained: Some(7), ..Fields::new() }
}

/// Reads `null` as `Some(None)`, and a missing field as `None`.
mod double {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<Option<u32>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.flatten().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<u32>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

/// Each field is skipped for some value, and then read as the same value or another one.
#[derive(State, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default = "seven")]
pub struct Fields {
    #[serde(skip_serializing_if = "is_zero", default = "one")]
    pub function: u32,
    #[serde(skip_serializing_if = "is_zero", default)]
    pub zero: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contained: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub option: Option<u32>,
    #[serde(skip_serializing_if = "<[u32]>::is_empty", default)]
    pub list: Vec<u32>,
    #[serde(with = "double", skip_serializing_if = "Option::is_none", default)]
    pub double: Option<Option<u32>>,
    /// Can be so large that a snapshot follows the commit.
    pub pad: String,
}

impl Fields {
    fn new() -> Self {
        Self {
            function: 1,
            zero: 2,
            contained: Some(3),
            option: Some(4),
            list: vec![5],
            double: Some(Some(6)),
            pad: String::new(),
        }
    }
}

#[action(state = Fields, writes(function, zero, contained, option, list, double, pad))]
async fn set(#[input] to: Fields) -> Result<Writes> {
    let Fields { function, zero, contained, option, list, double, pad } = to;
    Ok(Writes { function, zero, contained, option, list, double, pad })
}

graph! {
    pub Setting(Fields) {
        inputs { to: Fields }
        nodes { set }
        start set;
        set -> pause set;
    }
}

/// A slot that serde does not write.
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Skipping {
    #[serde(skip)]
    pub slot: Slot<u32>,
    #[serde(skip, default = "set")]
    pub defaulted: Slot<u32>,
    #[serde(skip)]
    pub plain: u32,
}

fn set() -> Slot<u32> {
    Slot::set(1)
}

#[action(state = Skipping, writes(slot, plain))]
async fn fill(#[input] slot: bool) -> Result<Writes> {
    if slot { Ok(Writes { slot: 1, plain: 1 }) } else { Err("no value".into()) }
}

#[action(state = Skipping, writes(defaulted, plain))]
async fn refill() -> Result<Writes> {
    Ok(Writes { defaulted: 2, plain: 2 })
}

graph! {
    pub Filling(Skipping) {
        inputs { slot: bool }
        nodes { fill, refill }
        start fill;
        fill -> refill;
        on error fill -> refill;
        refill -> pause fill;
    }
}

/// A state whose types come from the caller of a macro.
macro_rules! passed_on {
    ($name:ident { $slot:ident: $slot_type:ty, $option:ident: $option_type:ty }) => {
        #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
        pub struct $name {
            pub $slot: $slot_type,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $option: $option_type,
        }
    };
}

passed_on!(PassedOn { slot: Slot<u32>, option: Option<u32> });

#[test]
fn slots_and_options_are_recognized_in_types_that_a_macro_passes_on() {
    assert_eq!(PassedOn::FIELDS.iter().map(|field| field.slot).collect::<Vec<_>>(), [true, false]);
}

/// Writes every field, without recording which ones changed.
pub struct All(Fields);

impl Writes for All {
    type State = Fields;
    type Undo = Fields;

    fn apply(self, state: &mut Fields) -> Fields {
        std::mem::replace(state, self.0)
    }

    fn undo(undo: Fields, state: &mut Fields) {
        *state = undo;
    }

    fn of(state: &Fields) -> Self {
        Self(state.clone())
    }
}

/// Sets the fields to values that serde skips.
pub struct Clear;

impl Action for Clear {
    type State = Fields;
    type Reads<'a> = ();
    type Args<'a> = ();
    type Params = ();
    type Writes = All;
    type Yields = NoItems;
    const INFO: ActionInfo = ActionInfo::new("clear").writes(set_of(
        Fields::FIELDS,
        &["function", "zero", "contained", "option", "list", "double", "pad"],
    ));

    fn reads(_: &Fields) -> std::result::Result<(), UnsetSlot> {
        Ok(())
    }

    async fn run(_: Attempt<'_, Self>) -> Result<All> {
        Ok(All(Fields { zero: 0, option: None, list: Vec::new(), ..Fields::new() }))
    }
}

graph! {
    pub Clearing(Fields) {
        nodes { clear: Clear }
        start clear;
        clear -> pause clear;
    }
}

fn reopened<G: Graph<State = Fields>>(
    app: App<G>,
    log: &MemoryLog,
    build: impl FnOnce(MemoryLog) -> App<G>,
) -> Fields {
    block_on(app.close()).unwrap();
    build(log.clone()).state().clone()
}

fn setting(log: MemoryLog) -> App<Setting> {
    block_on(Setting::app().id("s").state(Fields::new()).log(log).build()).unwrap()
}

fn clearing(log: MemoryLog) -> App<Clearing> {
    block_on(Clearing::app().id("s").state(Fields::new()).log(log).build()).unwrap()
}

#[test]
fn a_skipped_value_that_is_read_back_differently_is_rejected_with_its_field() {
    for (field, to) in [
        ("function", Fields { function: 0, ..Fields::new() }),
        ("contained", Fields { contained: None, ..Fields::new() }),
        // written as `null`, which is read as another value
        ("double", Fields { double: None, ..Fields::new() }),
    ] {
        let build = Setting::app().id("s").state(to.clone()).log(MemoryLog::new()).build();
        let error = block_on(build).unwrap_err().to_string();
        assert!(error.contains(&format!("field `{field}`")), "{error}");

        let log = MemoryLog::new();
        let mut app = setting(log.clone());
        let run = app.run(SettingInputs { to }).into_future();
        let error = format!("{:?}", block_on(run).unwrap_err());
        assert!(error.contains(&format!("field `{field}`")), "{error}");
        assert_eq!(reopened(app, &log, setting), Fields::new());
    }
}

#[test]
fn a_skipped_default_is_restored_from_patches_and_snapshots() {
    for pad in ["", &"-".repeat(100_000)] {
        let pad = pad.to_owned();
        let to = Fields { zero: 0, option: None, list: Vec::new(), pad, ..Fields::new() };
        let log = MemoryLog::new();
        let mut app = setting(log.clone());
        block_on(app.run(SettingInputs { to: to.clone() }).into_future()).unwrap();
        assert_eq!(reopened(app, &log, setting), to);
    }
}

#[test]
fn hand_written_writes_record_fields_that_serde_skips() {
    let log = MemoryLog::new();
    let mut app = clearing(log.clone());
    block_on(app.run(ClearingInputs {}).into_future()).unwrap();
    let cleared = app.state().clone();
    assert_eq!((cleared.zero, cleared.option), (0, None));
    assert_eq!(reopened(app, &log, clearing), cleared);
}

#[test]
fn a_set_slot_that_serde_skips_is_rejected() {
    let build = |slot, defaulted| {
        let state = Skipping { slot, defaulted, plain: 0 };
        block_on(Filling::app().id("s").state(state).log(MemoryLog::new()).build())
    };
    for (field, slot, defaulted) in
        [("slot", Slot::set(1), set()), ("defaulted", Slot::unset(), Slot::unset())]
    {
        let error = build(slot, defaulted).unwrap_err().to_string();
        assert!(error.contains(&format!("field `{field}`")), "{error}");
        assert!(error.contains("serde does not write the slot"), "{error}");
    }
    let mut app = build(Slot::unset(), set()).unwrap();
    let error = block_on(app.run(FillingInputs { slot: true }).into_future()).unwrap_err();
    let error = format!("{error:?}");
    assert!(error.contains("field `slot`") && error.contains("serde does not write"), "{error}");
    block_on(app.restart(FillingInputs { slot: false }).into_future()).unwrap();
    assert_eq!((app.state().defaulted, app.state().plain), (Slot::set(2), 2));
}
