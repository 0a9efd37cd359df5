use crate::support::{
    Server,
    entries::{append, claim, id, ids, jsons},
};
use burdock::log::{Append, Claim, Existence, Log, LogError, NewEntry, Offset};
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn opening_on_two_logs_in_turn_fences_the_other() {
    let logs = Server::shared().logs().await;
    let session = id("s");
    let mut last = None;
    for round in 0..100 {
        let log = &logs[round % 2];
        let opened = log.open(&session, Claim::default()).await.unwrap();
        let at = opened.next.0;
        log.append(append(&session, opened.epoch, at, 2)).await.unwrap();
        if let Some((log, epoch)) = last.replace((log, opened.epoch)) {
            let error = log.append(append(&session, epoch, at, 2)).await.unwrap_err();
            assert!(matches!(error, LogError::Fenced { .. }), "{error:?}");
        }
    }
    assert_eq!(jsons(&logs[0], &session).await.len(), 200);
    assert_eq!(logs[0].epochs(&session).await.unwrap().len(), 100);
}

#[tokio::test]
async fn idle_time_is_measured_by_the_database_clock() {
    let [first, second] = Server::shared().logs().await;
    let session = id("s");
    let idle = claim(Existence::Any, Some(HOUR));
    let opened = first.open(&session, idle).await.unwrap();
    let error = second.open(&session, idle).await.unwrap_err();
    assert!(matches!(&error, LogError::Busy { ago, .. } if *ago < HOUR), "{error:?}");
    // the rejected claim did not fence the writer
    first.append(append(&session, opened.epoch, 0, 1)).await.unwrap();
    assert!(matches!(second.open(&session, idle).await, Err(LogError::Busy { .. })));
    first.release(&session, opened.epoch).await.unwrap();
    second.open(&session, idle).await.unwrap();
}

#[tokio::test]
async fn sessions_are_listed_in_byte_order() {
    let log = Server::shared().log().await;
    let mut names = ["a", "B", "é", "a\u{1}", "a/b", "a%", "a_", "\u{10ffff}", "ab", "zoë", "'"]
        .map(String::from)
        .to_vec();
    names.push("\u{10ffff}".repeat(256));
    for name in &names {
        let opened = log.open(&id(name), Claim::default()).await.unwrap();
        log.append(append(&id(name), opened.epoch, 0, 1)).await.unwrap();
    }
    log.open(&id("only opened"), Claim::default()).await.unwrap();
    names.sort();
    assert_eq!(ids(&log, "", None).await, names);
    for prefix in ["a", "a_", "a%", "\u{10ffff}", "é", "x"] {
        let expected: Vec<_> = names.iter().filter(|name| name.starts_with(prefix)).collect();
        assert_eq!(ids(&log, prefix, None).await.iter().collect::<Vec<_>>(), expected);
    }
    for (index, name) in names.iter().enumerate() {
        assert_eq!(ids(&log, "", Some(name)).await, names[index + 1..]);
    }
    assert_eq!(ids(&log, "a", Some("a%")).await, ["a/b", "a_", "ab"]);
}

#[tokio::test]
async fn json_is_read_unchanged_even_if_larger_than_a_page() {
    let log = Server::shared().log().await;
    let session = id("s");
    let opened = log.open(&session, Claim::default()).await.unwrap();
    let texts = [
        "{ \"b\" : 1.50, \"a\":1e400 , \"b\": \"\\u0000é\\ud83d\" }".to_owned(),
        format!("\"{}\"", "x".repeat(5 << 20)),
        format!("\"{}\"", "ÿ".repeat(1 << 20)),
        format!("\"{}\"", "y".repeat(20 << 20)),
        "0".to_owned(),
    ];
    let new_entry = |text: &String| NewEntry::from_json("item", 0, text.as_str());
    let entries = texts.iter().map(new_entry).collect();
    let append = Append::new(session.clone(), opened.epoch, Offset::ZERO, entries);
    log.append(append.clone()).await.unwrap();
    log.append(append).await.unwrap();
    assert!(jsons(&log, &session).await == texts);
}
