//! Order, atomicity, compare-and-append, repetition, pipelining.

use crate::{
    entries::{item, numbered, several},
    trial::{Trial, Verdict, ensure, ensure_content, ensure_eq, ensure_err, read_all},
};
use burdock::log::{LogError, LogFuture, NewEntry, Offset, Urgency};
use std::{future::poll_fn, task::Poll, time::Duration};

const HOUR: Duration = Duration::from_hours(1);

pub(crate) async fn entries_are_read_in_order_without_gaps(trial: Trial) -> Verdict {
    let mut first = trial.open("session").await?;
    for size in [1, 2, 3, 5, 8, 300] {
        let from = first.next.0;
        first.append(several(from..from + size)?).await?;
    }
    let mut second = first.successor().await?;
    ensure_eq!(second.next, first.next, "offset of the second writer");
    second.append(vec![item("a")?, item("b")?]).await?;
    second.append(vec![item("c")?]).await?;
    let all: Vec<_> = first.sent.into_iter().chain(second.sent).collect();
    for log in trial.handles().await? {
        ensure_content(&log, &second.session, &all).await?;
        let late = read_all(&log, &second.session, Offset(7)).await?;
        ensure!(late == all[7..], "a read from offset 7 returned other entries than a read from 0");
    }
    for (record, offset) in all.iter().zip(0..319) {
        ensure_eq!(record.entry(&second.session)?.time.0, time_of(offset)?, "time of an entry");
    }
    Ok(())
}

fn time_of(offset: u64) -> Result<u64, LogError> {
    Ok(numbered(offset)?.wall)
}

pub(crate) async fn appends_are_atomic(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    for _ in 0..20 {
        writer.append(several(writer.next.0..writer.next.0 + 7)?).await?;
        let info = trial.log.info(&writer.session).await?;
        ensure_eq!(info.next, writer.next, "end after an append of 7 entries");
        let last = trial.log.read(&writer.session, Offset(writer.next.0 - 1), 10).await?;
        ensure_eq!(last.last(), writer.sent.last(), "last entry of an append of 7 entries");
    }
    ensure_content(&trial.log, &writer.session, &writer.sent).await
}

pub(crate) async fn twenty_thousand_entries_fit_in_one_append(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let entry = item("x")?;
    let entries: Vec<_> = (0..20_000)
        .map(|count: u32| {
            NewEntry::from_json(entry.kind, entry.wall, format!("{} {count}", entry.json))
        })
        .collect();
    writer.append(entries).await?;
    ensure_content(&trial.log, &writer.session, &writer.sent).await
}

pub(crate) async fn append_at_another_offset_is_misplaced(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 4).await?;
    let entries = || Ok::<_, LogError>(vec![item("odd")?, item("odder")?]);
    for offset in [0, 1, 2, 3, 5, 6, 1000] {
        let rejected = writer.append_at(Offset(offset), entries()?).await;
        ensure_err!(
            rejected,
            LogError::Misplaced { session, at: Offset(at), next: Offset(4) }
                if session == writer.session && at == offset,
            "append of other entries at offset {offset} where 4 is next"
        );
        ensure_content(&trial.log, &writer.session, &writer.sent).await?;
    }
    writer.append(entries()?).await?;
    ensure_content(&trial.log, &writer.session, &writer.sent).await?;
    let mut new = trial.open("new").await?;
    ensure_err!(
        new.append_at(Offset(1), entries()?).await,
        LogError::Misplaced { next: Offset(0), .. },
        "append at offset 1 to a session without entries"
    );
    new.append(vec![numbered(0)?]).await?;
    ensure_content(&trial.log, &new.session, &new.sent).await
}

pub(crate) async fn repeated_append_is_idempotent(trial: Trial) -> Verdict {
    let mut writer = trial.open("session").await?;
    let parts = [0..1, 1..4, 4..5, 5..10].map(several);
    for part in &parts {
        let (at, part) = (writer.next, part.clone()?);
        writer.append(part.clone()).await?;
        writer.append_at(at, part.clone()).await?;
        writer.append_at(at, part).await?;
        ensure_content(&trial.log, &writer.session, &writer.sent).await?;
    }
    let mut at = Offset::ZERO;
    for part in parts {
        // even after later appends
        let part = part?;
        let next = at.plus(part.len() as u64);
        writer.append_at(at, part).await?;
        at = next;
    }
    ensure_content(&trial.log, &writer.session, &writer.sent).await?;
    writer.append(vec![item("on")?]).await?;
    // and when both are sent concurrently
    let (at, part) = (writer.next, vec![item("twice")?, item("and more")?]);
    let once = writer.send(part.clone(), Urgency::Now);
    let again = writer.send_at(at, part, Urgency::Now);
    again.await?;
    once.await?;
    ensure_content(&trial.log, &writer.session, &writer.sent).await
}

