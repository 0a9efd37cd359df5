//! Entries that no session of the program comes to.

use burdock::{
    Next, Position,
    log::{
        CauseRecord, Entry, EntryKind, FORMAT, FailureRecord, GraphMark, Snapshot, Time,
        UnfinishedRun,
    },
    state::Patch,
};
use serde_json::json;

/// The name of their file.
pub const ODDS: &str = "odds";

pub fn odds() -> Vec<Entry> {
    let failure = |cause| FailureRecord { node: "first".into(), attempts: u32::MAX, cause };
    let missing = failure(CauseRecord::MissingInput("number".into()));
    let state = json!({ "big": u64::MAX, "small": i64::MIN, "odd": 0.1, "list": [null, true] });
    let snapshot = |position, unfinished| Snapshot {
        graph: GraphMark { name: "Keeping".into(), hash: "0123456789abcdef".into() },
        version: 7,
        state: state.as_object().unwrap().clone(),
        position,
        step: u64::MAX,
        run: 3,
        unfinished,
        failure: Some(missing.clone()),
    };
    let run = UnfinishedRun {
        origin: "first".into(),
        origin_failure: Some(failure(CauseRecord::Timeout(u64::MAX))),
        inputs: json!(null),
        shown: 2,
    };
    let patches = vec![
        ("a \"field\"\u{7f}\u{2028}\u{1F600}\0".into(), Patch::Set(json!({ "deep": [[{}]] }))),
        ("list".into(), Patch::Append { keep: 0, tail: vec![json!(1.5e300), json!(-0.0)] }),
    ];
    let entries = Patch::Entries {
        set: json!({ "": null, "-7": [{}] }).as_object().unwrap().clone(),
        remove: vec!["a \"key\"\u{7f}\0".into()],
    };
    let of_a_map = vec![("map".into(), entries)];
    let (step, node) = (9, "first".to_owned());
    let kinds = [
        EntryKind::Snapshot(Box::new(snapshot(Position::Unfinished("first".into()), Some(run)))),
        EntryKind::Snapshot(Box::new(snapshot(Position::Ended, None))),
        EntryKind::AttemptFailed { step, failure: missing.clone(), retry_in: u64::MAX },
        EntryKind::StepFailed { step, failure: missing.clone(), next: Some(Next::End) },
        EntryKind::StepCommitted { step, node: node.clone(), attempt: 2, patches, next: Next::End },
        EntryKind::RunFailed { node: String::new(), error: Vec::new() },
        EntryKind::StepCommitted { step, node, attempt: 1, patches: of_a_map, next: Next::End },
    ];
    let time = Time(u64::MAX, u64::MAX);
    let entry = |kind| Entry { format: FORMAT, time, branch: vec![0, u32::MAX], kind };
    kinds.into_iter().map(entry).collect()
}

/// In the form of a fixture.
pub fn written() -> String {
    odds().iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect()
}
