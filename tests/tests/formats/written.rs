//! The format that is written now, byte for byte.

use super::{
    diary::{Keeping, SESSIONS, Shelving, TREE, write_all, write_tree},
    fixtures::{export, folder, import, lines},
    odds::{ODDS, written},
};
use burdock::log::{FORMAT, MemoryLog};
use burdock_sqlite::SqliteLog;
use std::{env, fs};

const ADVICE: &str = "sessions of this format exist, so a change of the format must be explicit: \
    raise `FORMAT`, keep the old folder of fixtures so that it is still read, and write a new one with \
    `BLESS=1 cargo test -p burdock-tests --test all formats`";

/// Until a format is released, its folder may be removed and written again.
#[tokio::test]
async fn sessions_are_written_exactly_as_in_the_fixtures() {
    let (log, trees) = (MemoryLog::new(), MemoryLog::new());
    write_all(&log).await;
    let tree = write_tree(&trees).await;
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
        for (file, session) in TREE.iter().zip(&tree) {
            let lines = export(&trees, session.as_str()).await;
            fs::write(folder.join(format!("{file}.jsonl")), lines).unwrap();
        }
        fs::write(folder.join(format!("{ODDS}.jsonl")), written()).unwrap();
    }
    for session in SESSIONS {
        compare(session, &export(&log, session).await);
    }
    for (file, session) in TREE.iter().zip(&tree) {
        compare(file, &export(&trees, session.as_str()).await);
    }
    compare(ODDS, &written());
}

/// The current hash of the graph, and that at the time when the fixtures were written. A hash is not part of
/// the format: it only shows whether the graph changed.
fn hashes() -> [(u64, &'static str); 2] {
    [
        (Keeping::TOPOLOGY.hash(), "b4930cefd9ac0315"),
        (Shelving::TOPOLOGY.hash(), "2fe1b56cc1e98bc1"),
    ]
}

fn compare(session: &str, written: &str) {
    let fixture = lines(FORMAT, session);
    let written = hashes().iter().fold(written.to_owned(), |written, (now, then)| {
        written.replace(&format!("\"hash\":\"{now:016x}\""), &format!("\"hash\":\"{then}\""))
    });
    let [written, expected] = [written, fixture].map(|lines| sorted(&lines));
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
