//! Entries that no session of the program contains.

use burdock::{
    Next, Position,
    log::{CauseRecord, Entry, FailureRecord, GraphMark, Snapshot, Time, UnfinishedRun},
    state::Patch,
};
use serde_json::json;

/// The name of their file, without its extension.
pub const ODDS: &str = "odds";

pub fn odds() -> Vec<Entry> {
    let failure = |cause| FailureRecord::new("first", u32::MAX, cause);
    let missing = failure(CauseRecord::MissingInput("number".into()));
    let state = json!({ "big": u64::MAX, "small": i64::MIN, "odd": 0.1, "list": [null, true] });
    let snapshot = |position, unfinished| {
        let graph = GraphMark::new("Keeping", "0123456789abcdef");
        let mut snapshot = Snapshot::new(graph, 7, state.as_object().unwrap().clone(), position);
        (snapshot.step, snapshot.run) = (u64::MAX, 3);
        snapshot.unfinished = unfinished;
        snapshot.failure = Some(missing.clone());
        json!({ "snapshot": snapshot })
    };
    let mut run = UnfinishedRun::new("first", json!(null));
    run.origin_failure = Some(failure(CauseRecord::Timeout(u64::MAX)));
    run.shown = 2;
    let big = json!({ "big": u64::MAX });
    let end = json!({ "position": { "rest": "first" }, "version": 7, "state": big });
    let child = |end| json!({ "child": { "graph": "", "session": "~1:1.2:\u{7}", "inputs": "00", "end": end } });
    let mut calls = vec![
        ("a \"key\"", json!({ "once": big })),
        ("b", json!({ "transaction": null })),
        ("c/", child(json!(null))),
        ("d", child(end)),
    ];
    if let Some(object) = calls[2].1["child"].as_object_mut() {
        object.remove("end");
    }
    let calls =
        calls.into_iter().map(|(key, call)| (key.into(), serde_json::from_value(call).unwrap()));
    run.calls.extend(calls);
    let patches = vec![
        ("a \"field\"\u{7f}\u{2028}\u{1F600}\0".into(), Patch::Set(json!({ "deep": [[{}]] }))),
        ("list".into(), Patch::Append { keep: 0, tail: vec![json!(1.5e300), json!(-0.0)] }),
    ];
    let entries = Patch::Entries {
        set: json!({ "": null, "-7": [{}] }).as_object().unwrap().clone(),
        remove: vec!["a \"key\"\u{7f}\0".into()],
    };
    let of_a_map = vec![("map".into(), entries)];
    let committed = |attempt: u32, patches: Vec<(String, Patch)>| {
        let mut committed = json!({ "step": 9, "node": "first", "attempt": attempt });
        committed["patches"] = json!(patches);
        committed["next"] = json!(Next::<String>::End);
        json!({ "step_committed": committed })
    };
    let next = Next::<String>::End;
    let kinds = [
        snapshot(Position::Unfinished("first".into()), Some(run)),
        snapshot(Position::Ended, None),
        json!({ "attempt_failed": { "step": 9, "failure": missing, "retry_in": u64::MAX } }),
        json!({ "step_failed": { "step": 9, "failure": missing, "next": next } }),
        committed(2, patches),
        json!({ "run_failed": { "node": "", "error": [] } }),
        committed(1, of_a_map),
        json!({ "call_recorded": {
            "step": 9, "node": "first", "attempt": u32::MAX, "key": "", "kind": "transaction",
            "result": [null, 1.5e300],
        } }),
    ];
    let entry = |kind| {
        let kind = serde_json::from_value(kind).unwrap();
        let mut entry = Entry::new(Time(u64::MAX, u64::MAX), kind);
        entry.branch = vec![0, u32::MAX];
        entry
    };
    kinds.into_iter().map(entry).collect()
}

/// The entries in the form of a fixture.
pub fn written() -> String {
    odds().iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect()
}
