//! Independent handles and crashes.

use crate::{
    entries::{item, several, snapshot},
    trial::{
        Trial, Verdict, delay, ensure, ensure_content, ensure_eq, ensure_err, read_all, within,
    },
    writer::Writer,
};
use burdock::log::{Claim, Epoch, LogError, Offset, Urgency, tail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub(crate) async fn acknowledged_entries_are_visible_on_another_handle(trial: Trial) -> Verdict {
    trial.reopen().await?;
    let mut writer = trial.session("session", 10).await?;
    for round in 0..5 {
        writer.append(vec![item(round)?, snapshot(round)?, item("more")?]).await?;
        let other = trial.reopen().await?;
        ensure_content(&other, &writer.session, &writer.sent).await?;
        let (here, there) = (trial.log.info(&writer.session), other.info(&writer.session));
        ensure_eq!(here.await?, there.await?, "info on two handles");
        trial.log.trim(&writer.session, Offset(0)).await?;
    }
    trial.log.trim(&writer.session, Offset(20)).await?;
    let other = trial.reopen().await?;
    let trimmed = other.read(&writer.session, Offset(0), 1).await;
    ensure_err!(
        trimmed,
        LogError::Trimmed { first: Offset(20), .. },
        "read of trimmed entries on another handle"
    );
    let left = read_all(&other, &writer.session, Offset(20)).await?;
    ensure_eq!(left, writer.sent[20..], "remaining entries on another handle");
    trial.log.delete(&writer.session).await?;
    let deleted = trial.reopen().await?.info(&writer.session).await;
    ensure_err!(deleted, LogError::NoSession { .. }, "deleted session on another handle");
    Ok(())
}

pub(crate) async fn tail_on_another_handle_returns_new_entries(trial: Trial) -> Verdict {
    let other = trial.reopen().await?;
    let mut writer = trial.session("session", 2).await?;
    let mut tail = tail(&other, &writer.session, Offset::ZERO);
    for round in 0..5 {
        for expected in &writer.sent[usize::try_from(seen_before(round)).unwrap_or_default()..] {
            let next = trial.soon("entry of another handle", tail.next()).await?.transpose()?;
            ensure_eq!(next.as_ref(), Some(expected), "entry of another handle");
        }
        let early = within(Duration::from_millis(5), tail.next()).await;
        ensure!(early.is_none(), "a tail at the end returned {early:?}");
        writer.write(2).await?;
    }
    Ok(())
}

/// Returns the number of entries that a tail has seen before a round.
fn seen_before(round: u64) -> u64 {
    round * 2
}

pub(crate) async fn acknowledged_entries_survive_a_crash(trial: Trial) -> Verdict {
    let mut log = trial.crash().await?;
    let id = trial.id("session")?;
    let (mut all, mut epochs) = (Vec::new(), Vec::new());
    for round in 0..5 {
        let mut writer = Writer::open(&log, &id, Claim::default()).await?;
        epochs.push(writer.epoch);
        ensure_eq!(writer.next, Offset(all.len() as u64), "end after crash {round}");
        writer.write(3).await?;
        writer.append(vec![item(round)?, snapshot(round)?]).await?;
        all.append(&mut writer.sent);
        log = trial.crash().await?;
        ensure_content(&log, &id, &all).await?;
        let info = log.info(&id).await?;
        ensure_eq!(info.snapshot, Some(Offset(all.len() as u64 - 1)), "snapshot after a crash");
        ensure_eq!(info.graph.as_deref(), Some("Chat"), "graph after a crash");
        let found: Vec<_> = log.epochs(&id).await?.into_iter().map(|start| start.epoch).collect();
        ensure_eq!(found, epochs, "epochs after a crash");
    }
    Ok(())
}

pub(crate) async fn append_in_progress_at_a_crash_is_stored_whole_or_not_at_all(
    trial: Trial,
) -> Verdict {
    let mut log = trial.crash().await?;
    for round in 0..10 {
        let id = trial.id(&format!("session {round}"))?;
        let mut writer = Writer::open(&log, &id, Claim::default()).await?;
        writer.write(1).await?;
        let acknowledged = Arc::new(AtomicU64::new(1));
        let known = Arc::clone(&acknowledged);
        let writing = trial.spawn(async move {
            // until the crash
            for from in (1..1001).step_by(5) {
                if writer.append(several(from..from + 5)?).await.is_err() {
                    break;
                }
                known.store(writer.next.0, Ordering::SeqCst);
            }
            Ok(writer)
        });
        delay(Duration::from_millis(round)).await;
        let acknowledged = acknowledged.load(Ordering::SeqCst);
        log = trial.crash().await?;
        let writer = writing.await?;
        let found = read_all(&log, &id, Offset::ZERO).await?;
        ensure!(
            writer.sent.starts_with(&found),
            "entries after a crash differ from those that were written"
        );
        let left = found.len() as u64;
        ensure!(left >= acknowledged, "{left} of {acknowledged} acknowledged entries survived");
        ensure_eq!((left - 1) % 5, 0, "entries of an incomplete append of 5 after a crash");
        let mut next = Writer::open(&log, &id, Claim::default()).await?;
        ensure_eq!(next.next, Offset(left), "end after a crash");
        next.append(vec![item("on")?]).await?;
    }
    Ok(())
}

pub(crate) async fn delayed_appends_survive_with_a_later_acknowledged_append(
    trial: Trial,
) -> Verdict {
    let log = trial.crash().await?;
    let id = trial.id("session")?;
    let mut writer = Writer::open(&log, &id, Claim::default()).await?;
    writer.write(1).await?;
    let delayed = [
        writer.send(several(1..4)?, Urgency::Whenever),
        writer.send(several(4..6)?, Urgency::Within(Duration::from_hours(1))),
    ];
    writer.append(vec![item("now")?]).await?;
    let left = trial.crash().await?;
    drop(delayed);
    ensure_content(&left, &id, &writer.sent).await
}

pub(crate) async fn epochs_are_not_reused_after_a_crash(trial: Trial) -> Verdict {
    let mut log = trial.crash().await?;
    let mut last = Epoch(0);
    for round in 0..5 {
        // an epoch without entries, and one of a deleted session
        let idle = log.open(&trial.id("idle")?, Claim::default()).await?.epoch;
        let mut gone = Writer::open(&log, &trial.id("gone")?, Claim::default()).await?;
        ensure!(last < idle && idle < gone.epoch, "{idle} and {} follow {last}", gone.epoch);
        gone.write(round).await?;
        if round > 0 {
            log.delete(&gone.session).await?;
        }
        last = gone.epoch;
        log = trial.crash().await?;
    }
    Ok(())
}
