//! Reads, session info, and readers concurrent with a writer.

use crate::{
    entries::{START, item, raw, several, snapshot, with_time},
    trial::{Trial, Verdict, ensure, ensure_content, ensure_eq, ensure_err, read_all, within},
    writer::Writer,
};
use burdock::log::{LogError, NewEntry, Offset, Record, SessionFilter, Urgency, tail};
use std::{sync::Arc, time::Duration};

pub(crate) async fn read_returns_between_one_and_limit_entries(trial: Trial) -> Verdict {
    let writer = trial.session("session", 600).await?;
    for limit in [1, 2, 7, 255, 256, 257, 599, 600, 601, 1 << 20, usize::MAX] {
        let mut next = Offset::ZERO;
        loop {
            let page = trial.log.read(&writer.session, next, limit).await?;
            ensure!(page.len() <= limit, "{} entries were read, limit was {limit}", page.len());
            let from = usize::try_from(next.0).unwrap_or_default();
            if page.is_empty() {
                ensure_eq!(from, 600, "end of reads with limit {limit}");
                break;
            }
            ensure!(
                writer.sent.get(from..from + page.len()) == Some(&page[..]),
                "a page from {next} with limit {limit} differs from the entries that were written"
            );
            next = next.plus(page.len() as u64);
        }
    }
    Ok(())
}

pub(crate) async fn offsets_beyond_the_end_are_handled(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let log = &trial.log;
    for offset in [3, 4, 1000, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX - 1, u64::MAX] {
        let offset = Offset(offset);
        ensure_eq!(log.read(&writer.session, offset, 10).await?, Vec::new(), "read from {offset}");
        let waited = within(Duration::from_millis(1), log.reached(&writer.session, offset)).await;
        // spurious completion is allowed, an error is not
        waited.transpose()?;
        if offset > Offset(3) {
            ensure_err!(
                writer.append_at(offset, vec![item("far")?]).await,
                LogError::Misplaced { next: Offset(3), .. },
                "append at {offset}"
            );
        }
        ensure_err!(
            log.trim(&writer.session, offset).await,
            LogError::NeededForOpening { before, snapshot: Offset(0), .. } if before == offset,
            "trim before {offset}"
        );
    }
    writer.write(1).await?;
    ensure_content(log, &writer.session, &writer.sent).await
}

pub(crate) async fn json_is_read_unchanged(trial: Trial) -> Verdict {
    const ITEMS: &[&str] = &[
        r#"{"b":1,"a":2,"B":3,"":4}"#,
        r#"{"a":1,"a":2}"#,
        "  [ 1 ,2,\t3 ]  ",
        r"1.0",
        r"1e400",
        r"-0",
        r"123456789012345678901234567890.10",
        r#""\u0041\u00e9\n\/\"\\""#,
        r#""\u0000""#,
        r#""\ud83d\ude00 \ud800""#,
        "\"é e\u{301} ß 日本語 😀 \u{200b}\u{feff}\u{2028}\u{fffd}\u{10ffff}\"",
        "\"it's 50% _of_ $1, ?1, :a, {{}} and \u{7f}\"",
        "\"'; DROP TABLE entries; --\"",
        "\n\n{ }\r\n",
        "\"\"",
    ];
    let mut writer = trial.session("session", 1).await?;
    for item in ITEMS {
        let json = format!(
            r#"{{ "v":1, "entry":{{"item":{{"node":"x","step":0,"attempt":1,"item":{item}}}}} ,"at":[1,2] }}"#
        );
        writer.append(vec![raw(&json)]).await?;
        // whitespace around the text, too
        writer.append(vec![raw(&format!("\n\t {json} \n"))]).await?;
    }
    for log in trial.handles().await? {
        ensure_content(&log, &writer.session, &writer.sent).await?;
    }
    Ok(())
}

