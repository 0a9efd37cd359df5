//! The format that is written now, byte for byte.

use super::{
    diary::{Keeping, Later, SESSIONS, write_all},
    fixtures::{export, folder, import, lines},
    odds::{ODDS, written},
};
use burdock::log::{FORMAT, MemoryLog};
use burdock_sqlite::SqliteLog;
use std::{env, fs};

const ADVICE: &str = "sessions of this format exist, so a change of the format must be explicit: \
    raise `FORMAT`, keep the old folder of fixtures so that it is still read, and write a new one with \
    `BLESS=1 cargo test -p burdock-tests --test all formats`";

/// Until format 1 is released, its folder may be removed and written again.
#[tokio::test]
async fn sessions_are_written_exactly_as_in_the_fixtures() {
    let log = MemoryLog::new();
    write_all(&log).await;
    let folder = folder(FORMAT);
    if env::var_os("BLESS").is_some() && !folder.exists() {
        fs::create_dir_all(&folder).unwrap();
        let sqlite = SqliteLog::open(folder.join("sessions.db")).await.unwrap();
        for session in SESSIONS {
            let lines = export(&log, session).await;
            import(&sqlite, session, &lines).await;
            fs::write(folder.join(format!("{session}.jsonl")), lines).unwrap();
        }
        sqlite.close().await;
        fs::write(folder.join(format!("{ODDS}.jsonl")), written()).unwrap();
    }
    for session in SESSIONS {
        compare(session, &export(&log, session).await);
    }
    compare(ODDS, &written());
}

/// The current hashes of the graphs, and those at the time when the fixtures were written. A hash is not part of
/// the format: it only shows whether the graph changed.
fn hashes() -> [(u64, &'static str); 2] {
    [(Keeping::TOPOLOGY.hash(), "be1559bfc01f6ee0"), (Later::TOPOLOGY.hash(), "455d9eb1fe7a9cfd")]
}

/// The lines of the fixtures, counted from 1, that are valid but no longer written: opening a session with a
/// changed graph used to write a snapshot, even if no run followed.
const NO_LONGER_WRITTEN: [(&str, usize); 2] = [("unfinished", 10), ("unfinished", 11)];

fn compare(session: &str, written: &str) {
    let fixture = lines(FORMAT, session);
    let is_written = |number: usize| !NO_LONGER_WRITTEN.contains(&(session, number));
    let expected = (1..).zip(fixture.split_inclusive('\n'));
    let expected: String =
        expected.filter(|(number, _)| is_written(*number)).map(|(_, line)| line).collect();
    let written = hashes().iter().fold(written.to_owned(), |written, (now, then)| {
        written.replace(&format!("\"hash\":\"{now:016x}\""), &format!("\"hash\":\"{then}\""))
    });
    let [written, expected] = [written, expected].map(|lines| sorted(&lines));
    for (number, (written, expected)) in (1..).zip(written.lines().zip(expected.lines())) {
        assert_eq!(written, expected, "line {number} of `{session}`: {ADVICE}");
    }
    assert_eq!(written, expected, "`{session}`: {ADVICE}");
}

/// The lines with sorted keys in each object. The format leaves their order to `serde_json`, whose
/// feature `preserve_order` any dependency of a program may turn on.
fn sorted(lines: &str) -> String {
    let sorted = lines.lines().map(|line| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        value.sort_all_objects();
        format!("{value}\n")
    });
    sorted.collect()
}
