//! Checks that the fixtures are complete, and that every entry can be read and written without a change.

use super::{
    fixtures::{files, folder, lines},
    odds::{ODDS, odds},
};
use burdock::{
    log::{CauseRecord, Entry, EntryKind, FORMAT, FailureRecord},
    state::Patch,
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, str::FromStr};

fn entries(format: u32) -> Vec<(String, Entry)> {
    let lines: String = files(format).into_iter().map(|file| lines(format, file)).collect();
    let entry = |line| Entry::from_json(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    lines.lines().map(|line| (line.to_owned(), entry(line))).collect()
}

#[test]
fn every_entry_is_written_as_it_was_read() {
    for format in 1..=FORMAT {
        for (line, entry) in entries(format) {
            let again = serde_json::to_string(&entry).unwrap();
            assert_eq!(Entry::from_json(&again).unwrap(), entry);
            // an entry of an older format may be written differently
            if format == FORMAT {
                let [line, again] = [&line, &again].map(|json| Value::from_str(json).unwrap());
                assert_eq!(again, line);
            }
        }
    }
    let read: Vec<_> =
        lines(FORMAT, ODDS).lines().map(|line| Entry::from_json(line).unwrap()).collect();
    assert_eq!(read, odds());
}

#[test]
fn the_fixtures_have_every_kind_of_entry_patch_and_failure() {
    let mut seen = BTreeSet::new();
    for (_, entry) in entries(FORMAT) {
        collect(&entry.kind, &mut seen);
    }
    let wanted: BTreeSet<_> = WANTED.into_iter().collect();
    let missing: Vec<_> = wanted.difference(&seen).collect();
    assert!(missing.is_empty(), "{missing:?} are in no line of {}", folder(FORMAT).display());
    let unknown: Vec<_> = seen.difference(&wanted).collect();
    assert!(unknown.is_empty(), "{unknown:?} are not in `WANTED`");
}

#[test]
fn a_folder_of_fixtures_has_no_other_files() {
    for format in 1..=FORMAT {
        let mut files: Vec<_> = fs::read_dir(folder(format))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut expected: Vec<_> =
            self::files(format).into_iter().map(|file| format!("{file}.jsonl")).collect();
        expected.push("sessions.db".into());
        expected.sort();
        assert_eq!(files, expected);
    }
}

/// All kinds of entries, patches and failures. A new kind has to be added here, and to a fixture.
const WANTED: [&str; 38] = [
    "session created",
    "session forked",
    "run started",
    "run resumed",
    "step started",
    "item",
    "items superseded",
    "call recorded",
    "child created",
    "child started",
    "child ended",
    "attempt failed",
    "step failed",
    "step failed, with an error edge",
    "step committed",
    "run paused",
    "run ended",
    "run halted",
    "run stopped",
    "run failed",
    "run cancelled",
    "session reopened",
    "snapshot",
    "snapshot in a run",
    "snapshot with items",
    "snapshot with calls",
    "set",
    "append",
    "shorten",
    "entries",
    "error with a source",
    "retryable error",
    "terminal error",
    "panic",
    "timeout",
    "unset slot",
    "missing input",
    "failure kept across a pause",
];

fn collect(kind: &EntryKind, seen: &mut BTreeSet<&'static str>) {
    let name = match kind {
        EntryKind::SessionCreated { child_of: Some(_), .. } => "child created",
        EntryKind::SessionCreated { parent: None, .. } => "session created",
        EntryKind::SessionCreated { parent: Some(_), .. } => "session forked",
        EntryKind::RunStarted { .. } => "run started",
        EntryKind::RunResumed { .. } => "run resumed",
        EntryKind::StepStarted { .. } => "step started",
        EntryKind::Item { .. } => "item",
        EntryKind::ItemsSuperseded { .. } => "items superseded",
        EntryKind::CallRecorded { .. } => "call recorded",
        EntryKind::ChildStarted { .. } => "child started",
        EntryKind::ChildEnded { .. } => "child ended",
        EntryKind::AttemptFailed { .. } => "attempt failed",
        EntryKind::StepFailed { next: None, .. } => "step failed",
        EntryKind::StepFailed { next: Some(_), .. } => "step failed, with an error edge",
        EntryKind::StepCommitted { .. } => "step committed",
        EntryKind::RunPaused { .. } => "run paused",
        EntryKind::RunEnded => "run ended",
        EntryKind::RunHalted { .. } => "run halted",
        EntryKind::RunStopped { .. } => "run stopped",
        EntryKind::RunFailed { .. } => "run failed",
        EntryKind::RunCancelled { .. } => "run cancelled",
        EntryKind::SessionReopened { .. } => "session reopened",
        EntryKind::Snapshot(_) => "snapshot",
        other => panic!("{other:?} has no name here"),
    };
    seen.insert(name);
    match kind {
        EntryKind::AttemptFailed { failure, .. } | EntryKind::StepFailed { failure, .. } => {
            collect_failure(failure, seen);
        }
        EntryKind::StepCommitted { patches, .. } => {
            seen.extend(patches.iter().map(|(_, patch)| name_of(patch)));
        }
        EntryKind::Snapshot(snapshot) => {
            let run = snapshot.unfinished.as_ref();
            seen.extend(run.map(|_| "snapshot in a run"));
            seen.extend(run.filter(|run| run.shown > 0).map(|_| "snapshot with items"));
            seen.extend(run.filter(|run| !run.calls.is_empty()).map(|_| "snapshot with calls"));
            let across_a_pause = run.filter(|run| run.origin_failure.is_some());
            seen.extend(across_a_pause.map(|_| "failure kept across a pause"));
        }
        _ => {}
    }
}

fn name_of(patch: &Patch) -> &'static str {
    match patch {
        Patch::Set(_) => "set",
        Patch::Append { tail, .. } if tail.is_empty() => "shorten",
        Patch::Append { .. } => "append",
        Patch::Entries { .. } => "entries",
        other => panic!("{other:?} has no name here"),
    }
}

fn collect_failure(failure: &FailureRecord, seen: &mut BTreeSet<&'static str>) {
    seen.insert(match &failure.cause {
        CauseRecord::Error { messages, .. } if messages.len() > 1 => "error with a source",
        CauseRecord::Error { .. } => "terminal error",
        CauseRecord::Panic(_) => "panic",
        CauseRecord::Timeout(_) => "timeout",
        CauseRecord::UnsetSlot(_) => "unset slot",
        CauseRecord::MissingInput(_) => "missing input",
        other => panic!("{other:?} has no name here"),
    });
    if matches!(failure.cause, CauseRecord::Error { retryable: true, .. }) {
        seen.insert("retryable error");
    }
}