pub(crate) async fn large_entries_are_read_unchanged(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let big = |count: u8| {
        let text: String = (0..=u8::MAX).map(|byte| char::from(byte ^ count)).collect();
        let small = item(text.clone())?;
        let written = serde_json::Value::from(text).to_string();
        let written = written.trim_matches('"');
        // serializing all of it would take most of the time
        let repeated = written.repeat((16 << 20) / written.len() + 1);
        let json = small.json.replace(written, &repeated);
        Ok::<_, LogError>(NewEntry::from_json(small.kind, small.wall, json))
    };
    let (one, two, three) = (big(0)?, big(1)?, big(2)?);
    ensure!(one.json.len() > 16 << 20, "the entry has only {} bytes", one.json.len());
    writer.append(vec![one]).await?;
    writer.append(vec![item("small")?, two, item("small")?, three]).await?;
    writer.append(vec![item("small")?]).await?;
    let found = read_all(&trial.log, &writer.session, Offset::ZERO).await?;
    ensure_eq!(found.len(), writer.sent.len(), "number of entries");
    for (found, sent) in found.iter().zip(&writer.sent) {
        ensure!(
            found == sent,
            "the entry at {} differs from the one that was written",
            sent.offset
        );
        found.entry(&writer.session)?;
    }
    Ok(())
}

pub(crate) async fn info_describes_the_session(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let mut expected = trial.log.info(&writer.session).await?;
    ensure_eq!(expected.id, writer.session, "id");
    ensure_eq!(expected.epoch, writer.epoch, "epoch");
    ensure_eq!((expected.first, expected.next), (Offset(0), Offset(1)), "first and next offset");
    ensure_eq!(expected.snapshot, Some(Offset(0)), "snapshot");
    ensure_eq!((expected.created, expected.updated), (START, START), "times");
    // clocks can jump, even to before the creation
    for (wall, more) in [(START + 5, 1), (START - 7000, 1), (0, 2), (START + 1_000_000, 3)] {
        let entry = with_time(wall, item("x")?);
        let mut entries = vec![with_time(wall + 99, entry.clone()); more];
        entries.push(entry);
        writer.append(entries).await?;
        (expected.next, expected.updated) = (writer.next, wall);
        for log in trial.handles().await? {
            ensure_eq!(log.info(&writer.session).await?, expected, "info");
            let filter = SessionFilter { prefix: trial.prefix.clone(), ..SessionFilter::default() };
            ensure_eq!(log.sessions(filter).await?, vec![expected.clone()], "listed sessions");
        }
    }
    expected.epoch = writer.successor().await?.epoch;
    ensure_eq!(trial.log.info(&writer.session).await?, expected, "info after opening again");
    Ok(())
}

pub(crate) async fn last_snapshot_is_reported(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let rounds = [
        (vec![snapshot(1)?], 3),
        (vec![item("a")?, item("b")?], 3),
        (vec![item("a")?, snapshot(2)?, item("b")?], 7),
        (vec![snapshot(3)?, item("a")?, snapshot(4)?, snapshot(5)?], 12),
        (vec![item("a")?], 12),
    ];
    for (entries, last) in rounds {
        writer.append(entries).await?;
        for log in trial.handles().await? {
            let info = log.info(&writer.session).await?;
            ensure_eq!(info.snapshot, Some(Offset(last)), "last snapshot before {}", info.next);
        }
        let sent = writer.sent;
        writer = Writer { sent, ..trial.open("session").await? };
        ensure_eq!(writer.opened.snapshot, Some(Offset(last)), "snapshot on opening");
    }
    let read = trial.log.read(&writer.session, Offset(12), 1).await?;
    let entry = read.first().map(|record| record.entry(&writer.session)).transpose()?;
    let step = entry.as_ref().and_then(|entry| entry.kind.snapshot()).map(|snapshot| snapshot.step);
    ensure_eq!(step, Some(5), "step of the last snapshot");
    Ok(())
}