pub(crate) async fn repeated_append_with_other_entries_is_misplaced(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 2).await?;
    writer.append(vec![item("a")?, item("b")?]).await?;
    let others = [
        ("another first entry", 2, vec![item("x")?, item("b")?]),
        ("another second entry", 2, vec![item("a")?, item("x")?]),
        ("the same entries in another order", 2, vec![item("b")?, item("a")?]),
        ("the same entries and one more", 2, vec![item("a")?, item("b")?, item("c")?]),
        ("the last entry and one more", 3, vec![item("b")?, item("c")?]),
        ("the same entries one offset later", 3, vec![item("a")?, item("b")?]),
    ];
    for (what, at, entries) in others {
        ensure_err!(
            writer.append_at(Offset(at), entries).await,
            LogError::Misplaced { next: Offset(4), .. },
            "{what}"
        );
        ensure_content(&trial.log, &writer.session, &writer.sent).await?;
    }
    Ok(())
}

pub(crate) async fn entries_of_an_earlier_epoch_are_not_a_repetition(trial: Trial) -> Verdict {
    let mut first = trial.session("session", 2).await?;
    first.append(vec![item("a")?]).await?;
    let mut second = first.successor().await?;
    ensure_err!(
        second.append_at(Offset(2), vec![item("a")?]).await,
        LogError::Misplaced { next: Offset(3), .. },
        "entry of an earlier epoch at the same offset"
    );
    second.append(vec![item("a")?]).await?;
    let all: Vec<_> = first.sent.into_iter().chain(second.sent).collect();
    ensure_content(&trial.log, &second.session, &all).await
}

pub(crate) async fn pipelined_appends_keep_their_order(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let mut pending: Vec<LogFuture<()>> = Vec::new();
    for round in 0..100 {
        let entries = several(writer.next.0..writer.next.0 + 1 + round % 3)?;
        let urgency = match round % 4 {
            0 => Urgency::Whenever,
            1 => Urgency::Within(Duration::from_millis(1)),
            _ => Urgency::Now,
        };
        pending.push(writer.send(entries, urgency));
    }
    // the order of awaiting does not matter
    while let Some(append) = pending.pop() {
        append.await?;
    }
    ensure_content(&trial.log, &writer.session, &writer.sent).await
}

pub(crate) async fn appends_after_a_failed_one_fail(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 3).await?;
    let before = writer.send(vec![item("before")?], Urgency::Now);
    let gap = writer.send_at(Offset(6), vec![item("failed")?], Urgency::Now);
    let later: Vec<_> = (7..12)
        .map(|at| Ok(writer.send_at(Offset(at), vec![item("later")?], Urgency::Now)))
        .collect::<Result<_, LogError>>()?;
    before.await?;
    ensure_err!(gap.await, LogError::Misplaced { .. }, "append that leaves a gap");
    for append in later {
        ensure!(append.await.is_err(), "an append after a failed one succeeded");
    }
    let mut next = writer.successor().await?;
    ensure_eq!(next.next, Offset(4), "end after failed appends");
    next.append(vec![item("on")?]).await?;
    let all: Vec<_> = writer.sent.into_iter().chain(next.sent).collect();
    ensure_content(&trial.log, &next.session, &all).await
}

pub(crate) async fn dropped_append_is_stored_whole_or_not_at_all(trial: Trial) -> Verdict {
    for (round, polls) in [0, 1, 2, 0].into_iter().enumerate() {
        let mut writer = trial.session(&format!("session {round}"), 2).await?;
        let mut dropped = writer.send(several(2..5)?, Urgency::Now);
        poll_fn(|cx| {
            // a future that is ready is not polled again
            let _ = (0..polls).any(|_| dropped.as_mut().poll(cx).is_ready());
            Poll::Ready(())
        })
        .await;
        drop(dropped);
        let later = writer.send(several(5..7)?, Urgency::Now).await;
        let end = writer.successor().await?.next;
        let stored = if later.is_ok() { Offset(7) } else { Offset(5) };
        ensure!(
            end == stored || (later.is_err() && end == Offset(2)),
            "after a dropped append of 3 entries, an append of 2 returned {later:?}: end is {end}"
        );
        let sent = usize::try_from(end.0).unwrap_or_default();
        ensure_content(&trial.log, &writer.session, &writer.sent[..sent]).await?;
    }
    Ok(())
}

pub(crate) async fn delayed_appends_are_stored_before_a_later_urgent_append(
    trial: Trial,
) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    for urgency in [Urgency::Whenever, Urgency::Within(HOUR), Urgency::Within(Duration::MAX)] {
        let delayed = writer.send(several(writer.next.0..writer.next.0 + 3)?, urgency);
        let urgent = writer.append(vec![item("now")?]);
        trial.soon(&format!("urgent append after one {urgency:?}"), urgent).await??;
        for log in trial.handles().await? {
            ensure_content(&log, &writer.session, &writer.sent).await?;
        }
        trial.soon(&format!("append {urgency:?} before an urgent one"), delayed).await??;
    }
    Ok(())
}

pub(crate) async fn delayed_append_becomes_durable_without_other_appends(trial: Trial) -> Verdict {
    let mut writer = trial.session("session", 1).await?;
    let delayed = writer.send(several(1..3)?, Urgency::Within(Duration::from_millis(10)));
    trial.soon("append within 10 ms", delayed).await??;
    ensure_content(&trial.log, &writer.session, &writer.sent).await
}