pub(crate) async fn snapshot_before_an_entry_is_found(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    writer.append(vec![snapshot(1)?, item("a")?, snapshot(2)?, item("b")?]).await?;
    writer.append(vec![snapshot(3)?, item("c")?]).await?;
    let (snapshots, id) = ([0, 3, 5, 7], &writer.session);
    for first in [0, 2, 3, 5, 6, 7] {
        trial.log.trim(id, Offset(first)).await?;
        for offset in (0..12).chain([i64::MAX as u64, u64::MAX]) {
            let before = |snapshot: &u64| *snapshot >= first && *snapshot <= offset;
            let found = trial.log.snapshot_before(id, Offset(offset)).await?.map(|found| found.0);
            let last = snapshots.into_iter().rfind(before);
            // the provided method only knows the first entry and the last snapshot
            let provided = last.filter(|last| *last == 7).or((first == 0).then_some(0));
            ensure!(
                found == last || found == provided,
                "snapshot before {offset} of {snapshots:?}, where the first remaining entry is {first}: \
                 found {found:?}"
            );
        }
    }
    let none = trial.log.snapshot_before(&trial.id("none")?, Offset(0)).await;
    ensure_err!(none, LogError::NoSession { .. }, "snapshot of a missing session");
    Ok(())
}

pub(crate) async fn reading_does_not_fence_the_writer(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let id = writer.session.clone();
    let epochs = trial.log.epochs(&id).await?;
    for log in trial.handles().await? {
        log.read(&id, Offset::ZERO, 10).await?;
        log.info(&id).await?;
        log.sessions(SessionFilter { prefix: id.as_str().into(), ..SessionFilter::default() })
            .await?;
        log.reached(&id, Offset(1)).await?;
        let mut tail = tail(&log, &id, Offset(2));
        trial.soon("last entry", tail.next()).await?.transpose()?;
        let _ = within(Duration::from_millis(1), tail.next()).await;
        ensure_eq!(log.epochs(&id).await?, epochs, "epochs after reading");
        writer.write(1).await?;
    }
    ensure_content(&trial.log, &id, &writer.sent).await
}

pub(crate) async fn concurrent_readers_see_prefixes(trial: Trial) -> Verdict {
    const GROUP: u64 = 3;
    const END: u64 = 1 + 100 * GROUP;
    let mut writer = trial.session("session", 1).await?;
    let mut expected = writer.sent.clone();
    for (offset, entry) in (0..).zip(several(0..END)?).skip(1) {
        expected.push(Record::new(Offset(offset), writer.epoch, entry.json));
    }
    let expected: Arc<[_]> = expected.into();
    let mut readers = Vec::new();
    for log in trial.handles().await?.into_iter().cycle().take(3) {
        let (id, expected) = (writer.session.clone(), Arc::clone(&expected));
        readers.push(trial.spawn(async move {
            loop {
                let next = log.info(&id).await?.next;
                ensure_eq!(
                    (next.0 - 1) % GROUP,
                    0,
                    "visible entries of an incomplete append of {GROUP}"
                );
                let found = read_all(&log, &id, Offset::ZERO).await?;
                ensure!(
                    expected.starts_with(&found),
                    "the entries read are not a prefix of the entries written"
                );
                ensure!(
                    found.len() as u64 >= next.0,
                    "a read returned fewer entries than `info` reported before"
                );
                if found.len() == expected.len() {
                    return Ok(());
                }
            }
        }));
    }
    let mut pending = Vec::new();
    while writer.next < Offset(END) {
        let entries = several(writer.next.0..writer.next.0 + GROUP)?;
        pending.push(writer.send(entries, Urgency::Now));
        if pending.len() == 4 {
            for append in pending.drain(..) {
                append.await?;
            }
            let end = trial.log.info(&writer.session).await?.next;
            ensure_eq!(end, writer.next, "end after acknowledged appends");
        }
    }
    for reader in readers {
        reader.await?;
    }
    ensure_content(&trial.log, &writer.session, &writer.sent).await
}
